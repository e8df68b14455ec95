/* A library to preload into one process, the supervisor: it counts the calls of one family and
 * makes the Nth fail as the system would. Children are left alone. It knows nothing of pgsup.
 *
 *   FAULT_CALL=write|open|socket|spawn|uv|sqlite  FAULT_NTH=N  FAULT_TIMES=M (1)   from the start
 *   FAULT_PLAN=FILE  at SIGUSR2 counting begins anew by the file's "CALL N M"
 *   FAULT_LOG=FILE   one line for each fault ("fault CALL FUNCTION"), for each SIGUSR2 ("armed"),
 *                    and before that and at the end how many calls were counted ("calls K")
 *
 *   FAULT_KILL=1     the process is killed there, as by SIGKILL, instead
 *
 * N of 0 only counts. Memory is no family: to run out of it is the end by design. Left out is what
 * libuv answers with abort(): its first pipe, and the writes by which it wakes itself. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include <uv.h>

enum family { NONE, WRITE, OPEN, SOCKET, SPAWN, UV, SQLITE, FAMILIES };

static const char *const words[FAMILIES] = {"none",  "write", "open",  "socket",
                                            "spawn", "uv",    "sqlite"};

static pid_t self;
static bool kills;
static atomic_int armed;
static atomic_long calls, nth, times;
static const char *plan_path, *log_path;

/* The function that this library stands in front of. */
#define REAL(name)                                                                                 \
    static __typeof__(name) *real;                                                                 \
    if (!real)                                                                                     \
    real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* --- the countdown --- */

/* Not through the functions above all, and safe in a signal handler. */
static void note(const char *first, const char *second, const char *third) {
    char line[160];
    int saved = errno;
    line[0] = 0;
    strncat(line, first, 40);
    strncat(line, second, 40);
    strncat(line, third, 40);
    strcat(line, "\n");
    long fd = log_path ? syscall(SYS_openat, AT_FDCWD, log_path,
                                 O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)
                       : -1;
    if (fd >= 0) {
        syscall(SYS_write, fd, line, strlen(line));
        syscall(SYS_close, fd);
    }
    errno = saved;
}

static void note_calls(void) {
    char number[24], *digit = number + sizeof number - 1;
    long count = calls;
    *digit = 0;
    do
        *--digit = (char)('0' + count % 10);
    while ((count /= 10) > 0);
    note("calls ", digit, "");
}

static void arm(const char *word, long first, long how_often) {
    int family = NONE;
    for (int i = 0; i < FAMILIES; i++)
        if (strncmp(word, words[i], strlen(words[i])) == 0)
            family = i;
    armed = NONE;
    calls = 0;
    nth = first;
    times = how_often;
    armed = family;
}

static void on_arm(int number) {
    char plan[80] = "", *rest = plan;
    int saved = errno;
    (void)number;
    note_calls();
    long fd = syscall(SYS_openat, AT_FDCWD, plan_path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        syscall(SYS_read, fd, plan, sizeof plan - 1);
        syscall(SYS_close, fd);
    }
    rest += strcspn(rest, " ");
    long first = strtol(rest, &rest, 10);
    arm(plan, first, strtol(rest, NULL, 10));
    note("armed", "", "");
    errno = saved;
}

__attribute__((constructor)) static void begin(void) {
    const char *word = getenv("FAULT_CALL"), *first = getenv("FAULT_NTH");
    const char *how_often = getenv("FAULT_TIMES");
    self = getpid();
    log_path = getenv("FAULT_LOG");
    plan_path = getenv("FAULT_PLAN");
    kills = getenv("FAULT_KILL") != NULL;
    unsetenv("LD_PRELOAD");
    if (plan_path) {
        struct sigaction action = {.sa_handler = on_arm, .sa_flags = SA_RESTART};
        sigaction(SIGUSR2, &action, NULL);
    }
    if (word)
        arm(word, first ? atol(first) : 0, how_often ? atol(how_often) : 1);
}

__attribute__((destructor)) static void finish(void) {
    if (getpid() == self)
        note_calls();
}

/* Which fault of the countdown this call is, from 1; 0: none. A child between its fork and its exec
 * is not this process. */
static long fault(enum family family, const char *function) {
    if (armed != (int)family || getpid() != self)
        return 0;
    long count = ++calls, which = count - nth + 1;
    if (nth == 0 || which < 1 || which > times)
        return 0;
    note("fault ", words[family], "");
    note("  in ", function, "");
    if (kills)
        raise(SIGKILL);
    return which;
}

