/* A person at the serial console of a VM: the terminal in raw mode, the keys of console_keys.h,
 * QEMU's monitor in between. Returns when the person leaves or the VM ends, with the terminal as it
 * was. */
#pragma once

#include "cli/link/console_link.h"

/* Input that is no terminal is typed until it ends. */
bool console_session_run(const struct home *home, const struct console_link_options *options,
                         struct error *error);
/* `pgsup monitor NAME`: the monitor alone. */
bool console_session_monitor(const struct home *home, const char *name, struct error *error);
