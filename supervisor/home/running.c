#include "running.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/platform.h"
#include "machine/core/run_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* A QEMU that starts as root opens no file of the user's: it inherits the pid file, locked, with
 * its number in it. 0: nobody holds it. */
static pid_t inherited_lock(int fd) {
    char text[32] = "";
    if (flock(fd, LOCK_SH | LOCK_NB) == 0)
        return 0;
    return read(fd, text, sizeof text - 1) > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

/* The pid that holds the lock; 0: nobody does; -1: the file is gone by now. False: it could not be
 * looked at. */
static bool lock_holder(const char *path, pid_t *pid, struct error *error) {
    scoped(file_release) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    *pid = -1;
    if (fd < 0 && errno == ENOENT)
        return true;
    if (fd < 0 && errno == EACCES)
        return error_set(
            error, ERROR_WRONG_STATE,
            "cannot determine whether a VM runs, because %s belongs to another user: if "
            "the VM was started with sudo, use sudo here too",
            path);
    if (fd < 0 || fcntl(fd, F_GETLK, &lock) < 0)
        return error_errno(error, "cannot determine who holds %s", path);
    *pid = lock.l_type == F_UNLCK ? inherited_lock(fd) : lock.l_pid;
    return true;
}

/* "test.n12.pid" -> "test", "n12". Instance names have no dot. */
static bool split(const char *file, struct running *running) {
    const char *dot = strchr(file, '.');
    const char *end = dot ? strchr(dot + 1, '.') : NULL;
    if (!end || dot == file || end == dot + 1 || strcmp(end + 1, run_file_kind(RUN_FILE_PID)) != 0)
        return false;
    running->name = alloc_slice(file, (size_t)(dot - file));
    running->tag = alloc_slice(dot + 1, (size_t)(end - dot - 1));
    return true;
}

void running_remove_files(const char *run, const char *name, const char *tag) {
    for (int i = 0; i < RUN_FILE_COUNT; i++) {
        scoped(alloc_release) char *path = run_file_path(run, name, tag, (enum run_file)i);
        unlink(path);
    }
}

/* Between QEMU's creating the file and its locking it there is a moment; a file so young is left.
 */
static bool is_young(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && time(NULL) - status.st_mtime < 5;
}

/* Leaves running empty when the file tells of nobody who runs. */
static bool examine(const char *run, const char *file, bool tidy, struct running *running,
                    struct error *error) {
    if (!split(file, running))
        return true;
    scoped(alloc_release) char *path = alloc_printf("%s/%s", run, file);
    bool good = lock_holder(path, &running->pid, error);
    if (running->pid > 0) {
        running->start = platform_process_start(running->pid);
        return true;
    }
    if (tidy && running->pid == 0 && !is_young(path))
        running_remove_files(run, running->name, running->tag);
    running_done(running);
    return good;
}

struct choice {               /* of pid files */
    const char *name;         /* of this instance alone; NULL: of all … */
    const struct strv *known; /* … but these; NULL: none */
    bool tidy;
};

static int compare_names(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool is_chosen(const struct choice *choice, const char *file) {
    size_t length = choice->name ? strlen(choice->name) : 0;
    if (length && (strncmp(file, choice->name, length) != 0 || file[length] != '.'))
        return false;
    return !choice->known || !choice->known->count ||
           !bsearch(&file, choice->known->items, choice->known->count, sizeof *choice->known->items,
                    compare_names);
}

static bool list_running(const char *run, const struct choice *choice, struct running_list *list,
                         struct error *error) {
    DIR *folder = opendir(run);
    if (!folder)
        return error_errno(error, "cannot read %s", run);
    bool good = true;
    struct dirent *entry;
    while (good && (entry = readdir(folder))) {
        struct running running = {0};
        if (!is_chosen(choice, entry->d_name))
            continue;
        good = examine(run, entry->d_name, choice->tidy, &running, error);
        if (!running.name)
            continue;
        list->items = alloc_resize(list->items, (list->count + 1) * sizeof *list->items);
        list->items[list->count++] = running;
    }
    closedir(folder);
    if (!good)
        running_list_done(list);
    return good;
}

bool running_scan(const char *run, struct running_list *list, struct error *error) {
    return list_running(run, &(struct choice){.tidy = true}, list, error);
}

bool running_scan_others(const char *run, const struct strv *known, struct running_list *list,
                         struct error *error) {
    return list_running(run, &(struct choice){.known = known, .tidy = true}, list, error);
}

bool running_look(const char *run, struct running_list *list, struct error *error) {
    return list_running(run, &(struct choice){0}, list, error);
}

bool running_find(const char *run, const char *name, struct running *running, struct error *error) {
    struct running_list list = {0};
    if (!list_running(run, &(struct choice){.name = name, .tidy = true}, &list, error))
        return false;
    if (list.count) {
        *running = list.items[0];
        list.items[0] = (struct running){0};
    }
    running_list_done(&list);
    return true;
}

void running_names_init(struct running_names *names, const char *run) {
    *names = (struct running_names){.run = run};
    pthread_mutex_init(&names->lock, NULL);
}

static bool names_read(struct running_names *names, struct error *error) {
    DIR *folder = opendir(names->run);
    buffer_clear(&names->files);
    if (!folder)
        return error_errno(error, "cannot read %s", names->run);
    struct dirent *entry;
    buffer_putc(&names->files, '/');
    while ((entry = readdir(folder))) {
        buffer_puts(&names->files, entry->d_name);
        buffer_putc(&names->files, '/');
    }
    closedir(folder);
    return true;
}

/* Copies those of the instance. */
static bool names_choose(struct running_names *names, const char *name, uint64_t now_ms,
                         struct strv *files, struct error *error) {
    scoped(alloc_release) char *start = alloc_printf("/%s.", name);
    bool good = true;
    pthread_mutex_lock(&names->lock);
    if (names->files.length == 0 || now_ms >= names->read_ms + RUNNING_NAMES_MS) {
        good = names_read(names, error);
        names->read_ms = now_ms;
    }
    const char *each = good ? names->files.data : NULL;
    while (each && (each = strstr(each, start))) {
        size_t length = strcspn(++each, "/");
        strv_take(files, alloc_slice(each, length));
    }
    pthread_mutex_unlock(&names->lock);
    return good;
}

bool running_names_find(struct running_names *names, const char *name, uint64_t now_ms,
                        struct running *running, struct error *error) {
    scoped(strv_done) struct strv files = {0};
    bool good = names_choose(names, name, now_ms, &files, error);
    for (size_t i = 0; i < files.count && good; i++) {
        struct running one = {0};
        good = examine(names->run, files.items[i], true, &one, error);
        if (running->name || !one.name)
            running_done(&one);
        else
            *running = one;
    }
    return good;
}

void running_names_forget(struct running_names *names) {
    pthread_mutex_lock(&names->lock);
    buffer_done(&names->files);
    pthread_mutex_unlock(&names->lock);
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
