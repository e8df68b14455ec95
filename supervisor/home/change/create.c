#include "home/change/create.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "home/access/known_hosts.h"
#include "home/change/instance_stage.h"
#include "home/facts.h"
#include "home/images/image.h"
#include "home/instance/definition.h"
#include "home/instance/startup.h"
#include "home/layout.h"
#include "home/run_folder.h"
#include "home/seed/host_keys.h"
#include "home/seed/user_document.h"
#include "host/qemu_img.h"
#include "store/guest_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_IMAGE "ubuntu-jammy"

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
           definition_check(options, facts, error) &&
           startup_apply(store, &options->startup, &facts->instance, error);
}

static bool fill(struct creation *creation, struct error *error) {
    const struct home *home = creation->home;
    scoped(alloc_release) char *image = image_path(home, &creation->facts.image);
    scoped(alloc_release) char *disk = alloc_printf("%s/" LAYOUT_OS_DISK, creation->folder);
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
    struct creation creation = {.home = home, .fill = fill, .context = options->own};
    bool good = check(&creation, options, error) && creation_run(&creation, made, error);
    instance_facts_done(&creation.facts);
    return good;
}
