/* Regenerates the files of an instance from its definition: documents, drives, vm.sh, Ansible's. */
#pragma once

#include "base/error.h"
#include "home/generated.h"

/* Runs in the transaction that changes the instance, and reads its rows as they are then.
 * generated needs the home only; it holds what was recorded and a notice afterwards, also after
 * a failure. */
bool instance_regenerate(struct generated *generated, const char *name, struct error *error);
/* The same outside of a transaction. notice: what the user is to be told; NULL: nothing; caller
 * frees. */
bool instance_regenerate_now(struct home *home, const char *name, char **notice,
                             struct error *error);
/* After a failure in that transaction: rolls it back, and restores the files that were written
 * already. */
void instance_regenerate_undo(struct generated *generated, const char *name);
