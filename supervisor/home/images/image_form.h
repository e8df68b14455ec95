/* What kind of file a disk image is, by its own bytes: names tell nothing (a .img is either), and
 * qemu-img is never asked to guess, because a guest or a publisher could make it guess wrong.
 * A raw disk is told by the signature of its boot sector. */
#pragma once

#include "base/error.h"

enum image_form { IMAGE_FORM_QCOW2, IMAGE_FORM_RAW, IMAGE_FORM_PACKED };

/* How far the signature of a boot sector is believed. */
enum image_trust {
    IMAGE_TRUST_NOTHING, /* what may be a raw disk but looks like something else is refused */
    IMAGE_TRUST_RAW,     /* it is taken as a raw disk (image import --force) */
};

/* ERROR_INVALID for anything else, and for what is not a regular file. shown: what the sentence
 * calls it. */
bool image_form_find(const char *file, const char *shown, enum image_trust trust,
                     enum image_form *form, struct error *error);
