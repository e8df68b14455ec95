/* An instance that does not run, written out whole for another engine: a folder with its disks
 * (self-contained), its seed, its spec in that engine's own form and a README of the commands that
 * run it there. The guest keeps what it knows itself by: instance-id, host keys, MAC addresses.
 * Blocking. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/moving/export_form.h"

#include <stdbool.h>

/* "libvirt"; ERROR_USAGE names those that there are. */
bool export_engine_from_word(const char *word, enum export_engine *engine, struct error *error);

/* to: a folder that does not exist; it is written as FOLDER.part, mode 0700, and renamed when it is
 * whole. No trace is left on failure; a .part of one that was killed is replaced. The caller holds
 * the lock of the instance's folder, which does not run. */
bool export_run(struct home *home, const char *name, enum export_engine engine, const char *to,
                struct error *error);
