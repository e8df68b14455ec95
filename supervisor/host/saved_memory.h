/* Whether a qcow2 disk holds the memory of a suspended VM (machine/core/suspend_tag.h), read from
 * its list of snapshots without another program, so that many can be asked: QEMU's
 * docs/interop/qcow2.txt. Only while no QEMU has the disk. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct saved_memory {
    char *tag;        /* NULL: none, and nothing of what follows */
    int64_t saved_ms; /* wall clock */
    uint64_t bytes;   /* of the memory; 0: it is in another disk of the VM */
    bool fits;        /* the disk was not written to since: its memory knows what is in it */
};
/* A file that is absent or is no qcow2 disk has none. False: it cannot be read, or its list makes
 * no sense. */
bool saved_memory_read(const char *path, struct saved_memory *saved, struct error *error);
void saved_memory_done(struct saved_memory *saved);
