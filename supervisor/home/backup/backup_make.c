#include "home/backup/backup_make.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/sync_ahead.h"
#include "cloudinit/seed_document.h"
#include "home/backup/backup_check.h"
#include "home/backup/backup_reader.h"
#include "home/backup/backup_retention.h"
#include "home/generated.h"
#include "home/images/image.h"
#include "home/layout.h"
#include "host/program.h"
#include "host/qcow2_copy.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"
#include "host/qemu_program.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LIVE       ".live" /* what is copied from a running VM, before it is packed */
#define NAME_TRIES 100

/* --- the folder --- */

static bool is_at(int fd, const char *path) {
    struct stat one, other;
    return fstat(fd, &one) == 0 && lstat(path, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* Until it is locked, another process may take it for one that is left, or may just have given this
 * name to its own. EEXIST: another name is to be taken. */
static bool hold_part(struct backup_making *making) {
    making->lock = file_lock_folder(making->part);
    if (making->lock < 0 && errno != EWOULDBLOCK && errno != ENOENT) {
        int number = errno;
        rmdir(making->part);
        errno = number;
        return false;
    }
    bool ours = making->lock >= 0 && is_at(making->lock, making->part);
    if (ours && !file_exists(making->final))
        return true;
    if (ours)
        rmdir(making->part);
    file_release(&making->lock);
    errno = EEXIST;
    return false;
}

static bool make_part(struct backup_making *making, const char *name, struct error *error) {
    char at[32];
    time_t now = (time_t)(making->manifest.created_ms / 1000);
    struct tm tm;
    strftime(at, sizeof at, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &tm));
    for (int i = 1; i <= NAME_TRIES; i++) {
        alloc_replace(&making->final,
                      i == 1 ? alloc_printf("%s/%s-%s", making->options->folder, name, at)
                             : alloc_printf("%s/%s-%s-%d", making->options->folder, name, at, i));
        alloc_replace(&making->part, alloc_printf("%s" BACKUP_PART, making->final));
        if (file_exists(making->final))
            continue;
        if (mkdir(making->part, 0700) == 0 && hold_part(making))
            return true;
        if (errno != EEXIST)
            break;
    }
    error_errno(error, "cannot create a folder in %s", making->options->folder);
    alloc_release(&making->part);
    return false;
}

/* --- what is backed up --- */

static bool add_disk(struct backup_making *making, char *file, struct error *error) {
    struct qcow2_header header;
    const char *name = making->manifest.facts.instance.name;
    bool packs = making->options->kind == BACKUP_FULL;
    making->disks = alloc_resize(making->disks, (making->disk_count + 1) * sizeof *making->disks);
    struct backup_disk *disk = &making->disks[making->disk_count++];
    *disk = (struct backup_disk){
        .file = file,
        .source = layout_file(making->home, name, file),
        .target = alloc_printf("%s/%s%s", making->part, file, packs ? LIVE : ""),
    };
    if (!qcow2_file_read(disk->source, disk->source, &header, error))
        return false;
    disk->over_image = *header.backing != 0;
    return true;
}

static bool add_disks(struct backup_making *making, struct error *error) {
    const struct store_disks *disks = &making->manifest.facts.disks;
    bool good = add_disk(making, alloc_string(LAYOUT_OS_DISK), error);
    for (size_t i = 0; good && i < disks->count; i++) {
        scoped(alloc_release) char *path = layout_extra_disk_in("", disks->items[i].name);
        good = add_disk(making, alloc_string(path + 1), error);
    }
    return good;
}

static char *qemu_version(const struct home *home, const struct store_instance *instance) {
    struct spec_qemu qemu = {0};
    scoped(alloc_release) char *notes = alloc_printf("%s/" QEMU_PROGRAM_NOTES, home->run);
    scoped(alloc_release) char *name = alloc_printf("qemu-system-%s", instance->arch);
    scoped(alloc_release) char *path = program_find(name, NULL);
    if (path)
        qemu_program_inspect(path, notes, &qemu);
    return alloc_printf("%u.%u", qemu.version.major, qemu.version.minor);
}

/* What a home keeps when it is renamed, and a copy of its files does not have: its machines are
 * called as those of the original, by their UUIDs too. The folder alone would not tell: as the root
 * of a file system it has the same number everywhere. Snapshots of a whole file system keep the
 * numbers, and some file systems give others at each mount. NULL: cannot be told. */
static char *home_mark(const struct home *home) {
    struct stat folder, database;
    scoped(alloc_release) char *path = home_file(home, HOME_DATABASE);
    if (stat(home->path, &folder) < 0 || stat(path, &database) < 0)
        return NULL;
    return alloc_printf("%ju-%ju", (uintmax_t)folder.st_ino, (uintmax_t)database.st_ino);
}

/* Images of homes that were adopted may have no digest yet. */
static bool fill_facts(struct backup_making *making, const char *name, struct error *error) {
    struct backup_manifest *manifest = &making->manifest;
    struct instance_facts *facts = &manifest->facts;
    char digest[SECRET_SHA256_SIZE];
    if (!instance_facts_load(making->home, name, facts, error) ||
        !guest_table_get(making->home->store, facts->instance.id, &manifest->guest, error))
        return false;
    making->image = image_path(making->home, &facts->image);
    if (!facts->image.sha256) {
        if (!secret_sha256_file(making->image, digest, error))
            return false;
        facts->image.sha256 = alloc_string(digest);
    }
    manifest->created_ms = clock_wall_ms();
    manifest->kind = making->options->kind;
    manifest->automatic = making->options->automatic;
    manifest->home = home_mark(making->home);
    manifest->pgsup = alloc_string(making->options->pgsup);
    manifest->qemu = qemu_version(making->home, &facts->instance);
    manifest->network = alloc_string(facts->cloud.network);
    return true;
}

static bool check_folder(const char *folder, struct error *error) {
    if (file_exists(folder) && !file_is_directory(folder))
        return error_set(error, ERROR_INVALID, "%s is not a folder", folder);
    if (!file_is_directory(folder))
        return error_set(error, ERROR_NOT_FOUND,
                         "the folder %s does not exist: create it, or mount the disk that it is on",
                         folder);
    return access(folder, W_OK | X_OK) == 0 || error_errno(error, "cannot write to %s", folder);
}

bool backup_begin(struct backup_making *making, const char *name, struct error *error) {
    making->lock = -1;
    if (!check_folder(making->options->folder, error) || !fill_facts(making, name, error))
        return false;
    backup_retention_sweep(making->options->folder, name);
    return make_part(making, name, error) && add_disks(making, error);
}

void backup_end(struct backup_making *making) {
    if (making->part)
        file_remove_tree(making->part, NULL);
    file_release(&making->lock);
    for (size_t i = 0; i < making->disk_count; i++) {
        free(making->disks[i].file);
        free(making->disks[i].source);
        free(making->disks[i].target);
    }
    free(making->disks);
    free(making->image);
    free(making->final);
    free(making->part);
    backup_manifest_done(&making->manifest);
}

/* --- disks --- */

static char *in_part(const struct backup_making *making, const char *path) { /* caller frees */
    return alloc_printf("%s/%s", making->part, path);
}

static bool check_part(const struct backup_making *making, struct error *error) {
    return file_is_directory(making->part) ||
           error_set(error, ERROR_FAILED, "the folder %s was removed in the middle of it",
                     making->part);
}

static bool pack_disk(const struct backup_making *making, const struct qemu_img_chain *from,
                      const struct backup_disk *disk, struct error *error) {
    scoped(alloc_release) char *target = in_part(making, disk->file);
    const struct qemu_img_pack pack = {
        .from = *from,
        .target = target,
        .limit_bytes = making->options->limit_bytes,
        .zstd = qemu_img_has_zstd(making->part),
    };
    return qemu_img_pack(&pack, error);
}

static bool name_image(const struct backup_making *making, const struct backup_disk *disk,
                       struct error *error) {
    const char *name = making->manifest.facts.image.file;
    return qcow2_file_rename_backing(disk->target, name) ||
           qemu_img_name_backing(disk->target, name, error);
}

bool backup_disk_copy(const struct backup_making *making, struct backup_disk *disk,
                      struct error *error) {
    const char *image = disk->over_image ? making->image : NULL;
    const struct qemu_img_chain from = {disk->source, image};
    const struct qcow2_copy copy = {disk->source, disk->target,
                                    image ? making->manifest.facts.image.file : NULL};
    uint64_t limit_bytes = making->options->limit_bytes;
    if (making->options->kind == BACKUP_FULL)
        return pack_disk(making, &from, disk, error);
    if (!limit_bytes && !qcow2_copy_try(&copy, disk->sha256, error))
        return false;
    return *disk->sha256 ||
           (qemu_img_copy_slowly(disk->source, image, disk->target, limit_bytes, error) &&
            (!image || name_image(making, disk, error)));
}

bool backup_copy_disks(struct backup_making *making, struct error *error) {
    for (size_t i = 0; i < making->disk_count; i++)
        if (!backup_disk_copy(making, &making->disks[i], error))
            return false;
    return true;
}

bool backup_disk_create(const struct backup_making *making, const struct backup_disk *disk,
                        struct error *error) {
    struct qemu_img_info info;
    if (!qemu_img_info(disk->source, &info, error))
        return false;
    return disk->over_image ? qemu_img_create_overlay(disk->target, making->image,
                                                      making->manifest.facts.image.file,
                                                      info.virtual_bytes, error)
                            : qemu_img_create(disk->target, info.virtual_bytes, error);
}

/* What cannot be written to the disk is told by a sync alone: what is packed may then be what was
 * there before. */
static bool pack_synced(const struct backup_making *making, const struct backup_disk *disk,
                        struct error *error) {
    const struct qemu_img_chain from = {disk->target, disk->over_image ? making->image : NULL};
    struct sync_ahead ahead;
    sync_ahead_begin(&ahead, disk->target);
    if (pack_disk(making, &from, disk, error))
        return sync_ahead_end(&ahead, error);
    sync_ahead_drop(&ahead);
    return false;
}

bool backup_disk_complete(const struct backup_making *making, const struct backup_disk *disk,
                          struct error *error) {
    if (!check_part(making, error))
        return false;
    if (making->options->kind == BACKUP_THIN)
        return true;
    if (!pack_synced(making, disk, error))
        return false;
    return unlink(disk->target) == 0 || error_errno(error, "cannot remove %s", disk->target);
}

/* --- the rest --- */

/* Its digest, "", is computed. */
static bool list_file(struct backup_making *making, struct backup_file *file, struct error *error) {
    scoped(alloc_release) char *absolute = in_part(making, file->path);
    if (!backup_check_regular(making->part, file->path, &file->bytes, error) ||
        (!*file->sha256 && !secret_sha256_file(absolute, file->sha256, error)))
        return false;
    backup_manifest_add(&making->manifest, file);
    return true;
}

/* The disk that takes it writes while this processor computes. */
static bool list_disk(struct backup_making *making, const struct backup_disk *disk,
                      struct error *error) {
    struct sync_ahead ahead;
    bool os = disk == making->disks, thin = making->options->kind == BACKUP_THIN;
    struct backup_file file = {.path = disk->file, .over_image = os && thin && disk->over_image};
    scoped(alloc_release) char *absolute = in_part(making, disk->file);
    memcpy(file.sha256, disk->sha256, sizeof file.sha256);
    if (*disk->sha256)
        return list_file(making, &file, error);
    sync_ahead_begin(&ahead, absolute);
    if (list_file(making, &file, error))
        return sync_ahead_end(&ahead, error);
    sync_ahead_drop(&ahead);
    return false;
}

enum author { BY_PGSUP, BY_USER };

/* One that is not there is left out. */
static bool copy_document(struct backup_making *making, const char *path, enum author author,
                          struct error *error) {
    struct backup_file file = {.path = (char *)path, .edited = author == BY_USER};
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *from =
        layout_file(making->home, making->manifest.facts.instance.name, path);
    scoped(alloc_release) char *to = in_part(making, path);
    if (!file_exists(from))
        return true;
    return file_read(from, BACKUP_SMALL_LIMIT_BYTES, &text, error) &&
           file_write(to, text.data ? text.data : "", text.length, 0600, error) &&
           list_file(making, &file, error);
}

static bool find_author(const struct backup_making *making, const char *path, enum author *author,
                        struct error *error) {
    bool edited;
    if (!generated_is_edited(making->home, &making->manifest.facts.instance, path, &edited, error))
        return false;
    *author = edited ? BY_USER : BY_PGSUP;
    return true;
}

/* What pgsup makes of the definition is made again. */
static bool copy_edited(struct backup_making *making, const char *path, struct error *error) {
    enum author author;
    return find_author(making, path, &author, error) &&
           (author == BY_PGSUP || copy_document(making, path, author, error));
}

static bool make_sub_folder(const struct backup_making *making, const char *name,
                            struct error *error) {
    scoped(alloc_release) char *folder = in_part(making, name);
    return file_make_directory(folder, 0700, error);
}

static bool copy_seed(struct backup_making *making, struct error *error) {
    if (!make_sub_folder(making, LAYOUT_DOCUMENTS, error))
        return false;
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        const char *name = seed_document_name((enum seed_document)i);
        scoped(alloc_release) char *path = alloc_printf(LAYOUT_DOCUMENTS "/%s", name);
        scoped(alloc_release) char *own = alloc_printf(LAYOUT_DOCUMENTS "/own-%s", name);
        enum author author;
        if (!find_author(making, path, &author, error) ||
            !copy_document(making, path, author, error) ||
            !copy_document(making, own, BY_USER, error))
            return false;
    }
    return true;
}

