#include "home/moving/libvirt_read.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/name.h"

#include <expat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 512

struct reader {
    XML_Parser parser;
    struct libvirt_machine *machine;
    struct buffer path; /* "domain/devices/disk", as far as it can be one that is looked for */
    struct buffer text; /* of the element that was begun last */
    unsigned depth, elements;
    bool seen; /* a domain */
    struct error *error;
};

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
    { path, attribute, OF_MACHINE, offsetof(struct libvirt_machine, member) }
#define DISK(path, attribute, member)                                                              \
    { "domain/devices/disk" path, attribute, OF_DISK, offsetof(struct libvirt_disk, member) }
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

static void *member_of(struct libvirt_machine *machine, size_t row) {
    size_t offset = values[row].offset;
    switch (values[row].owner) {
    case OF_NIC: return machine->nic_count ? &machine->macs[machine->nic_count - 1] : NULL;
    case OF_DISK:
        return machine->disk_count ? (char *)&machine->disks[machine->disk_count - 1] + offset
                                   : NULL;
    default: return (char *)machine + offset;
    }
}

/* Expat 2.9 has another function for it, and warns of the old one. */
static unsigned long long line_of(XML_Parser parser) {
#if XML_MAJOR_VERSION > 2 || XML_MINOR_VERSION >= 9
    return XML_GetCurrentLineNumber64(parser);
#else
    return XML_GetCurrentLineNumber(parser);
#endif
}

static void stop(struct reader *reader, const char *why) {
    error_set(reader->error, ERROR_INVALID, "line %llu: %s", line_of(reader->parser), why);
    XML_StopParser(reader->parser, XML_FALSE);
}

static bool is_stopped(const struct reader *reader) {
    return reader->error->code != ERROR_NONE;
}

static void keep_value(struct reader *reader, size_t row, const char *text) {
    char **member = member_of(reader->machine, row);
    if (!member || *member)
        return;
    if (strlen(text) > LIBVIRT_READ_TEXT_MAX)
        stop(reader, "a value is too long");
    else
        *member = alloc_string(text);
}

static bool is_at(const struct reader *reader, const char *path) {
    return reader->path.data && strcmp(reader->path.data, path) == 0;
}

/* --- the parser's calls --- */

static void begin_part(struct reader *reader) {
    struct libvirt_machine *machine = reader->machine;
    if (is_at(reader, "domain/devices/disk")) {
        if (machine->disk_count == LIBVIRT_READ_DISKS_MAX)
            stop(reader, "there are too many disks");
        else
            machine->disk_count++;
    }
    if (is_at(reader, "domain/devices/interface")) {
        if (machine->nic_count == LIBVIRT_READ_NICS_MAX)
            stop(reader, "there are too many network cards");
        else
            machine->nic_count++;
    }
}

static void take_attributes(struct reader *reader, const XML_Char **attributes) {
    for (size_t row = 0; row < sizeof values / sizeof *values; row++) {
        const char *wanted = values[row].attribute;
        if (!wanted || !is_at(reader, values[row].path))
            continue;
        bool *flag = *wanted ? NULL : member_of(reader->machine, row);
        if (flag)
            *flag = true;
        for (const XML_Char **each = attributes; *wanted && *each; each += 2)
            if (strcmp(each[0], wanted) == 0 && !is_stopped(reader))
                keep_value(reader, row, each[1]);
    }
}

static void XMLCALL on_element_start(void *context, const XML_Char *name,
                                     const XML_Char **attributes) {
    struct reader *reader = context;
    if (is_stopped(reader))
        return;
    if (++reader->elements > LIBVIRT_READ_ELEMENTS_MAX ||
        ++reader->depth > LIBVIRT_READ_DEPTH_MAX ||
        reader->path.length + strlen(name) > PATH_MAX_BYTES) {
        stop(reader, "there are too many elements in it, or in one another");
        return;
    }
    if (reader->depth == 1 && strcmp(name, "domain") != 0) {
        stop(reader, "it is not a domain of libvirt");
        return;
    }
    reader->seen = true;
    buffer_printf(&reader->path, "%s%s", reader->path.length ? "/" : "", name);
    buffer_clear(&reader->text);
    begin_part(reader);
    if (!is_stopped(reader))
        take_attributes(reader, attributes);
}

