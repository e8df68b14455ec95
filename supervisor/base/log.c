#include "log.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void log_put(const char *level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* What may be said, of each level: warnings are not left out because of much information. */
struct allowance {
    uint64_t since_ms; /* when it was last filled; 0: never */
    unsigned lines, left_out;
};
static struct allowance allowances[2];
static char *log_path;                                   /* NULL: the terminal */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* workers log too */

static void fill(struct allowance *allowance) {
    uint64_t now_ms = clock_monotonic_ms();
    uint64_t more = (now_ms - allowance->since_ms) * LOG_LINES_PER_S / 1000;
    if (!allowance->since_ms || allowance->lines + more >= LOG_LINES_AT_ONCE) {
        allowance->since_ms = now_ms;
        allowance->lines = LOG_LINES_AT_ONCE;
    } else if (more > 0) {
        allowance->since_ms += more * 1000 / LOG_LINES_PER_S;
        allowance->lines += (unsigned)more;
    }
}

/* How many lines were left out before this one; -1: this one is left out too. */
static long take_allowance(struct allowance *allowance) {
    long left_out = -1;
    pthread_mutex_lock(&lock);
    fill(allowance);
    if (allowance->lines == 0) {
        allowance->left_out++;
    } else {
        allowance->lines--;
        left_out = allowance->left_out;
        allowance->left_out = 0;
    }
    pthread_mutex_unlock(&lock);
    return left_out;
}

/* --- a file --- */

bool log_create(const char *path, struct error *error) {
    scoped(file_release) int fd = file_open_log(path, error);
    return fd >= 0;
}

static bool redirect(const char *path, struct error *error) {
    scoped(file_release) int fd = file_open_log(path, error);
    if (fd < 0)
        return false;
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    return true;
}

bool log_to_file(const char *path, struct error *error) {
    if (!redirect(path, error))
        return false;
    log_path = alloc_string(path);
    return true;
}

/* Under the lock. If another file cannot be made, the old one goes on. */
static void rotate(void) {
    struct stat status;
    if (!log_path || fstat(STDERR_FILENO, &status) < 0 || status.st_size < LOG_FILE_LIMIT_BYTES)
        return;
    scoped(alloc_release) char *older = alloc_printf("%s.1", log_path);
    if (rename(log_path, older) == 0)
        redirect(log_path, NULL);
}

/* One write() per line, so that lines of several processes on one terminal do not mix. */
static void log_put(const char *level, const char *format, va_list arguments) {
    long left_out = take_allowance(&allowances[strlen(level) > 0]);
    if (left_out < 0)
        return;
    struct buffer line = {0};
    char clock[40] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local))
        strftime(clock, sizeof clock, log_path ? "%Y-%m-%d %H:%M:%S %z" : "%H:%M:%S", &local);
    if (left_out > 0)
        buffer_printf(&line, "%s %s%ld line%s left out: there were too many\n", clock, level,
                      left_out, left_out == 1 ? " was" : "s were");
    scoped(buffer_done) struct buffer said = {0};
    buffer_vprintf(&said, format, arguments);
    scoped(alloc_release) char *text = name_safe(said.data ? said.data : "");
    buffer_printf(&line, "%s %s%s\n", clock, level, text);
    pthread_mutex_lock(&lock);
    rotate();
    pthread_mutex_unlock(&lock);
    ssize_t ignored = write(STDERR_FILENO, line.data, line.length);
    (void)ignored; /* a closed terminal must not stop the supervisor */
    buffer_done(&line);
}

void log_info(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_put("", format, arguments);
    va_end(arguments);
}

void log_warning(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_put("warning: ", format, arguments);
    va_end(arguments);
}
