/* Ctrl-C, SIGTERM and SIGHUP during a command that takes long: noted, so that its work ends in
 * order instead of half-way. For the command line only: the supervisor's loop has signals of its
 * own. What waits or loops meanwhile asks interrupt_check(). The second signal ends the process as
 * ever.
 */
#pragma once

#include "base/error.h"

void interrupt_watch(void);
bool interrupt_check(struct error *error); /* false, ERROR_CANCELLED: one has come */
/* Ends the process by the signal that came, so that its caller sees that; returns if none did. */
void interrupt_leave(void);