static bool fails(enum family family, const char *function, int number) {
    if (!fault(family, function))
        return false;
    errno = number;
    return true;
}

/* --- write: a full disk, a peer that is gone --- */

/* What is said on stderr gets through: it is what a test looks at. */
static bool write_fails(int fd, const char *function) {
    struct stat status;
    int saved = errno;
    if (fd == STDERR_FILENO)
        return false;
    bool known = fstat(fd, &status) == 0;
    errno = saved;
    if (known && S_ISREG(status.st_mode))
        return fails(WRITE, function, ENOSPC);
    return known && S_ISSOCK(status.st_mode) && fails(WRITE, function, EPIPE);
}

ssize_t write(int fd, const void *data, size_t length) {
    REAL(write);
    return write_fails(fd, "write") ? -1 : real(fd, data, length);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    return write_fails(fd, "writev") ? -1 : real(fd, parts, count);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t where) {
    REAL(pwrite);
    return write_fails(fd, "pwrite") ? -1 : real(fd, data, length, where);
}

ssize_t pwrite64(int fd, const void *data, size_t length, off64_t where) {
    REAL(pwrite64);
    return write_fails(fd, "pwrite64") ? -1 : real(fd, data, length, where);
}

int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    return write_fails(fd, "ftruncate") ? -1 : real(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    return write_fails(fd, "ftruncate64") ? -1 : real(fd, length);
}

int fsync(int fd) {
    REAL(fsync);
    return write_fails(fd, "fsync") ? -1 : real(fd);
}

int fdatasync(int fd) {
    REAL(fdatasync);
    return write_fails(fd, "fdatasync") ? -1 : real(fd);
}

/* --- open: no descriptor is left --- */

