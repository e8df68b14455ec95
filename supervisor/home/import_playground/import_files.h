/* What the folder of an mrmat-playground's instance tells that its database does not: the size and
 * the image of its disk (the header of os.qcow2), processors and memory (vm.sh), the static address
 * (cloud-init/network-config). Reads only. */
#pragma once

#include "base/error.h"
#include "store/instance_table.h"

/* Of an image file in use as a backing file, docs/interop/qcow2.txt: 1023 bytes at most. */
#define TAKEOVER_BACKING_SIZE 1024

/* False with an error: it cannot be read. "" when there is none. */
bool import_files_backing(const char *disk, char backing[TAKEOVER_BACKING_SIZE],
                          struct error *error);

/* Fills disk_bytes, vcpu, ram_mib and ip4 (NULL: none) of an instance. */
bool import_files_read(const char *folder, struct store_instance *instance, struct error *error);
