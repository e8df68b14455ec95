#include "home/change/create.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "home/access/known_hosts.h"
#include "home/change/instance_stage.h"
#include "home/change/rename.h"
#include "home/images/image.h"
#include "home/instance/definition.h"
#include "home/instance/forward.h"
#include "home/run_folder.h"
#include "home/seed/host_keys.h"
#include "home/seed/user_document.h"
#include "host/qemu_img.h"
#include "store/guest_table.h"
#include "store/transaction.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_IMAGE "ubuntu-jammy"

/* --- creation --- */

static bool check(struct creation *creation, const struct instance_options *options,
                  struct error *error) {
    struct store *store = creation->home->store;
    struct instance_facts *facts = &creation->facts;
    if (!options->name)
        return error_set(error, ERROR_USAGE, "the instance needs a name");
    return name_check_label("instance name", options->name, error) &&
           run_folder_check_name(creation->home->run, options->name, error) &&
           definition_check_free(store, options->name, error) &&
           cloud_table_get(store, &facts->cloud, error) &&
           image_table_get(store, options->image ? options->image : DEFAULT_IMAGE, &facts->image,
                           error) &&
           definition_check(options, &facts->cloud, &facts->image, &facts->instance, error) &&
           startup_apply(store, &options->startup, &facts->instance, error);
}

static bool fill(struct creation *creation, struct error *error) {
    const struct home *home = creation->home;
    scoped(alloc_release) char *image = image_path(home, &creation->facts.image);
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", creation->folder);
    const struct own_documents *own = creation->context;
    return image_check_once(creation->home, &creation->facts.image, error) &&
           disk_create_overlay(disk, image, creation->facts.instance.disk_bytes, error) &&
           home_give(home, disk, error) &&
           (!host_keys_are_preseeded(&creation->facts.instance) ||
            host_keys_make(home, creation->folder, error)) &&
           (!own || own_documents_put(home, creation->folder, own, NULL, error));
}

bool instance_create(struct home *home, const struct instance_options *options,
                     struct store_instance *made, struct error *error) {
    struct creation creation = {.home = home,
                                .forwards = options->forwards,
                                .nics = options->nics,
                                .fill = fill,
                                .context = options->own};
    bool good = check(&creation, options, error) && creation_run(&creation, made, error);
    instance_facts_done(&creation.facts);
    return good;
}

/* --- removal --- */

/* NAME.TAG.KIND, and names have no dot: of an instance called "pgsup" too, not the supervisor's
 * pgsup.sock. */
static bool is_run_file(const char *file, const char *name) {
    size_t length = strlen(name);
    return strncmp(file, name, length) == 0 && file[length] == '.' &&
           strchr(file + length + 1, '.') != NULL;
}

static void remove_run_files(const struct home *home, const char *name) {
    DIR *list = opendir(home->run);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        scoped(alloc_release) char *path = alloc_printf("%s/%s", home->run, entry->d_name);
        if (is_run_file(entry->d_name, name))
            unlink(path);
    }
    if (list)
        closedir(list);
}

static bool remove_row(struct home *home, int64_t id, struct error *error) {
    if (store_begin(home->store, error) && instance_table_remove(home->store, id, error) &&
        store_commit(home->store, error))
        return true;
    store_rollback(home->store);
    return false;
}

/* The folder is renamed first, so that what is seen under the instance's name is whole or gone. */
bool instance_remove(struct home *home, const struct store_instance *instance,
                     struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *going =
        alloc_printf("%s/instances/" CREATION_GOING "%s-%lld", home->path, instance->name,
                     (long long)instance->id);
    if (!instance_rename_complete(home, instance, error))
        return false;
    scoped(file_release) int lock = file_lock_folder(folder);
    bool present = file_exists(folder);
    if (present && lock < 0)
        return error_set(error, ERROR_WRONG_STATE, "another process is at work on %s", folder);
    if (present && rename(folder, going) < 0)
        return error_errno(error, "cannot remove %s", folder);
    if (!remove_row(home, instance->id, error)) {
        if (present)
            rename(going, folder);
        return false;
    }
    remove_run_files(home, instance->name);
    return file_remove_tree(going, error) && known_hosts_collect(home, error);
}

/* --- where it is reached --- */

bool instance_endpoint(struct home *home, const struct store_instance *instance,
                       struct instance_endpoint *endpoint, struct error *error) {
    struct store_guest guest = {0};
    const char *address = instance->ssh_port ? "127.0.0.1" : instance->ip4;
    const char *source = instance->ssh_port ? "user-net" : address ? "static" : NULL;
    endpoint->port = instance->ssh_port ? instance->ssh_port : 22;
    if (!address && !guest_table_get(home->store, instance->id, &guest, error))
        return false;
    if (!address && guest.address) {
        address = guest.address;
        source = guest.address_source;
    }
    endpoint->since_ms = guest.address_ms;
    snprintf(endpoint->source, sizeof endpoint->source, "%s", source ? source : "");
    snprintf(endpoint->address, sizeof endpoint->address, "%s", address ? address : "");
    store_guest_done(&guest);
    return true;
}
