/* The files that are made of an instance's definition: documents, drives, vm.sh, Ansible's. */
#pragma once

#include "base/error.h"
#include "home/home.h"

/* Writes the documents and vm.sh after the definition was changed, inside the transaction that
 * changes it. */
bool instance_regenerate(struct home *home, const char *name, struct error *error);
/* After anything in that transaction failed: rolls it back, and writes what was written already as
 * the store has it again. */
void instance_regenerate_undo(struct home *home, const char *name);