static mode_t mode_of(int flags, va_list rest) {
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define OPENS(name)                                                                                \
    int name(const char *path, int flags, ...) {                                                   \
        va_list rest;                                                                              \
        REAL(name);                                                                                \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return fails(OPEN, #name, EMFILE) ? -1 : real(path, flags, mode);                          \
    }
OPENS(open)
OPENS(open64)

/* What a fortified program calls where the flags are not known when it is compiled. */
#define OPENS_CHECKED(name)                                                                        \
    int name(const char *path, int flags);                                                         \
    int name(const char *path, int flags) {                                                        \
        REAL(name);                                                                                \
        return fails(OPEN, #name, EMFILE) ? -1 : real(path, flags);                                \
    }
OPENS_CHECKED(__open_2)
OPENS_CHECKED(__open64_2)

#define OPENS_AT_CHECKED(name)                                                                     \
    int name(int folder, const char *path, int flags);                                             \
    int name(int folder, const char *path, int flags) {                                            \
        REAL(name);                                                                                \
        return fails(OPEN, #name, EMFILE) ? -1 : real(folder, path, flags);                        \
    }
OPENS_AT_CHECKED(__openat_2)
OPENS_AT_CHECKED(__openat64_2)

#define OPENS_AT(name)                                                                             \
    int name(int folder, const char *path, int flags, ...) {                                       \
        va_list rest;                                                                              \
        REAL(name);                                                                                \
        va_start(rest, flags);                                                                     \
        mode_t mode = mode_of(flags, rest);                                                        \
        va_end(rest);                                                                              \
        return fails(OPEN, #name, EMFILE) ? -1 : real(folder, path, flags, mode);                  \
    }
OPENS_AT(openat)
OPENS_AT(openat64)

int mkostemp(char *path, int flags) {
    REAL(mkostemp);
    return fails(OPEN, "mkostemp", EMFILE) ? -1 : real(path, flags);
}

int mkostemp64(char *path, int flags) {
    REAL(mkostemp64);
    return fails(OPEN, "mkostemp64", EMFILE) ? -1 : real(path, flags);
}

FILE *fopen(const char *path, const char *mode) {
    REAL(fopen);
    return fails(OPEN, "fopen", EMFILE) ? NULL : real(path, mode);
}

FILE *fopen64(const char *path, const char *mode) {
    REAL(fopen64);
    return fails(OPEN, "fopen64", EMFILE) ? NULL : real(path, mode);
}

DIR *opendir(const char *path) {
    REAL(opendir);
    return fails(OPEN, "opendir", EMFILE) ? NULL : real(path);
}

int pipe(int ends[2]) {
    REAL(pipe);
    return fails(OPEN, "pipe", EMFILE) ? -1 : real(ends);
}

int pipe2(int ends[2], int flags) {
    static atomic_bool later; /* the first one is libuv's: without it, it aborts */
    bool first = !atomic_exchange(&later, true);
    REAL(pipe2);
    return !first && fails(OPEN, "pipe2", EMFILE) ? -1 : real(ends, flags);
}

int epoll_create1(int flags) {
    REAL(epoll_create1);
    return fails(OPEN, "epoll_create1", EMFILE) ? -1 : real(flags);
}

int eventfd(unsigned start, int flags) {
    REAL(eventfd);
    return fails(OPEN, "eventfd", EMFILE) ? -1 : real(start, flags);
}

/* --- socket --- */

int socket(int domain, int type, int protocol) {
    REAL(socket);
    return fails(SOCKET, "socket", EMFILE) ? -1 : real(domain, type, protocol);
}

int bind(int fd, __CONST_SOCKADDR_ARG address, socklen_t length) {
    REAL(bind);
    return fails(SOCKET, "bind", ENOBUFS) ? -1 : real(fd, address, length);
}

int listen(int fd, int backlog) {
    REAL(listen);
    return fails(SOCKET, "listen", ENOBUFS) ? -1 : real(fd, backlog);
}

int connect(int fd, __CONST_SOCKADDR_ARG address, socklen_t length) {
    REAL(connect);
    return fails(SOCKET, "connect", ECONNREFUSED) ? -1 : real(fd, address, length);
}

/* After one that fails for want of a descriptor libuv closes one that it keeps for that, so the
 * next one does not fail: it takes the connection, to close it. */
static bool accept_fails(const char *function) {
    static atomic_bool spared;
    if (atomic_exchange(&spared, false))
        return false;
    bool failed = fails(SOCKET, function, EMFILE);
    atomic_store(&spared, failed);
    return failed;
}

int accept(int fd, __SOCKADDR_ARG address, socklen_t *length) {
    REAL(accept);
    return accept_fails("accept") ? -1 : real(fd, address, length);
}

int accept4(int fd, __SOCKADDR_ARG address, socklen_t *length, int flags) {
    REAL(accept4);
    return accept_fails("accept4") ? -1 : real(fd, address, length, flags);
}

/* --- spawn: no process is left --- */

pid_t fork(void) {
    REAL(fork);
    return fails(SPAWN, "fork", EAGAIN) ? -1 : real();
}

int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                const posix_spawnattr_t *attributes, char *const argv[],
                char *const environment[]) {
    REAL(posix_spawn);
    return fault(SPAWN, "posix_spawn") ? EAGAIN
                                       : real(pid, path, actions, attributes, argv, environment);
}

/* --- uv: each handle is left as libuv leaves it when it fails by itself --- */

int uv_loop_init(uv_loop_t *loop) {
    REAL(uv_loop_init);
    return fault(UV, "uv_loop_init") ? UV_EMFILE : real(loop);
}

int uv_signal_init(uv_loop_t *loop, uv_signal_t *handle) {
    REAL(uv_signal_init);
    return fault(UV, "uv_signal_init") ? UV_EMFILE : real(loop, handle);
}

int uv_signal_start(uv_signal_t *handle, uv_signal_cb callback, int number) {
    REAL(uv_signal_start);
    if (number == SIGCHLD) /* libuv's own, which it does not expect to fail */
        return real(handle, callback, number);
    return fault(UV, "uv_signal_start") ? UV_EINVAL : real(handle, callback, number);
}

int uv_spawn(uv_loop_t *loop, uv_process_t *process, const uv_process_options_t *options) {
    REAL(uv_spawn);
    if (!fault(UV, "uv_spawn"))
        return real(loop, process, options);
    uv_process_options_t nothing = *options;
    nothing.file = "/nonexistent/program";
    return real(loop, process, &nothing) < 0 ? UV_EAGAIN : 0;
}

int uv_tcp_bind(uv_tcp_t *handle, const struct sockaddr *address, unsigned flags) {
    REAL(uv_tcp_bind);
    return fault(UV, "uv_tcp_bind") ? UV_EMFILE : real(handle, address, flags);
}

int uv_listen(uv_stream_t *stream, int backlog, uv_connection_cb callback) {
    REAL(uv_listen);
    return fault(UV, "uv_listen") ? UV_ENOBUFS : real(stream, backlog, callback);
}

/* libuv has taken the connection from the queue by then, whatever comes of it. */
int uv_accept(uv_stream_t *server, uv_stream_t *client) {
    REAL(uv_accept);
    bool fail = fault(UV, "uv_accept") != 0;
    int status = real(server, client);
    return fail ? UV_ENOMEM : status;
}

int uv_write(uv_write_t *request, uv_stream_t *stream, const uv_buf_t buffers[], unsigned count,
             uv_write_cb callback) {
    REAL(uv_write);
    return fault(UV, "uv_write") ? UV_ENOMEM : real(request, stream, buffers, count, callback);
}

int uv_pipe_open(uv_pipe_t *pipe, uv_file fd) {
    REAL(uv_pipe_open);
    return fault(UV, "uv_pipe_open") ? UV_EINVAL : real(pipe, fd);
}

int uv_read_start(uv_stream_t *stream, uv_alloc_cb allocate, uv_read_cb read) {
    REAL(uv_read_start);
    return fault(UV, "uv_read_start") ? UV_ENOTCONN : real(stream, allocate, read);
}

int uv_tcp_connect(uv_connect_t *request, uv_tcp_t *handle, const struct sockaddr *address,
                   uv_connect_cb callback) {
    REAL(uv_tcp_connect);
    return fault(UV, "uv_tcp_connect") ? UV_ENOMEM : real(request, handle, address, callback);
}

/* --- sqlite: what sqlite3_errcode() and the like say afterwards belongs to the fault --- */

static _Thread_local struct {
    sqlite3 *database;
    int code;
    int depth; /* SQLite's own calls of these functions do not count */
} told;

/* In turn, as N counts up. A full disk often takes the transaction with it: sqlite3_step(). */
static bool sqlite_fails(sqlite3 *database, const char *function) {
    static const int codes[] = {SQLITE_FULL, SQLITE_IOERR, SQLITE_BUSY};
    told.database = NULL;
    if (told.depth)
        return false;
    long which = fault(SQLITE, function);
    if (!which)
        return false;
    int code = codes[(nth + which) % 3];
    if (code == SQLITE_FULL && database && !sqlite3_get_autocommit(database)) {
        told.depth++;
        sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
        told.depth--;
    }
    told.database = database;
    told.code = code;
    return true;
}

int sqlite3_open_v2(const char *path, sqlite3 **database, int flags, const char *vfs) {
    REAL(sqlite3_open_v2);
    bool fail = sqlite_fails(NULL, "sqlite3_open_v2");
    int result = real(path, database, flags, vfs);
    if (!fail)
        return result;
    told.database = *database;
    return told.code = SQLITE_CANTOPEN;
}

int sqlite3_prepare_v2(sqlite3 *database, const char *sql, int length, sqlite3_stmt **statement,
                       const char **rest) {
    REAL(sqlite3_prepare_v2);
    if (!sqlite_fails(database, "sqlite3_prepare_v2"))
        return real(database, sql, length, statement, rest);
    *statement = NULL;
    return told.code;
}

int sqlite3_prepare_v3(sqlite3 *database, const char *sql, int length, unsigned flags,
                       sqlite3_stmt **statement, const char **rest) {
    REAL(sqlite3_prepare_v3);
    if (!sqlite_fails(database, "sqlite3_prepare_v3"))
        return real(database, sql, length, flags, statement, rest);
    *statement = NULL;
    return told.code;
}

int sqlite3_step(sqlite3_stmt *statement) {
    REAL(sqlite3_step);
    return sqlite_fails(sqlite3_db_handle(statement), "sqlite3_step") ? told.code : real(statement);
}

int sqlite3_exec(sqlite3 *database, const char *sql, int (*callback)(void *, int, char **, char **),
                 void *context, char **message) {
    REAL(sqlite3_exec);
    if (sqlite_fails(database, "sqlite3_exec"))
        return told.code;
    told.depth++;
    int result = real(database, sql, callback, context, message);
    told.depth--;
    return result;
}

int sqlite3_errcode(sqlite3 *database) {
    REAL(sqlite3_errcode);
    return database && told.database == database ? told.code : real(database);
}

int sqlite3_extended_errcode(sqlite3 *database) {
    REAL(sqlite3_extended_errcode);
    return database && told.database == database ? told.code : real(database);
}

const char *sqlite3_errmsg(sqlite3 *database) {
    REAL(sqlite3_errmsg);
    return database && told.database == database ? sqlite3_errstr(told.code) : real(database);
}
