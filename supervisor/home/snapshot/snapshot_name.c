#include "home/snapshot/snapshot_name.h"

#include "base/alloc.h"
#include "base/name.h"
#include "base/nearest.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

bool snapshot_name_check(const char *name, struct error *error) {
    return name_check_label("snapshot name", name, error) &&
           (strspn(name, "0123456789") < strlen(name) ||
            error_set(error, ERROR_INVALID,
                      "\"%s\" is only digits, which QEMU takes for the number of a snapshot: add a "
                      "letter",
                      name));
}

char *snapshot_name_new(const char *prefix, int64_t at_ms, const struct store_snapshots *taken) {
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm;
    char text[32];
    gmtime_r(&seconds, &tm);
    strftime(text, sizeof text, "%Y%m%d-%H%M%S", &tm);
    char *name = alloc_printf("%s-%s", prefix, text);
    for (int i = 2; snapshot_name_find(taken, name); i++)
        alloc_replace(&name, alloc_printf("%s-%s-%d", prefix, text, i));
    return name;
}

const struct store_snapshot *snapshot_name_find(const struct store_snapshots *list,
                                                const char *name) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

const struct store_snapshot *snapshot_name_get(const struct store_snapshots *list,
                                               const char *instance, const char *name,
                                               struct error *error) {
    const struct store_snapshot *found = snapshot_name_find(list, name);
    struct nearest nearest;
    nearest_init(&nearest, name, strlen(name));
    for (size_t i = 0; i < list->count; i++)
        nearest_offer(&nearest, list->items[i].name);
    if (!found && nearest.best)
        error_set(error, ERROR_NOT_FOUND, "\"%s\" has no snapshot \"%s\": did you mean \"%s\"?",
                  instance, name, nearest.best);
    else if (!found)
        error_set(error, ERROR_NOT_FOUND,
                  "\"%s\" has no snapshot \"%s\": `pgsup snapshot list %s` shows all", instance,
                  name, instance);
    return found;
}
