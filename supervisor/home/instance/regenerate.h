/* The files that are made of an instance's definition: documents, drives, vm.sh, Ansible's. */
#pragma once

#include "base/error.h"
#include "home/generated.h"

/* Writes them as the store has the instance now, in the transaction that changes it. Needs the home
 * alone; what was recorded, and a notice, are in generated afterwards, whether it succeeds or not.
 */
bool instance_regenerate(struct generated *generated, const char *name, struct error *error);
/* The same outside of a transaction. notice: what the user is to be told; NULL: nothing; caller
 * frees. */
bool instance_regenerate_now(struct home *home, const char *name, char **notice,
                             struct error *error);
/* After anything in that transaction failed: rolls it back, and writes what was written already as
 * the store has it again. */
void instance_regenerate_undo(struct generated *generated, const char *name);
