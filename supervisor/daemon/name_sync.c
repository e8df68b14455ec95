#include "daemon/name_sync.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/log.h"
#include "cloudinit/hosts_script.h"
#include "daemon/name_ssh.h"
#include "home/network/members.h"
#include "machine/vm_agent.h"
#include "store/network_table.h"

#include <stdlib.h>

struct name_sync {
    struct fleet *fleet;
    struct name_ssh *ssh;
};

/* False when the store cannot be read: asked again at the next tick. */
static bool make_script(struct name_sync *sync, const struct vm *vm, int64_t revision,
                        struct buffer *script, bool *any) {
    scoped(buffer_done) struct buffer lines = {0};
    if (!members_hosts(sync->fleet->home->store, vm->instance, &lines, NULL))
        return false;
    *any = lines.length > 0;
    hosts_script(lines.data ? lines.data : "", revision, HOSTS_OF_NOW, script);
    return true;
}

static void tell_by_agent(struct name_sync *sync, struct vm *vm, int64_t revision) {
    scoped(buffer_done) struct buffer script = {0};
    bool any;
    if (make_script(sync, vm, revision, &script, &any))
        vm_agent_tell_names(vm, revision, script.data);
}

/* --- by ssh --- */

/* A guest that is in no network needs nothing. */
static void tell_by_ssh(struct name_sync *sync, struct vm *vm, int64_t revision) {
    scoped(buffer_done) struct buffer script = {0};
    struct store_instance instance = {0};
    struct error problem = {0};
    bool any = false, began = false;
    if (!make_script(sync, vm, revision, &script, &any))
        return;
    vm_agent_names_begin(vm, revision);
    if (!any)
        vm_agent_names_end(vm, true);
    else if (instance_table_get(sync->fleet->home->store, vm->name, &instance, &problem))
        began = name_ssh_run(sync->ssh, &instance, script.data, &problem);
    if (any && !began) {
        vm_agent_names_end(vm, false);
        if (!vm_agent_wants_names_otherwise(vm, revision))
            log_info("vm=%s has the names of others after its next boot: %s", vm->name,
                     problem.text);
    }
    store_instance_done(&instance);
}

static void tell_next_by_ssh(struct name_sync *sync, int64_t revision) {
    struct fleet *fleet = sync->fleet;
    for (size_t i = 0; i < fleet->count && !name_ssh_is_busy(sync->ssh); i++)
        if (vm_agent_wants_names_otherwise(fleet->vms[i], revision))
            tell_by_ssh(sync, fleet->vms[i], revision);
}

/* The next one at once, but after a failure at the next tick. */
static void on_told(void *context, int64_t instance, bool good) {
    struct name_sync *sync = context;
    struct vm *vm = fleet_get_by_id(sync->fleet, instance);
    if (vm)
        vm_agent_names_end(vm, good);
    if (good)
        name_sync_run(sync);
}

/* --- for the daemon --- */

void name_sync_run(struct name_sync *sync) {
    struct fleet *fleet = sync->fleet;
    int64_t revision;
    if (!network_table_revision(fleet->home->store, &revision, NULL) || !revision)
        return;
    for (size_t i = 0; i < fleet->count; i++)
        if (vm_agent_wants_names(fleet->vms[i], revision))
            tell_by_agent(sync, fleet->vms[i], revision);
    tell_next_by_ssh(sync, revision);
}

struct name_sync *name_sync_new(struct fleet *fleet) {
    struct name_sync *sync = alloc_zero(sizeof *sync);
    sync->fleet = fleet;
    sync->ssh = name_ssh_new(fleet->loop, fleet->home, sync, on_told);
    return sync;
}

void name_sync_close(struct name_sync *sync) {
    name_ssh_close(sync->ssh);
    free(sync);
}
