/* A machine of another program, as its description has it. Pure data; everything in it is
 * distrusted. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOREIGN_DISKS_MAX 16u
#define FOREIGN_NICS_MAX  16u

struct foreign_disk {
    char *device; /* "disk", "cdrom", …; NULL: "disk" */
    char *kind;   /* "file", "block", …; NULL: "file" */
    char *format; /* "qcow2", "raw"; NULL: not told */
    char *file;   /* NULL: none */
    char *target; /* "vda" */
    char *serial;
    char *order; /* in which it is booted from; NULL: none */
    bool read_only;
};
struct foreign_machine { /* owned; NULL: not told */
    char *kind;          /* "kvm", "qemu" */
    char *name, *uuid, *arch, *machine;
    char *firmware; /* "efi" */
    char *loader;   /* how a firmware is loaded, if there is one: "pflash", "rom" */
    char *vcpu, *memory, *memory_unit;
    char *ip4; /* of the first card, as pgsup noted it */
    struct foreign_disk disks[FOREIGN_DISKS_MAX];
    size_t disk_count;
    char *macs[FOREIGN_NICS_MAX]; /* of each card; NULL: not told */
    size_t nic_count;
};

void foreign_machine_done(struct foreign_machine *machine);
/* Its memory in MiB, rounded up; false: no number, or a unit that is not one of libvirt's. */
bool foreign_machine_ram(const struct foreign_machine *machine, uint64_t *ram_mib);
