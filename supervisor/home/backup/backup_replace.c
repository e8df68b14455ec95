#include "base/alloc.h"
#include "base/file.h"
#include "home/access/known_hosts.h"
#include "home/backup/backup_place.h"
#include "home/backup/backup_restore.h"
#include "home/images/image.h"
#include "home/instance/recovery.h"
#include "home/instance/regenerate.h"
#include "home/layout.h"
#include "home/snapshot/snapshot_hold.h"
#include "home/unfinished.h"
#include "store/generated_table.h"
#include "store/transaction.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct replacing {
    struct backup_restore *restore;
    const struct store_instance *instance;
    struct store_disks disks; /* as they are */
    struct store_image image;
    bool image_is_disk;
    char word[SECRET_TOKEN_SIZE];
    char *stage;
};

static bool has_disk(const struct store_disks *disks, const char *name) {
    for (size_t i = 0; i < disks->count; i++)
        if (strcmp(disks->items[i].name, name) == 0)
            return true;
    return false;
}

static bool check_same_machine(const struct replacing *replacing, struct error *error) {
    const struct store_instance *before = &replacing->restore->manifest->facts.instance;
    const struct store_instance *now = replacing->instance;
    return strcmp(before->uuid, now->uuid) == 0 ||
           error_set(error, ERROR_WRONG_STATE,
                     "\"%s\" is another machine than that of the backup: --as NAME makes a further "
                     "one of it",
                     now->name);
}

/* What the backup does not have would be left as of another time. */
static bool check_replaced_disks(struct replacing *replacing, struct error *error) {
    const char *name = replacing->instance->name;
    const struct instance_facts *facts = &replacing->restore->manifest->facts;
    if (!disk_table_list(replacing->restore->home->store, replacing->instance->id,
                         &replacing->disks, error))
        return false;
    for (size_t i = 0; i < replacing->disks.count; i++) {
        const char *disk = replacing->disks.items[i].name;
        if (!has_disk(&facts->disks, disk))
            return error_set(error, ERROR_WRONG_STATE,
                             "\"%s\" has the disk \"%s\", which the backup has not: `pgsup disk "
                             "remove %s %s` comes first, or --as NAME makes another machine",
                             name, disk, name, disk);
    }
    return true;
}

/* A disk that is whole may be put over any image; what shows through is read before. */
static bool find_image(struct replacing *replacing, struct error *error) {
    struct backup_restore *restore = replacing->restore;
    const struct backup_manifest *manifest = restore->manifest;
    const struct backup_file *disk = backup_manifest_find(manifest, LAYOUT_OS_DISK);
    struct store_image *image = &replacing->image;
    if (!image_table_get(restore->home->store, replacing->instance->image, image, error))
        return false;
    replacing->image_is_disk =
        !disk->over_image && image->sha256 && strcmp(image->sha256, disk->sha256) == 0;
    if (disk->over_image &&
        (!image->sha256 || strcmp(image->sha256, manifest->facts.image.sha256) != 0))
        return error_set(error, ERROR_WRONG_STATE,
                         "\"%s\" is over the image \"%s\" now, and the backup over another one: "
                         "--as NAME makes another machine of it",
                         replacing->instance->name, replacing->instance->image);
    return (!disk->over_image && !replacing->image_is_disk) ||
           backup_place_image_is_sound(restore->home, image, error);
}

static bool sync_staged(const struct replacing *replacing, struct error *error) {
    const struct store_disks *disks = &replacing->restore->manifest->facts.disks;
    scoped(alloc_release) char *os = alloc_printf("%s/" LAYOUT_OS_DISK, replacing->stage);
    bool good = file_sync(os, error);
    for (size_t i = 0; good && i < disks->count; i++) {
        scoped(alloc_release) char *path =
            layout_extra_disk_in(replacing->stage, disks->items[i].name);
        good = file_sync(path, error);
    }
    return good && file_sync(replacing->stage, error);
}

