#include "home/moving/ovf_read.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/moving/xml_reader.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SYSTEM   "Envelope/VirtualSystem"
#define HARDWARE SYSTEM "/VirtualHardwareSection"
#define SHOWN    80

/* CIM_ResourceAllocationSettingData.ResourceType */
enum resource {
    PROCESSOR = 3,
    MEMORY = 4,
    ETHERNET = 10,
    FLOPPY = 14,
    CD = 15,
    DVD = 16,
    DISK = 17
};

struct file {
    char *id, *href, *compression, *chunk_bytes;
};
struct disk {
    char *id, *file, *parent;
};
struct item {
    char *type, *quantity, *units, *host_resource;
    bool chosen, left_out; /* by its configuration */
};
struct ovf {
    struct foreign_machine *machine;
    struct file files[OVF_READ_FILES_MAX];
    size_t file_count;
    struct disk disks[FOREIGN_DISKS_MAX];
    size_t disk_count;
    struct item item;
    char *configuration; /* that it has unless another one is asked for; NULL: it has one alone */
    char *id, *name, *system_type, *guest, *guest_of_box, *firmware, *firmware_of_box;
    bool seen;
};

/* --- its values --- */

static const char *attribute(const char **attributes, const char *name) {
    for (; *attributes; attributes += 2) {
        const char *colon = strchr(attributes[0], ':');
        if (strcmp(colon ? colon + 1 : attributes[0], name) == 0)
            return attributes[1];
    }
    return NULL;
}

static void keep_attribute(struct xml_reader *reader, char **member, const char **attributes,
                           const char *name) {
    const char *value = attribute(attributes, name);
    if (value)
        xml_reader_keep(reader, member, value);
}

static void begin_file(struct ovf *ovf, struct xml_reader *reader, const char **attributes) {
    if (ovf->file_count == OVF_READ_FILES_MAX) {
        xml_reader_stop(reader, "there are too many files");
        return;
    }
    struct file *file = &ovf->files[ovf->file_count++];
    keep_attribute(reader, &file->id, attributes, "id");
    keep_attribute(reader, &file->href, attributes, "href");
    keep_attribute(reader, &file->compression, attributes, "compression");
    keep_attribute(reader, &file->chunk_bytes, attributes, "chunkSize");
}

static void begin_disk(struct ovf *ovf, struct xml_reader *reader, const char **attributes) {
    if (ovf->disk_count == FOREIGN_DISKS_MAX) {
        xml_reader_stop(reader, "there are too many disks");
        return;
    }
    struct disk *disk = &ovf->disks[ovf->disk_count++];
    keep_attribute(reader, &disk->id, attributes, "diskId");
    keep_attribute(reader, &disk->file, attributes, "fileRef");
    keep_attribute(reader, &disk->parent, attributes, "parentRef");
}

static void begin_system(struct ovf *ovf, struct xml_reader *reader, const char **attributes) {
    if (ovf->seen)
        xml_reader_stop(reader, "it has more than one machine");
    ovf->seen = true;
    keep_attribute(reader, &ovf->id, attributes, "id");
}

/* VMware's: <vmw:Config vmw:key="firmware" vmw:value="efi"/> */
static void begin_config(struct ovf *ovf, struct xml_reader *reader, const char **attributes) {
    const char *key = attribute(attributes, "key");
    if (key && strcmp(key, "firmware") == 0)
        keep_attribute(reader, &ovf->firmware, attributes, "value");
}

static void item_done(struct item *item) {
    free(item->type), free(item->quantity), free(item->units);
    free(item->host_resource);
    *item = (struct item){0};
}

/* That which is marked as the default, else the first: DSP0243, DeploymentOptionSection. */
static void begin_configuration(struct ovf *ovf, struct xml_reader *reader,
                                const char **attributes) {
    const char *marked = attribute(attributes, "default");
    if (marked && (strcmp(marked, "true") == 0 || strcmp(marked, "1") == 0))
        alloc_replace(&ovf->configuration, NULL);
    keep_attribute(reader, &ovf->configuration, attributes, "id");
}

