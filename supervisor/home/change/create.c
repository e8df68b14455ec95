#include "home/change/create.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "home/access/known_hosts.h"
#include "home/change/instance_stage.h"
#include "home/facts.h"
#include "home/images/image.h"
#include "home/images/overlay.h"
#include "home/instance/definition.h"
#include "home/instance/startup.h"
#include "home/layout.h"
#include "home/run_folder.h"
#include "home/seed/host_keys.h"
#include "home/seed/user_document.h"
#include "store/guest_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool check(struct instance_stage *stage, const struct instance_create_options *options,
                  struct error *error) {
    struct store *store = stage->home->store;
    struct instance_facts *facts = &stage->facts;
    if (!options->name)
        return error_set(error, ERROR_USAGE, "the instance needs a name");
    return name_check_instance(options->name, error) &&
           run_folder_check_name(stage->home->run, options->name, error) &&
           definition_check_free(store, options->name, error) &&
           cloud_table_get(store, &facts->cloud, error) &&
           image_table_get(store, options->image ? options->image : CREATE_DEFAULT_IMAGE,
                           &facts->image, error) &&
           definition_check(store, options, facts, error) &&
           definition_apply_ansible(&options->ansible, &facts->instance, error);
}

/* Apart from the rest, because the one that it starts after may not be there yet. */
static bool check_startup(struct instance_stage *stage, const struct startup_options *startup,
                          struct error *error) {
    return startup_apply(stage->home->store, startup, &stage->facts.instance, error);
}

static bool create_fill(struct instance_stage *stage, struct error *error) {
    const struct home *home = stage->home;
    scoped(alloc_release) char *disk = alloc_printf("%s/" LAYOUT_OS_DISK, stage->folder);
    return overlay_create(home, &stage->facts.image, disk, stage->facts.instance.disk_bytes,
                          error) &&
           (!host_keys_are_preseeded(&stage->facts.instance) ||
            host_keys_make(stage->folder, error));
}

/* The store is this thread's. */
static bool put_documents(struct instance_stage *stage, const struct user_documents *own,
                          struct error *error) {
    if (!own || user_documents_put(stage->home, stage->folder, own, NULL, error))
        return true;
    instance_stage_abandon(stage);
    return false;
}

bool instance_create_begin(struct home *home, const struct instance_create_options *options,
                           struct instance_creation *creation, struct error *error) {
    struct instance_stage *stage = &creation->stage;
    *creation = (struct instance_creation){.options = options};
    *stage = (struct instance_stage){.home = home, .fill = create_fill};
    bool good = check(stage, options, error) &&
                image_check_once(home, &stage->facts.image, error) &&
                instance_stage_begin(stage, error) && put_documents(stage, options->own, error);
    if (!good)
        instance_facts_done(&stage->facts);
    return good;
}

bool instance_create_fill(struct instance_creation *creation, struct error *error) {
    creation->filled = creation->stage.fill(&creation->stage, error);
    return creation->filled;
}

bool instance_create_end(struct instance_creation *creation, struct store_instance *made,
                         struct error *error) {
    struct store_instance row = {0};
    struct instance_stage *stage = &creation->stage;
    bool good = creation->filled && check_startup(stage, &creation->options->startup, error);
    if (good)
        good = instance_stage_end(stage, &row, error);
    else
        instance_stage_abandon(stage);
    if (made)
        *made = row;
    else
        store_instance_done(&row);
    instance_facts_done(&stage->facts);
    return good;
}

bool instance_create(struct home *home, const struct instance_create_options *options,
                     struct store_instance *made, struct error *error) {
    struct instance_creation creation;
    if (!instance_create_begin(home, options, &creation, error))
        return false;
    if (check_startup(&creation.stage, &options->startup, error))
        instance_create_fill(&creation, error);
    return instance_create_end(&creation, made, error);
}

bool instance_create_rehearse(struct home *home, const struct instance_create_options *options,
                              struct error *error) {
    struct instance_stage stage = {.home = home};
    bool good = check(&stage, options, error) && check_startup(&stage, &options->startup, error) &&
                instance_stage_reserve(&stage, error);
    instance_facts_done(&stage.facts);
    return good;
}
