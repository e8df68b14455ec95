/* The plan of one launch, and its execution: creates the sockets, which listen before QEMU exists,
 * then spawns the process. Knows no state. The plan owns its strings. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "machine/core/run_file.h"
#include "machine/process.h"
#include "machine/vm_drives.h"
#include "store/launch_table.h"

#include <stdbool.h>
#include <uv.h>

/* How to launch, or (found_pid != 0) the unsupervised process that was found instead. */
struct vm_plan {
    struct strv argv;
    char *files[RUN_FILE_COUNT]; /* paths; no RUN_FILE_CONSOLE: started by vm.sh */
    struct helpers helpers;
    struct launch_link *link; /* what starts QEMU; NULL: it is a child */
    char *run_as;             /* QEMU starts as root: qemu_argv.h; NULL */
    struct buffer root_file;  /* which only root reads: the address of the seed; or empty */
    struct vm_drives drives;  /* which are added when it has dropped root */
    char *qemu_log, *console_log;
    char *accel;          /* QEMU's word for it; NULL: not known */
    char *hardware;       /* the tag of its memory: suspend_tag.h; NULL: not known, by vm.sh */
    char *wakes;          /* the tag of the saved memory that it loads; NULL: it boots */
    uint64_t ram_bytes;   /* about as much memory is to be saved or loaded */
    struct strv warnings; /* of this QEMU, its own included; each a sentence */
    char *address;        /* where sshd will answer; "" when not known */
    uint16_t port;
    char *mac;        /* of the first card */
    bool by_dhcp;     /* the guest gets its address by itself, and this host can reach it there */
    bool phones_home; /* first boot of this instance-id: the phone-home makes it ready */
    char *provision_result;
    pid_t found_pid;
    uint64_t found_start;
    struct store_launch launch;
};
void vm_plan_done(struct vm_plan *plan);
/* Removes the files of a launch from the run folder; a killed QEMU leaves them all. */
void vm_plan_remove_files(const struct vm_plan *plan);
/* Forgets the files, because they belong to another VM: nothing is removed later. */
void vm_plan_disown_files(struct vm_plan *plan);

struct vm_spawned {
    struct process *process;
    int qmp_fd, console_fd; /* connected; caller owns */
};
/* Once only: the plan keeps nothing that only QEMU's start needs. On failure no descriptor stays
 * open and no process runs. */
bool vm_plan_spawn(struct vm_plan *plan, uv_loop_t *loop, const struct process_listener *listener,
                   struct vm_spawned *spawned, struct error *error);
