/* What runs right now, for commands that look: from the supervisor if there is one, else from the
 * VMs themselves (pid lock, then query-status over the second monitor). */
#pragma once

#include "base/error.h"
#include "cli/link/client.h"
#include "home/home.h"
#include "home/running.h"
#include "store/instance_table.h"

#include <jansson.h>
#include <stdbool.h>

struct runtime {
    const struct home *home;
    struct client *client; /* NULL: no supervisor */
    json_t *vms;           /* the supervisor's pictures */
    struct running_list running;
};

bool runtime_open(const struct home *home, struct runtime *runtime, struct error *error);
void runtime_close(struct runtime *runtime);

/* {"state", "reason", "pid", "since_ms", "phases", "boot_stage", "boot_module",
 * "failed_modules", "supervised"}; owned by the caller. */
json_t *runtime_get(struct runtime *runtime, const struct store_instance *instance);

/* "ready" -> "Running(ready)", "booting" -> "Running(booting)", "stopped" -> "Stopped". */
void runtime_state_label(const char *state, char label[32]);
