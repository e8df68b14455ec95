#include "address_tracker.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/platform.h"
#include "daemon/dns_sync.h"
#include "daemon/name_sync.h"
#include "daemon/thread_work.h"
#include "home/access/ssh_config.h"
#include "home/names/dns_update.h"
#include "home/names/hosts.h"
#include "home/names/sightings.h"
#include "machine/tick.h"
#include "machine/vm_agent.h"
#include "store/guest_table.h"

#include <stdlib.h>
#include <string.h>

#define TICKS_SKIPPED_MAX 10u

struct seen { /* the current address of a guest */
    int64_t instance;
    char address[16];
    const char *source; /* constant */
};

struct address_tracker {
    struct fleet *fleet;
    struct dns_sync *dns;
    struct name_sync *names;
    uv_timer_t timer;
    struct thread_work work;
    bool busy, closing, timer_closed, warned;
    /* Owned by the worker while busy. */
    char *home_path;
    int64_t *running; /* instances whose VMs run by DHCP, and whose agents report no address */
    size_t running_count;
    bool writes; /* files, from what is in the store */
    struct seen *seen;
    size_t seen_count;
    bool dns_is_due;
    struct error problem;
    /* Owned by the loop. */
    int64_t revision; /* of the store, as it was when files were written last */
    unsigned skipped; /* ticks since then */
};

/* --- on a worker thread --- */

static bool is_running(const struct address_tracker *tracker, int64_t instance) {
    for (size_t i = 0; i < tracker->running_count; i++)
        if (tracker->running[i] == instance)
            return true;
    return false;
}

static void find_guest(struct address_tracker *tracker, const struct store_instance *instance,
                       const struct store_addresses *told, const struct sightings *sightings) {
    struct seen *seen = &tracker->seen[tracker->seen_count];
    if (!store_instance_uses_dhcp(instance) || !is_running(tracker, instance->id))
        return;
    const struct store_address *known = store_addresses_find(told, instance->id);
    const char *address = known ? known->address : NULL;
    bool found = sightings_find(sightings, instance->mac, address, seen->address, &seen->source);
    if (found && (!address || strcmp(address, seen->address) != 0)) {
        seen->instance = instance->id;
        tracker->seen_count++;
    }
}

static bool find_guests(struct address_tracker *tracker, struct store *store, struct error *error) {
    struct store_instances instances = {0};
    struct store_addresses told = {0};
    struct sightings sightings = {0};
    if (!tracker->running_count)
        return true;
    bool good = instance_table_list(store, &instances, error) &&
                guest_table_list_addresses(store, &told, error);
    tracker->seen = alloc_zero((instances.count + 1) * sizeof *tracker->seen);
    if (good)
        sightings_load(&sightings);
    for (size_t i = 0; good && i < instances.count; i++)
        find_guest(tracker, &instances.items[i], &told, &sightings);
    store_instances_done(&instances);
    store_addresses_done(&told);
    sightings_done(&sightings);
    return good;
}

static bool write_files(const struct address_tracker *tracker, struct home *home,
                        struct error *error) {
    return !tracker->writes || (hosts_write(home, error) && ssh_config_write(home, error));
}

/* Opens the home each time: a connection to the store keeps 150 KB. */
static void on_tracker_work(struct thread_work *work) {
    struct address_tracker *tracker = work->data;
    struct error *error = &tracker->problem;
    struct home home;
    error_clear(error);
    tracker->dns_is_due = false;
    if (!home_open(tracker->home_path, &home, error))
        return;
    if (find_guests(tracker, home.store, error) && write_files(tracker, &home, error))
        dns_update_is_due(&home, &tracker->dns_is_due, error);
    home_close(&home);
}

/* --- on the loop's thread --- */

static void free_if_closed(struct address_tracker *tracker) {
    if (tracker->busy || !tracker->timer_closed)
        return;
    free(tracker->home_path);
    free(tracker);
}

static void work_done(struct address_tracker *tracker) {
    free(tracker->running);
    free(tracker->seen);
    tracker->running = NULL;
    tracker->seen = NULL;
    tracker->running_count = tracker->seen_count = 0;
    tracker->busy = false;
}

void address_tracker_learn(struct address_tracker *tracker, const struct address_report *report) {
    struct fleet *fleet = tracker->fleet;
    if (!report->known || strcmp(report->known, report->address) != 0) {
        scoped(alloc_release) char *text =
            report->known
                ? alloc_printf("%s (%s), was %s", report->address, report->source, report->known)
                : alloc_printf("%s (%s)", report->address, report->source);
        recorder_address(fleet->recorder, report->instance, report->address, report->source);
        recorder_event(fleet->recorder, report->instance, STORE_EVENT_ADDRESS, text);
        log_info("vm=%s address: %s", report->name, text);
    }
    struct vm *vm = fleet_get_by_id(fleet, report->instance);
    if (vm)
        vm_address_changed(vm, report->address);
}