static bool stage_files(struct replacing *replacing, struct error *error) {
    struct backup_restore *restore = replacing->restore;
    scoped(alloc_release) char *folder =
        home_instance_folder(restore->home, replacing->instance->name);
    secret_token(replacing->word);
    replacing->stage = alloc_printf("%s/" RECOVERY_RESTORE_STAGE "%s", folder, replacing->word);
    scoped(alloc_release) char *documents = alloc_printf("%s/" LAYOUT_DOCUMENTS, replacing->stage);
    const struct backup_place place = {
        .home = restore->home,
        .from = restore->folder,
        .manifest = restore->manifest,
        .to = replacing->stage,
        .image = &replacing->image,
        .image_is_disk = replacing->image_is_disk,
    };
    return home_make_folder(restore->home, documents, error) && backup_place_disks(&place, error) &&
           backup_place_documents(&place, error) && backup_place_host_keys(&place, error) &&
           sync_staged(replacing, error);
}

static bool replace_disk_rows(const struct replacing *replacing, struct error *error) {
    struct store *store = replacing->restore->home->store;
    const struct backup_manifest *manifest = replacing->restore->manifest;
    int64_t id = replacing->instance->id;
    for (size_t i = 0; i < manifest->facts.disks.count; i++) {
        struct store_disk disk = manifest->facts.disks.items[i];
        bool found;
        disk.instance = id;
        disk.created_ms = manifest->created_ms;
        if (!disk_table_remove(store, id, disk.name, &found, error) ||
            !disk_table_add(store, &disk, error))
            return false;
    }
    return true;
}

static bool replace_guest(const struct replacing *replacing, struct error *error) {
    struct store *store = replacing->restore->home->store;
    const struct store_guest *guest = &replacing->restore->manifest->guest;
    int64_t id = replacing->instance->id;
    return guest_table_remove(store, id, error) &&
           (!guest->phoned_home_ms || guest_table_put(store, id, guest, error)) &&
           (!guest->trusts_cache || guest_table_set_trust(store, id, true, error));
}

/* Strings are borrowed from the manifest. */
static bool write_rows(const struct replacing *replacing, struct error *error) {
    struct store *store = replacing->restore->home->store;
    const struct store_instance *before = &replacing->restore->manifest->facts.instance;
    struct store_instance row = *replacing->instance;
    row.disk_bytes = before->disk_bytes;
    row.instance_id = before->instance_id;
    row.token = before->token;
    row.phone_home_token = before->phone_home_token;
    row.report_token = before->report_token;
    return instance_table_update(store, &row, error) &&
           instance_table_set_identity(store, &row, error) && replace_disk_rows(replacing, error) &&
           replace_guest(replacing, error) &&
           generated_table_put(store, row.id, RECOVERY_RESTORE_KEY, replacing->word, error);
}

static bool begin_replace(struct replacing *replacing, struct error *error) {
    struct store *store = replacing->restore->home->store;
    if (!check_same_machine(replacing, error) || !check_replaced_disks(replacing, error) ||
        !snapshot_hold_check_none(replacing->restore->home, replacing->instance, error) ||
        !find_image(replacing, error))
        return false;
    const char *name = replacing->instance->name;
    bool was_unfinished = unfinished_is_marked(replacing->restore->home, name);
    if (unfinished_mark(replacing->restore->home, name, error) && stage_files(replacing, error) &&
        store_begin(store, error) && store_end(store, write_rows(replacing, error), error))
        return true;
    if ((!replacing->stage || file_remove_tree(replacing->stage, NULL)) && !was_unfinished)
        unfinished_clear(replacing->restore->home, name, NULL);
    return false;
}

/* What fails after the record is made good by the next start. */
static bool end_replace(struct replacing *replacing, struct error *error) {
    struct home *home = replacing->restore->home;
    char *notice = NULL;
    bool good = recovery_complete_restore(home, replacing->instance, error) &&
                instance_regenerate_now(home, replacing->instance->name, &notice, error) &&
                known_hosts_collect(home, error) &&
                unfinished_clear(home, replacing->instance->name, error);
    if (notice)
        strv_take(&replacing->restore->notes, notice);
    return good || error_prefix(error, "the backup is restored, but some of its files are not in "
                                       "place yet; the next start puts them there");
}

bool backup_restore_replace(struct backup_restore *restore, const struct store_instance *instance,
                            struct error *error) {
    struct replacing replacing = {.restore = restore, .instance = instance};
    bool good = recovery_complete_restore(restore->home, instance, error) &&
                begin_replace(&replacing, error) && end_replace(&replacing, error);
    store_disks_done(&replacing.disks);
    store_image_done(&replacing.image);
    alloc_release(&replacing.stage);
    return good;
}
