/* INSTANCEDIR/cloud-init.img: FAT12, 1.44 MB, label CIDATA, the four seed documents as files; made
 * with mtools, mode 0600. cloud-init: sources/DataSourceNoCloud.py. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

bool seed_drive_write(const char *image, const char *documents_folder, struct error *error);
