#include "launcher/start.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where root's folders are made, with the launcher's pid in their names. Gone when the computer
 * starts again. */
#define PARENT          "/var/run"
#define FOLDER_PREFIX   "pgsup-"
#define FOLDER_TEMPLATE PARENT "/" FOLDER_PREFIX "%ld-XXXXXX"

/* --- its file --- */

static void path_of_file(const struct start_folder *folder, char path[64]) {
    snprintf(path, 64, "%s/" START_FILE, folder->path);
}

void start_remove(struct start_folder *folder) {
    char path[64];
    if (!folder->path[0])
        return;
    path_of_file(folder, path);
    unlink(path);
    rmdir(folder->path);
    folder->path[0] = 0;
}

static bool write_file(const struct start *start, struct start_folder *folder) {
    char path[64];
    snprintf(folder->path, sizeof folder->path, FOLDER_TEMPLATE, (long)getpid());
    if (!mkdtemp(folder->path)) {
        folder->path[0] = 0;
        return false;
    }
    path_of_file(folder, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool good =
        fd >= 0 && write(fd, start->file, start->file_length) == (ssize_t)start->file_length;
    return fd >= 0 && close(fd) == 0 && good;
}

/* Whether the launcher that made a folder of this name has ended. */
static bool is_stale(const char *name) {
    char *end = NULL;
    if (strncmp(name, FOLDER_PREFIX, strlen(FOLDER_PREFIX)) != 0)
        return false;
    long pid = strtol(name + strlen(FOLDER_PREFIX), &end, 10);
    return pid > 0 && *end == '-' && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

/* By descriptor, so that it is root's own folder that is emptied whatever the name leads to. */
static void remove_stale(int parent, const char *name) {
    struct stat status;
    int folder = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0)
        return;
    if (fstat(folder, &status) == 0 && status.st_uid == 0 && (status.st_mode & 07777) == 0700) {
        unlinkat(folder, START_FILE, 0);
        unlinkat(parent, name, AT_REMOVEDIR);
    }
    close(folder);
}

void start_remove_stale(void) {
    DIR *list = opendir(PARENT);
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (is_stale(entry->d_name))
            remove_stale(dirfd(list), entry->d_name);
    if (list)
        closedir(list);
}

/* --- the process --- */

static bool prepare(const struct start *start, const struct identity *user,
                    const struct start_folder *folder) {
    static const int defaults[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP, SIGPIPE, SIGCHLD};
    sigset_t none;
    sigemptyset(&none);
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++)
        signal(defaults[i], SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    setsid();
    bool good =
        (start->as_root || identity_become(user)) && (!folder->path[0] || chdir(folder->path) == 0);
    for (size_t i = 1; i < start->fd_count && good; i++)
        good = dup2(start->fds[i], (int)i) >= 0;
    return good;
}

/* In the child. Every other descriptor is closed on exec. */
static _Noreturn void execute(const struct start *start, const struct identity *user,
                              const struct start_folder *folder, int failure) {
    char path[] = "PATH=/usr/bin:/bin:/usr/sbin:/sbin", home[1024];
    char uid[IDENTITY_VARIABLE_SIZE], gid[IDENTITY_VARIABLE_SIZE];
    char *environment[] = {path, home, start->as_root ? uid : NULL, gid, NULL};
    bool good = prepare(start, user, folder);
    identity_variables(user, uid, gid);
    snprintf(home, sizeof home, "HOME=%s", start->as_root ? "/var/empty" : getenv("HOME"));
    if (good)
        execve(start->argv[0], start->argv, environment);
    int number = errno;
    while (write(failure, &number, sizeof number) < 0 && errno == EINTR)
        continue;
    _exit(START_FAILED_STATUS);
}

/* Until the program runs, errno may come through the pipe. */
static pid_t fork_and_wait(const struct start *start, const struct identity *user,
                           const struct start_folder *folder) {
    int ends[2], number = 0;
    if (pipe(ends) < 0)
        return -1;
    int failure = fcntl(ends[1], F_DUPFD_CLOEXEC, START_HIGH_FD);
    close(ends[1]);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    pid_t pid = failure < 0 ? -1 : fork();
    if (pid == 0)
        execute(start, user, folder, failure);
    number = pid < 0 ? errno : 0;
    close(failure);
    while (pid > 0 && read(ends[0], &number, sizeof number) < 0 && errno == EINTR)
        continue;
    close(ends[0]);
    if (number && pid > 0)
        waitpid(pid, NULL, 0);
    errno = number;
    return number ? -1 : pid;
}

pid_t start_program(const struct start *start, const struct identity *user,
                    struct start_folder *folder) {
    bool good = !start->as_root || start->file_length == 0 || write_file(start, folder);
    pid_t pid = good ? fork_and_wait(start, user, folder) : -1;
    int number = errno;
    if (pid < 0)
        start_remove(folder);
    errno = number;
    return pid;
}
