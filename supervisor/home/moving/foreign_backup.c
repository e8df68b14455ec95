#include "home/moving/foreign_backup.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "base/secret.h"
#include "cloudinit/document_check.h"
#include "cloudinit/public_key.h"
#include "home/backup/backup_check.h"
#include "home/backup/backup_manifest.h"
#include "home/cloud/subnet.h"
#include "home/images/image.h"
#include "home/layout.h"
#include "home/seed/seed_drive.h"
#include "host/qcow2_file.h"
#include "machine/core/spec.h"

#include <ctype.h>
#include <string.h>
#include <sys/stat.h>

#define SHOWN_MAX     80
#define STEM_MAX      50 /* of an instance-id */
#define SUFFIX_DIGITS 8
#define HOST_KEYS_MAX 8

struct conversion {
    const struct foreign_backup *wanted;
    const struct foreign_machine *machine;
    const char *folder;
    struct backup_manifest manifest;
    struct strv *notes;
};

static char *shown(const char *text) { /* caller frees */
    return name_printable(text ? text : "", text ? strlen(text) : 0, SHOWN_MAX);
}

static bool name_machine(const struct conversion *conversion, struct error *error) {
    return error_prefix(error, "%s", conversion->wanted->file);
}

/* --- the machine --- */

/* Only a type with a version is one that stays. */
static char *machine_type(const char *arch, const char *machine) {
    const char *begins = strcmp(arch, "aarch64") == 0 ? "virt-" : "pc-q35-";
    return machine && strncmp(machine, begins, strlen(begins)) == 0 && backup_check_is_type(machine)
               ? alloc_string(machine)
               : NULL;
}

static bool take_name(struct conversion *conversion, struct store_instance *instance,
                      struct error *error) {
    const char *given = conversion->wanted->name;
    const char *name = given ? given : conversion->machine->name;
    struct error problem = {0};
    if (name && name_check_instance(name, &problem)) {
        instance->name = alloc_string(name);
        return true;
    }
    if (!name)
        return error_set(error, ERROR_INVALID, "it has no name: --as NAME gives it one");
    return given ? error_copy(error, &problem)
                 : error_set(error, ERROR_INVALID,
                             "%s; --as NAME makes an instance of another name of it", problem.text);
}

static bool take_hardware(struct conversion *conversion, struct store_instance *instance,
                          struct error *error) {
    const struct foreign_machine *machine = conversion->machine;
    scoped(alloc_release) char *arch = shown(machine->arch);
    enum spec_arch known;
    if (!machine->arch || !spec_arch_from_word(machine->arch, &known))
        return error_set(error, ERROR_INVALID,
                         "its architecture is \"%s\": pgsup runs aarch64 and x86_64", arch);
    if (!machine->vcpu ||
        !name_parse_number(machine->vcpu, 1, BACKUP_MANIFEST_VCPU_MAX, &instance->vcpu))
        return error_set(error, ERROR_INVALID,
                         "it has no usable number of processors, which is 1 to %d",
                         BACKUP_MANIFEST_VCPU_MAX);
    if (!foreign_machine_ram(machine, &instance->ram_mib))
        return error_set(error, ERROR_INVALID, "it has no usable amount of memory");
    instance->arch = alloc_string(machine->arch);
    instance->machine = machine_type(machine->arch, machine->machine);
    if (!machine->firmware && !machine->loader)
        strv_push(conversion->notes,
                  "it booted by BIOS, and boots by UEFI here: its disk needs a boot loader for it");
    return true;
}

/* In lower case, as it is written here. */
static bool take_uuid(const struct foreign_machine *machine, struct store_instance *instance,
                      struct error *error) {
    char uuid[37];
    secret_uuid4(uuid);
    instance->uuid = alloc_string(machine->uuid ? machine->uuid : uuid);
    for (char *each = instance->uuid; *each; each++)
        *each = (char)tolower((unsigned char)*each);
    return backup_check_is_uuid(instance->uuid) ||
           error_set(error, ERROR_INVALID, "its UUID is not one");
}

