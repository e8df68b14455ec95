/* A new image on its way into the home: one at a time of each name, whatever form it comes in, and
 * all of it or nothing.
 *
 * image_stage_open() takes the name and its lock; then the file is brought, to stage->part or from
 * wherever it is; image_stage_take() makes an image of it; image_stage_close() in every case. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/images/image_form.h"
#include "home/images/image_progress.h"
#include "store/image_table.h"

struct image_stage { /* all owned; home borrowed */
    struct home *home;
    char *part;     /* images/NAME.part: the lock, and what a download is written to */
    char *unpacked; /* images/NAME.unpacked */
    char *made;     /* images/NAME.new: a qcow2 that was copied, or made of something else */
    char *final;    /* images/NAME.qcow2 */
    int lock;       /* descriptor of part */
    enum image_trust trust;
    bool keeps_part; /* a download that goes on later */
    bool lock_moved; /* the locked file is the finished image now; its old name is anybody's */
};

/* Refused while an image has the name. */
bool image_stage_open(struct home *home, const char *name, struct image_stage *stage,
                      struct error *error);
void image_stage_close(struct image_stage *stage);

/* Unpacks, converts and copies (reflink where possible) as the form of the file wants it, has
 * qemu-img look whether it is a sound qcow2 without a backing or external data file, makes it
 * read-only and records it. Fills what the file itself tells of the image. */
bool image_stage_take(struct image_stage *stage, const char *file, struct store_image *image,
                      const struct image_progress *progress, struct error *error);
