#include "home/change/forward_change.h"

#include "home/facts.h"
#include "home/instance/forward.h"
#include "home/instance/regenerate.h"

static bool add_rows(struct home *home, struct instance_facts *facts, void *context,
                     struct error *error) {
    struct store_forwards forwards = {0};
    bool good = forward_parse_all(context, &facts->cloud, &forwards, error) &&
                forward_reserve_all(home->store, &facts->instance, &forwards, error);
    store_forwards_done(&forwards);
    return good;
}

bool forward_change_add(struct home_edit *edit, char *const *texts, struct error *error) {
    const struct home_edit_change change = {.apply = add_rows, .context = (void *)texts};
    return home_edit(edit, &change, error);
}

static bool remove_rows(struct home *home, struct instance_facts *facts, void *context,
                        struct error *error) {
    const struct store_instance *instance = &facts->instance;
    struct store_forward forward = {.instance = instance->id};
    bool good = true, found = false;
    for (char *const *texts = context; good && *texts; texts++)
        good = forward_parse(*texts, &forward, error) &&
               forward_table_remove(home->store, &forward, &found, error) &&
               (found || forward_fail_absent(instance->name, *texts, error));
    store_forward_done(&forward);
    return good;
}

bool forward_change_remove(struct home_edit *edit, char *const *texts, struct error *error) {
    const struct home_edit_change change = {.apply = remove_rows, .context = (void *)texts};
    return home_edit(edit, &change, error);
}
