#include "console.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "machine/console_times.h"
#include "machine/read_buffer.h"
#include "machine/socket.h"
#include "machine/stream.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct console {
    void *owner;
    console_on_output *on_output;
    uv_pipe_t pipe;
    bool closing, connected;
    size_t unwritten; /* bytes typed that QEMU has not taken */
    char *log_path;
    int log;
    size_t log_bytes;
    struct console_times times;
    struct buffer tail;
    /* Of the log, which may belong before the tail; 0: nothing, or it is there. */
    size_t before_bytes;
};

static void open_log(struct console *console) {
    struct stat status;
    console->log = file_open_log(console->log_path, NULL);
    console->log_bytes =
        console->log >= 0 && fstat(console->log, &status) == 0 ? (size_t)status.st_size : 0;
    console_times_open(&console->times, console->log_path, console->log_bytes);
}

/* The last of what the VM wrote before this process met it. Read when it is wanted: for most VMs it
 * never is. */
static void recall(struct console *console) {
    size_t lacks = CONSOLE_TAIL_BYTES - console->tail.length, before = console->before_bytes;
    size_t size = before < lacks ? before : lacks;
    struct buffer whole = {0};
    console->before_bytes = 0;
    if (!size)
        return;
    scoped(file_release) int fd = open(console->log_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    scoped(alloc_release) char *text = alloc_zero(size);
    ssize_t got = fd >= 0 ? pread(fd, text, size, (off_t)(before - size)) : 0;
    if (got > 0)
        buffer_append(&whole, text, (size_t)got);
    if (console->tail.length)
        buffer_append(&whole, console->tail.data, console->tail.length);
    buffer_done(&console->tail);
    console->tail = whole;
}

static void rotate(struct console *console) {
    recall(console);
    scoped(alloc_release) char *older = alloc_printf("%s.1", console->log_path);
    if (console->log >= 0)
        close(console->log);
    console_times_close(&console->times);
    if (rename(console->log_path, older) == 0)
        console_times_rename(console->log_path, older);
    open_log(console);
}

/* A log that cannot be written (full disk) must not stop the draining: the bytes are dropped. */
static void keep(struct console *console, const char *data, size_t length) {
    if (console->log_bytes + length > CONSOLE_LOG_LIMIT_BYTES ||
        console_times_are_many(&console->times))
        rotate(console);
    if (console->log >= 0) {
        console_times_note(&console->times, console->log_bytes, data, length);
        ssize_t put = write(console->log, data, length);
        console->log_bytes += put > 0 ? (size_t)put : 0;
    }
    buffer_append(&console->tail, data, length);
    if (console->tail.length > CONSOLE_TAIL_BYTES)
        buffer_consume(&console->tail, console->tail.length - CONSOLE_TAIL_BYTES);
}

static void console_on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    struct console *console = stream->data;
    if (length < 0) {
        console->connected = false;
        uv_read_stop(stream);
        return;
    }
    if (length == 0)
        return;
    keep(console, buffer->base, (size_t)length);
    console->on_output(console->owner, buffer->base, (size_t)length);
}

static struct console *console_create(uv_loop_t *loop, const char *log, void *owner,
                                      console_on_output *on_output) {
    struct console *console = alloc_zero(sizeof *console);
    console->owner = owner;
    console->on_output = on_output;
    console->log_path = alloc_string(log);
    uv_pipe_init(loop, &console->pipe, 0);
    console->pipe.data = console;
    open_log(console);
    return console;
}

static void console_open(struct console *console, int fd) {
    console->connected = uv_pipe_open(&console->pipe, fd) == 0;
    if (console->connected)
        uv_read_start((uv_stream_t *)&console->pipe, read_buffer_allocate, console_on_read);
    else
        close(fd);
}

struct console *console_adopt(uv_loop_t *loop, int fd, const char *log, void *owner,
                              console_on_output *on_output) {
    struct console *console = console_create(loop, log, owner, on_output);
    console_open(console, fd);
    return console;
}

struct console *console_connect(uv_loop_t *loop, const char *path, const char *log, void *owner,
                                console_on_output *on_output) {
    struct console *console = console_create(loop, log, owner, on_output);
    int fd = socket_connect(path, NULL);
    console->before_bytes = console->log_bytes;
    if (fd >= 0)
        console_open(console, fd);
    return console;
}

static void console_on_written(void *owner, size_t length, int status) {
    struct console *console = owner;
    (void)status;
    console->unwritten -= length;
}

bool console_write(struct console *console, const char *data, size_t length) {
    struct buffer bytes = {0};
    if (!console || !console->connected || console->unwritten + length > CONSOLE_INPUT_BYTES)
        return false;
    buffer_append(&bytes, data, length);
    if (!stream_write((uv_stream_t *)&console->pipe, &bytes, console, console_on_written))
        return false;
    console->unwritten += length;
    return true;
}

void console_mark(struct console *console, const char *line) {
    scoped(alloc_release) char *text = alloc_printf("\n%s\n", line);
    if (console->log >= 0)
        console_times_note(&console->times, console->log_bytes, text, strlen(text));
    ssize_t put = console->log >= 0 ? write(console->log, text, strlen(text)) : 0;
    console->log_bytes += put > 0 ? (size_t)put : 0;
}

void console_recent(struct console *console, struct buffer *output) {
    if (console)
        recall(console);
    if (console && console->tail.length)
        buffer_append(output, console->tail.data, console->tail.length);
}

bool console_said(struct console *console, const char *text, size_t new_bytes) {
    size_t length = strlen(text), looked = new_bytes + length - 1;
    if (looked > console->tail.length)
        recall(console);
    if (looked > console->tail.length)
        looked = console->tail.length;
    return looked &&
           memmem(console->tail.data + console->tail.length - looked, looked, text, length);
}

char *console_tail(struct console *console, unsigned lines) {
    if (console)
        recall(console);
    if (!console || console->tail.length == 0)
        return alloc_string("");
    const char *start = console->tail.data + console->tail.length;
    while (start > console->tail.data && (start[-1] == '\n' || start[-1] == '\r'))
        start--;
    const char *end = start;
    for (; start > console->tail.data; start--)
        if (start[-1] == '\n' && --lines == 0)
            break;
    struct buffer text = {0};
    for (const char *line = start; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        size_t length = (size_t)((stop ? stop : end) - line);
        size_t shown = length && line[length - 1] == '\r' ? length - 1 : length;
        scoped(alloc_release) char *printable = name_printable(line, shown, 200);
        buffer_printf(&text, "%s%s", text.length ? "\n" : "", printable);
        line += length + 1;
    }
    return buffer_take(&text);
}

static void console_on_closed(uv_handle_t *handle) {
    struct console *console = handle->data;
    if (console->log >= 0)
        close(console->log);
    console_times_close(&console->times);
    buffer_done(&console->tail);
    free(console->log_path);
    free(console);
}

void console_close(struct console *console) {
    if (!console || console->closing)
        return;
    console->closing = true;
    uv_close((uv_handle_t *)&console->pipe, console_on_closed);
}
