#include "home/backup/backup_check.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/strv.h"
#include "cloudinit/seed_document.h"
#include "home/access/host_groups.h"
#include "home/access/host_variables.h"
#include "home/instance/snapshot_schedule.h"
#include "home/layout.h"
#include "host/qcow2_file.h"
#include "host/saved_memory.h"
#include "machine/core/spec.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

#define ID_MAX      64u
#define MACHINE_MAX 64u /* as in host/machine_types.c */
#define SHORT_MAX   100u
#define SHOWN_MAX   60
#define DISK_PREFIX "disk-"
#define DISK_SUFFIX ".qcow2"
#define HEX         "0123456789abcdef"

/* --- words --- */

static bool is_made_of(const char *text, const char *characters, size_t min, size_t max) {
    size_t length = strlen(text);
    return length >= min && length <= max && strspn(text, characters) == length;
}

static bool is_token(const char *text) {
    return !text || is_made_of(text, HEX, SECRET_TOKEN_SIZE - 1, SECRET_TOKEN_SIZE - 1);
}

bool backup_check_is_uuid(const char *text) {
    return is_made_of(text, HEX "-", 36, 36) && text[8] == '-' && text[13] == '-' &&
           text[18] == '-' && text[23] == '-';
}

bool backup_check_is_type(const char *machine) {
    return is_made_of(machine, "abcdefghijklmnopqrstuvwxyz0123456789.-_+", 1, MACHINE_MAX);
}

/* As pgsup writes it: there is one text for each. */
static bool is_mac(const char *text) {
    uint8_t mac[6];
    char again[18];
    if (!name_parse_mac(text, mac))
        return false;
    name_format_mac(mac, again);
    return strcmp(text, again) == 0;
}

static bool is_plain(const char *text, size_t max) {
    if (!text)
        return true;
    for (const char *each = text; *each; each++)
        if (*each < ' ' || *each > '~')
            return false;
    return strlen(text) <= max;
}

static bool is_one_line(const char *text, size_t max) {
    for (const char *each = text; each && *each; each++)
        if ((unsigned char)*each < ' ' || *each == 0x7F)
            return false;
    return !text || strlen(text) <= max;
}

static bool are_plain_lines(const char *text) {
    for (const char *each = text; each && *each; each++)
        if ((*each < ' ' && *each != '\n') || *each > '~')
            return false;
    return true;
}

static bool is_id(const char *text) {
    return is_made_of(text, "abcdefghijklmnopqrstuvwxyz0123456789-", 1, ID_MAX);
}

static bool refuse_member(const char *key, struct error *error) {
    return error_set(error, ERROR_INVALID, "has a wrong value of \"%s\"", key);
}

/* --- the instance --- */

static bool is_variable(const char *line, size_t length) {
    const char *equals = memchr(line, '=', length);
    scoped(alloc_release) char *name = alloc_slice(line, equals ? (size_t)(equals - line) : 0);
    scoped(alloc_release) char *value = alloc_slice(line, length);
    return equals && name_is_word(name) && is_one_line(value, SIZE_MAX);
}

/* The form alone: what may be set here and now is asked when it is restored. */
static bool check_variables(const char *variables, struct error *error) {
    size_t count = 0;
    for (const char *line = variables; line && *line; count++) {
        size_t length = strcspn(line, "\n");
        if (!is_variable(line, length))
            return refuse_member("variables", error);
        line += length + (line[length] == '\n');
    }
    return (count <= HOST_VARIABLES_MAX && (!variables || count)) ||
           refuse_member("variables", error);
}

static bool check_groups(const char *groups, struct error *error) {
    scoped(strv_done) struct strv names = {0};
    host_groups_list(groups, &names);
    bool good = names.count <= HOST_GROUPS_MAX && (!groups || names.count > 0);
    for (size_t i = 0; i < names.count; i++)
        good = good && name_is_word(names.items[i]);
    return good || refuse_member("groups", error);
}

/* What the supervisor does with it by itself. */
static bool check_schedule(const struct store_instance *instance, struct error *error) {
    struct error problem = {0};
    if (instance->after && !name_check_instance(instance->after, &problem))
        return refuse_member("after", error);
    return !instance->snapshot_every_s ||
           (instance->snapshot_every_s >= SNAPSHOT_SCHEDULE_EVERY_MIN_S &&
            instance->snapshot_keep) ||
           refuse_member("snapshot_every_s", error);
}

