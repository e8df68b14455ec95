/* What VMs do now, for commands that show it: from the supervisor if one runs, else from the VMs
 * themselves (pid lock, then query-status over the second monitor). */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "cli/link/client.h"
#include "cli/output/instance_row.h"
#include "home/home.h"
#include "home/running.h"
#include "home/snapshot/unsuspended.h"
#include "store/instance_table.h"
#include "store/launch_table.h"

#include <jansson.h>
#include <stdbool.h>

struct vm_status_scope {
    const char *only; /* the instance of this name; NULL: all */
    bool brief;       /* state, reason and uptime alone */
};

struct vm_told {
    const char *name;
    struct vm_now now;
};

struct vm_status {
    const struct home *home;
    struct vm_status_scope scope;
    int64_t now_ms;        /* wall */
    struct client *client; /* NULL: no supervisor */
    json_t *answer;        /* … or what it says, of each VM: */
    struct vm_told *told;
    size_t told_count, told_room;
    uint32_t *places; /* by the hash of the name: 1 and up of those told, 0: free */
    uint32_t place_mask;
    struct running_list running; /* without a supervisor */
    bool recalls;                /* one was asked for that does not run: */
    struct store_launches ended; /* the last launch of each in the scope */
    bool looks;                  /* … and, when the scope is all, its disk for memory: */
    struct unsuspended unsuspended;
    struct strv texts; /* made here */
};

/* One question to the supervisor and, for all that do not run, one to the store. False: nothing to
 * close. */
bool vm_status_open(const struct home *home, const struct vm_status_scope *scope,
                    struct vm_status *vms, struct error *error);
/* The same in two steps, between which the caller works while the supervisor does. */
bool vm_status_ask(const struct home *home, const struct vm_status_scope *scope,
                   struct vm_status *vms, struct error *error); /* false: nothing to close */
bool vm_status_receive(struct vm_status *vms, struct error *error);
void vm_status_close(struct vm_status *vms);

/* Of an instance in the scope; its texts live until the close. */
void vm_status_get(struct vm_status *vms, const struct store_instance *instance,
                   struct vm_now *now);

/* The process of one instance; running->name is NULL when it does not run. While the supervisor
 * starts it, it has a name and no pid. */
bool vm_status_find(const struct home *home, const struct store_instance *instance,
                    struct running *running, struct error *error);
