/* A domain's XML, from whoever wrote it: read or refused by a sentence, within the limits. */
#include "home/moving/libvirt_read.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct libvirt_machine machine;
    struct error error = {0};
    uint64_t ram_mib;
    bool good = libvirt_read((const char *)data, size, &machine, &error);
    if (good != (error.code == ERROR_NONE) || (!good && !*error.text) ||
        machine.disk_count > LIBVIRT_READ_DISKS_MAX || machine.nic_count > LIBVIRT_READ_NICS_MAX ||
        (machine.name && strlen(machine.name) > LIBVIRT_READ_TEXT_MAX))
        abort();
    libvirt_read_ram(&machine, &ram_mib);
    libvirt_read_done(&machine);
    return 0;
}
