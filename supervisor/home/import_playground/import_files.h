/* What the folder of an mrmat-playground's instance tells that its database does not: the size of
 * its disk, processors and memory (vm.sh), the static address
 * (cloud-init/network-config). Reads only. */
#pragma once

#include "base/error.h"
#include "store/instance_table.h"

/* The disk has passed qcow2_file_check(). Fills disk_bytes, vcpu, ram_mib and ip4 (NULL: none) of
 * an instance. */
bool import_files_read(const char *folder, struct store_instance *instance, struct error *error);