static bool lists(const char *words, const char *word) {
    for (size_t length; *words; words += length + (words[length] == ' ')) {
        length = strcspn(words, " ");
        if (word && strlen(word) == length && strncmp(words, word, length) == 0)
            return true;
    }
    return false;
}

/* An item may be for some configurations only, or tell the least or most that there may be. */
static void begin_item(struct ovf *ovf, const char **attributes) {
    const char *configurations = attribute(attributes, "configuration");
    const char *bound = attribute(attributes, "bound");
    item_done(&ovf->item);
    ovf->item.chosen = configurations && lists(configurations, ovf->configuration);
    ovf->item.left_out = (configurations && *configurations && !ovf->item.chosen) ||
                         (bound && (strcmp(bound, "min") == 0 || strcmp(bound, "max") == 0));
}

static bool is_item(const char *path) {
    return strcmp(path, HARDWARE "/Item") == 0 || strcmp(path, HARDWARE "/StorageItem") == 0 ||
           strcmp(path, HARDWARE "/EthernetPortItem") == 0;
}

static void element_begun(void *context, struct xml_reader *reader, const char *path,
                          const char **attributes) {
    struct ovf *ovf = context;
    if (strcmp(path, "Envelope/References/File") == 0)
        begin_file(ovf, reader, attributes);
    else if (strcmp(path, "Envelope/DiskSection/Disk") == 0)
        begin_disk(ovf, reader, attributes);
    else if (strcmp(path, "Envelope/VirtualSystemCollection") == 0)
        xml_reader_stop(reader, "it has more than one machine");
    else if (strcmp(path, SYSTEM) == 0)
        begin_system(ovf, reader, attributes);
    else if (strcmp(path, SYSTEM "/OperatingSystemSection") == 0)
        keep_attribute(reader, &ovf->guest, attributes, "osType");
    else if (strcmp(path, HARDWARE "/Config") == 0)
        begin_config(ovf, reader, attributes);
    else if (strcmp(path, SYSTEM "/Machine/Hardware/Firmware") == 0)
        keep_attribute(reader, &ovf->firmware_of_box, attributes, "type");
    else if (strcmp(path, "Envelope/DeploymentOptionSection/Configuration") == 0)
        begin_configuration(ovf, reader, attributes);
    else if (strcmp(path, "Envelope/Content") == 0)
        xml_reader_stop(reader, "it is of OVF 0.9, from before the standard: export it as OVF 1.0 "
                                "(`VBoxManage export --ovf10`)");
    else if (is_item(path))
        begin_item(ovf, attributes);
}

/* --- its items --- */

/* In libvirt's words. */
static const char *memory_unit(const char *units) {
    static const struct {
        const char *theirs, *ours;
    } words[] = {{"byte * 2^20", "MiB"}, {"byte*2^20", "MiB"},   {"MegaBytes", "MiB"},
                 {"MB", "MiB"},          {"byte * 2^30", "GiB"}, {"byte*2^30", "GiB"},
                 {"GigaBytes", "GiB"},   {"byte * 2^10", "KiB"}, {"KiloBytes", "KiB"},
                 {"byte", "bytes"}};
    for (size_t i = 0; units && i < sizeof words / sizeof *words; i++)
        if (strcasecmp(units, words[i].theirs) == 0)
            return words[i].ours;
    return units ? units : "bytes";
}

static void add_drive(struct ovf *ovf, struct xml_reader *reader, const char *device) {
    struct foreign_machine *machine = ovf->machine;
    if (machine->disk_count == FOREIGN_DISKS_MAX) {
        xml_reader_stop(reader, "there are too many disks");
        return;
    }
    struct foreign_disk *disk = &machine->disks[machine->disk_count++];
    disk->device = alloc_string(device);
    xml_reader_keep(reader, &disk->target, ovf->item.host_resource ? ovf->item.host_resource : "");
}

