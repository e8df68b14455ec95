/* The tag under which the memory of a suspended VM is kept inside its disks, as an internal
 * snapshot of all of them: it tells which QEMU saved it and what hardware the guest saw. The lists
 * in the qcow2 files are the only record of it. Pure.
 *
 *   pgsup-suspended:7.2:virt-7.2,tcg,1cpu,512M,nic0=user/52:54:00:00:00:01,+data
 *
 * Of a card in a multicast, pair or bridge it also tells which one, as a hash: "@2f9a01cc". */
#pragma once

#include "machine/core/spec.h"

#define SUSPEND_TAG      "pgsup-suspended:"
#define SUSPEND_TAG_SIZE 256          /* QEMU: include/block/snapshot.h, QEMUSnapshotInfo */
#define SUSPEND_STATE    "suspended"  /* what a VM with such a snapshot is, when it does not run */
#define SUSPEND_JOB      "pgsup-save" /* QEMU's, that makes it */

bool suspend_tag_is(const char *name);
/* Of a launch by the supervisor. Caller frees. */
char *suspend_tag(const struct spec *spec);
/* What it would be in the form of an earlier one, which may tell less of the cards: to be compared
 * with that. Caller frees. */
char *suspend_tag_as(const struct spec *spec, const char *earlier);
bool suspend_tag_has_disk(const char *tag, const char *disk); /* besides the one that is booted */
/* "7.2", "virt-7.2,tcg,…"; "" if the tag is not as above. Caller frees the version. */
char *suspend_tag_version(const char *tag);
const char *suspend_tag_hardware(const char *tag);
