#include "home/backup/backup_restore.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "home/access/host_groups.h"
#include "home/access/host_variables.h"
#include "home/backup/backup_check.h"
#include "home/backup/backup_place.h"
#include "home/backup/backup_reader.h"
#include "home/change/instance_stage.h"
#include "home/cloud/subnet.h"
#include "home/images/image.h"
#include "home/images/image_stage.h"
#include "home/instance/definition.h"
#include "home/instance/forward.h"
#include "home/instance/identity.h"
#include "home/instance/nic.h"
#include "home/layout.h"
#include "home/run_folder.h"
#include "home/seed/host_keys.h"
#include "home/seed/seed_carry.h"
#include "host/accelerator.h"
#include "store/network_table.h"

#include <stdlib.h>
#include <string.h>

#define IMAGE_SUFFIX      "-backup"
#define IMAGE_NAME_MAX    50
#define IMAGE_TRIES       1000
#define ARGUMENTS_WAITING LAYOUT_ARGUMENTS ".from-backup"

struct remaking {
    struct backup_restore *restore;
    struct instance_facts facts; /* as they will be */
    bool same;                   /* machine */
    bool image_is_disk, image_is_new;
};

bool backup_restore_open(const char *folder, struct backup_manifest *manifest,
                         struct error *error) {
    if (!backup_reader_read(folder, manifest, error))
        return false;
    if (backup_check_files(folder, manifest, error))
        return true;
    backup_manifest_done(manifest);
    return false;
}

/* --- the image --- */

static bool image_name_free(struct home *home, const char *stem, char **name, struct error *error) {
    struct store_images images = {0};
    if (!image_table_list(home->store, &images, error))
        return false;
    for (int i = 1; i < IMAGE_TRIES; i++) {
        bool taken = false;
        alloc_replace(name, i == 1
                                ? alloc_printf("%.*s" IMAGE_SUFFIX, IMAGE_NAME_MAX, stem)
                                : alloc_printf("%.*s" IMAGE_SUFFIX "-%d", IMAGE_NAME_MAX, stem, i));
        for (size_t j = 0; j < images.count; j++)
            taken = taken || strcmp(images.items[j].name, *name) == 0;
        if (!taken)
            break;
    }
    store_images_done(&images);
    return true;
}

static const char *known_or_null(const char *word, bool (*is_known)(const char *word)) {
    return word && is_known(word) ? word : NULL;
}

/* The disk of a self-contained backup becomes an image of its own, over which an empty disk is put:
 * so it is as every other instance, and the backup's compressed disk is never written to. */
static bool import_disk(struct remaking *remaking, struct error *error) {
    const struct backup_restore *restore = remaking->restore;
    const struct store_image *from = &restore->manifest->facts.image;
    struct store_image *image = &remaking->facts.image;
    struct image_stage stage = {.lock = -1};
    scoped(alloc_release) char *disk = alloc_printf("%s/" LAYOUT_OS_DISK, restore->folder);
    char *name = NULL;
    if (!image_check_arch(from->arch, error) ||
        !image_name_free(restore->home, remaking->facts.instance.name, &name, error))
        return false;
    *image = (struct store_image){
        .name = name,
        .arch = alloc_string(from->arch),
        .origin = alloc_string(disk),
        .default_user = alloc_string(from->default_user),
        .seed_source = alloc_string(known_or_null(from->seed_source, catalogue_is_seed_source)),
        .shell = alloc_string(known_or_null(from->shell, catalogue_is_shell)),
        .min_disk_bytes = from->min_disk_bytes,
        .min_ram_mib = from->min_ram_mib,
        .phones_home = from->phones_home,
    };
    if (!image->seed_source)
        image->seed_source = alloc_string("none");
    bool good = image_stage_open(restore->home, name, &stage, error) &&
                image_stage_take(&stage, disk, image, NULL, error);
    image_stage_close(&stage);
    remaking->image_is_disk = remaking->image_is_new = good;
    return good;
}

