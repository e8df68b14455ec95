#include "daemon/name_sync.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "cloudinit/hosts_script.h"
#include "home/network/members.h"
#include "machine/vm_agent.h"
#include "store/network_table.h"

static void tell_names(struct fleet *fleet, struct vm *vm, int64_t revision) {
    scoped(buffer_done) struct buffer lines = {0}, script = {0};
    if (!members_hosts(fleet->home->store, vm->instance, &lines, NULL))
        return; /* asked again at the next tick */
    hosts_script(lines.data ? lines.data : "", revision, HOSTS_OF_NOW, &script);
    vm_agent_tell_names(vm, revision, script.data);
}

void name_sync_run(struct fleet *fleet) {
    int64_t revision;
    if (!network_table_revision(fleet->home->store, &revision, NULL))
        return;
    for (size_t i = 0; revision && i < fleet->count; i++)
        if (vm_agent_wants_names(fleet->vms[i], revision))
            tell_names(fleet, fleet->vms[i], revision);
}
