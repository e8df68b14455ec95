#include "vm_report.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/platform.h"

#include <signal.h>
#include <string.h>

/* QEMU: block/file-posix.c; 'Failed to get "write" lock; Is another process using the image
 * [PATH]?'
 */
char *vm_report_holders(const char *words) {
    const char *path = strstr(words, "using the image [");
    const char *end = path ? strstr(path, "]?") : NULL;
    if (!end || !strstr(words, " lock"))
        return alloc_string("");
    path = strchr(path, '[') + 1;
    scoped(alloc_release) char *image = alloc_slice(path, (size_t)(end - path));
    scoped(alloc_release) char *users = platform_file_users(image);
    return users[0] ? alloc_printf("; the disk is in use by process %s", users) : alloc_string("");
}

/* TCC: jobs of launchd get EPERM there, without a question to anybody. */
static bool is_guarded_by_macos(const char *words) {
    static const char *const folders[] = {"/Documents/", "/Desktop/", "/Downloads/", "'/Volumes/"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (strstr(words, folders[i]))
            return true;
    return false;
}

const char *vm_report_denial(const struct process_end *end, const char *words) {
    if (strstr(words, ": Operation not permitted") && is_guarded_by_macos(words))
        return "; on a Mac, jobs of launchd and programs that nobody was asked about may not open "
               "Documents, Desktop, Downloads and /Volumes: move the file, or give pgsup and QEMU "
               "Full Disk Access";
    if (end->status_known && end->signal == SIGKILL && !words[0])
        return platform_kill_cause();
    return "";
}

/* QEMU: system/vl.c, 'unsupported machine type "virt-2.5"', with a colon since 9.0 */
char *vm_report_unknown_machine(const char *name, const char *words) {
    if (!strstr(words, "unsupported machine type"))
        return alloc_string("");
    return alloc_printf("; this QEMU no longer has the machine that %s was first started as: "
                        "`pgsup instance set %s --machine-update` has it start as today's, or use "
                        "an older QEMU",
                        name, name);
}

/* QEMU: net/slirp.c, "Could not set up host forwarding rule 'tcp:127.0.0.1:10022-:22'" */
char *vm_report_taken_port(const char *name, const char *words) {
    static const char rule[] = "Could not set up host forwarding rule '";
    const char *found = strstr(words, rule);
    const char *address = found ? strchr(found + strlen(rule), ':') : NULL;
    const char *port = address ? strchr(address + 1, ':') : NULL;
    size_t length = port ? strspn(port + 1, "0123456789") : 0;
    if (!length || port[1 + length] != '-')
        return alloc_string("");
    return alloc_printf("; another program took port %.*s of %.*s at the same moment: run `pgsup "
                        "start %s` again, which takes another port if pgsup chose this one, and "
                        "says what to do otherwise",
                        (int)length, port + 1, (int)(port - address - 1), address + 1, name);
}

char *vm_report_cause(const struct process_end *end, const char *shutdown_reason) {
    if (shutdown_reason[0])
        return alloc_string(shutdown_reason);
    if (!end->status_known)
        return alloc_string("gone");
    if (end->signal)
        return alloc_printf("signal %d", end->signal);
    return alloc_printf("exit %d", end->exit_status);
}

/* qapi/run-state.json, ShutdownCause */
char *vm_report_unasked(const char *cause) {
    static const struct {
        const char *cause, *sentence;
    } rows[] = {
        {"guest-shutdown", "the guest powered itself off"},
        {"guest-reset", "the guest rebooted, which ends this VM"},
        {"guest-panic", "the kernel of the guest panicked"},
        {"host-signal", "a signal from outside ended QEMU"},
        {"host-qmp-quit", "somebody told QEMU to quit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].cause, cause) == 0)
            return alloc_printf("%s (%s)", rows[i].sentence, cause);
    return alloc_printf("it ended by itself (%s)", cause);
}

char *vm_report_stop(const char *cause, bool killed, int64_t presses, uint64_t took_ms,
                     bool disk_full) {
    bool quit = strcmp(cause, "host-qmp-quit") == 0;
    const char *rung = killed ? "killed" : quit ? "quit" : cause;
    struct buffer text = {0};
    buffer_puts(&text, rung);
    if (presses)
        buffer_printf(&text, " after %lld press%s", (long long)presses, presses == 1 ? "" : "es");
    buffer_printf(&text, ", %llu.%llu s", (unsigned long long)(took_ms / 1000),
                  (unsigned long long)(took_ms % 1000 / 100));
    if (disk_full && presses && (killed || quit))
        buffer_puts(&text, "; the disk of the host is full, so that its guest stood still");
    return buffer_take(&text);
}

bool vm_report_expired(const char *name, uint64_t limit_ms, int64_t presses, bool disk_full,
                       struct error *error) {
    return error_set(
        error, ERROR_TIMEOUT,
        "%s did not stop within %llu s, after %lld press%s of the power button; it still runs%s "
        "(`pgsup stop -f %s` quits it)",
        name, (unsigned long long)(limit_ms / 1000), (long long)presses, presses == 1 ? "" : "es",
        disk_full
            ? ", but stands still because the disk of the host is full: make room, and it shuts down"
            : "",
        name);
}
