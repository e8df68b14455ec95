/* The disk of an instance over its image: created, copied, and named. It names the image relative
 * to itself (../../images/FILE), so that a home may be moved or copied as a whole. Disks of before
 * that are told from it, and mended when they are met. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "store/image_table.h"

/* path is that of an instance's disk, or will be: INSTANCEDIR/os.qcow2. bytes 0: as the image. */
bool overlay_create(const struct home *home, const struct store_image *image, const char *path,
                    uint64_t bytes, struct error *error);
/* What is over the image is copied. */
bool overlay_copy(const struct home *home, const struct store_image *image, const char *from,
                  const char *path, struct error *error);
/* Names the image in the header of a disk, whatever that named; a disk that cannot be is removed.
 */
bool overlay_name(const struct store_image *image, const char *path, struct error *error);
/* … as a snapshot in it holds it, also while a VM uses the disk. */
struct overlay_snapshot {
    const char *path, *name;
};
bool overlay_copy_snapshot(const struct home *home, const struct store_image *image,
                           const struct overlay_snapshot *from, const char *path,
                           struct error *error);
/* Of a disk that no VM uses: a name of a file that is called as the image, wherever, becomes the
 * relative one; home->notice says so. Changes nothing else, and no data. */
bool overlay_settle(struct home *home, const struct store_image *image, const char *path,
                    struct error *error);
