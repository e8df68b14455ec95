/* qcow2 disks through qemu-img, which is never left to guess a format. What comes from elsewhere
 * has passed qcow2_file_check() before. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Runs it as program_run() does, but not on what would keep it waiting, like a FIFO: the words that
 * are absolute paths. */
bool qemu_img_run(char *const argv[], unsigned timeout_ms, struct buffer *output,
                  struct error *error);

/* The object in what it has printed, after warnings, each of which is a line of its own. NULL:
 * there is none; caller decrefs. text: may be NULL. */
struct json_t *qemu_img_parse(const char *text);

struct qemu_img_info {
    uint64_t virtual_bytes;
};
bool qemu_img_info(const char *path, struct qemu_img_info *info,
                   struct error *error); /* qemu-img info -U */
/* ERROR_INVALID when its tables are damaged. Leaked clusters only waste space and are no damage.
 * shown: its name in messages. */
bool qemu_img_check(const char *path, const char *shown, struct error *error);
/* How many clusters of a disk hold something. False: it has damage or leaks, or another process
 * writes to it. */
bool qemu_img_count(const char *path, uint64_t *clusters);
/* ERROR_WRONG_STATE when another process writes to it, by the locks that QEMU and its tools hold.
 */
bool qemu_img_check_unlocked(const char *path, const char *shown, struct error *error);
/* Creates an empty disk without a backing file; the file must not exist. */
bool qemu_img_create(const char *path, uint64_t bytes, struct error *error);
/* Only grows: qemu-img refuses to shrink. Not while a VM uses the disk. */
bool qemu_img_grow(const char *path, uint64_t bytes, struct error *error);
/* Copies the clusters above the backing file to a new disk with the same backing file; with NULL,
 * for a disk without one, the whole disk. */
bool qemu_img_copy(const char *path, const char *backing, const char *target, struct error *error);
/* The same, at most so many bytes a second; 0: no limit. */
bool qemu_img_copy_slowly(const char *path, const char *backing, const char *target,
                          uint64_t limit_bytes, struct error *error);
/* The same of what a snapshot in it holds, also while a VM uses the disk. The copy is as large as
 * the disk is now. */
bool qemu_img_copy_snapshot(const char *path, const char *snapshot, const char *backing,
                            const char *target, struct error *error);
/* A disk, and the backing file that it is to be read with, whatever it names; NULL: none. */
struct qemu_img_chain {
    const char *path, *backing;
};
struct qemu_img_pack {
    struct qemu_img_chain from;
    const char *target;
    uint64_t limit_bytes; /* a second; 0: none */
    bool zstd;            /* else zlib, which is slower */
};
/* Copies the whole disk to a self-contained, compressed one. */
bool qemu_img_pack(const struct qemu_img_pack *pack, struct error *error);
/* Whether this qemu-img can compress with zstd; a file is made in the folder and removed. */
bool qemu_img_has_zstd(const char *folder);
/* Whether a guest would read the same from both; VMs may have them open. */
bool qemu_img_compare(const struct qemu_img_chain *one, const struct qemu_img_chain *other,
                      bool *same, struct error *error);
/* Converts a raw disk to qcow2, without guessing its format from its content. */
bool qemu_img_from_raw(const char *raw, const char *target, struct error *error);
/* A disk that is part of a file, padded to 512 bytes as tar does, in a format of QEMU's; at offset
 * 0 it is the whole file. */
struct qemu_img_part {
    const char *path, *format;
    uint64_t offset, bytes;
};
/* Converts it to qcow2; what it may be based on is not looked at. */
bool qemu_img_from_part(const struct qemu_img_part *part, const char *target, struct error *error);
/* Converts a qcow2 disk to a raw one, which gets holes. */
bool qemu_img_to_raw(const char *path, const char *target, struct error *error);
/* Changes the name alone by which a disk knows its backing file; opens neither the old nor the new
 * one. */
bool qemu_img_name_backing(const char *path, const char *name, struct error *error);
/* A new disk over an image, by whose header the size is judged; 0: as large as it. The disk knows
 * it by the name given, which need not lead to it yet. */
bool qemu_img_create_overlay(const char *path, const char *image, const char *name, uint64_t bytes,
                             struct error *error);
