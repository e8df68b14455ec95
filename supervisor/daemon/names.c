#include "names.h"

#include "base/alloc.h"
#include "base/log.h"
#include "base/platform.h"
#include "daemon/dns_keeper.h"
#include "home/names/dns_update.h"
#include "home/names/hosts.h"
#include "home/names/neighbour.h"
#include "machine/tick.h"
#include "machine/vm_agent.h"
#include "store/guest_table.h"

#include <stdlib.h>
#include <string.h>

struct seen { /* a guest, where it is now */
    int64_t instance;
    char address[16];
};

struct names {
    struct fleet *fleet;
    struct dns_keeper *dns;
    uv_timer_t timer;
    uv_work_t work;
    bool busy, closing, timer_closed, warned;
    /* The worker's, while busy. */
    char *home_path;
    struct home home; /* opened by the first work that can */
    bool open;
    int64_t *running; /* the instances whose VMs run, and whose agents do not tell */
    size_t running_count;
    struct seen *seen;
    size_t seen_count;
    bool dns_is_due;
    struct error problem;
};

/* --- on a worker thread --- */

static bool is_running(const struct names *names, int64_t instance) {
    for (size_t i = 0; i < names->running_count; i++)
        if (names->running[i] == instance)
            return true;
    return false;
}

static bool look_for(struct names *names, const struct store_instance *instance,
                     const struct platform_neighbour *list, size_t count, struct error *error) {
    struct seen *seen = &names->seen[names->seen_count];
    struct store_guest guest = {0};
    if (!store_instance_uses_dhcp(instance) || !is_running(names, instance->id))
        return true;
    if (!guest_table_get(names->home.store, instance->id, &guest, error))
        return false;
    bool found = neighbour_find(list, count, instance->mac, guest.address, seen->address);
    if (found && (!guest.address || strcmp(guest.address, seen->address) != 0)) {
        seen->instance = instance->id;
        names->seen_count++;
    }
    store_guest_done(&guest);
    return true;
}

static bool look(struct names *names, struct error *error) {
    struct store_instances instances = {0};
    struct platform_neighbour *list = NULL;
    size_t count = 0;
    bool good = instance_table_list(names->home.store, &instances, error);
    names->seen = alloc_zero((instances.count + 1) * sizeof *names->seen);
    if (names->running_count == 0 || !platform_neighbours(&list, &count))
        count = 0;
    for (size_t i = 0; good && count > 0 && i < instances.count; i++)
        good = look_for(names, &instances.items[i], list, count, error);
    store_instances_done(&instances);
    free(list);
    return good;
}

static void on_work(uv_work_t *work) {
    struct names *names = work->data;
    struct error *error = &names->problem;
    error_clear(error);
    if (!names->open)
        names->open = home_open(names->home_path, &names->home, error);
    names->dns_is_due = false;
    if (names->open && look(names, error) && hosts_write(&names->home, error))
        dns_update_is_due(&names->home, &names->dns_is_due, error);
}

/* --- on the loop's thread --- */

static void free_if_closed(struct names *names) {
    if (names->busy || !names->timer_closed)
        return;
    if (names->open)
        home_close(&names->home);
    free(names->home_path);
    free(names);
}

static void forget_work(struct names *names) {
    free(names->running);
    free(names->seen);
    names->running = NULL;
    names->seen = NULL;
    names->running_count = names->seen_count = 0;
    names->busy = false;
}

void names_learn(struct names *names, const struct address_report *report) {
    struct fleet *fleet = names->fleet;
    if (!report->known || strcmp(report->known, report->address) != 0) {
        scoped(alloc_release) char *text =
            report->known
                ? alloc_printf("%s (%s), was %s", report->address, report->source, report->known)
                : alloc_printf("%s (%s)", report->address, report->source);
        recorder_address(fleet->recorder, report->instance, report->address, report->source);
        recorder_event(fleet->recorder, report->instance, "address", text);
        log_info("vm=%s address: %s", report->name, text);
    }
    struct vm *vm = fleet_get_by_id(fleet, report->instance);
    if (vm)
        vm_moved(vm, report->address);
}

/* An address that the store does not tell now is found again by the next look. */
static void learn_of_vm(struct names *names, const struct vm *vm, const char *address,
                        const char *source, const struct store_guest *guest) {
    names_learn(names, &(struct address_report){.instance = vm->instance,
                                                .name = vm->name,
                                                .known = guest->address,
                                                .address = address,
                                                .source = source});
}

void names_hear(struct names *names, const struct vm *vm, const struct qga_addresses *addresses) {
    struct store_guest guest = {0};
    if (guest_table_get(names->fleet->home->store, vm->instance, &guest, NULL)) {
        const char *address = qga_addresses_choose(addresses, guest.address);
        if (address)
            learn_of_vm(names, vm, address, "agent", &guest);
    }
    store_guest_done(&guest);
}

/* A guest's agent knows better than the table, which keeps addresses that were given up. */
static bool is_looked_for(const struct vm *vm) {
    return lifecycle_has_process(vm->state) && !vm->agent_tells;
}

static void take(struct names *names, const struct seen *seen) {
    struct vm *vm = fleet_get_by_id(names->fleet, seen->instance);
    if (!vm || !is_looked_for(vm))
        return;
    struct store_guest guest = {0};
    if (guest_table_get(names->fleet->home->store, vm->instance, &guest, NULL))
        learn_of_vm(names, vm, seen->address, "neighbour", &guest);
    store_guest_done(&guest);
}

static void on_worked(uv_work_t *work, int status) {
    struct names *names = work->data;
    if (!names->closing && status == 0) {
        bool failed = names->problem.code != ERROR_NONE;
        for (size_t i = 0; i < names->seen_count; i++)
            take(names, &names->seen[i]);
        if (failed && !names->warned)
            log_warning("addresses are not kept up, will try again: %s", names->problem.text);
        names->warned = failed;
        if (names->dns_is_due)
            dns_keeper_look(names->dns);
    }
    forget_work(names);
    free_if_closed(names);
}

static void on_tick(uv_timer_t *timer) {
    struct names *names = timer->data;
    const struct fleet *fleet = names->fleet;
    tick_start(timer, on_tick, NAMES_INTERVAL_MS);
    for (size_t i = 0; i < fleet->count; i++)
        vm_agent_look(fleet->vms[i]);
    if (names->busy)
        return;
    names->busy = true;
    names->running = alloc_zero((fleet->count + 1) * sizeof *names->running);
    for (size_t i = 0; i < fleet->count; i++)
        if (is_looked_for(fleet->vms[i]))
            names->running[names->running_count++] = fleet->vms[i]->instance;
    uv_queue_work(fleet->loop, &names->work, on_work, on_worked);
}

struct names *names_new(struct fleet *fleet) {
    struct names *names = alloc_zero(sizeof *names);
    names->fleet = fleet;
    names->home_path = alloc_string(fleet->home->path);
    names->dns = dns_keeper_new(fleet->loop, fleet->recorder, fleet->home->path);
    names->work.data = names->timer.data = names;
    uv_timer_init(fleet->loop, &names->timer);
    tick_start(&names->timer, on_tick, NAMES_INTERVAL_MS);
    return names;
}

static void on_timer_closed(uv_handle_t *timer) {
    struct names *names = timer->data;
    names->timer_closed = true;
    free_if_closed(names);
}

void names_close(struct names *names) {
    if (!names)
        return;
    names->closing = true;
    dns_keeper_close(names->dns);
    if (names->busy)
        uv_cancel((uv_req_t *)&names->work);
    uv_close((uv_handle_t *)&names->timer, on_timer_closed);
}
