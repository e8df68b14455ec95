/* INSTANCEDIR/cloud-init.img: FAT12, 1.44 MB, label CIDATA, the four seed documents as files; made
 * with mtools, mode 0600. cloud-init: sources/DataSourceNoCloud.py. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

/* other: a file to take instead of the folder's document of that name; NULL: none. */
bool seed_drive_write(const char *image, const char *documents_folder, const char *other,
                      struct error *error);
