/* Carries out a plan. Steps are done in its order, but the disks and keys of several new instances
 * are made side by side. Each step is whole or undone, so the next plan finds what an interrupted
 * one has left to do. Blocking. */
#pragma once

#include "home/images/image_progress.h"
#include "home/lab/lab_plan.h"

struct lab_work {
    struct home *home;
    const struct lab *lab; /* the plan is of this one */
    const struct lab_plan *plan;
    void (*done)(const struct lab_step *step, void *context); /* one step; NULL: nobody is told */
    /* What the user of an instance is to be told; NULL: nobody is. */
    void (*notice)(const char *instance, const char *sentence, void *context);
    /* How an image's way is told: begun and ended once for each; NULL: nobody is told. */
    const struct image_progress *(*image_begins)(const char *name, void *context);
    void (*image_ends)(void *context);
    void *context;
};

/* The caller has made sure that no VM runs of what is pruned. Ends at the first step that fails, or
 * when interrupted: the error begins with the step. */
bool lab_work_do(const struct lab_work *work, struct error *error);
