/* What the supervisor tells the person at its terminal: one line each on stderr, with the time of
 * day. Only supervisor/ logs, and only where it decides to go on; libraries return errors.
 * Text from guests is escaped by the caller (name_printable). No secret is ever passed here. */
#pragma once

/* Of information and of warnings each; what is more is left out, and counted in the next line. */
#define LOG_LINES_AT_ONCE 5000u
#define LOG_LINES_PER_S   10u

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