static void XMLCALL on_text(void *context, const XML_Char *text, int length) {
    struct reader *reader = context;
    if (is_stopped(reader))
        return;
    if (reader->text.length + (size_t)length > LIBVIRT_READ_LIMIT_BYTES)
        stop(reader, "a value is too long");
    else
        buffer_append(&reader->text, text, (size_t)length);
}

static void XMLCALL on_element_end(void *context, const XML_Char *name) {
    struct reader *reader = context;
    if (is_stopped(reader))
        return;
    for (size_t row = 0; row < sizeof values / sizeof *values; row++)
        if (!values[row].attribute && is_at(reader, values[row].path) && !is_stopped(reader))
            keep_value(reader, row, reader->text.data ? reader->text.data : "");
    size_t length = strlen(name), left = reader->path.length - length;
    reader->path.length = left ? left - 1 : 0;
    reader->path.data[reader->path.length] = 0;
    buffer_clear(&reader->text);
    reader->depth--;
}

static void XMLCALL on_doctype(void *context, const XML_Char *name, const XML_Char *system,
                               const XML_Char *public, int internal) {
    struct reader *reader = context;
    (void)name, (void)system, (void)public, (void)internal;
    if (!is_stopped(reader))
        stop(reader, "it has a document type, which no domain of libvirt has");
}

static void tell_fault(struct reader *reader) {
    scoped(alloc_release) char *why =
        alloc_printf("it is not XML (%s)", XML_ErrorString(XML_GetErrorCode(reader->parser)));
    stop(reader, why);
}

static void parse_domain(struct reader *reader, const char *text, size_t length) {
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_element_start, on_element_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    if (XML_Parse(reader->parser, text, (int)length, XML_TRUE) == XML_STATUS_ERROR &&
        !is_stopped(reader))
        tell_fault(reader);
}

bool libvirt_read(const char *text, size_t length, struct libvirt_machine *machine,
                  struct error *error) {
    struct error problem = {0};
    struct reader reader = {.machine = machine, .error = &problem};
    *machine = (struct libvirt_machine){0};
    if (length > LIBVIRT_READ_LIMIT_BYTES)
        return error_set(error, ERROR_INVALID, "it is longer than %u KiB",
                         LIBVIRT_READ_LIMIT_BYTES >> 10);
    reader.parser = XML_ParserCreate(NULL);
    if (!reader.parser)
        return error_set(error, ERROR_FAILED, "there is no memory to read it");
    parse_domain(&reader, text, length);
    XML_ParserFree(reader.parser);
    buffer_done(&reader.path);
    buffer_done(&reader.text);
    if (problem.code == ERROR_NONE)
        return true;
    libvirt_read_done(machine);
    return error_copy(error, &problem);
}

void libvirt_read_done(struct libvirt_machine *machine) {
    char *const texts[] = {machine->kind,    machine->name,        machine->uuid,   machine->arch,
                           machine->machine, machine->firmware,    machine->loader, machine->vcpu,
                           machine->memory,  machine->memory_unit, machine->ip4};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < machine->disk_count; i++) {
        struct libvirt_disk *disk = &machine->disks[i];
        char *const own[] = {disk->device, disk->kind,   disk->format, disk->file,
                             disk->target, disk->serial, disk->order};
        for (size_t j = 0; j < sizeof own / sizeof *own; j++)
            free(own[j]);
    }
    for (size_t i = 0; i < machine->nic_count; i++)
        free(machine->macs[i]);
    *machine = (struct libvirt_machine){0};
}

/* libvirt: docs/formatdomain.rst, "Memory Allocation" */
bool libvirt_read_ram(const struct libvirt_machine *machine, uint64_t *ram_mib) {
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

/* Expat says "expat_2.5.0". */
const char *libvirt_read_library_version(void) {
    const char *words = XML_ExpatVersion(), *number = strchr(words, '_');
    return number ? number + 1 : words;
}
