#include "running.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/host.h"
#include "home/run_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The pid that holds the lock; 0: nobody does; -1: it cannot be known (another user's file). */
static pid_t lock_holder(const char *path) {
    scoped(file_release) int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0)
        return -1;
    return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}

/* "test.12.pid" -> "test", "12". Instance names have no dot. */
static bool split(const char *file, struct running *running) {
    const char *dot = strchr(file, '.');
    const char *end = dot ? strchr(dot + 1, '.') : NULL;
    if (!end || dot == file || end == dot + 1 || strcmp(end, ".pid") != 0)
        return false;
    running->name = alloc_slice(file, (size_t)(dot - file));
    running->tag = alloc_slice(dot + 1, (size_t)(end - dot - 1));
    return true;
}

static void remove_stale(const char *run, const struct running *dead) {
    static const char *const kinds[] = {"qmp", "mon", "con", "qga", "pid"};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        scoped(alloc_release) char *path = run_folder_vm(run, dead->name, dead->tag, kinds[i]);
        unlink(path);
    }
}

/* Between QEMU's creating the file and its locking it there is a moment; a file so young is left.
 */
static bool is_young(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && time(NULL) - status.st_mtime < 5;
}

static bool examine(const char *run, const char *file, struct running *running) {
    if (!split(file, running))
        return false;
    scoped(alloc_release) char *path = alloc_printf("%s/%s", run, file);
    running->pid = lock_holder(path);
    if (running->pid > 0) {
        running->start = host_process_start(running->pid);
        return true;
    }
    if (running->pid == 0 && !is_young(path))
        remove_stale(run, running);
    running_done(running);
    return false;
}

bool running_scan(const char *run, struct running_list *list, struct error *error) {
    DIR *folder = opendir(run);
    if (!folder)
        return error_errno(error, "cannot read %s", run);
    struct dirent *entry;
    while ((entry = readdir(folder))) {
        struct running running = {0};
        if (!examine(run, entry->d_name, &running))
            continue;
        list->items = alloc_resize(list->items, (list->count + 1) * sizeof *list->items);
        list->items[list->count++] = running;
    }
    closedir(folder);
    return true;
}

bool running_find(const char *run, const char *name, struct running *running) {
    struct running_list list = {0};
    bool found = false;
    if (!running_scan(run, &list, NULL))
        return false;
    for (size_t i = 0; i < list.count && !found; i++) {
        if (strcmp(list.items[i].name, name) == 0) {
            *running = list.items[i];
            list.items[i] = (struct running){0};
            found = true;
        }
    }
    running_list_done(&list);
    return found;
}

void running_done(struct running *running) {
    free(running->name);
    free(running->tag);
    *running = (struct running){0};
}

void running_list_done(struct running_list *list) {
    for (size_t i = 0; i < list->count; i++)
        running_done(&list->items[i]);
    free(list->items);
    *list = (struct running_list){0};
}
