/* One launch as it is to be, and carrying it out: sockets that listen before QEMU exists, then the
 * process. Knows no state. Strings are owned by the plan. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "machine/core/run_file.h"
#include "machine/process.h"
#include "store/launch_table.h"

#include <stdbool.h>
#include <uv.h>

/* How to launch, or (found_pid != 0) which unsupervised process was found instead. */
struct vm_plan {
    struct strv argv;
    char *files[RUN_FILE_COUNT]; /* paths; no RUN_FILE_CONSOLE: started by vm.sh */
    struct helpers helpers;
    char *qemu_log, *console_log;
    char *accel;   /* QEMU's word for it; NULL: not known */
    char *address; /* where sshd will answer; "" when not known */
    uint16_t port;
    char *mac;    /* of the first card */
    bool by_dhcp; /* its address is one that it got by itself, and at which this host reaches it */
    bool phones_home; /* first boot of this instance-id: ready is its phone-home */
    char *provision_result;
    pid_t found_pid;
    uint64_t found_start;
    struct store_launch launch;
};
void vm_plan_done(struct vm_plan *plan);
/* Removes what a launch has left in the run folder; QEMU leaves all of it when it is killed. */
void vm_plan_remove_files(const struct vm_plan *plan);
/* From now on there is nothing to remove: the files are somebody else's. */
void vm_plan_disown_files(struct vm_plan *plan);

struct vm_spawned {
    struct process *process;
    int qmp_fd, console_fd; /* connected already; the caller's */
};
/* Nothing is left open or running when it fails. */
bool vm_plan_spawn(struct vm_plan *plan, uv_loop_t *loop, const struct process_listener *listener,
                   struct vm_spawned *spawned, struct error *error);