static bool take_identity(struct conversion *conversion, struct store_instance *instance,
                          struct error *error) {
    const struct foreign_machine *machine = conversion->machine;
    uint8_t bytes[6];
    char mac[18], token[SECRET_TOKEN_SIZE];
    char **const tokens[] = {&instance->token, &instance->phone_home_token,
                             &instance->report_token};
    if (machine->nic_count && machine->macs[0] && name_parse_mac(machine->macs[0], bytes)) {
        name_format_mac(bytes, mac);
        instance->mac = alloc_string(mac);
    } else
        return error_set(error, ERROR_INVALID, "it has no network card with a MAC address");
    for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
        secret_token(token);
        *tokens[i] = alloc_string(token);
    }
    if (!take_uuid(machine, instance, error))
        return false;
    if (machine->nic_count == 2)
        strv_push(conversion->notes, "1 more network card was left out: `pgsup nic add` makes it");
    else if (machine->nic_count > 2)
        strv_pushf(conversion->notes,
                   "%zu more network cards were left out: `pgsup nic add` makes them",
                   machine->nic_count - 1);
    return true;
}

/* --- disks --- */

/* That holds data, and is like one here. */
static bool is_drive(const struct foreign_disk *disk) {
    return !disk->read_only && (!disk->device || strcmp(disk->device, "disk") == 0);
}

static bool copy_disk(const struct conversion *conversion, const struct foreign_disk *disk,
                      const char *to, struct error *error) {
    return conversion->wanted->copy_disk(conversion->wanted->context, disk, to, error);
}

static bool list_disk(struct conversion *conversion, const char *file, uint64_t *bytes,
                      struct error *error) {
    struct stat status;
    struct qcow2_header header;
    struct backup_file listed = {.path = (char *)file};
    scoped(alloc_release) char *path = alloc_printf("%s/%s", conversion->folder, file);
    if (!qcow2_file_read(path, path, &header, error) ||
        !secret_sha256_file(path, listed.sha256, error))
        return false;
    if (stat(path, &status) < 0)
        return error_errno(error, "cannot read %s", path);
    listed.bytes = (uint64_t)status.st_size;
    *bytes = header.virtual_bytes;
    backup_manifest_add(&conversion->manifest, &listed);
    return true;
}

static bool take_os_disk(struct conversion *conversion, const struct foreign_disk *disk,
                         struct error *error) {
    struct instance_facts *facts = &conversion->manifest.facts;
    scoped(alloc_release) char *to = alloc_printf("%s/" LAYOUT_OS_DISK, conversion->folder);
    if (!copy_disk(conversion, disk, to, error) ||
        !list_disk(conversion, LAYOUT_OS_DISK, &facts->instance.disk_bytes, error))
        return false;
    if (!facts->instance.disk_bytes)
        return error_set(error, ERROR_INVALID, "the disk that it boots from is empty") ||
               name_machine(conversion, error);
    const struct backup_file *file = &conversion->manifest.files[0];
    facts->image = (struct store_image){
        .name = alloc_string(facts->instance.name),
        .file = alloc_string(LAYOUT_OS_DISK),
        .format = alloc_string("qcow2"),
        .arch = alloc_string(facts->instance.arch),
        .sha256 = alloc_string(file->sha256),
        .seed_source = alloc_string(IMAGE_SEED_NONE),
        .file_bytes = file->bytes,
        .virtual_bytes = facts->instance.disk_bytes,
        .phones_home = true,
    };
    return true;
}

static bool disk_name_is_free(const struct store_disks *disks, const char *name) {
    for (size_t i = 0; i < disks->count; i++)
        if (strcmp(disks->items[i].name, name) == 0)
            return false;
    return true;
}

/* Its serial number, which is what its guest knows it by; else what libvirt calls it. */
static char *disk_name(const struct store_disks *disks, const struct foreign_disk *disk) {
    const char *const names[] = {disk->serial, disk->target};
    struct error ignored = {0};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i] && strlen(names[i]) <= SPEC_DISK_NAME_MAX &&
            name_check_label("disk", names[i], &ignored) && disk_name_is_free(disks, names[i]))
            return alloc_string(names[i]);
    char *name = alloc_printf("disk%zu", disks->count + 1);
    for (size_t i = disks->count + 2; !disk_name_is_free(disks, name); i++)
        alloc_replace(&name, alloc_printf("disk%zu", i));
    return name;
}