static bool check_instance(const struct store_instance *instance, struct error *error) {
    struct error problem = {0};
    uint32_t ip4;
    if (!name_check_instance(instance->name, &problem))
        return refuse_member("name", error);
    if (!is_id(instance->instance_id))
        return refuse_member("instance_id", error);
    if (!backup_check_is_uuid(instance->uuid))
        return refuse_member("uuid", error);
    if (!is_token(instance->token) || !is_token(instance->phone_home_token) ||
        !is_token(instance->report_token))
        return refuse_member("token", error);
    if (!is_mac(instance->mac))
        return refuse_member("mac", error);
    if (instance->ip4 && !name_parse_ip4(instance->ip4, &ip4))
        return refuse_member("ip4", error);
    if (!is_plain(instance->arch, SHORT_MAX) || !is_plain(instance->accel, SHORT_MAX))
        return refuse_member("arch", error);
    if (instance->machine && !backup_check_is_type(instance->machine))
        return refuse_member("machine", error);
    if (!instance->vcpu)
        return refuse_member("vcpu", error);
    if (!instance->ram_mib)
        return refuse_member("ram_mib", error);
    if (!instance->disk_bytes || instance->disk_bytes % 512)
        return refuse_member("disk_bytes", error);
    return check_schedule(instance, error) && check_groups(instance->groups, error) &&
           check_variables(instance->variables, error);
}

static bool check_image(const struct store_image *image, struct error *error) {
    struct error problem = {0};
    if (!name_check_label("image", image->name, &problem))
        return refuse_member("image.name", error);
    if (!is_made_of(image->sha256, HEX, SECRET_SHA256_SIZE - 1, SECRET_SHA256_SIZE - 1))
        return refuse_member("image.sha256", error);
    return (is_plain(image->arch, SHORT_MAX) && is_plain(image->seed_source, SHORT_MAX) &&
            is_plain(image->shell, SHORT_MAX) && is_plain(image->default_user, SHORT_MAX)) ||
           refuse_member("image", error);
}

/* What a guest said of itself must not keep it from being backed up. */
static bool check_guest(const struct store_guest *guest, struct error *error) {
    return (is_one_line(guest->instance_id, SIZE_MAX) && is_one_line(guest->hostname, SIZE_MAX) &&
            are_plain_lines(guest->host_keys)) ||
           refuse_member("guest", error);
}

static bool check_parts(const struct instance_facts *facts, struct error *error) {
    struct error problem = {0};
    for (size_t i = 0; i < facts->disks.count; i++) {
        const char *name = facts->disks.items[i].name;
        if (!name_check_label("disk", name, &problem) || strlen(name) > SPEC_DISK_NAME_MAX)
            return refuse_member("disks", error);
        for (size_t j = 0; j < i; j++)
            if (strcmp(facts->disks.items[j].name, name) == 0)
                return refuse_member("disks", error);
    }
    for (size_t i = 0; i < facts->nics.count; i++) {
        const struct store_nic *nic = &facts->nics.items[i];
        if (nic->position < 1 || (i && nic->position <= facts->nics.items[i - 1].position) ||
            !is_mac(nic->mac))
            return refuse_member("nics", error);
    }
    return true;
}

/* --- files --- */

bool backup_check_is_disk(const char *path) {
    return strcmp(path, LAYOUT_OS_DISK) == 0 ||
           strncmp(path, DISK_PREFIX, strlen(DISK_PREFIX)) == 0;
}

static bool is_extra_disk(const struct store_disks *disks, const char *path) {
    for (size_t i = 0; i < disks->count; i++) {
        scoped(alloc_release) char *name =
            alloc_printf(DISK_PREFIX "%s" DISK_SUFFIX, disks->items[i].name);
        if (strcmp(path, name) == 0)
            return true;
    }
    return false;
}

static bool is_document(const char *path) {
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        const char *name = seed_document_name((enum seed_document)i);
        scoped(alloc_release) char *made = alloc_printf(LAYOUT_DOCUMENTS "/%s", name);
        scoped(alloc_release) char *own = alloc_printf(LAYOUT_DOCUMENTS "/own-%s", name);
        if (strcmp(path, made) == 0 || strcmp(path, own) == 0)
            return true;
    }
    return false;
}