static bool choose_image(struct remaking *remaking, struct error *error) {
    struct backup_restore *restore = remaking->restore;
    struct error problem = {0};
    store_image_done(&remaking->facts.image);
    remaking->facts.image = (struct store_image){0};
    bool good = backup_place_find_image(restore->home, restore->manifest, &remaking->facts.image,
                                        &remaking->image_is_disk, &problem) ||
                (restore->manifest->kind == BACKUP_FULL && problem.code != ERROR_CANCELLED
                     ? import_disk(remaking, error)
                     : error_copy(error, &problem));
    if (good && remaking->image_is_new)
        strv_pushf(&restore->notes,
                   "its disk became the image \"%s\", because this home has no sound \"%s\"",
                   remaking->facts.image.name, restore->manifest->facts.image.name);
    if (good)
        alloc_replace(&remaking->facts.instance.image, alloc_string(remaking->facts.image.name));
    return good;
}

/* --- what it was, and what it can be here --- */

static bool check_same_free(struct home *home, const struct store_instance *wanted,
                            struct error *error) {
    struct store_instances others = {0};
    bool good = instance_table_list(home->store, &others, error);
    for (size_t i = 0; good && i < others.count; i++) {
        const struct store_instance *each = &others.items[i];
        if (strcmp(each->uuid, wanted->uuid) == 0)
            good = error_set(error, ERROR_EXISTS,
                             "this machine is there, as \"%s\": --replace puts the backup in its "
                             "place, --as NAME makes another machine of it",
                             each->name);
        else if (strcmp(each->mac, wanted->mac) == 0 ||
                 strcmp(each->instance_id, wanted->instance_id) == 0 ||
                 strcmp(each->token, wanted->token) == 0)
            good = error_set(error, ERROR_EXISTS,
                             "\"%s\" has the MAC address or another identity of this machine: --as "
                             "NAME makes another machine of the backup",
                             each->name);
    }
    store_instances_done(&others);
    return good;
}

static bool check_network(struct home *home, const char *name, struct error *error) {
    struct store_network network = {0};
    struct error none = {0};
    bool found = network_table_get(home->store, name, &network, &none);
    store_network_done(&network);
    if (found)
        return true;
    scoped(alloc_release) char *shown = name_printable(name, strlen(name), NAME_LABEL_MAX);
    return error_set(error, none.code,
                     "the backup has a card in the network \"%s\", which this home does not have: "
                     "`pgsup network add` creates it",
                     shown);
}

/* Each is parsed as if its user had written it, by which it is checked. */
static bool renew_nics(struct remaking *remaking, struct error *error) {
    struct store_nics *nics = &remaking->facts.nics;
    for (size_t i = 0; i < nics->count; i++) {
        struct store_nic *nic = &nics->items[i], again = {0};
        if (!remaking->same) {
            alloc_replace(&nic->mac, NULL);
            alloc_replace(&nic->ip4, NULL);
        }
        nic->network = nic->network_name != NULL; /* any: it is found by its name */
        if (nic->network && !check_network(remaking->restore->home, nic->network_name, error))
            return false;
        scoped(alloc_release) char *text = nic_text(nic);
        if (!nic_parse(remaking->restore->home->store, text, &again, error)) {
            store_nic_done(&again);
            return error_prefix(error, "network card %d of the backup", nic->position);
        }
        again.position = nic->position;
        store_nic_done(nic);
        *nic = again;
    }
    return true;
}

static bool renew_forwards(struct remaking *remaking, struct error *error) {
    struct instance_facts *facts = &remaking->facts;
    scoped(strv_done) struct strv texts = {0};
    for (size_t i = 0; remaking->same && i < facts->forwards.count; i++)
        strv_take(&texts, forward_text(&facts->forwards.items[i]));
    store_forwards_done(&facts->forwards);
    return texts.count == 0 ||
           forward_parse_all(texts.items, &facts->cloud, &facts->forwards, error);
}

/* Some variables, and every template, have Ansible run programs on this computer. */
static void renew_variables(struct remaking *remaking) {
    struct store_instance *instance = &remaking->facts.instance;
    scoped(strv_done) struct strv pairs = {0};
    scoped(alloc_release) char *before = instance->variables;
    host_variables_list(before, &pairs);
    instance->variables = NULL;
    for (size_t i = 0; i + 1 < pairs.count; i += 2) {
        scoped(alloc_release) char *word =
            alloc_printf("%s=%s", pairs.items[i], pairs.items[i + 1]);
        char *const words[] = {word, NULL};
        if (host_variables_has_template(pairs.items[i + 1]) ||
            !host_variables_set(&instance->variables, words, NULL))
            strv_pushf(&remaking->restore->notes,
                       "the variable %s was left out, because Ansible may run something on this "
                       "computer by it: `pgsup instance set %s --var` sets it",
                       pairs.items[i], instance->name);
    }
}

