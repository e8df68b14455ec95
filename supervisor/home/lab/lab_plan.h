/* The steps after which a home is as a lab file says, in the order in which they can be carried
 * out. lab_plan_make makes it, lab_work carries it out. */
#pragma once

#include "home/lab/lab_options.h"

#include <stddef.h>
#include <stdint.h>

#define LAB_NOWHERE SIZE_MAX

enum lab_step_kind {
    LAB_SET_CLOUD,
    LAB_GET_IMAGE,
    LAB_ADD_NETWORK,
    LAB_RELEASE,
    LAB_CREATE,
    LAB_CHANGE,
    LAB_PRUNE,
    LAB_PRUNE_NETWORK,
    LAB_NOTE, /* nothing that is carried out */
};

struct lab_step {
    enum lab_step_kind kind;
    char *name;
    char *detail; /* for people: "vcpu 2 -> 4, card +lab"; NULL: nothing to say */
    size_t index; /* in the lab: of the image, network or instance; LAB_NOWHERE: it is not there */
};

struct lab_plan {
    struct lab_asked asked; /* its remarks are warnings of the plan */
    struct lab_step *steps;
    size_t count;
    size_t due; /* those that are not notes */
};

/* detail: NULL is fine. Both texts are copied. */
void lab_plan_add(struct lab_plan *plan, enum lab_step_kind kind, size_t index, const char *name,
                  const char *detail);
void lab_plan_done(struct lab_plan *plan);

/* "create", "change" …, for people. */
const char *lab_step_word(enum lab_step_kind kind);
