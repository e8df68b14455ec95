/* What the supervisor tells the person at its terminal: one line each on stderr, with the time of
 * day. Only supervisor/ logs, and only where it decides to go on; libraries return errors.
 * Text from guests is escaped by the caller (name_printable). No secret is ever passed here. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

/* Of information and of warnings each; what is more is left out, and counted in the next line. */
#define LOG_LINES_AT_ONCE 5000u
#define LOG_LINES_PER_S   10u

/* Everything goes to a file from now on, with date and zone, also what is written to stdout and
 * stderr; at LOG_FILE_LIMIT_BYTES it becomes FILE.1. log_create() only makes sure that it can be
 * written. */
#define LOG_FILE_LIMIT_BYTES (1u << 20)
bool log_create(const char *path, struct error *error);
bool log_to_file(const char *path, struct error *error);

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
