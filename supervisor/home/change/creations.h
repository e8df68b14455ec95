/* Several new instances whose disks and keys are made side by side, each in a thread; their rows
 * and folders are created by the caller's thread, in the order in which they were begun. An
 * instance is whole or absent. Blocking. */
#pragma once

#include "home/change/create.h"

struct creations; /* opaque */

struct creations *creations_new(struct home *home);
/* Those that were begun and not ended are dropped. NULL is fine. */
void creations_free(struct creations *creations);

/* As many are under way as keep the processors busy: end one first. */
bool creations_is_full(const struct creations *creations);
/* The options are borrowed until the end. */
bool creations_begin(struct creations *creations, const struct instance_create_options *options,
                     struct error *error);
/* Of the first that was begun. made: NULL: not wanted. */
bool creations_end(struct creations *creations, struct store_instance *made, struct error *error);
