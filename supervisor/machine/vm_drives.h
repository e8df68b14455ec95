/* The drives of a QEMU that starts as root (macOS gives vmnet to nobody else): it begins with empty
 * nodes, drops root, and is then told over QMP what they are. So it opens the user's files, and
 * reads what their headers name, as the user. Known to work from QEMU 7.0 on (blockdev-reopen). */
#pragma once

#include "machine/core/spec.h"

#include <jansson.h>
#include <stddef.h>

struct vm_drive {
    char *node, *path;
    bool read_only; /* raw, of the seed; else qcow2 */
};
struct vm_drives {
    struct vm_drive items[SPEC_DISKS_MAX + 2];
    size_t count;
};
void vm_drives_fill(const struct spec *spec, struct vm_drives *drives);
void vm_drives_done(struct vm_drives *drives);

/* The arguments of blockdev-add, then of blockdev-reopen. Caller owns. */
json_t *vm_drive_add(const struct vm_drive *drive);
json_t *vm_drive_reopen(const struct vm_drive *drive);