static bool take_extra_disk(struct conversion *conversion, const struct foreign_disk *disk,
                            struct error *error) {
    struct store_disks *disks = &conversion->manifest.facts.disks;
    if (disks->count == SPEC_DISKS_MAX)
        return error_set(error, ERROR_INVALID, "it has more than %d disks", SPEC_DISKS_MAX + 1) ||
               name_machine(conversion, error);
    disks->items = alloc_resize(disks->items, (disks->count + 1) * sizeof *disks->items);
    struct store_disk *added = &disks->items[disks->count];
    *added = (struct store_disk){.name = disk_name(disks, disk)};
    disks->count++;
    scoped(alloc_release) char *to = layout_extra_disk_in(conversion->folder, added->name);
    return copy_disk(conversion, disk, to, error) &&
           list_disk(conversion, strrchr(to, '/') + 1, &added->bytes, error);
}

/* In which it is booted from; none comes last. */
static uint64_t boot_order(const struct foreign_disk *disk) {
    uint64_t order;
    return disk->order && name_parse_number(disk->order, 1, UINT32_MAX, &order) ? order
                                                                                : UINT64_MAX;
}

/* The one that it boots from: the first in that order, else the first of all. */
static const struct foreign_disk *find_os_disk(const struct foreign_machine *machine) {
    const struct foreign_disk *found = NULL;
    for (size_t i = 0; i < machine->disk_count; i++) {
        const struct foreign_disk *disk = &machine->disks[i];
        if (is_drive(disk) && (!found || boot_order(disk) < boot_order(found)))
            found = disk;
    }
    return found;
}

static bool take_disks(struct conversion *conversion, struct error *error) {
    const struct foreign_machine *machine = conversion->machine;
    const struct foreign_disk *os = find_os_disk(machine);
    if (!os)
        return error_set(error, ERROR_INVALID, "it has no disk that can be written to") ||
               name_machine(conversion, error);
    if (!take_os_disk(conversion, os, error))
        return false;
    for (size_t i = 0; i < machine->disk_count; i++)
        if (&machine->disks[i] != os && is_drive(&machine->disks[i]) &&
            !take_extra_disk(conversion, &machine->disks[i], error))
            return false;
    return true;
}

/* --- the seed --- */

/* "  ed25519_public: ssh-ed25519 AAAA", as pgsup writes it for a guest. */
static void take_host_keys(const struct buffer *text, struct buffer *keys) {
    static const char mark[] = "_public: ";
    unsigned count = 0;
    const char *at = text->data ? text->data : "";
    while (count < HOST_KEYS_MAX && (at = strstr(at, mark))) {
        at += strlen(mark);
        scoped(alloc_release) char *key =
            public_key_parse(at, strcspn(at, "\n"), PUBLIC_KEY_OF_HOST, NULL);
        if (key) {
            buffer_printf(keys, "%s\n", key);
            count++;
        }
    }
}

/* A drive for NoCloud tells who the guest is. */
static bool read_seed(struct conversion *conversion, const char *file) {
    char id[DOCUMENT_CHECK_ID_SIZE];
    scoped(buffer_done) struct buffer meta = {0}, vendor = {0}, keys = {0};
    struct store_instance *instance = &conversion->manifest.facts.instance;
    struct store_guest *guest = &conversion->manifest.guest;
    struct error ignored = {0};
    if (!seed_drive_read(file, SEED_META_DATA, &meta, &ignored) || !meta.length ||
        !document_check_instance_id(meta.data, meta.length, id, &ignored))
        return false;
    alloc_replace(&instance->instance_id, alloc_string(id));
    seed_drive_read(file, SEED_VENDOR_DATA, &vendor, &ignored);
    take_host_keys(&vendor, &keys);
    guest->phoned_home_ms = clock_wall_ms();
    alloc_replace(&guest->instance_id, alloc_string(id));
    alloc_replace(&guest->host_keys, keys.length ? alloc_string(keys.data) : NULL);
    return true;
}

static bool is_seed(struct conversion *conversion, const struct foreign_disk *disk) {
    if (!disk->file || !conversion->wanted->find_seed)
        return false;
    scoped(alloc_release) char *file =
        conversion->wanted->find_seed(conversion->wanted->context, disk);
    return file && read_seed(conversion, file);
}

