/* What an instance that exists lacks of what a lab file says of it. Nothing that the file does not
 * name is compared; extra disks are added, and never removed, because there is data on them. */
#pragma once

#include "base/buffer.h"
#include "base/strv.h"
#include "home/facts.h"
#include "home/home.h"
#include "home/lab/lab_options.h"

struct lab_difference {
    bool settings; /* lab_options.change, and the documents in own if any */
    bool documents;
    bool hardware; /* what a VM that runs takes at its next start, among what differs */
    struct strv added_nics, removed_nics;         /* texts; positions */
    struct strv added_forwards, removed_forwards; /* texts */
    struct strv added_disks;                      /* name, size, name, … */
    struct buffer detail;                         /* for people; empty: nothing is to be changed */
    struct buffer notes;                          /* what takes another command */
};

/* Fills the options. Inside a transaction; changes nothing. */
bool lab_compare(struct home *home, struct lab_options *options, struct lab_difference *difference,
                 struct error *error);
/* Only its cards and forwards, by what the file says: not whether others have them. */
bool lab_compare_connections(struct home *home, const struct instance_facts *facts,
                             const struct lab_options *options, struct lab_difference *difference,
                             struct error *error);
void lab_difference_done(struct lab_difference *difference);
