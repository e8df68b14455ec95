/* Ctrl-C, SIGTERM and SIGHUP during a command that takes long: noted, so that its work ends in
 * order and not half-way. For the command line only: the supervisor's loop has signals of its
 * own. Code that waits or loops calls interrupt_check(). The second signal ends the process.
 */
#pragma once

#include "base/error.h"

#include <stdatomic.h>

bool interrupt_is_ignored(int number); /* as nohup(1) wants it: then it is left so */
void interrupt_watch(void);
bool interrupt_check(struct error *error); /* false, ERROR_CANCELLED: a signal came */
/* In this thread it fails when this is true, too; NULL: no longer. Borrowed. */
void interrupt_follow(const atomic_bool *also);
/* Ends the process by the signal that came, so that its caller sees that; returns if none did. */
void interrupt_leave(void);
