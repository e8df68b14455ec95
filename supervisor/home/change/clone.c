#include "home/change/clone.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "home/change/instance_stage.h"
#include "home/facts.h"
#include "home/images/overlay.h"
#include "home/instance/definition.h"
#include "home/instance/identity.h"
#include "home/instance/nic.h"
#include "home/layout.h"
#include "home/run_folder.h"
#include "home/seed/host_keys.h"
#include "home/seed/seed_carry.h"
#include "home/seed/user_document.h"
#include "home/snapshot/kept_files.h"
#include "home/snapshot/snapshot.h"
#include "host/qemu_img.h"
#include "store/guest_table.h"

#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_LIMIT_BYTES = 1 << 20 }; /* the plan has its own, lower limit */

static bool copy_arguments(const char *from, const char *to, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *source = alloc_printf("%s/" LAYOUT_ARGUMENTS, from);
    scoped(alloc_release) char *target = alloc_printf("%s/" LAYOUT_ARGUMENTS, to);
    if (!file_exists(source))
        return true;
    return file_read(source, ARGUMENTS_LIMIT_BYTES, &text, error) &&
           file_write(target, text.data ? text.data : "", text.length, 0600, error);
}

static bool copy_disk(const struct instance_clone_source *source, const char *from, const char *to,
                      struct error *error) {
    return source->snapshot ? qemu_img_copy_snapshot(from, source->snapshot->name, NULL, to, error)
                            : qemu_img_copy(from, NULL, to, error);
}

static bool copy_disks(const struct instance_stage *stage,
                       const struct instance_clone_source *source, struct error *error) {
    const struct home *home = stage->home;
    for (size_t i = 0; i < stage->facts.disks.count; i++) {
        const char *name = stage->facts.disks.items[i].name;
        scoped(alloc_release) char *from = layout_extra_disk(home, source->instance->name, name);
        scoped(alloc_release) char *to = layout_extra_disk_in(stage->folder, name);
        if (!copy_disk(source, from, to, error))
            return false;
    }
    return true;
}

/* A disk that a VM may use is not touched. */
static bool copy_overlay(const struct instance_stage *stage,
                         const struct instance_clone_source *source, const char *to,
                         struct error *error) {
    struct home *home = stage->home;
    const struct store_image *image = &stage->facts.image;
    scoped(alloc_release) char *from = layout_os_disk(home, source->instance->name);
    const struct overlay_snapshot kept = {from, source->snapshot ? source->snapshot->name : NULL};
    if (source->snapshot)
        return overlay_copy_snapshot(home, image, &kept, to, error);
    return overlay_settle(home, image, from, error) && overlay_copy(home, image, from, to, error);
}

/* Copies all but network-config, which names the card of the source. */
static bool copy_own(const struct home *home, const char *from, const char *to,
                     struct error *error) {
    struct user_documents own = {.given = {[SEED_USER_DATA] = true, [SEED_VENDOR_DATA] = true}};
    bool good = user_document_get(from, SEED_USER_DATA, &own.texts[SEED_USER_DATA], error) &&
                user_document_get(from, SEED_VENDOR_DATA, &own.texts[SEED_VENDOR_DATA], error) &&
                user_documents_put(home, to, &own, NULL, error);
    user_documents_done(&own);
    return good;
}

static bool clone_fill(struct instance_stage *stage, struct error *error) {
    const struct home *home = stage->home;
    const struct instance_clone_source *source = stage->context;
    scoped(alloc_release) char *folder = home_instance_folder(home, source->instance->name);
    scoped(alloc_release) char *documents =
        source->snapshot ? kept_files_path(home, source->instance->name, source->snapshot->name)
                         : alloc_string(folder);
    scoped(alloc_release) char *to = alloc_printf("%s/" LAYOUT_OS_DISK, stage->folder);
    return copy_overlay(stage, source, to, error) && copy_disks(stage, source, error) &&
           copy_arguments(folder, stage->folder, error) &&
           copy_own(home, documents, stage->folder, error) &&
           (!host_keys_are_preseeded(source->instance) || host_keys_make(stage->folder, error));
}

static bool record_disks(struct instance_stage *stage, struct error *error) {
    struct store_disks *disks = &stage->facts.disks;
    for (size_t i = 0; i < disks->count; i++) {
        disks->items[i].instance = stage->facts.instance.id;
        if (!disk_table_add(stage->home->store, &disks->items[i], error))
            return false;
    }
    return true;
}

/* The facts of the source's guest hold for the clone until its cloud-init runs again. */
static bool copy_guest(struct store *store, int64_t from, int64_t to, struct error *error) {
    struct store_guest guest = {0};
    bool good = guest_table_get(store, from, &guest, error);
    alloc_replace(&guest.address, NULL);
    alloc_replace(&guest.address_source, NULL);
    if (good && guest.phoned_home_ms)
        good = guest_table_put(store, to, &guest, error);
    if (good && guest.trusts_cache)
        good = guest_table_set_trust(store, to, true, error);
    store_guest_done(&guest);
    return good;
}

