/* A domain of libvirt, as `virsh dumpxml` or `pgsup export` wrote it. Pure.
 *
 * It may come from anybody: a document type, and with it every entity that XML does not define
 * itself, is refused, and each length, depth and number has a limit. What is not named here is
 * not looked at. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LIBVIRT_READ_LIMIT_BYTES  (1u << 20)
#define LIBVIRT_READ_DEPTH_MAX    32u
#define LIBVIRT_READ_ELEMENTS_MAX 20000u
#define LIBVIRT_READ_TEXT_MAX     4096u /* bytes of one value */
#define LIBVIRT_READ_DISKS_MAX    16u
#define LIBVIRT_READ_NICS_MAX     16u

struct libvirt_disk {
    char *device; /* "disk", "cdrom", …; NULL: "disk" */
    char *kind;   /* "file", "block", …; NULL: "file" */
    char *format; /* "qcow2", "raw"; NULL: not told */
    char *file;   /* NULL: none */
    char *target; /* "vda" */
    char *serial;
    char *order; /* in which it is booted from; NULL: none */
    bool read_only;
};
struct libvirt_machine { /* owned; NULL: not told */
    char *kind;          /* "kvm", "qemu" */
    char *name, *uuid, *arch, *machine;
    char *firmware; /* "efi" */
    char *loader;   /* how a firmware is loaded, if there is one: "pflash", "rom" */
    char *vcpu, *memory, *memory_unit;
    char *ip4; /* of the first card, as pgsup noted it */
    struct libvirt_disk disks[LIBVIRT_READ_DISKS_MAX];
    size_t disk_count;
    char *macs[LIBVIRT_READ_NICS_MAX]; /* of each card; NULL: not told */
    size_t nic_count;
};

/* ERROR_INVALID: "line 7: …", which is to follow the file's name. */
bool libvirt_read(const char *text, size_t length, struct libvirt_machine *machine,
                  struct error *error);
void libvirt_read_done(struct libvirt_machine *machine);
/* Its memory in MiB, rounded up; false: no number, or a unit that libvirt does not have. */
bool libvirt_read_ram(const struct libvirt_machine *machine, uint64_t *ram_mib);

const char *libvirt_read_library_version(void); /* of expat; static */
