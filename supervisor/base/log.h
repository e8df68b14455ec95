/* What the supervisor tells the person at its terminal: one line each on stderr, with the time of
 * day. Only supervisor/ logs, and only where it decides to go on; libraries return errors.
 * Text from guests is escaped by the caller (name_printable). No secret is ever passed here. */
#pragma once

void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
