#include "vm_plan.h"

#include "base/alloc.h"
#include "machine/socket.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

void vm_plan_done(struct vm_plan *plan) {
    helpers_done(&plan->helpers);
    strv_done(&plan->argv);
    for (int i = 0; i < RUN_FILE_COUNT; i++)
        free(plan->files[i]);
    vm_drives_done(&plan->drives);
    buffer_done(&plan->root_file);
    free(plan->run_as);
    free(plan->qemu_log);
    free(plan->console_log);
    free(plan->accel);
    free(plan->hardware);
    free(plan->wakes);
    strv_done(&plan->warnings);
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
    int second_listener, agent_listener, lock; /* for a QEMU that starts as root */
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

/* Its lock on the pid file is an open file that it inherits: root must not open the file. */
static bool open_for_root(const struct vm_plan *plan, struct sockets *sockets,
                          struct error *error) {
    const char *pid_file = plan->files[RUN_FILE_PID];
    if (!plan->run_as)
        return true;
    sockets->second_listener = socket_listen(plan->files[RUN_FILE_MONITOR], error);
    if (sockets->second_listener >= 0)
        sockets->agent_listener = socket_listen(plan->files[RUN_FILE_AGENT], error);
    if (sockets->agent_listener < 0)
        return false;
    sockets->lock = open(pid_file, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return (sockets->lock >= 0 && flock(sockets->lock, LOCK_EX) == 0) ||
           error_errno(error, "cannot lock %s", pid_file);
}

static void write_pid(int lock, pid_t pid) {
    if (lock >= 0)
        dprintf(lock, "%ld\n", (long)pid);
}

static struct process *spawn(struct vm_plan *plan, uv_loop_t *loop,
                             const struct process_listener *listener, const struct sockets *sockets,
                             struct error *error) {
    const struct process_options options = {
        .argv = plan->argv.items,
        .log = plan->qemu_log,
        .qmp_fd = sockets->qmp_listener,
        .console_fd = sockets->console_listener,
        .helpers = &plan->helpers,
        .link = plan->link,
        .as_root = plan->run_as != NULL,
        .more = {sockets->second_listener, sockets->agent_listener, sockets->lock},
        .root_file = &plan->root_file,
    };
    struct process *process = process_spawn(loop, &options, listener, error);
    if (process)
        write_pid(sockets->lock, process_pid(process));
    return process;
}

/* The listeners are closed here right after the spawn: while a copy is open in this process, the
 * end of QEMU would not be seen on the connections. */
bool vm_plan_spawn(struct vm_plan *plan, uv_loop_t *loop, const struct process_listener *listener,
                   struct vm_spawned *spawned, struct error *error) {
    struct sockets sockets = {-1, -1, -1, -1, -1, -1, -1};
    *spawned = (struct vm_spawned){.qmp_fd = -1, .console_fd = -1};
    if (open_sockets(plan, &sockets, error) && open_for_root(plan, &sockets, error))
        spawned->process = spawn(plan, loop, listener, &sockets, error);
    close_one(&sockets.second_listener);
    close_one(&sockets.agent_listener);
    close_one(&sockets.lock);
    close_one(&sockets.qmp_listener);
    close_one(&sockets.console_listener);
    helpers_close_fds(&plan->helpers);
    strv_done(&plan->argv);
    buffer_done(&plan->root_file);
    if (!spawned->process) {
        close_one(&sockets.qmp_client);
        close_one(&sockets.console_client);
        return false;
    }
    spawned->qmp_fd = sockets.qmp_client;
    spawned->console_fd = sockets.console_client;
    return true;
}
