#include "home/moving/libvirt_read.h"

#include "home/moving/xml_reader.h"

#include <string.h>

/* --- what is looked for --- */

enum owner { OF_MACHINE, OF_DISK, OF_NIC };
#define TEXT_OF NULL
#define WHETHER "" /* the element is there */

static const struct {
    const char *path, *attribute;
    enum owner owner;
    size_t offset;
} values[] = {
#define MACHINE(path, attribute, member)                                                           \
    { path, attribute, OF_MACHINE, offsetof(struct foreign_machine, member) }
#define DISK(path, attribute, member)                                                              \
    { "domain/devices/disk" path, attribute, OF_DISK, offsetof(struct foreign_disk, member) }
    MACHINE("domain", "type", kind),
    MACHINE("domain/name", TEXT_OF, name),
    MACHINE("domain/uuid", TEXT_OF, uuid),
    MACHINE("domain/memory", TEXT_OF, memory),
    MACHINE("domain/memory", "unit", memory_unit),
    MACHINE("domain/vcpu", TEXT_OF, vcpu),
    MACHINE("domain/os", "firmware", firmware),
    MACHINE("domain/os/type", "arch", arch),
    MACHINE("domain/os/type", "machine", machine),
    MACHINE("domain/os/loader", "type", loader),
    MACHINE("domain/metadata/pgsup:instance", "ip4", ip4),
    DISK("", "device", device),
    DISK("", "type", kind),
    DISK("/driver", "type", format),
    DISK("/source", "file", file),
    DISK("/target", "dev", target),
    DISK("/serial", TEXT_OF, serial),
    DISK("/boot", "order", order),
    DISK("/readonly", WHETHER, read_only),
    {"domain/devices/interface/mac", "address", OF_NIC, 0},
};

/* NULL: of a part that is not there. */
static void *member_of(struct foreign_machine *machine, size_t row) {
    size_t offset = values[row].offset;
    switch (values[row].owner) {
    case OF_NIC: return machine->nic_count ? &machine->macs[machine->nic_count - 1] : NULL;
    case OF_DISK:
        return machine->disk_count ? (char *)&machine->disks[machine->disk_count - 1] + offset
                                   : NULL;
    default: return (char *)machine + offset;
    }
}

static void begin_part(struct foreign_machine *machine, struct xml_reader *reader,
                       const char *path) {
    if (strcmp(path, "domain/devices/disk") == 0) {
        if (machine->disk_count == FOREIGN_DISKS_MAX)
            xml_reader_stop(reader, "there are too many disks");
        else
            machine->disk_count++;
    }
    if (strcmp(path, "domain/devices/interface") == 0) {
        if (machine->nic_count == FOREIGN_NICS_MAX)
            xml_reader_stop(reader, "there are too many network cards");
        else
            machine->nic_count++;
    }
}

static void take_begun(void *context, struct xml_reader *reader, const char *path,
                       const char **attributes) {
    struct foreign_machine *machine = context;
    begin_part(machine, reader, path);
    for (size_t row = 0; row < sizeof values / sizeof *values; row++) {
        const char *wanted = values[row].attribute;
        if (!wanted || strcmp(path, values[row].path) != 0)
            continue;
        void *member = member_of(machine, row);
        if (!*wanted && member)
            *(bool *)member = true;
        for (const char **each = attributes; *wanted && member && *each; each += 2)
            if (strcmp(each[0], wanted) == 0)
                xml_reader_keep(reader, member, each[1]);
    }
}

static void take_ended(void *context, struct xml_reader *reader, const char *path,
                       const char *text) {
    for (size_t row = 0; row < sizeof values / sizeof *values; row++) {
        char **member = member_of(context, row);
        if (!values[row].attribute && member && strcmp(path, values[row].path) == 0)
            xml_reader_keep(reader, member, text);
    }
}

bool libvirt_read(const char *text, size_t length, struct foreign_machine *machine,
                  struct error *error) {
    static const struct xml_reader_form form = {.root = "domain",
                                                .article = "a",
                                                .what = "domain of libvirt",
                                                .begin = take_begun,
                                                .end = take_ended};
    *machine = (struct foreign_machine){0};
    if (xml_reader_read(text, length, &form, machine, error))
        return true;
    foreign_machine_done(machine);
    return false;
}
