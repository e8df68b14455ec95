/* Where the files of an instance are. */
#pragma once

#include "home/home.h"

/* INSTANCEDIR/os.qcow2; caller frees. */
char *layout_os_disk(const struct home *home, const char *instance);
/* INSTANCEDIR/disk-NAME.qcow2; caller frees. */
char *layout_extra_disk(const struct home *home, const char *instance, const char *disk);
