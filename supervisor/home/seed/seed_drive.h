/* INSTANCEDIR/cloud-init.img: FAT12, 1.44 MB, label CIDATA, the four seed documents as files; made
 * with mtools, mode 0600. cloud-init: sources/DataSourceNoCloud.py. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/sync_ahead.h"
#include "cloudinit/seed_document.h"

#include <stdbool.h>

#define SEED_DRIVE_LIMIT_BYTES (2u << 20) /* of the file */

/* Appends what a drive holds of a document: nothing, if that is not there. ERROR_INVALID: it is no
 * such drive, or the document is larger than the drives of pgsup. */
bool seed_drive_read(const char *image, enum seed_document document, struct buffer *text,
                     struct error *error);
/* other: a file to take instead of the folder's document of that name; NULL: none. ahead: what the
 * drive is synced with, after it has taken its place; NULL: it is synced before. */
bool seed_drive_write(const char *image, const char *documents_folder, const char *other,
                      struct sync_ahead_list *ahead, struct error *error);
