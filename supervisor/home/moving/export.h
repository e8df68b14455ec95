/* An instance written out whole for another engine: a folder with its disks (self-contained), its
 * seed, its spec in that engine's own form and a README of the commands that run it there. The
 * guest keeps what it knows itself by: instance-id, host keys, MAC addresses. Knows no QMP: how the
 * disks of one that runs are read is its caller's. Blocking. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/moving/export_form.h"

#include <stdbool.h>

/* "libvirt"; ERROR_USAGE names those that there are. */
bool export_engine_from_word(const char *word, enum export_engine *engine, struct error *error);

struct export_request { /* borrowed */
    struct home *home;
    const char *name;
    enum export_engine engine;
    const char *to; /* a folder that does not exist */
    /* NULL: it does not run, and the caller holds the lock of its folder. Otherwise copies its
     * disks, of one moment, into the folder, each called as in INSTANCEDIR. */
    bool (*copy_running)(void *context, const char *folder, struct error *error);
    void *context;
    bool *replaced; /* set: a FOLDER.part of one that was killed was removed */
};
/* It is written as FOLDER.part, mode 0700, and renamed when it is whole. No trace is left on
 * failure. */
bool export_run(const struct export_request *request, struct error *error);
