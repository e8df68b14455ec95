#include "home/backup/backup_list.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/backup/backup_reader.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *explain_part(const char *folder) {
    return file_folder_is_free(folder) ? "incomplete: its making was interrupted"
                                       : "incomplete: it is being made";
}

/* Whether what ends there ends as the name of a backup does: "-20261126T193000Z", or that and "-2".
 */
static bool ends_in_time(const char *name, size_t length) {
    static const char form[] = "-00000000T000000Z";
    size_t end = length, form_length = strlen(form);
    while (end > 0 && isdigit((unsigned char)name[end - 1]))
        end--;
    if (end < length && end > 0 && name[end - 1] == '-')
        length = end - 1;
    if (length <= form_length)
        return false;
    const char *at = name + length - form_length;
    for (size_t i = 0; form[i]; i++)
        if (form[i] == '0' ? !isdigit((unsigned char)at[i]) : at[i] != form[i])
            return false;
    return true;
}

static bool is_part(const char *path) {
    const char *name = strrchr(path, '/') + 1;
    size_t length = strlen(name), part = strlen(BACKUP_PART);
    return length > part && strcmp(name + length - part, BACKUP_PART) == 0 &&
           ends_in_time(name, length - part);
}

static void list_one(struct backup_list *list, char *folder) {
    struct error problem = {0};
    list->items = alloc_resize(list->items, (list->count + 1) * sizeof *list->items);
    struct backup_entry *entry = &list->items[list->count++];
    *entry = (struct backup_entry){.folder = folder};
    if (is_part(folder))
        entry->problem = alloc_string(explain_part(folder));
    else if (!backup_reader_read(folder, &entry->manifest, &problem))
        entry->problem = alloc_string(problem.text);
    for (size_t i = 0; i < entry->manifest.file_count; i++)
        entry->bytes += entry->manifest.files[i].bytes;
}

/* Any folder with a manifest.json counts, whatever its name; one that is no backup is listed with
 * what is wrong with it. Without a manifest only the ".part" of a backup counts, and what is named
 * as one and cannot be looked into. */
static bool looks_like_one(const char *path) {
    scoped(alloc_release) char *manifest = alloc_printf("%s/" BACKUP_MANIFEST, path);
    struct stat status;
    if (lstat(path, &status) < 0 || !S_ISDIR(status.st_mode))
        return false;
    if (file_exists(manifest) || is_part(path))
        return true;
    return access(manifest, F_OK) < 0 && errno == EACCES && ends_in_time(path, strlen(path));
}

static int compare_made(const void *one, const void *other) {
    const struct backup_entry *left = one, *right = other;
    if (left->manifest.created_ms != right->manifest.created_ms)
        return left->manifest.created_ms < right->manifest.created_ms ? 1 : -1;
    return strcmp(right->folder, left->folder);
}

bool backup_list(const char *folder, struct backup_list *list, struct error *error) {
    scoped(alloc_release) char *absolute = file_absolute(folder);
    DIR *found = opendir(absolute);
    *list = (struct backup_list){0};
    if (!found)
        return error_errno(error, "cannot read %s", absolute);
    for (struct dirent *entry; (entry = readdir(found)) && list->count < BACKUP_LIST_MAX;) {
        char *path = alloc_printf("%s/%s", absolute, entry->d_name);
        if (entry->d_name[0] != '.' && looks_like_one(path))
            list_one(list, path);
        else
            free(path);
    }
    closedir(found);
    if (list->count)
        qsort(list->items, list->count, sizeof *list->items, compare_made);
    return true;
}

void backup_list_done(struct backup_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].folder);
        free(list->items[i].problem);
        backup_manifest_done(&list->items[i].manifest);
    }
    free(list->items);
    *list = (struct backup_list){0};
}