/* When the store cannot be read, the next interval finds the address again. */
static void learn_of_vm(struct address_tracker *tracker, const struct vm *vm, const char *address,
                        const char *source, const struct store_guest *guest) {
    address_tracker_learn(tracker, &(struct address_report){.instance = vm->instance,
                                                            .name = vm->name,
                                                            .known = guest->address,
                                                            .address = address,
                                                            .source = source});
}

void address_tracker_on_agent(struct address_tracker *tracker, const struct vm *vm,
                              const struct qga_addresses *addresses) {
    struct store_guest guest = {0};
    if (guest_table_get(tracker->fleet->home->store, vm->instance, &guest, NULL)) {
        const char *address = qga_addresses_choose(addresses, guest.address);
        if (address)
            learn_of_vm(tracker, vm, address, "agent", &guest);
    }
    store_guest_done(&guest);
}

/* The agent in a guest is more reliable than tables of the host, which keep addresses that are no
 * longer used. */
static bool is_looked_for(const struct vm *vm) {
    return lifecycle_has_process(vm->state) && vm->plan.by_dhcp && !vm->agent_reports_address;
}

static void learn_seen(struct address_tracker *tracker, const struct seen *seen) {
    struct vm *vm = fleet_get_by_id(tracker->fleet, seen->instance);
    if (!vm || !is_looked_for(vm))
        return;
    struct store_guest guest = {0};
    if (guest_table_get(tracker->fleet->home->store, vm->instance, &guest, NULL))
        learn_of_vm(tracker, vm, seen->address, seen->source, &guest);
    store_guest_done(&guest);
}

static void on_tracker_worked(struct thread_work *work) {
    struct address_tracker *tracker = work->data;
    if (!tracker->closing) {
        bool failed = tracker->problem.code != ERROR_NONE;
        for (size_t i = 0; i < tracker->seen_count; i++)
            learn_seen(tracker, &tracker->seen[i]);
        if (failed && !tracker->warned)
            log_warning("addresses are not updated, will try again: %s", tracker->problem.text);
        tracker->warned = failed;
        if (failed)
            tracker->revision = -1;
        if (tracker->dns_is_due)
            dns_sync_run(tracker->dns);
    }
    work_done(tracker);
    free_if_closed(tracker);
}

/* Without a change of the store the files stay as they are. One tick in so many writes them all the
 * same: somebody may have removed one. */
static void decide_writes(struct address_tracker *tracker) {
    int64_t revision = store_revision(tracker->fleet->home->store);
    tracker->writes =
        revision < 0 || revision != tracker->revision || ++tracker->skipped >= TICKS_SKIPPED_MAX;
    if (!tracker->writes)
        return;
    tracker->revision = revision;
    tracker->skipped = 0;
}

static void on_tick(uv_timer_t *timer) {
    struct address_tracker *tracker = timer->data;
    const struct fleet *fleet = tracker->fleet;
    tick_start(timer, on_tick, ADDRESS_TRACKER_INTERVAL_MS);
    name_sync_run(tracker->names);
    for (size_t i = 0; i < fleet->count; i++)
        vm_agent_query(fleet->vms[i]);
    if (tracker->busy)
        return;
    tracker->running = alloc_zero((fleet->count + 1) * sizeof *tracker->running);
    for (size_t i = 0; i < fleet->count; i++)
        if (is_looked_for(fleet->vms[i]))
            tracker->running[tracker->running_count++] = fleet->vms[i]->instance;
    decide_writes(tracker);
    if (!tracker->writes && !tracker->running_count && !tracker->dns_is_due) {
        work_done(tracker);
        return;
    }
    tracker->busy = true;
    thread_work_start(fleet->loop, &tracker->work, on_tracker_work, on_tracker_worked);
}

struct address_tracker *address_tracker_new(struct fleet *fleet) {
    struct address_tracker *tracker = alloc_zero(sizeof *tracker);
    tracker->fleet = fleet;
    tracker->home_path = alloc_string(fleet->home->path);
    tracker->dns = dns_sync_new(fleet->loop, fleet->recorder, fleet->home->path);
    tracker->names = name_sync_new(fleet);
    tracker->revision = -1;
    tracker->work.data = tracker->timer.data = tracker;
    uv_timer_init(fleet->loop, &tracker->timer);
    tick_start(&tracker->timer, on_tick, ADDRESS_TRACKER_INTERVAL_MS);
    return tracker;
}

static void on_timer_closed(uv_handle_t *timer) {
    struct address_tracker *tracker = timer->data;
    tracker->timer_closed = true;
    free_if_closed(tracker);
}

void address_tracker_close(struct address_tracker *tracker) {
    if (!tracker)
        return;
    tracker->closing = true;
    dns_sync_close(tracker->dns);
    name_sync_close(tracker->names);
    uv_close((uv_handle_t *)&tracker->timer, on_timer_closed);
}
