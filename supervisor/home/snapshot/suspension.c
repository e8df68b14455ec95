#include "home/snapshot/suspension.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "home/layout.h"
#include "home/run_folder.h"
#include "home/snapshot/snapshot.h"
#include "host/disk_snapshot.h"
#include "machine/core/lifecycle.h"
#include "machine/core/suspend_tag.h"
#include "store/disk_table.h"
#include "store/launch_table.h"

#include <stdlib.h>
#include <string.h>

bool suspension_read(const struct home *home, const char *name, struct saved_memory *saved,
                     struct error *error) {
    scoped(alloc_release) char *path = layout_os_disk(home, name);
    return saved_memory_read(path, saved, error);
}

/* tag: of the launch; NULL: of the last one. */
static bool is_recorded(const struct home *home, const char *name, const char *tag) {
    struct store_instance instance = {0};
    struct store_launch launch = {0};
    bool good = instance_table_get(home->store, name, &instance, NULL) &&
                launch_table_last(home->store, instance.id, &launch, NULL) && launch.state &&
                strcmp(launch.state, lifecycle_state_word(STATE_SUSPENDING)) == 0 &&
                (!tag || strcmp(launch.tag, tag) == 0);
    store_launch_done(&launch);
    store_instance_done(&instance);
    return good;
}

bool suspension_is_being_made(const struct home *home, const char *name) {
    return run_folder_is_supervised(home->run) && is_recorded(home, name, NULL);
}

bool suspension_was_begun(const struct home *home, const struct running *running) {
    return running->tag && is_recorded(home, running->name, running->tag);
}

bool suspension_check_none(const struct home *home, const char *name, struct error *error) {
    struct saved_memory saved;
    if (!suspension_read(home, name, &saved, error))
        return false;
    bool none = !saved.tag;
    saved_memory_done(&saved);
    return none || error_set(error, ERROR_WRONG_STATE,
                             "\"%s\" is suspended, and its memory fits its disks as they are only: "
                             "`pgsup start %s` lets it go on, `pgsup stop %s --discard` discards "
                             "its memory",
                             name, name, name);
}

bool suspension_check_disk(const struct home *home, const char *name, const char *disk,
                           struct error *error) {
    struct saved_memory saved = {0};
    scoped(alloc_release) char *path = snapshot_disk_path(home, name, disk);
    bool apart = saved_memory_read(path, &saved, NULL) && !saved.tag;
    saved_memory_done(&saved);
    return apart || suspension_check_none(home, name, error);
}

static bool drop_from(const char *path, struct error *error) {
    struct saved_memory saved;
    bool good = saved_memory_read(path, &saved, error) &&
                (!saved.tag || disk_snapshot_remove(path, saved.tag, error));
    saved_memory_done(&saved);
    return good;
}

/* The disk that is booted from comes first: from then on it is not suspended any more. */
bool suspension_discard(struct home *home, const struct store_instance *instance,
                        struct error *error) {
    struct store_disks disks = {0};
    scoped(alloc_release) char *os = layout_os_disk(home, instance->name);
    bool good = drop_from(os, error) && disk_table_list(home->store, instance->id, &disks, error);
    for (size_t i = 0; good && i < disks.count; i++) {
        scoped(alloc_release) char *path =
            snapshot_disk_path(home, instance->name, disks.items[i].name);
        good = drop_from(path, error);
    }
    store_disks_done(&disks);
    return good;
}

/* --- a launch --- */

static bool refuse_wake(const char *name, const char *why, struct error *error) {
    return error_set(error, ERROR_WRONG_STATE,
                     "\"%s\" is suspended, and its memory cannot be loaded: %s; `pgsup start %s "
                     "--cold` discards it and boots",
                     name, why, name);
}

static bool check_disk(const struct home *home, const struct store_instance *instance,
                       const char *disk, const char *tag, struct error *error) {
    struct saved_memory saved;
    scoped(alloc_release) char *path = snapshot_disk_path(home, instance->name, disk);
    if (!saved_memory_read(path, &saved, error))
        return false;
    bool has = saved.tag && strcmp(saved.tag, tag) == 0, fits = has && saved.fits;
    saved_memory_done(&saved);
    scoped(alloc_release) char *why =
        alloc_printf(has ? "%s was written to since, by another program or a vm.sh of before"
                         : "%s has none of it",
                     path);
    return fits || refuse_wake(instance->name, why, error);
}

