/* All VMs of a home under one supervisor. Reads instances from the store on demand (there is no
 * copy that could be stale), starts their VMs, adopts those that already run, and records what
 * happens. Knows no socket of clients or guests. */
#pragma once

#include "daemon/journal.h"
#include "daemon/launch_worker.h"
#include "daemon/recorder.h"
#include "daemon/waiters.h"
#include "home/home.h"
#include "machine/vm.h"
#include "store/instance_table.h"

#include <time.h>
#include <uv.h>

/* Of a stop, until the VM is told to quit, unless the caller names another one. */
#define FLEET_STOP_TIMEOUT_MS 90000u

/* More than a process that freezes a guest needs to thaw it. */
#define FLEET_FREEZE_LIMIT_MS 25000

/* What becomes of the VMs when the supervisor ends. One that cannot be suspended is stopped. */
enum fleet_end { FLEET_STOPS, FLEET_SUSPENDS, FLEET_LEAVES };

struct fleet_look {   /* into the run folder, the last one */
    time_t changed;   /* when the folder had changed */
    unsigned skipped; /* looks since */
};

struct fleet_key {
    int64_t instance;
    uint32_t name; /* a hash of it */
};

struct fleet {
    uv_loop_t *loop;
    struct home *home; /* read only, on the loop's thread */
    struct recorder *recorder;
    struct journal *journal;
    struct launch_link *link; /* NULL: no launcher */
    struct launch_worker launches;
    struct vm_listener listener;
    struct vm **vms;
    struct fleet_key *keys; /* of the same VMs, by which they are found */
    size_t count;
    bool full;      /* one that runs is not adopted for want of descriptors */
    size_t rotated; /* whose logs were looked at */
    struct fleet_look looked;
    struct waiters waiters;
    bool ending;                                     /* nothing is started or adopted */
    void (*on_change)(void *context, struct vm *vm); /* NULL, or called on every change */
    void (*on_addresses)(void *context, struct vm *vm, const struct qga_addresses *addresses);
    void (*on_output)(void *context, struct vm *vm, const char *data, size_t length);
    void *context;
};

void fleet_init(struct fleet *fleet, uv_loop_t *loop, struct home *home, struct recorder *recorder,
                struct journal *journal);
/* Adopts every VM that runs and is not supervised yet. */
bool fleet_adopt(struct fleet *fleet, struct error *error);
/* The same, to be called now and then: looks only when the run folder has changed lately. */
bool fleet_adopt_new(struct fleet *fleet, struct error *error);
/* Once, after the first adoption: records the end of launches that ended unsupervised. */
bool fleet_close_orphaned_launches(struct fleet *fleet, struct error *error);
void fleet_close(struct fleet *fleet); /* VMs keep running */

struct vm *fleet_find(struct fleet *fleet, const char *name); /* NULL: not known yet */
/* Looks the instance up in the store first; NULL with a sentence if it does not exist. */
struct vm *fleet_get(struct fleet *fleet, const char *name, struct error *error);
struct vm *fleet_get_by_id(struct fleet *fleet, int64_t instance);

/* A field of the VM that the daemon sets has changed: judges waiters and calls on_change. */
void fleet_vm_changed(struct fleet *fleet, struct vm *vm);

/* Thaws guests that a process which was ended has left frozen; to be called now and then. */
void fleet_thaw(struct fleet *fleet);

/* Looks after the clocks of all guests that have been woken; with each scan. */
void fleet_set_clocks(struct fleet *fleet);

/* Those that QEMU and the network's helpers write themselves; to be called now and then. */
void fleet_rotate_logs(struct fleet *fleet);

bool fleet_runs(const struct fleet *fleet); /* a VM has a process or is about to have one */
/* False, with a sentence: the descriptors of this process are not enough for one more VM. */
bool fleet_has_room(const struct fleet *fleet, struct error *error);
