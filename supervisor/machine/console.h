/* The serial console of one VM. It is always read, because QEMU writes to it synchronously while it
 * holds its main lock: a full socket would stop the guest. The output goes to a log of bounded size
 * (console.log, the older half in console.log.1) and to a short tail for reports. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define CONSOLE_LOG_LIMIT_BYTES (1u << 20) /* each of the two files */
#define CONSOLE_TAIL_BYTES      16384u
#define CONSOLE_INPUT_BYTES     65536u /* that the guest has not read yet */

struct console; /* opaque */

typedef void console_on_output(void *owner, const char *data, size_t length);

/* fd: a connected socket; the console takes ownership. */
struct console *console_adopt(uv_loop_t *loop, int fd, const char *log, void *owner,
                              console_on_output *on_output);
/* Connects to the socket at path, for a VM that was adopted; on failure nothing is read. */
struct console *console_connect(uv_loop_t *loop, const char *path, const char *log, void *owner,
                                console_on_output *on_output);
/* Types into the guest. False: there is no connection, or the guest does not read what was typed.
 */
bool console_write(struct console *console, const char *data, size_t length);
/* Writes a line of pgsup's own into the log. */
void console_mark(struct console *console, const char *line);
/* Appends the last output as it came, up to CONSOLE_TAIL_BYTES; also what a VM that was adopted has
 * written before. */
void console_recent(struct console *console, struct buffer *output);
/* Among the last output, of which the newest new_bytes have not been asked about before. */
bool console_said(struct console *console, const char *text, size_t new_bytes);
/* The last lines, printable, at most `lines` of them; caller frees; "" when nothing came. */
char *console_tail(struct console *console, unsigned lines); /* NULL console: "" */
void console_close(struct console *console);                 /* NULL is fine */
