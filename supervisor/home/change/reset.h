/* A new machine under the old name: an empty disk over the image, a new instance-id, a new seed
 * path; nothing is known of its guest any more. Definition, uuid, MAC and edited files stay.
 *
 * Crash-safe: what is new is staged in INSTANCEDIR/.reset-INSTANCE-ID; it counts once that
 * instance-id is in the store, and is then moved into its place, now or before the next launch. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

/* The caller holds the lock on the folder and has made sure that no VM of it runs. notice: what the
 * user is to be told; NULL: nothing; caller frees. */
bool instance_reset(struct home *home, const struct store_instance *instance, char **notice,
                    struct error *error);
