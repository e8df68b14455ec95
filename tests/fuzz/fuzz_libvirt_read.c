/* A domain's XML, from whoever wrote it: read or refused by a sentence, within the limits. */
#include "home/moving/libvirt_read.h"
#include "home/moving/xml_reader.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct foreign_machine machine;
    struct error error = {0};
    uint64_t ram_mib;
    bool good = libvirt_read((const char *)data, size, &machine, &error);
    if (good != (error.code == ERROR_NONE) || (!good && !*error.text) ||
        machine.disk_count > FOREIGN_DISKS_MAX || machine.nic_count > FOREIGN_NICS_MAX ||
        (machine.name && strlen(machine.name) > XML_READER_TEXT_MAX))
        abort();
    foreign_machine_ram(&machine, &ram_mib);
    foreign_machine_done(&machine);
    return 0;
}
