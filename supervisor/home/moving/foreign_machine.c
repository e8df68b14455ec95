#include "home/moving/foreign_machine.h"

#include "base/name.h"

#include <stdlib.h>
#include <string.h>

void foreign_machine_done(struct foreign_machine *machine) {
    char *const texts[] = {machine->kind,    machine->name,        machine->uuid,   machine->arch,
                           machine->machine, machine->firmware,    machine->loader, machine->vcpu,
                           machine->memory,  machine->memory_unit, machine->ip4};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < machine->disk_count; i++) {
        struct foreign_disk *disk = &machine->disks[i];
        char *const own[] = {disk->device, disk->kind,   disk->format, disk->file,
                             disk->target, disk->serial, disk->order};
        for (size_t j = 0; j < sizeof own / sizeof *own; j++)
            free(own[j]);
    }
    for (size_t i = 0; i < machine->nic_count; i++)
        free(machine->macs[i]);
    *machine = (struct foreign_machine){0};
}

/* libvirt: docs/formatdomain.rst, "Memory Allocation" */
bool foreign_machine_ram(const struct foreign_machine *machine, uint64_t *ram_mib) {
    static const struct {
        const char *unit;
        uint64_t bytes;
    } units[] = {{"b", 1},
                 {"bytes", 1},
                 {"KB", 1000},
                 {"k", 1 << 10},
                 {"KiB", 1 << 10},
                 {"MB", 1000000},
                 {"M", 1 << 20},
                 {"MiB", 1 << 20},
                 {"GB", 1000000000},
                 {"G", 1 << 30},
                 {"GiB", 1 << 30},
                 {"TB", UINT64_C(1000000000000)},
                 {"T", UINT64_C(1) << 40},
                 {"TiB", UINT64_C(1) << 40}};
    const char *unit = machine->memory_unit ? machine->memory_unit : "KiB";
    uint64_t number;
    for (size_t i = 0; machine->memory && i < sizeof units / sizeof *units; i++)
        if (strcmp(units[i].unit, unit) == 0 &&
            name_parse_number(machine->memory, 1, (UINT64_C(1) << 50) / units[i].bytes, &number)) {
            *ram_mib = (number * units[i].bytes + (1 << 20) - 1) >> 20;
            return true;
        }
    return false;
}