/* One name in that folder, which hides nothing; what is made of the keys is left out. */
bool backup_check_is_host_key(const char *path) {
    static const char folder[] = LAYOUT_HOST_KEYS "/";
    const char *name = path + strlen(folder);
    return strncmp(path, folder, strlen(folder)) == 0 && *name != '.' &&
           is_made_of(name, "abcdefghijklmnopqrstuvwxyz0123456789_.", 1, ID_MAX);
}

static bool is_allowed(const struct backup_manifest *manifest, const char *path) {
    static const char *const names[] = {LAYOUT_OS_DISK, LAYOUT_ARGUMENTS, LAYOUT_KNOWN_HOSTS,
                                        LAYOUT_PLAYBOOK, LAYOUT_REQUIREMENTS};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(path, names[i]) == 0)
            return true;
    return is_document(path) || backup_check_is_host_key(path) ||
           is_extra_disk(&manifest->facts.disks, path);
}

static bool check_file(const struct backup_manifest *manifest, size_t index, struct error *error) {
    const struct backup_file *file = &manifest->files[index];
    bool os = strcmp(file->path, LAYOUT_OS_DISK) == 0;
    scoped(alloc_release) char *shown = name_printable(file->path, strlen(file->path), SHOWN_MAX);
    if (!is_allowed(manifest, file->path))
        return error_set(error, ERROR_INVALID, "names a file that no backup has: \"%s\"", shown);
    if (!backup_check_is_disk(file->path) && file->bytes > BACKUP_SMALL_LIMIT_BYTES)
        return error_set(error, ERROR_INVALID, "has a file that is too long: \"%s\"", shown);
    if (file->over_image && (!os || manifest->kind != BACKUP_THIN))
        return refuse_member("over_image", error);
    for (size_t i = 0; i < index; i++)
        if (strcmp(manifest->files[i].path, file->path) == 0)
            return error_set(error, ERROR_INVALID, "names a file twice: \"%s\"", shown);
    return true;
}

/* Every disk has its file. */
static bool check_disks_listed(const struct backup_manifest *manifest, struct error *error) {
    const struct store_disks *disks = &manifest->facts.disks;
    bool good = backup_manifest_find(manifest, LAYOUT_OS_DISK) != NULL;
    for (size_t i = 0; i < disks->count; i++) {
        scoped(alloc_release) char *name =
            alloc_printf(DISK_PREFIX "%s" DISK_SUFFIX, disks->items[i].name);
        good = good && backup_manifest_find(manifest, name);
    }
    return good || error_set(error, ERROR_INVALID, "lists no file of one of the disks");
}

bool backup_check(const struct backup_manifest *manifest, struct error *error) {
    const struct instance_facts *facts = &manifest->facts;
    if (!is_plain(manifest->pgsup, SHORT_MAX) || !is_plain(manifest->qemu, SHORT_MAX) ||
        !is_plain(manifest->network, SHORT_MAX) ||
        !is_one_line(manifest->description, SHORT_MAX * 10))
        return refuse_member("pgsup", error);
    if (!check_instance(&facts->instance, error) || !check_image(&facts->image, error) ||
        !check_guest(&manifest->guest, error) || !check_parts(facts, error))
        return false;
    for (size_t i = 0; i < manifest->file_count; i++)
        if (!check_file(manifest, i, error))
            return false;
    return check_disks_listed(manifest, error);
}

bool backup_check_regular(const char *folder, const char *path, uint64_t *bytes,
                          struct error *error) {
    struct stat status;
    const char *slash = strchr(path, '/');
    scoped(alloc_release) char *above =
        alloc_printf("%s/%.*s", folder, slash ? (int)(slash - path) : 0, path);
    scoped(alloc_release) char *file = alloc_printf("%s/%s", folder, path);
    if (slash && (lstat(above, &status) < 0 || !S_ISDIR(status.st_mode)))
        return error_set(error, ERROR_INVALID, "the backup is not whole: %s is no folder", above);
    if (lstat(file, &status) < 0)
        return error_set(error, ERROR_INVALID, "the backup is not whole: %s is missing", file);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_INVALID, "%s is not a regular file, as all of a backup are",
                         file);
    if (bytes)
        *bytes = (uint64_t)status.st_size;
    return true;
}

/* Of a file that is the disk of this name, or the one that it boots from. */
static uint64_t recorded_bytes(const struct instance_facts *facts, const char *path) {
    for (size_t i = 0; i < facts->disks.count; i++) {
        scoped(alloc_release) char *name = layout_extra_disk_in("", facts->disks.items[i].name);
        if (strcmp(path, name + 1) == 0)
            return facts->disks.items[i].bytes;
    }
    return facts->instance.disk_bytes;
}