static bool copy_host_keys(struct backup_making *making, struct error *error) {
    scoped(alloc_release) char *folder =
        layout_file(making->home, making->manifest.facts.instance.name, LAYOUT_HOST_KEYS);
    DIR *list = opendir(folder);
    bool good = !list || make_sub_folder(making, LAYOUT_HOST_KEYS, error);
    for (struct dirent *entry; good && list && (entry = readdir(list));) {
        scoped(alloc_release) char *path = alloc_printf(LAYOUT_HOST_KEYS "/%s", entry->d_name);
        if (backup_check_is_host_key(path))
            good = copy_document(making, path, BY_PGSUP, error);
    }
    if (list)
        closedir(list);
    return good;
}

static bool write_manifest(const struct backup_making *making, struct error *error) {
    scoped(alloc_release) char *text = backup_manifest_encode(&making->manifest);
    scoped(alloc_release) char *path = in_part(making, BACKUP_MANIFEST);
    struct backup_manifest again;
    struct error problem = {0};
    if (!backup_reader_decode(text, strlen(text), &again, &problem))
        return error_set(error, ERROR_FAILED, "the manifest of the backup would be wrong: it %s",
                         problem.text);
    backup_manifest_done(&again);
    return file_write(path, text, strlen(text), 0600, error);
}