/* An empty drive holds nothing. */
static void tell_left_out(const struct conversion *conversion, const struct foreign_disk *disk) {
    const char *kind = disk->device ? disk->device : "disk";
    bool removable = strcmp(kind, "cdrom") == 0 || strcmp(kind, "floppy") == 0;
    scoped(alloc_release) char *device = shown(kind);
    scoped(alloc_release) char *name = shown(disk->target ? disk->target : disk->file);
    if (disk->file || !removable)
        strv_pushf(conversion->notes,
                   "the %s%s %s was left out: disks that can be written to are taken",
                   disk->read_only ? "read-only " : "", device, name);
}

/* Whatever else is no disk to write to is left out. */
static void take_seed(struct conversion *conversion) {
    const struct foreign_machine *machine = conversion->machine;
    struct store_instance *instance = &conversion->manifest.facts.instance;
    bool found = false;
    for (size_t i = 0; i < machine->disk_count; i++) {
        const struct foreign_disk *disk = &machine->disks[i];
        if (is_drive(disk))
            continue;
        if (!found && is_seed(conversion, disk))
            found = true;
        else
            tell_left_out(conversion, disk);
    }
    if (found && conversion->wanted->name) {
        strv_push(conversion->notes, "cloud-init in it begins as on a new machine, with the users "
                                     "and keys of this cloud");
        return;
    }
    if (found) {
        strv_pushf(conversion->notes,
                   "cloud-init in it does not begin anew: users, keys and addresses are those that "
                   "it had (`pgsup instance set %s --rerun-cloud-init`)",
                   instance->name);
        return;
    }
    instance->instance_id =
        alloc_printf("%.*s-%.*s", STEM_MAX, instance->name, SUFFIX_DIGITS, instance->report_token);
    strv_push(conversion->notes, "no seed of it was found: cloud-init in it begins as on a new "
                                 "machine, with the users and keys of this cloud");
}

/* --- the backup --- */

static void take_address(struct conversion *conversion) {
    const struct instance_facts *facts = &conversion->manifest.facts;
    const char *ip4 = conversion->machine->ip4;
    struct error problem = {0};
    if (!ip4)
        return;
    if (subnet_check_guest(&facts->cloud, ip4, &problem))
        conversion->manifest.facts.instance.ip4 = alloc_string(ip4);
    else
        strv_pushf(conversion->notes, "it has the static address %s, which is left out here: %s",
                   ip4, problem.text);
}

static bool write_manifest(struct conversion *conversion, struct error *error) {
    scoped(alloc_release) char *text = backup_manifest_encode(&conversion->manifest);
    scoped(alloc_release) char *path = alloc_printf("%s/" BACKUP_MANIFEST, conversion->folder);
    return file_write(path, text, strlen(text), 0600, error);
}

static bool convert(struct conversion *conversion, struct error *error) {
    struct backup_manifest *manifest = &conversion->manifest;
    struct store_instance *instance = &manifest->facts.instance;
    if (!cloud_table_get(conversion->wanted->home->store, &manifest->facts.cloud, error))
        return false;
    manifest->created_ms = clock_wall_ms();
    manifest->kind = BACKUP_FULL;
    manifest->moment = BACKUP_STOPPED;
    manifest->pgsup = alloc_string(conversion->wanted->pgsup);
    manifest->qemu = alloc_string("");
    manifest->network = alloc_string(manifest->facts.cloud.network);
    instance->seed = STORE_SEED_DRIVE;
    instance->host_keys = STORE_HOST_KEYS_GUEST;
    if (!take_name(conversion, instance, error) || !take_hardware(conversion, instance, error) ||
        !take_identity(conversion, instance, error))
        return name_machine(conversion, error);
    take_seed(conversion);
    take_address(conversion);
    return take_disks(conversion, error) && write_manifest(conversion, error);
}

bool foreign_backup_make(const struct foreign_backup *wanted, const char *folder,
                         struct error *error) {
    struct conversion conversion = {
        .wanted = wanted, .machine = wanted->machine, .folder = folder, .notes = wanted->notes};
    bool good = convert(&conversion, error);
    backup_manifest_done(&conversion.manifest);
    return good;
}
