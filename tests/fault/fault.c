/* A library to preload into one process, the supervisor: it counts the calls of one family and
 * makes the Nth fail as the system would. Children are left alone. It knows nothing of pgsup.
 *
 *   FAULT_CALL=write|open|socket|spawn|uv|sqlite|name  FAULT_NTH=N  FAULT_TIMES=M (1)
 *                    from the start
 *   FAULT_SIGNAL=N   in place of a failure the process gets this signal, before the call
 *   FAULT_VICTIM=PID  it is sent to this process instead, unless it is 0
 *   FAULT_PLAN=FILE  at SIGUSR2 counting begins anew by the file's "CALL N M"
 *   FAULT_LOG=FILE   one line for each fault ("fault CALL FUNCTION"), for each SIGUSR2 ("armed"),
 *                    and before that and at the end how many calls were counted ("calls K")
 *
 * N of 0 only counts. Memory is no family: to run out of it is the end by design. Left out is what
 * libuv answers with abort(): its first pipe, and the writes by which it wakes itself. */
#include "fault.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *const words[FAMILIES] = {"none",  "write", "open",   "socket",
                                            "spawn", "uv",    "sqlite", "name"};

static pid_t self, victim;
static atomic_int armed;
static atomic_long calls, nth, times;
static const char *plan_path, *log_path;
static int signal_number; /* 0: calls fail */

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
    signal_number = getenv("FAULT_SIGNAL") ? atoi(getenv("FAULT_SIGNAL")) : 0;
    if (getenv("FAULT_VICTIM"))
        victim = (pid_t)atol(getenv("FAULT_VICTIM"));
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

long fault_next(enum family family, const char *function) {
    if (armed != (int)family || getpid() != self)
        return 0;
    long count = ++calls, which = count - nth + 1;
    if (nth == 0 || which < 1 || which > times)
        return 0;
    note("fault ", words[family], "");
    note("  in ", function, "");
    if (signal_number)
        kill(victim ? victim : self, signal_number);
    return signal_number ? 0 : which;
}

bool fault_fails(enum family family, const char *function, int number) {
    if (!fault_next(family, function))
        return false;
    errno = number;
    return true;
}

long fault_calls(void) {
    return calls;
}
