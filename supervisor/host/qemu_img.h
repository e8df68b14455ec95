/* Disk images through qemu-img. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

struct qemu_img_info {
    char format[16];
    uint64_t virtual_bytes;
    bool has_backing, has_data_file;
};
bool qemu_img_info(const char *path, struct qemu_img_info *info,
                   struct error *error); /* qemu-img info -U */
/* ERROR_INVALID when its tables are damaged. Leaked clusters, which only waste space, are not.
 * shown: what the sentence calls it. */
bool qemu_img_check(const char *path, const char *shown, struct error *error);
/* That no other process writes to it, by the locks that QEMU and its tools hold while they do;
 * ERROR_WRONG_STATE if one does. */
bool qemu_img_check_unlocked(const char *path, const char *shown, struct error *error);
/* Creates an empty disk without a backing file; the file must not exist. */
bool qemu_img_create(const char *path, uint64_t bytes, struct error *error);
/* Only grows: qemu-img refuses to shrink. Not while a VM uses the disk. */
bool qemu_img_grow(const char *path, uint64_t bytes, struct error *error);
/* What is written over the backing file, copied to a new disk over the same one; with NULL, which
 * is for a disk that has none, all of it. */
bool qemu_img_copy(const char *path, const char *backing, const char *target, struct error *error);
/* A qcow2 of a raw disk, which is taken as one whatever its bytes look like. */
bool qemu_img_from_raw(const char *raw, const char *target, struct error *error);
bool qemu_img_create_overlay(const char *path, const char *backing, uint64_t bytes,
                             struct error *error);
