/* Shows on stderr what VMs do while a command waits for them. On a terminal: one line for each,
 * drawn again each second. Elsewhere: a line for each phase, beginning with the instance's name,
 * and one where each is when nothing was said for a while. With --verbose every transition too. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "cli/terminal/live_lines.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct invocation;

#define PROGRESS_QUIET_MS 10000u /* between lines that are no terminal's */

#define PROGRESS_OPTIONS                                                                           \
    {.name = "progress",                                                                           \
     .value = "auto|plain|none",                                                                   \
     .help = "show progress in lines that are redrawn on a terminal, as plain lines, or not at "   \
             "all",                                                                                \
     .fallback = "auto"},                                                                          \
    {                                                                                              \
        .name = "verbose", .letter = 'v', .help = "show every transition"                          \
    }

enum progress_mode { PROGRESS_NONE, PROGRESS_PLAIN, PROGRESS_LIVE };

struct progress {
    const struct invocation *invocation;
    enum progress_mode mode;
    bool verbose;
    bool provisions;   /* what is waited for is Ansible, not the guest */
    bool everything;   /* shows every VM that has a process, whatever is pending */
    struct strv names; /* pending ones */
    struct live_lines lines;
    uint64_t told_ms; /* monotonic: of the last plain line */
};

/* Reads the options above. False: an invalid value. */
bool progress_init(struct progress *progress, const struct invocation *invocation,
                   struct error *error);
void progress_done(struct progress *progress);
void progress_add(struct progress *progress, const char *name);
void progress_finish(struct progress *progress, const char *name); /* no longer shown */

/* A notification of the supervisor; its answer to "status", which shows where each VM is. */
void progress_event(struct progress *progress, const char *method, json_t *body);
void progress_status(struct progress *progress, json_t *status);
/* Before anything else is written. */
void progress_clear(struct progress *progress);