static bool check_disks(struct home *home, const struct store_instance *instance, const char *tag,
                        struct error *error) {
    struct store_disks disks = {0};
    bool good = check_disk(home, instance, "", tag, error) &&
                disk_table_list(home->store, instance->id, &disks, error);
    for (size_t i = 0; good && i < disks.count; i++)
        good = check_disk(home, instance, disks.items[i].name, tag, error);
    store_disks_done(&disks);
    return good;
}

static bool has_word(const char *words, const char *word, size_t length) {
    while (*words) {
        size_t next = strcspn(words, ",");
        if (next == length && strncmp(words, word, length) == 0)
            return true;
        words += next + (words[next] == ',');
    }
    return false;
}

/* How it becomes as it was. */
struct ways {
    bool settings, arguments;
    struct buffer disks;
};

/* By what is in the first alone, but for its disks. */
static void find_ways(const char *one, const char *other, struct ways *ways) {
    for (size_t length; *one; one += length + (one[length] == ',')) {
        length = strcspn(one, ",");
        if (*one == '+' || has_word(other, one, length))
            continue;
        if (strncmp(one, "args=", strlen("args=")) == 0)
            ways->arguments = true;
        else
            ways->settings = true;
    }
}

static void find_added_disks(const char *name, const char *then, const char *today,
                             struct ways *ways) {
    for (size_t length; *today; today += length + (today[length] == ',')) {
        length = strcspn(today, ",");
        if (*today == '+' && !has_word(then, today, length))
            buffer_printf(&ways->disks,
                          "remove a disk that its guest has not seen by `pgsup disk remove %s "
                          "%.*s`, ",
                          name, (int)length - 1, today + 1);
    }
}

/* NULL: the same. Caller frees. */
static char *compare_hardware(const char *name, const char *saved, const char *now) {
    const char *then = suspend_tag_hardware(saved), *today = suspend_tag_hardware(now);
    struct ways ways = {0};
    if (strcmp(then, today) == 0)
        return NULL;
    find_ways(today, then, &ways);
    find_ways(then, today, &ways);
    find_added_disks(name, then, today, &ways);
    ways.settings |= ways.disks.length == 0 && !ways.arguments;
    char *why = alloc_printf("it is that of other hardware, %s, and it is set to %s by now (%s%s%s"
                             "and start it again)",
                             then, today, ways.settings ? "set it back, " : "",
                             ways.arguments ? "put qemu.args back as it was, " : "",
                             ways.disks.data ? ways.disks.data : "");
    buffer_done(&ways.disks);
    return why;
}

static bool check_hardware(const char *name, const char *saved, const char *now,
                           struct error *error) {
    scoped(alloc_release) char *why = compare_hardware(name, saved, now);
    return !why || refuse_wake(name, why, error);
}

char *suspension_remark(const struct home *home, const char *name, const struct spec *spec) {
    struct error error = {0};
    struct saved_memory saved;
    if (!suspension_read(home, name, &saved, NULL) || !saved.tag)
        return NULL;
    scoped(alloc_release) char *now = suspend_tag_as(spec, saved.tag);
    bool fits = check_hardware(name, saved.tag, now, &error);
    saved_memory_done(&saved);
    return fits ? NULL : alloc_string(error.text);
}

static char *compare_qemu(const char *saved, const char *now) {
    scoped(alloc_release) char *then = suspend_tag_version(saved);
    scoped(alloc_release) char *today = suspend_tag_version(now);
    return strcmp(then, today) == 0
               ? NULL
               : alloc_printf("it was suspended by QEMU %s, and QEMU %s is to load its memory",
                              then, today);
}

bool suspension_settle(struct home *home, const struct store_instance *instance,
                       const struct spec *spec, struct suspension_wake *wake, struct error *error) {
    struct saved_memory saved;
    *wake = (struct suspension_wake){0};
    if (!suspension_read(home, instance->name, &saved, error))
        return false;
    if (!saved.tag)
        return suspension_discard(home, instance, error);
    wake->tag = alloc_string(saved.tag);
    scoped(alloc_release) char *now = suspend_tag_as(spec, saved.tag);
    wake->notice = compare_qemu(saved.tag, now);
    saved_memory_done(&saved);
    return check_hardware(instance->name, wake->tag, now, error) &&
           check_disks(home, instance, wake->tag, error);
}

void suspension_wake_done(struct suspension_wake *wake) {
    free(wake->tag);
    free(wake->notice);
    *wake = (struct suspension_wake){0};
}
