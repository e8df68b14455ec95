/* The current status of VMs, for commands that show it: from the supervisor if one runs, else from
 * the VMs themselves (pid lock, then query-status over the second monitor). */
#pragma once

#include "base/error.h"
#include "cli/link/client.h"
#include "home/home.h"
#include "home/running.h"
#include "home/snapshot/unsuspended.h"
#include "store/instance_table.h"
#include "store/launch_table.h"

#include <jansson.h>
#include <stdbool.h>

struct vm_status_scope {
    const char *only; /* the instance of this name; NULL: all */
    bool brief;       /* state, reason, pid and launched_ms alone */
};

struct vm_status {
    const struct home *home;
    struct vm_status_scope scope;
    struct client *client;       /* NULL: no supervisor */
    json_t *supervised;          /* what the supervisor says of each VM, by its name; NULL: none */
    struct running_list running; /* … without a supervisor */
    bool recalls;                /* the scope is all, and one was asked for that does not run: */
    struct store_launches ended; /* the last launch of each */
    bool looks;                  /* … and whose disks were asked for memory: */
    struct unsuspended unsuspended;
};

/* One question to the supervisor and, for all that do not run, one to the store. */
bool vm_status_open(const struct home *home, const struct vm_status_scope *scope,
                    struct vm_status *vms, struct error *error);
void vm_status_close(struct vm_status *vms);

/* {"state", "reason", "pid", "since_ms", "phases", "boot_stage", "boot_module",
 * "failed_modules", "supervised"}, or what is brief; owned by the caller, who asks for each
 * instance once. */
json_t *vm_status_get(struct vm_status *vms, const struct store_instance *instance);

/* The process of one instance; running->name is NULL when it does not run. While the supervisor
 * starts it, it has a name and no pid. */
bool vm_status_find(const struct home *home, const struct store_instance *instance,
                    struct running *running, struct error *error);
