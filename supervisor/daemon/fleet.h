/* All VMs of a home under one supervisor. Finds instances in the store
 * when asked (there is no copy to go stale), starts their VMs, adopts what already runs, records
 * what happens. Knows no socket of clients or guests. */
#pragma once

#include "daemon/recorder.h"
#include "daemon/waiters.h"
#include "home/home.h"
#include "machine/vm.h"
#include "store/instance_table.h"

#include <uv.h>

/* Of a stop, until the VM is told to quit, unless the caller names another one. */
#define FLEET_STOP_TIMEOUT_MS 90000u

struct fleet {
    uv_loop_t *loop;
    struct home *home; /* reading only, on the loop's thread */
    struct recorder *recorder;
    struct vm_listener listener;
    struct vm **vms;
    size_t count;
    struct waiters waiters;
    bool ending;                                     /* nothing is started or adopted any more */
    void (*on_change)(void *context, struct vm *vm); /* NULL or told of every change */
    void (*on_addresses)(void *context, struct vm *vm, const struct qga_addresses *addresses);
    void *context;
};

void fleet_init(struct fleet *fleet, uv_loop_t *loop, struct home *home, struct recorder *recorder);
/* Adopts every VM that runs and is not supervised yet. */
bool fleet_adopt(struct fleet *fleet, struct error *error);
/* Once, after the first adoption: records the end of launches that ended unsupervised. */
bool fleet_close_orphaned_launches(struct fleet *fleet, struct error *error);
void fleet_close(struct fleet *fleet); /* leaves running VMs be */

struct vm *fleet_find(struct fleet *fleet, const char *name); /* NULL: never touched here */
/* Looks the instance up in the store first; NULL with a sentence when there is none. */
struct vm *fleet_get(struct fleet *fleet, const char *name, struct error *error);
struct vm *fleet_get_by_id(struct fleet *fleet, int64_t instance);

/* A field that others keep has changed: looks after waiters and tells on_change. */
void fleet_note(struct fleet *fleet, struct vm *vm);

size_t fleet_running(const struct fleet *fleet); /* VMs with a process or on their way to one */