static void forget(struct foreign_machine *machine, uint64_t type) {
    if (type == PROCESSOR) {
        alloc_replace(&machine->vcpu, NULL);
    } else if (type == MEMORY) {
        alloc_replace(&machine->memory, NULL);
        alloc_replace(&machine->memory_unit, NULL);
    }
}

static void end_item(struct ovf *ovf, struct xml_reader *reader) {
    struct foreign_machine *machine = ovf->machine;
    uint64_t type = 0;
    if (ovf->item.left_out || !ovf->item.type ||
        !name_parse_number(ovf->item.type, 1, UINT32_MAX, &type))
        return;
    if (ovf->item.chosen && ovf->item.quantity) /* before what is for all configurations */
        forget(machine, type);
    if (type == PROCESSOR && ovf->item.quantity) {
        xml_reader_keep(reader, &machine->vcpu, ovf->item.quantity);
    } else if (type == MEMORY && ovf->item.quantity && !machine->memory) {
        xml_reader_keep(reader, &machine->memory, ovf->item.quantity);
        xml_reader_keep(reader, &machine->memory_unit, memory_unit(ovf->item.units));
    } else if (type == DISK) {
        add_drive(ovf, reader, "disk");
    } else if (type == CD || type == DVD || type == FLOPPY) {
        if (ovf->item.host_resource)
            add_drive(ovf, reader, type == FLOPPY ? "floppy" : "cdrom");
    } else if (type == ETHERNET && machine->nic_count < FOREIGN_NICS_MAX) {
        machine->nic_count++;
    }
}