/* Of a snapshot: as it was edited then. */
static bool carry_document(const struct instance_clone_source *from, struct seed_carry carry,
                           enum seed_document document, struct error *error) {
    const struct store_snapshot *snapshot = from->snapshot;
    if (!snapshot)
        return seed_carry(&carry, document, error);
    struct store_instance before = *from->instance;
    scoped(alloc_release) char *path =
        alloc_printf(LAYOUT_DOCUMENTS "/%s", seed_document_name(document));
    scoped(alloc_release) char *kept = kept_files_path(carry.home, before.name, snapshot->name);
    scoped(alloc_release) char *file = alloc_printf("%s/%s", kept, path);
    bool edited;
    before.instance_id = snapshot->identity;
    carry.before = &before;
    if (!kept_files_is_edited(carry.home, snapshot, path, &edited, error))
        return false;
    return !edited || seed_carry_file(&carry, document, file, error);
}

/* Edited meta-data and network-config name the source and its card: the clone gets new ones. */
static bool clone_record(struct instance_stage *stage, struct error *error) {
    struct home *home = stage->home;
    const struct instance_clone_source *from = stage->context;
    const struct store_instance *source = from->instance, *clone = &stage->facts.instance;
    scoped(alloc_release) char *documents = alloc_printf("%s/" LAYOUT_DOCUMENTS, stage->folder);
    const struct seed_carry carry = {home, source, clone, documents};
    bool is_new = from->snapshot && !from->snapshot->has_guest;
    return (is_new || copy_guest(home->store, source->id, clone->id, error)) &&
           record_disks(stage, error) && home_make_folder(home, documents, error) &&
           carry_document(from, carry, SEED_USER_DATA, error) &&
           carry_document(from, carry, SEED_VENDOR_DATA, error);
}

/* Removes the identity of the source. */
static void strip(struct instance_facts *facts, const char *name) {
    struct store_instance *instance = &facts->instance;
    identity_forget(instance, name);
    instance->id = 0;
    instance->ssh_port_given = false;
    instance->wanted = false;
    store_forwards_done(&facts->forwards);
}

/* The clone's cards are of the same kinds in the same order, with addresses of their own. */
static bool strip_nics(struct store_nics *nics, struct error *error) {
    for (size_t i = 0; i < nics->count; i++) {
        alloc_replace(&nics->items[i].mac, NULL);
        alloc_replace(&nics->items[i].ip4, NULL);
        if (!nic_check_host(&nics->items[i], error))
            return false;
    }
    return true;
}

static bool holds_disk(const struct store_snapshot *snapshot, const char *disk) {
    for (size_t i = 0; i < snapshot->disk_count; i++)
        if (strcmp(snapshot->disks[i].name, disk) == 0)
            return true;
    return false;
}

/* Disks that were added later are not in the snapshot. */
static void keep_disks(struct store_disks *disks, const struct store_snapshot *snapshot) {
    size_t kept = 0;
    for (size_t i = 0; i < disks->count; i++) {
        struct store_disk disk = disks->items[i];
        if (holds_disk(snapshot, disk.name))
            disks->items[kept++] = disk;
        else
            free(disk.name);
    }
    disks->count = kept;
}

/* QEMU reads a snapshot through a disk as large as it is now. */
static bool check_sizes(const struct home *home, const struct store_snapshot *snapshot,
                        struct error *error) {
    for (size_t i = 0; i < snapshot->disk_count; i++) {
        struct qemu_img_info info;
        scoped(alloc_release) char *path =
            snapshot_disk_path(home, snapshot->instance_name, snapshot->disks[i].name);
        if (!qemu_img_info(path, &info, error))
            return false;
        if (info.virtual_bytes < snapshot->disks[i].bytes)
            return error_set(
                error, ERROR_WRONG_STATE,
                "%s is smaller now than in the snapshot \"%s\": restore that first, and "
                "clone the instance then",
                path, snapshot->name);
    }
    return true;
}

bool instance_clone(struct home *home, const struct instance_clone_source *from, const char *name,
                    struct store_instance *made, struct error *error) {
    const struct store_instance *source = from->instance;
    struct instance_stage stage = {
        .home = home, .fill = clone_fill, .record = clone_record, .context = from};
    bool good = name_check_instance(name, error) && run_folder_check_name(home->run, name, error) &&
                definition_check_free(home->store, name, error) &&
                (!from->snapshot || check_sizes(home, from->snapshot, error)) &&
                instance_facts_load(home, source->name, &stage.facts, error) &&
                strip_nics(&stage.facts.nics, error);
    if (good) {
        strip(&stage.facts, name);
        if (from->snapshot)
            keep_disks(&stage.facts.disks, from->snapshot);
        good = instance_stage_run(&stage, made, error);
    }
    instance_facts_done(&stage.facts);
    return good;
}
