/* One VM under supervision: the lifecycle table put to work. Owns the process handle, the monitor,
 * the console and the timers; performs effects; keeps the record of the current launch. Knows no
 * cloud home, no store connection and no client: those are behind its listener.
 *
 * One struct per instance for as long as the supervisor lives. All calls on the loop's thread. */
#pragma once

#include "machine/core/boot.h"
#include "machine/core/lifecycle.h"
#include "machine/vm_plan.h"
#include "qmp/qga_addresses.h"
#include "store/launch_table.h"

#include <sys/types.h>
#include <uv.h>

#define VM_PRESS_INTERVAL_MS 10000 /* the power button again, while the guest still runs */
#define VM_SPACE_CHECK_MS    10000 /* a VM paused by a full host disk: is there space again? */
#define VM_SPACE_WANTED      (64ull << 20)
#define VM_EXIT_PATIENCE_MS  2000 /* a start that lost QMP: until its QEMU is killed */
#define VM_HEARTBEAT_MS      3000 /* query-status; with its deadline, silence shows within 10 s */

struct vm; /* open below; others read, only vm.c writes */

struct vm_listener {
    void *context;
    /* Make a launch plan, off the loop's thread; ends in vm_prepared(). */
    void (*prepare)(void *context, struct vm *vm);
    /* State, reason or a phase changed: the launch record is to be stored, waiters to be settled.
     */
    void (*changed)(void *context, struct vm *vm);
    void (*event)(void *context, struct vm *vm, const char *kind, const char *text);
    /* A stop that must not escalate reached its limit; the guest runs on. */
    void (*expired)(void *context, struct vm *vm);
    /* QEMU refused a command; text is QEMU's. */
    void (*refused)(void *context, struct vm *vm, const char *command, const char *text);
    /* What the agent in a guest that has its address by DHCP says of its first card: one at least.
     */
    void (*addresses)(void *context, struct vm *vm, const struct qga_addresses *addresses);
};

struct vm {
    char *name;
    char *uuid;
    int64_t instance;
    enum lifecycle_state state;
    char *reason; /* sentence for the state; NULL */
    struct store_launch launch;
    uint64_t since_ms;       /* monotonic: when the state was entered */
    bool wanted;             /* a person wants it to run; kept by the owner */
    char *phoned_home;       /* to this supervisor, as this instance-id; kept by the owner */
    char *provision_result;  /* store/guest_table.h; NULL: not run; kept by the owner */
    struct boot boot;        /* what cloud-init told of this launch; kept by the owner */
    enum error_code refusal; /* why the last launch was not even tried; ERROR_NONE: it was */
    bool agent_answers;      /* one in the guest did when it was asked last */
    bool agent_tells;        /* … and knows an address of the first card */
    char *outcome;           /* of the last end: "guest-shutdown after 1 press, 2.1 s" */

    /* Fields below are vm.c's own. */
    uv_loop_t *loop;
    const struct vm_listener *listener;
    struct vm_plan plan;
    struct process *process;
    struct monitor *monitor;
    struct console *console;
    struct probe *probe;
    struct agent *agent;       /* a question that is under way; NULL */
    bool agent_open;           /* the guest has opened the agent's port */
    struct vm_helper *helpers; /* vm_helpers.h */
    uv_timer_t deadline, press, heartbeat, space;
    int open_handles;
    bool closing, preparing;
    bool may_escalate;
    bool answered;  /* the monitor of now has been ready */
    bool disk_full; /* what paused it last on a disk's error: no space on the host */
    uint64_t stop_began_ms, stop_limit_ms; /* the limit from the beginning; 0: none */
    uint64_t launched_ms;                  /* monotonic; 0: by an earlier supervisor */
    off_t log_start;                       /* where this launch's words begin in plan.qemu_log */
    char shutdown_reason[64];              /* of the last SHUTDOWN event of this launch */
};

struct vm *vm_new(uv_loop_t *loop, const char *name, const char *uuid, int64_t instance,
                  const struct vm_listener *listener);
void vm_close(struct vm *vm); /* leaves a running QEMU be; frees when all handles are closed */

/* How it ended last, before this supervisor; only for one that was just made. */
void vm_recall(struct vm *vm, const struct store_launch *last);

/* Requests; what they lead to is told by listener->changed. */
void vm_start(struct vm *vm);
struct vm_stop_options {
    uint64_t limit_ms; /* until quit; 0: wait for ever */
    bool force;        /* quit at once */
    bool no_escalate;  /* at the limit leave it running */
};
void vm_stop(struct vm *vm, const struct vm_stop_options *options); /* a second one tightens */
void vm_request(struct vm *vm, enum lifecycle_input input);         /* kill, pause, resume, reset */

/* plan is taken over; NULL with a reason: the launch failed. */
void vm_prepared(struct vm *vm, struct vm_plan *plan, const struct error *error);
/* A process of this instance that runs unsupervised; plan is taken over. */
void vm_adopt(struct vm *vm, struct vm_plan *plan);

/* A better sentence for the state it is in, from somebody who knows more. */
void vm_explain(struct vm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the seed server and provisioning saw. */
void vm_phase(struct vm *vm, enum store_phase phase);
void vm_phoned_home(struct vm *vm, const char *address);
/* Where the guest is now: there its sshd is looked for. */
void vm_moved(struct vm *vm, const char *address);
