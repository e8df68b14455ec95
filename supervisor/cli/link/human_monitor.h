/* QEMU's human monitor over the VM's second QMP monitor (human-monitor-command), so that it needs
 * no connection of its own and disturbs nobody. Blocks for a command, with QMP's deadline. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/strv.h"
#include "cli/terminal/line_editor.h"
#include "home/home.h"

#include <stdbool.h>

struct human_monitor {
    struct offline *offline; /* NULL: closed */
    struct line_editor editor;
};

/* The instance must run. */
bool human_monitor_open(struct human_monitor *monitor, const struct home *home, const char *name,
                        struct error *error);
void human_monitor_close(struct human_monitor *monitor); /* {0} is fine */

/* QEMU's answer as text, which the caller frees; NULL: error set. */
char *human_monitor_run(struct human_monitor *monitor, const char *command, struct error *error);

/* Interactive: shows the prompt; takes keys, and appends what the terminal is to show. False: the
 * session has ended; with an error if QEMU is gone. */
void human_monitor_begin(struct human_monitor *monitor, struct buffer *shown);
bool human_monitor_keys(struct human_monitor *monitor, const char *keys, size_t length,
                        struct buffer *shown, struct error *error);
