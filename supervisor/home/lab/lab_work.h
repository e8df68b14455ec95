/* Carries out a plan. Steps are done in its order, but images are fetched meanwhile, and the disks
 * and keys of several new instances are made side by side: an instance waits for its own image
 * only, and for the one that it comes after; if one gives something up to another, this waits for
 * all images, and whatever is made or changed waits for it. A step that was killed may be half
 * done; the next plan finds what is left of it. Blocking. */
#pragma once

#include "home/lab/lab_fetches.h"
#include "home/lab/lab_plan.h"

struct lab_work {
    struct home *home;
    const struct lab *lab; /* the plan is of this one */
    const struct lab_plan *plan;
    void (*done)(const struct lab_step *step, void *context); /* one step; NULL: nobody is told */
    /* What the user of an instance or network is to be told; NULL: nobody is. */
    void (*notice)(const char *name, const char *sentence, void *context);
    void *context;
    struct lab_fetches_calls images; /* with a context of their own */
};

/* The caller has made sure that no VM runs of what is pruned. Ends at the first step that fails, or
 * when interrupted: the error begins with the step. */
bool lab_work_do(const struct lab_work *work, struct error *error);
