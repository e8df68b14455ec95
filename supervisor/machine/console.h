/* The serial console of one VM: always read, so that a guest is never stopped by a full socket
 * (QEMU writes to it synchronously while it holds its main lock). What comes goes to a log of
 * bounded size (console.log, the older half in console.log.1) and to a short tail kept for reports.
 */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <uv.h>

#define CONSOLE_LOG_LIMIT_BYTES (1u << 20) /* each of the two files */
#define CONSOLE_TAIL_BYTES      4096u

struct console; /* opaque */

typedef void console_on_output(void *owner, const char *data, size_t length);

/* fd: a connected socket, which the console owns from here on. */
struct console *console_adopt(uv_loop_t *loop, int fd, const char *log, void *owner,
                              console_on_output *on_output);
/* Connects to the socket at path, for a VM that runs already; nothing is read when that fails. */
struct console *console_connect(uv_loop_t *loop, const char *path, const char *log, void *owner,
                                console_on_output *on_output);
/* The last lines, printable, at most `lines` of them; caller frees; "" when nothing came. */
char *console_tail(const struct console *console, unsigned lines); /* NULL console: "" */
void console_close(struct console *console);                       /* NULL is fine */
