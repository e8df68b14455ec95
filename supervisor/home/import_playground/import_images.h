/* The images of an mrmat-playground home: what lies in its images/ and can be a backing file. They
 * are read, never changed. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"
#include "store/image_table.h"

/* All whole qcow2 images of the folder; what is none is named in the notes. */
bool import_images_read(const struct home *home, struct store_images *images, struct strv *notes,
                        struct error *error);

/* The one that a disk is made on, which must be of this home. NULL: error set. */
const struct store_image *import_images_of_disk(const struct home *home,
                                                const struct store_images *images, const char *disk,
                                                struct error *error);
