#include "home/backup/backup_retention.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/backup/backup_list.h"

#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* What follows NAME-20261126T193000Z, or that and "-2". NULL: it is not called so. */
static const char *after_time(const char *file, const char *name) {
    static const char form[] = "00000000T000000Z";
    size_t length = strlen(name);
    if (strncmp(file, name, length) != 0 || file[length] != '-')
        return NULL;
    const char *at = file + length + 1;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == '0' ? !isdigit((unsigned char)at[i]) : at[i] != form[i])
            return NULL;
    at += strlen(form);
    size_t digits = *at == '-' ? strspn(at + 1, "0123456789") : 0;
    return digits ? at + 1 + digits : at;
}

static bool is_left_over(const char *file, const char *name) {
    const char *rest = after_time(file, name);
    return rest && strcmp(rest, BACKUP_PART) == 0;
}

/* One that is being made is locked. */
void backup_retention_sweep(const char *folder, const char *name) {
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (!is_left_over(entry->d_name, name))
            continue;
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, entry->d_name);
        file_remove_unlocked(path);
    }
    if (list)
        closedir(list);
}

/* Whoever else makes a backup here takes it for what a killed one has left, but while it is locked.
 */
static bool remove_backup(const char *folder, struct error *error) {
    scoped(alloc_release) char *part = alloc_printf("%s" BACKUP_PART, folder);
    scoped(file_release) int lock = file_lock_folder(folder);
    if (lock < 0 || rename(folder, part) < 0)
        return error_errno(error, "cannot remove %s", folder);
    return file_remove_tree(part, error);
}

/* The name of its folder, by which one that its user renamed is told from the others. */
static const char *called(const char *folder) {
    return strrchr(folder, '/') + 1;
}

/* An older pgsup did not tell it. */
static bool is_of_other_home(const char *a, const char *b) {
    return a && b && strcmp(a, b) != 0;
}

/* One of a later time is of a clock that was set back since, here or on another computer: who knows
 * which of the two is the newer one. */
static bool may_expire(const struct backup_entry *entry, const char *made,
                       const struct backup_manifest *manifest) {
    const struct store_instance *instance = &entry->manifest.facts.instance;
    if (entry->problem || !entry->manifest.automatic ||
        entry->manifest.created_ms > manifest->created_ms ||
        strcmp(instance->uuid, manifest->facts.instance.uuid) != 0 ||
        is_of_other_home(entry->manifest.home, manifest->home))
        return false;
    const char *rest = after_time(called(entry->folder), instance->name);
    return rest && !*rest && strcmp(called(entry->folder), called(made)) != 0;
}

bool backup_retention_expire(const char *made, const struct backup_manifest *manifest,
                             uint64_t keep, struct error *error) {
    struct backup_list list = {0};
    uint64_t seen = 1; /* what was just made */
    scoped(alloc_release) char *folder = alloc_printf("%.*s", (int)(called(made) - 1 - made), made);
    bool good = backup_list(folder, &list, error);
    for (size_t i = 0; good && i < list.count; i++)
        if (may_expire(&list.items[i], made, manifest) && ++seen > keep)
            good = remove_backup(list.items[i].folder, error);
    backup_list_done(&list);
    return good;
}
