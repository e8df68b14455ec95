#include "home/change/reset.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/images/image.h"
#include "home/instance/definition.h"
#include "home/instance/plan.h"
#include "home/seed/seed_carry.h"
#include "host/qemu_img.h"
#include "store/guest_table.h"
#include "store/transaction.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define STAGE ".reset-" /* and the instance-id that it is for */

/* --- the second half: what is in the store is made true on disk; done again it harms nothing ---
 */

static bool move_in(const char *stage, const char *folder, const char *name, struct error *error) {
    scoped(alloc_release) char *from = alloc_printf("%s/%s", stage, name);
    scoped(alloc_release) char *to = alloc_printf("%s/%s", folder, name);
    return rename(from, to) == 0 || errno == ENOENT || error_errno(error, "cannot renew %s", to);
}

/* The staging folder goes last: as long as it is there, there is something to do. */
static bool apply(const char *stage, const char *folder, struct error *error) {
    static const char *const names[] = {"os.qcow2", "cloud-init/meta-data", "cloud-init/user-data",
                                        "cloud-init/vendor-data", "cloud-init/network-config"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!move_in(stage, folder, names[i], error))
            return false;
    scoped(alloc_release) char *known_hosts = alloc_printf("%s/known_hosts", folder);
    if (unlink(known_hosts) < 0 && errno != ENOENT)
        return error_errno(error, "cannot remove %s", known_hosts);
    return file_remove_tree(stage, error);
}

bool instance_reset_complete(struct home *home, const struct store_instance *instance,
                             struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    DIR *list = opendir(folder);
    bool good = true;
    for (struct dirent *entry; good && list && (entry = readdir(list));) {
        if (strncmp(entry->d_name, STAGE, strlen(STAGE)) != 0)
            continue;
        scoped(alloc_release) char *stage = alloc_printf("%s/%s", folder, entry->d_name);
        bool counts = strcmp(entry->d_name + strlen(STAGE), instance->instance_id) == 0;
        good = counts ? apply(stage, folder, error) : file_remove_tree(stage, error);
    }
    if (list)
        closedir(list);
    return good;
}

/* --- the first half --- */

struct reset {
    struct home *home;
    const struct store_instance *before;
    struct instance_facts facts; /* as they will be */
    char *stage;
};

static bool stage(struct reset *reset, struct error *error) {
    struct home *home = reset->home;
    struct store_instance *after = &reset->facts.instance;
    scoped(alloc_release) char *folder = home_instance_folder(home, after->name);
    reset->stage = alloc_printf("%s/" STAGE "%s", folder, after->instance_id);
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", reset->stage);
    scoped(alloc_release) char *image = image_path(home, &reset->facts.image);
    scoped(alloc_release) char *documents = alloc_printf("%s/cloud-init", reset->stage);
    if (!home_make_folder(home, documents, error) ||
        !image_check_once(home, &reset->facts.image, error) ||
        !disk_create_overlay(disk, image, after->disk_bytes, error) ||
        !home_give(home, disk, error))
        return false;
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        if (!seed_carry(home, reset->before, after, (enum seed_document)i, documents, error))
            return false;
    return true;
}

static bool record(struct home *home, const struct store_instance *after, struct error *error) {
    if (store_begin(home->store, error) && instance_table_set_identity(home->store, after, error) &&
        guest_table_remove(home->store, after->id, error) && store_commit(home->store, error))
        return true;
    store_rollback(home->store);
    return false;
}

static bool begin(struct reset *reset, struct error *error) {
    struct instance_facts *facts = &reset->facts;
    if (!instance_facts_load(reset->home, reset->before->name, facts, error))
        return false;
    definition_renew(&facts->instance);
    if (stage(reset, error) && record(reset->home, &facts->instance, error))
        return true;
    file_remove_tree(reset->stage, NULL);
    return false;
}

/* What fails after the record is made good by the next launch, so it says what it is. */
static bool end(struct reset *reset, struct error *error) {
    return (instance_reset_complete(reset->home, &reset->facts.instance, error) &&
            instance_renew(reset->home, reset->facts.instance.name, error)) ||
           error_prefix(error, "it is reset, but its files are not all renewed; the next "
                               "start does that");
}

bool instance_reset(struct home *home, const struct store_instance *instance, struct error *error) {
    struct reset reset = {.home = home, .before = instance};
    bool good = instance_reset_complete(home, instance, error) && begin(&reset, error) &&
                end(&reset, error);
    alloc_release(&reset.stage);
    instance_facts_done(&reset.facts);
    return good;
}