/* A name that is none to Ansible, or that pgsup gives itself, is left out. */
static void renew_groups(struct store_instance *instance) {
    scoped(strv_done) struct strv names = {0};
    scoped(alloc_release) char *before = instance->groups;
    host_groups_list(before, &names);
    instance->groups = NULL;
    if (names.count)
        host_groups_set(&instance->groups, names.items, NULL);
}

/* The instance that it starts after may not be here. */
static bool renew_order(struct remaking *remaking, struct error *error) {
    struct store_instance *instance = &remaking->facts.instance;
    bool found = true;
    if (instance->after &&
        !instance_table_has(remaking->restore->home->store, instance->after, &found, error))
        return false;
    if (!found) {
        strv_pushf(
            &remaking->restore->notes,
            "there is no \"%s\" here, after which it started: `pgsup instance set %s --after` "
            "names another one",
            instance->after, instance->name);
        alloc_replace(&instance->after, NULL);
    }
    return true;
}

/* One that its user chose may be another program's here, as when the machine still runs elsewhere
 * on this computer. */
static void fit_port(struct remaking *remaking) {
    struct store_instance *instance = &remaking->facts.instance;
    bool wanted = instance->ssh_port_given && subnet_is_user(&remaking->facts.cloud);
    if (wanted && instance->ssh_port &&
        !definition_check_port(remaking->restore->home->store, instance->ssh_port, NULL)) {
        strv_pushf(
            &remaking->restore->notes,
            "port %u of 127.0.0.1, which was forwarded to its SSH, is in use: it has another "
            "one",
            instance->ssh_port);
        wanted = false;
    }
    if (!wanted)
        instance->ssh_port = 0;
}

/* What depends on the computer and on the cloud. */
static bool fit_instance(struct remaking *remaking, struct error *error) {
    const struct store_cloud *cloud = &remaking->facts.cloud;
    struct store_instance *instance = &remaking->facts.instance;
    fit_port(remaking);
    if (instance->accel && !accelerator_check(instance->accel, NULL))
        alloc_replace(&instance->accel, NULL);
    if (instance->seed != STORE_SEED_DRIVE && !subnet_host_address(cloud)) {
        instance->seed = STORE_SEED_DRIVE;
        strv_push(&remaking->restore->notes,
                  "its seed goes by drive: this cloud has no address over HTTP");
    }
    renew_variables(remaking);
    renew_groups(instance);
    if (backup_manifest_find(remaking->restore->manifest, LAYOUT_PLAYBOOK))
        instance->holds_playbook = true;
    return !instance->ip4 || subnet_check_guest(cloud, instance->ip4, error);
}

/* A copy, by the text of the manifest. */
static bool copy_facts(const struct backup_manifest *manifest, struct instance_facts *facts,
                       struct error *error) {
    struct backup_manifest copy;
    scoped(alloc_release) char *text = backup_manifest_encode(manifest);
    if (!backup_reader_decode(text, strlen(text), &copy, error))
        return false;
    *facts = copy.facts;
    copy.facts = (struct instance_facts){0};
    backup_manifest_done(&copy);
    return true;
}

static bool prepare_restore(struct remaking *remaking, const char *name, struct error *error) {
    struct backup_restore *restore = remaking->restore;
    struct home *home = restore->home;
    struct store_instance *instance = &remaking->facts.instance;
    remaking->same = name == NULL;
    if (!copy_facts(restore->manifest, &remaking->facts, error) ||
        !cloud_table_get(home->store, &remaking->facts.cloud, error))
        return false;
    if (name)
        identity_forget(instance, name);
    return name_check_instance(instance->name, error) &&
           run_folder_check_name(home->run, instance->name, error) &&
           (!remaking->same || check_same_free(home, instance, error)) &&
           definition_check_free(home->store, instance->name, error) &&
           renew_order(remaking, error) && fit_instance(remaking, error) &&
           renew_nics(remaking, error) && renew_forwards(remaking, error) &&
           choose_image(remaking, error);
}

