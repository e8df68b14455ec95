#include "log.h"

#include "base/buffer.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static void log_put(const char *level, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* One write() per line, so that lines of several processes on one terminal do not mix. */
static void log_put(const char *level, const char *format, va_list arguments) {
    struct buffer line = {0};
    char clock[16] = "";
    time_t now = time(NULL);
    struct tm local;
    if (localtime_r(&now, &local))
        strftime(clock, sizeof clock, "%H:%M:%S", &local);
    buffer_printf(&line, "%s %s", clock, level);
    buffer_vprintf(&line, format, arguments);
    buffer_putc(&line, '\n');
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
