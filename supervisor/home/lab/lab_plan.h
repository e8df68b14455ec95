/* What is to be done so that a home is as a lab file says: made without changing anything, by a
 * rehearsal in the store that is rolled back, so that whatever is wrong with the file is found
 * before the first step. Steps are in the order in which they can be carried out. One that was
 * killed may be half done; the next plan finds what is left of it. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/lab/lab.h"
#include "home/lab/lab_compare.h"
#include "home/lab/lab_release.h"
#include "home/network/home_network.h"

#include <stdbool.h>
#include <stddef.h>

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

enum lab_prune { LAB_KEEP, LAB_PRUNE_OTHERS };

bool lab_plan_make(struct home *home, const struct lab *lab, enum lab_prune prune,
                   struct lab_plan *plan, struct error *error);
void lab_plan_done(struct lab_plan *plan);

/* For the carrying out of a step: what the file says of a network, what an instance lacks, and
 * what it gives up first. */
struct home_network_options lab_plan_network(const struct lab *lab,
                                             const struct lab_entry *network);
bool lab_plan_compare(struct home *home, struct lab_options *options,
                      struct lab_difference *difference, struct error *error);

bool lab_plan_release(struct home *home, struct lab_options *options, struct lab_release *release,
                      struct error *error);

/* "create", "change" …, for people. */
const char *lab_step_word(enum lab_step_kind kind);
