/* The block nodes of a QEMU that runs, by the names that pgsup gives them. */
#pragma once

#include "cli/link/offline.h"

#include <jansson.h>

/* NULL with a sentence. Caller decrefs. */
json_t *disk_nodes_list(struct offline *offline, struct error *error);
/* name: of the disk, as machine/core/qemu_argv.h calls it. Its qcow2 node, which is behind a raw
 * one if QEMU began as root (machine/vm_drives.h). NULL: this QEMU does not have the disk. Caller
 * frees. */
char *disk_nodes_find(const json_t *nodes, const char *name);
