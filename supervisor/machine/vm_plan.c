#include "vm_plan.h"

#include "base/alloc.h"
#include "machine/socket.h"

#include <stdlib.h>
#include <unistd.h>

void vm_plan_done(struct vm_plan *plan) {
    helpers_done(&plan->helpers);
    strv_done(&plan->argv);
    for (int i = 0; i < RUN_FILE_COUNT; i++)
        free(plan->files[i]);
    free(plan->qemu_log);
    free(plan->console_log);
    free(plan->accel);
    free(plan->address);
    free(plan->mac);
    free(plan->provision_result);
    store_launch_done(&plan->launch);
    *plan = (struct vm_plan){0};
}

void vm_plan_remove_files(const struct vm_plan *plan) {
    for (int i = 0; i < RUN_FILE_COUNT; i++)
        if (plan->files[i])
            unlink(plan->files[i]);
}

void vm_plan_disown_files(struct vm_plan *plan) {
    for (int i = 0; i < RUN_FILE_COUNT; i++)
        alloc_replace(&plan->files[i], NULL);
}

struct sockets {
    int qmp_listener, qmp_client, console_listener, console_client;
};

static void close_one(int *fd) {
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static bool open_sockets(const struct vm_plan *plan, struct sockets *sockets, struct error *error) {
    sockets->qmp_listener = socket_listen(plan->files[RUN_FILE_QMP], error);
    if (sockets->qmp_listener >= 0)
        sockets->qmp_client = socket_connect(plan->files[RUN_FILE_QMP], error);
    if (sockets->qmp_client >= 0)
        sockets->console_listener = socket_listen(plan->files[RUN_FILE_CONSOLE], error);
    if (sockets->console_listener >= 0)
        sockets->console_client = socket_connect(plan->files[RUN_FILE_CONSOLE], error);
    return sockets->console_client >= 0;
}

/* The listeners are closed here right after the spawn: while a copy is open in this process, the
 * end of QEMU would not be seen on the connections. */
bool vm_plan_spawn(struct vm_plan *plan, uv_loop_t *loop, const struct process_listener *listener,
                   struct vm_spawned *spawned, struct error *error) {
    struct sockets sockets = {-1, -1, -1, -1};
    *spawned = (struct vm_spawned){.qmp_fd = -1, .console_fd = -1};
    if (open_sockets(plan, &sockets, error)) {
        struct process_options options = {plan->argv.items, plan->qemu_log, sockets.qmp_listener,
                                          sockets.console_listener, &plan->helpers};
        spawned->process = process_spawn(loop, &options, listener, error);
    }
    close_one(&sockets.qmp_listener);
    close_one(&sockets.console_listener);
    helpers_close_fds(&plan->helpers);
    if (!spawned->process) {
        close_one(&sockets.qmp_client);
        close_one(&sockets.console_client);
        return false;
    }
    spawned->qmp_fd = sockets.qmp_client;
    spawned->console_fd = sockets.console_client;
    return true;
}
