/* The keys of a console session: Ctrl-] leaves, Ctrl-A C switches to QEMU's monitor, Ctrl-A Ctrl-A
 * is one Ctrl-A for the guest; everything else is the guest's. Pure; {0} is ready. */
#pragma once

#include "base/buffer.h"

#include <stdbool.h>
#include <stddef.h>

enum console_action { CONSOLE_ACTION_NONE, CONSOLE_ACTION_LEAVE, CONSOLE_ACTION_MONITOR };

struct console_keys {
    bool prefix; /* Ctrl-A was pressed */
};

/* Takes bytes up to the first action, and says how many; appends those of the guest. */
enum console_action console_keys_feed(struct console_keys *keys, const char *bytes, size_t *length,
                                      struct buffer *typed);
