#include "startup.h"

#include "base/alloc.h"
#include "base/name.h"
#include "base/word_set.h"

#include <string.h>

static bool parse_restart(const char *word, enum store_restart *restart, struct error *error) {
    int found;
    if (word_set_find(&store_restart_words, word, &found)) {
        *restart = (enum store_restart)found;
        return true;
    }
    scoped(alloc_release) char *shown = name_printable(word, strlen(word), 40);
    scoped(alloc_release) char *choice = word_set_choice(&store_restart_words);
    return error_set(error, ERROR_INVALID, "\"%s\" is not a restart policy: use %s", shown, choice);
}

static const struct store_instance *find(const struct store_instances *all, const char *name) {
    for (size_t i = 0; name && i < all->count; i++)
        if (strcmp(all->items[i].name, name) == 0)
            return &all->items[i];
    return NULL;
}

/* There is no circle in the store, so the way from `after` ends, or comes to the instance. */
static bool check_after(struct store *store, const char *name, const char *after,
                        struct error *error) {
    struct store_instances all = {0};
    if (!instance_table_list(store, &all, error))
        return false;
    const struct store_instance *each = find(&all, after);
    bool good =
        each || instance_table_fail_absent(store, after, error) || error_prefix(error, "after");
    for (; each && good; each = find(&all, each->after))
        if (strcmp(each->name, name) == 0)
            good =
                error_set(error, ERROR_INVALID,
                          "%s cannot start after %s, which itself waits for %s", name, after, name);
    store_instances_done(&all);
    return good;
}

bool startup_apply(struct store *store, const struct startup_options *options,
                   struct store_instance *instance, struct error *error) {
    bool orders = options->after && options->after[0];
    bool off = options->autostart == STARTUP_AUTOSTART_OFF;
    if (off && orders) {
        error_set(error, ERROR_USAGE, "--no-autostart excludes --after");
        return error_about(error, "autostart");
    }
    if (options->restart && !parse_restart(options->restart, &instance->restart, error))
        return error_about(error, "restart");
    if (orders && !check_after(store, instance->name, options->after, error))
        return error_about(error, "after");
    if (options->after || off)
        alloc_replace(&instance->after, orders ? alloc_string(options->after) : NULL);
    if (options->autostart != STARTUP_AUTOSTART_AS_IT_IS || orders)
        instance->autostart = !off;
    return true;
}
