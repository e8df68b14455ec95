#include "home/backup/backup_manifest.h"

#include "base/alloc.h"
#include "home/backup/backup_fields.h"
#include "home/instance/snapshot_schedule.h"
#include "machine/core/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = {[BACKUP_THIN] = "thin", [BACKUP_FULL] = "full"};
static const char *const moments[] = {
    [BACKUP_STOPPED] = "stopped", [BACKUP_FROZEN] = "frozen", [BACKUP_CRASH] = "crash-consistent"};
const struct word_set backup_kind_words = WORD_SET(kinds);
const struct word_set backup_moment_words = WORD_SET(moments);

#define AT(type, member) offsetof(struct type, member)
#define TEXT(type, member)                                                                         \
    { #member, BACKUP_FIELD_TEXT, AT(type, member), 0, NULL }
#define OPTIONAL(type, member)                                                                     \
    { #member, BACKUP_FIELD_OPTIONAL, AT(type, member), 0, NULL }
#define NUMBER(type, member, kind, max)                                                            \
    { #member, BACKUP_FIELD_##kind, AT(type, member), max, NULL }
#define FLAG(type, member)                                                                         \
    { #member, BACKUP_FIELD_BOOL, AT(type, member), 0, NULL }
#define WORD(type, member, words)                                                                  \
    { #member, BACKUP_FIELD_WORD, AT(type, member), 0, words }

static const struct backup_field manifest_fields[] = {
    NUMBER(backup_manifest, created_ms, I64, 0),
    WORD(backup_manifest, kind, &backup_kind_words),
    WORD(backup_manifest, moment, &backup_moment_words),
    FLAG(backup_manifest, automatic),
    OPTIONAL(backup_manifest, home),
    TEXT(backup_manifest, pgsup),
    TEXT(backup_manifest, qemu),
    TEXT(backup_manifest, network),
    OPTIONAL(backup_manifest, description),
    BACKUP_FIELDS_END,
};
static const struct backup_field instance_fields[] = {
    TEXT(store_instance, name),
    TEXT(store_instance, instance_id),
    TEXT(store_instance, uuid),
    TEXT(store_instance, token),
    OPTIONAL(store_instance, phone_home_token),
    OPTIONAL(store_instance, report_token),
    TEXT(store_instance, mac),
    TEXT(store_instance, arch),
    WORD(store_instance, seed, &store_seed_words),
    WORD(store_instance, host_keys, &store_host_keys_words),
    OPTIONAL(store_instance, ip4),
    OPTIONAL(store_instance, accel),
    OPTIONAL(store_instance, machine),
    NUMBER(store_instance, vcpu, U64, BACKUP_MANIFEST_VCPU_MAX),
    NUMBER(store_instance, ram_mib, U64, BACKUP_MANIFEST_RAM_MIB_MAX),
    NUMBER(store_instance, disk_bytes, U64, BACKUP_MANIFEST_DISK_MAX),
    NUMBER(store_instance, ssh_port, U16, 0),
    FLAG(store_instance, ssh_port_given),
    FLAG(store_instance, package_upgrade),
    FLAG(store_instance, autostart),
    FLAG(store_instance, nested),
    WORD(store_instance, restart, &store_restart_words),
    FLAG(store_instance, holds_playbook),
    OPTIONAL(store_instance, groups),
    OPTIONAL(store_instance, variables),
    OPTIONAL(store_instance, after),
    NUMBER(store_instance, snapshot_every_s, OPTIONAL_U64, SNAPSHOT_SCHEDULE_EVERY_MAX_S),
    NUMBER(store_instance, snapshot_keep, OPTIONAL_U64, SNAPSHOT_SCHEDULE_KEEP_MAX),
    BACKUP_FIELDS_END,
};
static const struct backup_field image_fields[] = {
    TEXT(store_image, name),
    TEXT(store_image, file),
    TEXT(store_image, format),
    TEXT(store_image, arch),
    TEXT(store_image, sha256),
    OPTIONAL(store_image, origin),
    OPTIONAL(store_image, default_user),
    TEXT(store_image, seed_source),
    OPTIONAL(store_image, shell),
    NUMBER(store_image, file_bytes, U64, 0),
    NUMBER(store_image, virtual_bytes, U64, BACKUP_MANIFEST_DISK_MAX),
    NUMBER(store_image, min_disk_bytes, U64, BACKUP_MANIFEST_DISK_MAX),
    NUMBER(store_image, min_ram_mib, U64, BACKUP_MANIFEST_RAM_MIB_MAX),
    FLAG(store_image, phones_home),
    BACKUP_FIELDS_END,
};
static const struct backup_field guest_fields[] = {
    NUMBER(store_guest, phoned_home_ms, I64, 0),
    OPTIONAL(store_guest, instance_id),
    OPTIONAL(store_guest, hostname),
    OPTIONAL(store_guest, host_keys),
    NUMBER(store_guest, provisioned_ms, I64, 0),
    OPTIONAL(store_guest, provision_result),
    FLAG(store_guest, trusts_cache),
    BACKUP_FIELDS_END,
};
static const struct backup_field disk_fields[] = {
    TEXT(store_disk, name),
    NUMBER(store_disk, bytes, U64, BACKUP_MANIFEST_DISK_MAX),
    BACKUP_FIELDS_END,
};
static const struct backup_field nic_fields[] = {
    NUMBER(store_nic, position, INT, SPEC_ADDITIONAL_NICS_MAX),
    TEXT(store_nic, kind),
    OPTIONAL(store_nic, interface),
    TEXT(store_nic, mac),
    OPTIONAL(store_nic, ip4),
    {"network", BACKUP_FIELD_OPTIONAL, offsetof(struct store_nic, network_name), 0, NULL},
    BACKUP_FIELDS_END,
};
static const struct backup_field forward_fields[] = {
    WORD(store_forward, transport, &transport_words),
    TEXT(store_forward, host_address),
    NUMBER(store_forward, host_port, U16, 0),
    NUMBER(store_forward, guest_port, U16, 0),
    BACKUP_FIELDS_END,
};
static const struct backup_field file_fields[] = {
    TEXT(backup_file, path),
    NUMBER(backup_file, bytes, U64, 0),
    {"sha256", BACKUP_FIELD_HEX, offsetof(struct backup_file, sha256), 0, NULL},
    FLAG(backup_file, edited),
    FLAG(backup_file, over_image),
    BACKUP_FIELDS_END,
};

/* --- lists --- */

/* A list of structs: the pointer to its items and their count lie at these offsets. */
struct list_spec {
    const char *key, *what;
    const struct backup_field *fields;
    size_t items, count, size, max;
};
#define LIST(key, what, fields, items, count, type, max)                                           \
    {                                                                                              \
        key, what, fields, offsetof(struct backup_manifest, items),                                \
            offsetof(struct backup_manifest, count), sizeof(struct type), max                      \
    }

static const struct list_spec lists[] = {
    LIST("disks", "a disk", disk_fields, facts.disks.items, facts.disks.count, store_disk,
         SPEC_DISKS_MAX),
    LIST("nics", "a network card", nic_fields, facts.nics.items, facts.nics.count, store_nic,
         SPEC_ADDITIONAL_NICS_MAX),
    LIST("forwards", "a forwarded port", forward_fields, facts.forwards.items, facts.forwards.count,
         store_forward, BACKUP_MANIFEST_FORWARDS_MAX),
    LIST("files", "a file", file_fields, files, file_count, backup_file, BACKUP_FILES_MAX),
};
enum { LISTS = sizeof lists / sizeof *lists };

static json_t *list_write(const struct list_spec *list, const struct backup_manifest *manifest) {
    json_t *array = json_array();
    const char *base = (const char *)manifest;
    const char *items = *(char *const *)(const void *)(base + list->items);
    size_t count = *(const size_t *)(const void *)(base + list->count);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, backup_fields_write(list->fields, items + i * list->size));
    return array;
}

static bool list_read(const struct list_spec *list, const json_t *root,
                      struct backup_manifest *manifest, struct error *error) {
    const json_t *array = json_object_get(root, list->key);
    char *base = (char *)manifest;
    size_t *count = (size_t *)(void *)(base + list->count);
    if (!json_is_array(array))
        return error_set(error, ERROR_INVALID, "has no list \"%s\"", list->key);
    if (json_array_size(array) > list->max)
        return error_set(error, ERROR_INVALID, "has more than %zu members in \"%s\"", list->max,
                         list->key);
    char *items = alloc_zero((json_array_size(array) + 1) * list->size);
    memcpy(base + list->items, &items, sizeof items);
    while (*count < json_array_size(array)) {
        const json_t *each = json_array_get(array, *count);
        void *item = items + (*count)++ * list->size;
        if (!backup_fields_read(list->fields, each, list->what, item, error))
            return false;
    }
    return true;
}

/* --- the whole --- */

char *backup_manifest_encode(const struct backup_manifest *manifest) {
    json_t *root = json_object();
    json_object_set_new(root, "format", json_string(BACKUP_MANIFEST_FORMAT));
    json_object_set_new(root, "version", json_integer(BACKUP_MANIFEST_VERSION));
    json_object_update_new(root, backup_fields_write(manifest_fields, manifest));
    json_object_set_new(root, "instance",
                        backup_fields_write(instance_fields, &manifest->facts.instance));
    json_object_set_new(root, "image", backup_fields_write(image_fields, &manifest->facts.image));
    json_object_set_new(root, "guest", backup_fields_write(guest_fields, &manifest->guest));
    for (size_t i = 0; i < LISTS; i++)
        json_object_set_new(root, lists[i].key, list_write(&lists[i], manifest));
    char *dump = json_dumps(root, JSON_INDENT(1));
    char *text = alloc_printf("%s\n", dump);
    free(dump);
    json_decref(root);
    return text;
}

static bool check_version(const json_t *root, struct error *error) {
    const char *format = json_string_value(json_object_get(root, "format"));
    const json_t *version = json_object_get(root, "version");
    if (!format || strcmp(format, BACKUP_MANIFEST_FORMAT) != 0)
        return error_set(error, ERROR_INVALID, "is not the manifest of a backup");
    if (!json_is_integer(version) || json_integer_value(version) < 1)
        return error_set(error, ERROR_INVALID, "has a wrong value of \"version\"");
    return json_integer_value(version) <= BACKUP_MANIFEST_VERSION ||
           error_set(error, ERROR_INVALID, "was written by a newer pgsup: update this one");
}

static bool read_root(const json_t *root, struct backup_manifest *manifest, struct error *error) {
    struct instance_facts *facts = &manifest->facts;
    if (!check_version(root, error) ||
        !backup_fields_read(manifest_fields, root, "the backup", manifest, error) ||
        !backup_fields_read(instance_fields, json_object_get(root, "instance"), "the instance",
                            &facts->instance, error) ||
        !backup_fields_read(image_fields, json_object_get(root, "image"), "the image",
                            &facts->image, error) ||
        !backup_fields_read(guest_fields, json_object_get(root, "guest"), "the guest",
                            &manifest->guest, error))
        return false;
    for (size_t i = 0; i < LISTS; i++)
        if (!list_read(&lists[i], root, manifest, error))
            return false;
    facts->instance.image = alloc_string(facts->image.name);
    return true;
}

bool backup_manifest_parse(const char *text, size_t length, struct backup_manifest *manifest,
                           struct error *error) {
    json_error_t problem;
    *manifest = (struct backup_manifest){0};
    if (length > BACKUP_MANIFEST_LIMIT_BYTES)
        return error_set(error, ERROR_INVALID, "is longer than %u KiB",
                         BACKUP_MANIFEST_LIMIT_BYTES >> 10);
    json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &problem);
    bool good = root ? read_root(root, manifest, error)
                     : error_set(error, ERROR_INVALID, "is not JSON (line %d)", problem.line);
    json_decref(root);
    if (!good)
        backup_manifest_done(manifest);
    return good;
}

void backup_manifest_done(struct backup_manifest *manifest) {
    for (size_t i = 0; i < manifest->file_count; i++)
        free(manifest->files[i].path);
    free(manifest->files);
    free(manifest->home);
    free(manifest->pgsup);
    free(manifest->qemu);
    free(manifest->network);
    free(manifest->description);
    instance_facts_done(&manifest->facts);
    store_guest_done(&manifest->guest);
    *manifest = (struct backup_manifest){0};
}

void backup_manifest_add(struct backup_manifest *manifest, const struct backup_file *file) {
    manifest->files =
        alloc_resize(manifest->files, (manifest->file_count + 1) * sizeof *manifest->files);
    struct backup_file *added = &manifest->files[manifest->file_count++];
    *added = *file;
    added->path = alloc_string(file->path);
}

const struct backup_file *backup_manifest_find(const struct backup_manifest *manifest,
                                               const char *path) {
    for (size_t i = 0; i < manifest->file_count; i++)
        if (strcmp(manifest->files[i].path, path) == 0)
            return &manifest->files[i];
    return NULL;
}
