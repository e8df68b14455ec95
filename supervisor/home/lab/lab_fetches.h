/* The images of a plan on their way, some of them at the same time, each in a thread that has the
 * home open for itself. The caller's thread begins them and takes what has ended; of what is the
 * caller's the others use the lab, the plan, and what begins() gave. */
#pragma once

#include "home/images/image_progress.h"
#include "home/lab/lab_plan.h"

#define LAB_FETCHES_MAX 3u /* at the same time; more would share the same line to the network */

/* How an image's way is told, once for each; {0}: nobody is told. */
struct lab_fetches_calls {
    /* What is called in another thread, until the end; NULL: nothing. */
    const struct image_progress *(*begins)(const char *name, void *context);
    void (*ends)(const struct image_progress *progress, void *context);
    void *context;
};
struct lab_fetches_source { /* borrowed */
    struct home *home;
    const struct lab *lab;
    const struct lab_plan *plan;
    const struct lab_fetches_calls *calls;
};

struct lab_fetches; /* opaque */

struct lab_fetches *lab_fetches_new(const struct lab_fetches_source *source);
/* Interrupts those on their way, as a signal would, and waits for their end. NULL is fine. */
void lab_fetches_free(struct lab_fetches *fetches);
bool lab_fetches_is_full(const struct lab_fetches *fetches);
/* step: its index in the plan. Not if they are full. */
void lab_fetches_begin(struct lab_fetches *fetches, size_t step);
enum lab_wait { LAB_LOOK, LAB_WAIT };
/* One that has ended, well or not: its step, and false with an error for one that failed. None:
 * true, and step is LAB_NOWHERE; with LAB_WAIT only when none is on its way. */
bool lab_fetches_take(struct lab_fetches *fetches, enum lab_wait wait, size_t *step,
                      struct error *error);