static bool sync_folders(const struct backup_making *making, struct error *error) {
    scoped(alloc_release) char *documents = in_part(making, LAYOUT_DOCUMENTS);
    scoped(alloc_release) char *keys = in_part(making, LAYOUT_HOST_KEYS);
    return file_sync(documents, error) && (!file_exists(keys) || file_sync(keys, error)) &&
           file_sync(making->part, error);
}

/* A disk may have been made larger without its record, by a process that was killed in between. */
static bool note_sizes(struct backup_making *making, struct error *error) {
    struct instance_facts *facts = &making->manifest.facts;
    for (size_t i = 0; i < making->disk_count; i++) {
        struct qcow2_header header;
        scoped(alloc_release) char *path = in_part(making, making->disks[i].file);
        if (!qcow2_file_read(path, path, &header, error))
            return false;
        *(i ? &facts->disks.items[i - 1].bytes : &facts->instance.disk_bytes) =
            header.virtual_bytes;
    }
    return true;
}

bool backup_finish(struct backup_making *making, enum backup_moment moment, struct error *error) {
    making->manifest.moment = moment;
    if (!check_part(making, error) || !note_sizes(making, error))
        return false;
    for (size_t i = 0; i < making->disk_count; i++)
        if (!list_disk(making, &making->disks[i], error))
            return false;
    if (!copy_seed(making, error) || !copy_host_keys(making, error) ||
        !copy_document(making, LAYOUT_ARGUMENTS, BY_USER, error) ||
        !copy_document(making, LAYOUT_KNOWN_HOSTS, BY_PGSUP, error) ||
        !copy_edited(making, LAYOUT_PLAYBOOK, error) ||
        !copy_edited(making, LAYOUT_REQUIREMENTS, error) || !write_manifest(making, error) ||
        !sync_folders(making, error))
        return false;
    if (rename(making->part, making->final) < 0)
        return error_errno(error, "cannot create %s", making->final);
    alloc_release(&making->part);
    return file_sync(making->options->folder, error);
}
