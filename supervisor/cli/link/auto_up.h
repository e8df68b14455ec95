/* `cloud set --auto-up`: a command that starts a VM begins a supervisor where none runs. */
#pragma once

#include "cli/invocation.h"

/* True: one runs now. False without an error: the cloud does not want it; with one: it could not.
 */
bool auto_up(const struct invocation *invocation, struct error *error);