/* --- making it --- */

static bool fill_restored(struct instance_stage *stage, struct error *error) {
    const struct remaking *remaking = stage->context;
    const struct backup_restore *restore = remaking->restore;
    const struct store_instance *instance = &stage->facts.instance;
    const struct backup_place place = {
        .home = stage->home,
        .from = restore->folder,
        .manifest = restore->manifest,
        .to = stage->folder,
        .image = &stage->facts.image,
        .image_is_disk = remaking->image_is_disk,
    };
    if (!backup_place_disks(&place, error) || !backup_place_documents(&place, error) ||
        !backup_place_file(&place, LAYOUT_ARGUMENTS, ARGUMENTS_WAITING, error) ||
        !backup_place_file(&place, LAYOUT_PLAYBOOK, LAYOUT_PLAYBOOK, error) ||
        !backup_place_file(&place, LAYOUT_REQUIREMENTS, LAYOUT_REQUIREMENTS, error))
        return false;
    if (remaking->same)
        return backup_place_host_keys(&place, error);
    return !host_keys_are_preseeded(instance) || host_keys_make(stage->folder, error);
}

/* Documents that the user edited name the identity. */
static bool carry_documents(const struct instance_stage *stage, struct error *error) {
    const struct remaking *remaking = stage->context;
    const struct store_instance *before = &remaking->restore->manifest->facts.instance;
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        scoped(buffer_done) struct buffer text = {0};
        scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_DOCUMENTS "/%s", stage->folder,
                                                        seed_document_name((enum seed_document)i));
        if (!file_exists(path))
            continue;
        if (!file_read(path, BACKUP_SMALL_LIMIT_BYTES, &text, error))
            return false;
        seed_carry_text(before, &stage->facts.instance, (enum seed_document)i, &text);
        if (!file_write(path, text.data ? text.data : "", text.length, 0600, error))
            return false;
    }
    return true;
}

static bool record_restored(struct instance_stage *stage, struct error *error) {
    const struct remaking *remaking = stage->context;
    const struct backup_manifest *manifest = remaking->restore->manifest;
    struct store *store = stage->home->store;
    int64_t id = stage->facts.instance.id;
    struct store_disks *disks = &stage->facts.disks;
    for (size_t i = 0; i < disks->count; i++) {
        disks->items[i].instance = id;
        disks->items[i].created_ms = manifest->created_ms;
        if (!disk_table_add(store, &disks->items[i], error))
            return false;
    }
    return (!manifest->guest.phoned_home_ms ||
            guest_table_put(store, id, &manifest->guest, error)) &&
           (!manifest->guest.trusts_cache || guest_table_set_trust(store, id, true, error)) &&
           carry_documents(stage, error);
}

static void tell_waiting(struct backup_restore *restore, const char *name) {
    if (backup_manifest_find(restore->manifest, LAYOUT_ARGUMENTS))
        strv_push(&restore->notes, "arguments for QEMU are in " ARGUMENTS_WAITING
                                   ": look at them, and rename it to " LAYOUT_ARGUMENTS);
    if (backup_manifest_find(restore->manifest, LAYOUT_PLAYBOOK))
        strv_pushf(&restore->notes,
                   LAYOUT_PLAYBOOK " runs only when `pgsup provision %s` asks for it", name);
    if (restore->manifest->automatic)
        strv_pushf(
            &restore->notes,
            "the supervisor does not back it up yet: `pgsup instance set %s --backup-to DIR` "
            "says where to",
            name);
}

bool backup_restore_new(struct backup_restore *restore, const char *name,
                        struct store_instance *made, struct error *error) {
    struct remaking remaking = {.restore = restore};
    bool good = prepare_restore(&remaking, name, error);
    struct instance_stage stage = {.home = restore->home,
                                   .facts = remaking.facts,
                                   .fill = fill_restored,
                                   .record = record_restored,
                                   .context = &remaking};
    good = good && instance_stage_run(&stage, made, error);
    if (good)
        tell_waiting(restore, made->name);
    else if (remaking.image_is_new)
        image_remove(restore->home, stage.facts.image.name, NULL);
    instance_facts_done(&stage.facts);
    return good;
}