static void element_ended(void *context, struct xml_reader *reader, const char *path,
                          const char *text) {
    struct ovf *ovf = context;
    const struct {
        const char *path;
        char **member;
    } texts[] = {{SYSTEM "/Name", &ovf->name},
                 {SYSTEM "/OperatingSystemSection/OSType", &ovf->guest_of_box},
                 {HARDWARE "/System/VirtualSystemType", &ovf->system_type}};
    static const struct {
        const char *name;
        size_t offset;
    } parts[] = {{"ResourceType", offsetof(struct item, type)},
                 {"VirtualQuantity", offsetof(struct item, quantity)},
                 {"AllocationUnits", offsetof(struct item, units)},
                 {"HostResource", offsetof(struct item, host_resource)}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (strcmp(path, texts[i].path) == 0)
            xml_reader_keep(reader, texts[i].member, text);
    if (is_item(path))
        end_item(ovf, reader);
    if (strncmp(path, HARDWARE "/", strlen(HARDWARE "/")) != 0)
        return;
    const char *name = strrchr(path, '/') + 1;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (strcmp(name, parts[i].name) == 0)
            xml_reader_keep(reader, (char **)((char *)&ovf->item + parts[i].offset), text);
}

/* --- what it comes to --- */

static bool refuse_disk(const char *id, const char *why, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(id, strlen(id), SHOWN);
    return error_set(error, ERROR_INVALID, "the disk \"%s\" %s", shown, why);
}

static const struct file *find_href(const struct ovf *ovf, const char *id) {
    for (size_t i = 0; i < ovf->file_count; i++)
        if (ovf->files[i].id && strcmp(ovf->files[i].id, id) == 0)
            return &ovf->files[i];
    return NULL;
}

/* chunkSize: the file is in pieces of that size. */
static bool resolve_file(const struct ovf *ovf, const char *id, const char *name,
                         struct foreign_disk *disk, struct error *error) {
    const struct file *file = find_href(ovf, id);
    if (!file || !file->href)
        return refuse_disk(name, "is in no file that is named", error);
    if (file->compression && *file->compression && strcmp(file->compression, "identity") != 0)
        return refuse_disk(name,
                           "is compressed as a file: unpack the OVA by `tar -xf`, then the disk, "
                           "and `pgsup image import` it",
                           error);
    if (file->chunk_bytes)
        return refuse_disk(name, "is in pieces: join them, and `pgsup image import` the disk",
                           error);
    disk->file = alloc_string(file->href);
    return true;
}

/* "ovf:/disk/vmdisk1", "/disk/vmdisk1" */
static const char *after_word(const char *resource, const char *word) {
    const char *at = strncmp(resource, "ovf:", 4) == 0 ? resource + 4 : resource;
    at += *at == '/';
    size_t length = strlen(word);
    return strncmp(at, word, length) == 0 && at[length] == '/' ? at + length + 1 : NULL;
}

static bool resolve_drive(const struct ovf *ovf, struct foreign_disk *drive, struct error *error) {
    scoped(alloc_release) char *resource = drive->target;
    const char *id = after_word(resource, "disk"), *file = after_word(resource, "file");
    drive->target = alloc_string(id ? id : file ? file : resource);
    if (file)
        return resolve_file(ovf, file, file, drive, error);
    for (size_t i = 0; id && i < ovf->disk_count; i++) {
        const struct disk *disk = &ovf->disks[i];
        if (!disk->id || strcmp(disk->id, id) != 0)
            continue;
        if (disk->parent)
            return refuse_disk(id, "is only the difference to another one", error);
        return !disk->file || resolve_file(ovf, disk->file, id, drive, error);
    }
    return refuse_disk(drive->target, "is not in its list of disks", error);
}

static bool has_word(const char *text, const char *word) {
    return text && strcasestr(text, word);
}

/* OVF does not say it; each program has its own words for what runs on ARM. */
static const char *guess_arch(const struct ovf *ovf) {
    const char *const texts[] = {ovf->guest, ovf->guest_of_box, ovf->system_type};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (has_word(texts[i], "arm") || has_word(texts[i], "aarch64"))
            return "aarch64";
    return "x86_64";
}

static bool resolve(struct ovf *ovf, struct error *error) {
    struct foreign_machine *machine = ovf->machine;
    const char *name = ovf->name && *ovf->name ? ovf->name : ovf->id;
    if (!ovf->seen)
        return error_set(error, ERROR_INVALID, "it has no machine");
    for (size_t i = 0; i < machine->disk_count; i++)
        if (!resolve_drive(ovf, &machine->disks[i], error))
            return false;
    machine->name = name ? alloc_string(name) : NULL;
    machine->arch = alloc_string(guess_arch(ovf));
    if (has_word(ovf->firmware, "efi") || has_word(ovf->firmware_of_box, "efi") ||
        strcmp(machine->arch, "aarch64") == 0)
        machine->firmware = alloc_string("efi");
    return true;
}

static void ovf_done(struct ovf *ovf) {
    char *const texts[] = {
        ovf->configuration, ovf->id,           ovf->name,     ovf->system_type,
        ovf->guest,         ovf->guest_of_box, ovf->firmware, ovf->firmware_of_box};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < ovf->file_count; i++) {
        struct file *file = &ovf->files[i];
        free(file->id), free(file->href), free(file->compression), free(file->chunk_bytes);
    }
    for (size_t i = 0; i < ovf->disk_count; i++)
        free(ovf->disks[i].id), free(ovf->disks[i].file), free(ovf->disks[i].parent);
    item_done(&ovf->item);
}

bool ovf_read(const char *text, size_t length, struct foreign_machine *machine,
              struct error *error) {
    static const struct xml_reader_form form = {.root = "Envelope",
                                                .article = "a",
                                                .what = "descriptor of OVF",
                                                .strips_prefixes = true,
                                                .begin = element_begun,
                                                .end = element_ended};
    *machine = (struct foreign_machine){0};
    struct ovf ovf = {.machine = machine};
    bool good = xml_reader_read(text, length, &form, &ovf, error) && resolve(&ovf, error);
    ovf_done(&ovf);
    if (!good)
        foreign_machine_done(machine);
    return good;
}
