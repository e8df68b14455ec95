#include "vm_report.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* "2026-11-23T13:07:35.878328Z qemu-system-aarch64: text" -> "text" (QEMU: -msg timestamp=on). */
static const char *without_prefix(const char *line, const char *end) {
    if (end - line > 28 && isdigit((unsigned char)line[0]) && line[10] == 'T') {
        const char *space = memchr(line, ' ', 40 < end - line ? 40 : (size_t)(end - line));
        line = space ? space + 1 : line;
    }
    if (end - line > 12 && strncmp(line, "qemu-system-", 12) == 0) {
        const char *colon = memchr(line, ':', (size_t)(end - line));
        if (colon && colon + 1 < end)
            line = colon + 2 <= end ? colon + 2 : end;
    }
    return line;
}

char *vm_report_last_words(const char *log, off_t offset) {
    char text[VM_REPORT_WORDS_BYTES];
    struct buffer words = {0};
    scoped(file_release) int fd = open(log, O_RDONLY | O_CLOEXEC);
    off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    off_t from = end - (off_t)sizeof text > offset ? end - (off_t)sizeof text : offset;
    ssize_t length = fd < 0 ? 0 : pread(fd, text, sizeof text, from);
    for (char *line = text, *stop = text + (length > 0 ? length : 0); line < stop;) {
        char *newline = memchr(line, '\n', (size_t)(stop - line));
        char *line_end = newline ? newline : stop;
        const char *start = without_prefix(line, line_end);
        if (start < line_end) {
            scoped(alloc_release) char *printable =
                name_printable(start, (size_t)(line_end - start), 400);
            buffer_printf(&words, "%s%s", words.length ? "; " : "", printable);
        }
        line = line_end + 1;
    }
    return buffer_take(&words);
}

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

char *vm_report_stop(const char *cause, bool killed, int64_t presses, uint64_t took_ms) {
    const char *rung = killed ? "killed" : strcmp(cause, "host-qmp-quit") == 0 ? "quit" : cause;
    struct buffer text = {0};
    buffer_puts(&text, rung);
    if (presses)
        buffer_printf(&text, " after %lld press%s", (long long)presses, presses == 1 ? "" : "es");
    buffer_printf(&text, ", %llu.%llu s", (unsigned long long)(took_ms / 1000),
                  (unsigned long long)(took_ms % 1000 / 100));
    return buffer_take(&text);
}