/* QEMU trusts the memory that it loads, and no backup is of a suspended machine. */
static bool check_no_memory(const char *path, struct error *error) {
    struct saved_memory saved = {0};
    if (!saved_memory_read(path, &saved, error))
        return false;
    bool none = !saved.tag;
    saved_memory_done(&saved);
    return none ||
           error_set(error, ERROR_INVALID,
                     "%s holds the memory of a suspended machine, as no disk of a backup does",
                     path);
}

static bool check_qcow2(const char *path, const struct backup_file *file,
                        const struct instance_facts *facts, struct error *error) {
    struct qcow2_header header;
    uint64_t bytes = recorded_bytes(facts, file->path);
    if ((!file->over_image && !qcow2_file_check(path, path, NULL, error)) ||
        !qcow2_file_read(path, path, &header, error) || !check_no_memory(path, error))
        return false;
    if (header.virtual_bytes != bytes)
        return error_set(error, ERROR_INVALID,
                         "%s is a disk of %" PRIu64 " bytes, and of %" PRIu64 " in the manifest",
                         path, header.virtual_bytes, bytes);
    return !file->over_image ||
           (!header.encrypted && !header.has_data_file && *header.backing &&
            !qcow2_header_is_address(header.backing)) ||
           error_set(error, ERROR_INVALID, "%s is not a disk over an image", path);
}

static bool check_content(const char *folder, const struct backup_manifest *manifest, size_t index,
                          struct error *error) {
    const struct backup_file *file = &manifest->files[index];
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, file->path);
    char digest[SECRET_SHA256_SIZE];
    uint64_t bytes = 0;
    if (!backup_check_regular(folder, file->path, &bytes, error))
        return false;
    if (bytes != file->bytes)
        return error_set(error, ERROR_INVALID,
                         "%s is damaged: it has %" PRIu64 " byte%s, and had %" PRIu64
                         " when it was backed up",
                         path, bytes, name_plural(bytes), file->bytes);
    if (!secret_sha256_file(path, digest, error))
        return false;
    if (strcmp(digest, file->sha256) != 0)
        return error_set(error, ERROR_INVALID,
                         "%s is damaged: its SHA-256 is not that of the manifest", path);
    return !backup_check_is_disk(file->path) || check_qcow2(path, file, &manifest->facts, error);
}

/* --- what is there besides --- */

static bool is_of_backup(const struct backup_manifest *manifest, const char *path) {
    size_t length = strlen(path), end = strlen(DISK_SUFFIX);
    return is_allowed(manifest, path) || (backup_check_is_disk(path) && length > end &&
                                          strcmp(path + length - end, DISK_SUFFIX) == 0);
}

/* below: "" or a folder and a slash. */
static bool check_listed_in(const char *folder, const char *below,
                            const struct backup_manifest *manifest, struct error *error) {
    scoped(alloc_release) char *absolute = alloc_printf("%s/%s", folder, below);
    DIR *list = opendir(absolute);
    if (!list && errno != ENOENT)
        return error_errno(error, "cannot read %s", absolute);
    bool good = true;
    for (struct dirent *entry; good && list && (entry = readdir(list));) {
        scoped(alloc_release) char *path = alloc_printf("%s%s", below, entry->d_name);
        if (is_of_backup(manifest, path) && !backup_manifest_find(manifest, path))
            good = error_set(error, ERROR_INVALID,
                             "%s does not list %s, which is there: the list was changed, or the "
                             "file is of something else and is to be moved away",
                             BACKUP_MANIFEST, path);
    }
    if (list)
        closedir(list);
    return good || error_prefix(error, "%s", folder);
}

/* A list that was cut short would else be whole. */
static bool check_listed(const char *folder, const struct backup_manifest *manifest,
                         struct error *error) {
    static const char *const below[] = {"", LAYOUT_DOCUMENTS "/", LAYOUT_HOST_KEYS "/"};
    for (size_t i = 0; i < sizeof below / sizeof *below; i++)
        if (!check_listed_in(folder, below[i], manifest, error))
            return false;
    return true;
}

bool backup_check_files(const char *folder, const struct backup_manifest *manifest,
                        struct error *error) {
    for (size_t i = 0; i < manifest->file_count; i++)
        if (!interrupt_check(error) || !check_content(folder, manifest, i, error))
            return false;
    return check_listed(folder, manifest, error);
}
