/* The snapshots inside a qcow2 disk, by qemu-img. Only the list may be read while a VM uses the
 * disk; that VM's QEMU makes and removes them then. */
#pragma once

#include "base/error.h"
#include "base/strv.h"

#include <stdint.h>

struct disk_snapshots {
    struct strv names;
    uint64_t virtual_bytes; /* of the disk as it is now */
    bool has_bitmaps;       /* dirty bitmaps: QEMU restores no snapshot beside them */
};
bool disk_snapshots_read(const char *path, struct disk_snapshots *snapshots, struct error *error);
bool disk_snapshots_have(const struct disk_snapshots *snapshots, const char *name);
void disk_snapshots_done(struct disk_snapshots *snapshots);

bool disk_snapshot_create(const char *path, const char *name, struct error *error);
bool disk_snapshot_remove(const char *path, const char *name, struct error *error);
/* The disk becomes what it was, its size included; the snapshot stays. */
bool disk_snapshot_apply(const char *path, const char *name, struct error *error);
