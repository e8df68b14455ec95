#include "home/unsupervised.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "home/run_folder.h"
#include "home/running.h"
#include "machine/core/run_file.h"
#include "store/guest_table.h"
#include "store/instance_table.h"
#include "store/launch_table.h"

#include <string.h>
#include <unistd.h>

#define TOLD_FILE "unsupervised" /* in the run folder: what was told last */

static bool is_among(const struct running_list *list, const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return true;
    return false;
}

/* Only the supervisor that began it records its end. */
static void look_for_end(const struct home *home, const struct store_instance *instance,
                         struct buffer *text) {
    struct store_launch launch = {0};
    if (launch_table_last(home->store, instance->id, &launch, NULL) && launch.pid != 0 &&
        launch.ended_ms == 0)
        buffer_printf(text,
                      "%s has ended while no supervisor ran, which restarts it (%s): `pgsup up "
                      "--detach` starts one, `pgsup start %s` then the VM\n",
                      instance->name, store_restart_word(instance->restart), instance->name);
    store_launch_done(&launch);
}

/* A VM that vm.sh began has its seed on a drive. */
static void look_for_first_boot(const struct home *home, const struct store_instance *instance,
                                const struct running *running, struct buffer *text) {
    struct store_guest guest = {0};
    size_t by_script = strlen(RUN_FILE_SCRIPT_TAG);
    if (instance->seed != STORE_SEED_DRIVE &&
        strncmp(running->tag, RUN_FILE_SCRIPT_TAG, by_script) != 0 &&
        guest_table_get(home->store, instance->id, &guest, NULL) &&
        (!guest.instance_id || strcmp(guest.instance_id, instance->instance_id) != 0))
        buffer_printf(
            text,
            "%s boots for the first time, and no supervisor serves it its seed: `pgsup up "
            "--detach` starts one\n",
            instance->name);
    store_guest_done(&guest);
}

static void look_at_running(const struct home *home, const struct running *running,
                            struct buffer *text) {
    struct store_instance instance = {0};
    if (instance_table_get(home->store, running->name, &instance, NULL))
        look_for_first_boot(home, &instance, running, text);
    store_instance_done(&instance);
}

/* Each command does this, so it costs what runs and what is to be restarted, not what there is. */
static void look(const struct home *home, struct buffer *text) {
    struct store_instances restarted = {0};
    struct running_list running = {0};
    bool good = instance_table_list_restarted(home->store, &restarted, NULL) &&
                running_look(home->run, &running, NULL);
    for (size_t i = 0; good && i < restarted.count; i++)
        if (!is_among(&running, restarted.items[i].name))
            look_for_end(home, &restarted.items[i], text);
    for (size_t i = 0; good && i < running.count; i++)
        look_at_running(home, &running.items[i], text);
    running_list_done(&running);
    store_instances_done(&restarted);
}

char *unsupervised_tell(const struct home *home) {
    scoped(alloc_release) char *told = alloc_printf("%s/" TOLD_FILE, home->run);
    struct buffer text = {0};
    if (run_folder_is_supervised(home->run))
        return NULL;
    look(home, &text);
    bool is_new = text.length && !file_content_equals(told, text.data, text.length);
    if (!text.length)
        unlink(told);
    else if (is_new)
        file_write(told, text.data, text.length, 0600, NULL);
    if (is_new)
        text.data[text.length - 1] = '\0';
    else
        buffer_done(&text);
    return is_new ? buffer_take(&text) : NULL;
}
