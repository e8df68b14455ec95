/* The end of a log that QEMU or a helper writes, as one sentence. */
#pragma once

#include "base/strv.h"

#include <sys/types.h>

#define LOG_TAIL_BYTES 2048u /* of the log's end that is looked at */

/* The last lines that were written after offset, without time stamps and QEMU's own name, and
 * without warnings, which are not why a program ends; printable, one line; "" when there are none
 * or the log cannot be read. Caller frees. */
char *log_tail_read(const char *log, off_t offset);

/* QEMU's warnings after offset, which a launch begins with: each once, without "warning: ",
 * printable, at most LOG_TAIL_WARNINGS of them; added to the list. */
#define LOG_TAIL_WARNINGS 8u
void log_tail_warnings(const char *log, off_t offset, struct strv *warnings);

#define LOG_TAIL_ERROR_BYTES 8192u /* an error may be followed by a dump of the registers */

/* The last line after offset that speaks of an error, with the one after it that speaks of a
 * failure: "KVM internal error. Suberror: 1; emulation failure"; "" when there is none. Caller
 * frees. */
char *log_tail_error(const char *log, off_t offset);

/* The last warning that the log's end has, as log_tail_error() gives it. */
char *log_tail_warning(const char *log);
