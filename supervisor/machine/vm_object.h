/* One VM as a struct, and who may do what with its fields. Whoever has a VM reads the first
 * section. The owner (the daemon) keeps the second one, by the setters of vm.h. The third one
 * belongs to the files of machine/ alone. Nobody outside machine/ writes a field. */
#pragma once

#include "machine/core/boot.h"
#include "machine/core/lifecycle.h"
#include "machine/vm_plan.h"
#include "qmp/qga_addresses.h"
#include "qmp/session.h"
#include "store/event_table.h"
#include "store/launch_table.h"

#include <sys/types.h>
#include <uv.h>

#define VM_SPACE_CHECK_MS  10000 /* interval: is there space for a VM that a full disk paused? */
#define VM_EXIT_TIMEOUT_MS 2000  /* after QMP was lost during a start: until QEMU is killed */
/* query-status, and what its answer may take: silence shows within the sum of both, later where
 * there are many VMs (daemon/heartbeats.h). */
#define VM_HEARTBEAT_MS        5000
#define VM_HEARTBEAT_ANSWER_MS 4000
#define VM_BEATS_SKIPPED_MAX   10u
#define VM_RETRY_MS            3000 /* to reach a QEMU that is being stopped */
#define VM_EXAMINATION_MS      1000 /* after one that runs was found: it is asked about the rest */

/* The guest's, after the computer slept. */
enum vm_clock { VM_CLOCK_ITS_OWN, VM_CLOCK_ASKED, VM_CLOCK_SET, VM_CLOCK_LATE };

struct vm;

#define VM_PANICKED "the kernel of the guest panicked, its console says"

struct vm_listener {
    void *context;
    /* Creates a launch plan on a worker thread: vm_launch_begins() when that begins, and
     * vm_launch_prepared() takes the result. */
    void (*prepare)(void *context, struct vm *vm);
    /* A launch that has not begun at the deadline may go on waiting: others before it proceed. */
    bool (*queued)(void *context);
    /* State, reason or a phase changed: the owner stores the launch record and settles waiters. */
    void (*changed)(void *context, struct vm *vm);
    /* The record must be in the store before QEMU is told: vm_suspend_recorded() follows. */
    void (*record)(void *context, struct vm *vm);
    void (*event)(void *context, struct vm *vm, enum store_event_kind kind, const char *text);
    /* A stop that must not escalate reached its limit; the guest keeps running. */
    void (*expired)(void *context, struct vm *vm);
    /* The guest wrote to its serial console. */
    void (*output)(void *context, struct vm *vm, const char *data, size_t length);
    /* QEMU refused a command; text is QEMU's. */
    void (*refused)(void *context, struct vm *vm, const char *command, const char *text);
    /* What the agent in a guest that has its address by DHCP says of its first card: one at least.
     */
    void (*addresses)(void *context, struct vm *vm, const struct qga_addresses *addresses);
    /* The file systems of the guest are not frozen any more: after vm_agent_thaw(). */
    void (*thawed)(void *context, struct vm *vm);
};

struct vm {
    /* --- public: everybody may read --- */
    char *name;
    char *uuid;
    int64_t instance;
    enum lifecycle_state state;
    char *reason; /* sentence for the state; NULL */
    struct store_launch launch;
    uint64_t since_ms;          /* monotonic: when the state was entered */
    enum error_code refusal;    /* why the last launch was not tried; ERROR_NONE: it was */
    bool agent_answers;         /* the agent in the guest answered the last question */
    bool agent_reports_address; /* … and reported an address of the first card */
    char *outcome;              /* of the last end: "guest-shutdown after 1 press, 2.1 s" */
    uint64_t stop_limit_ms;     /* of the stop under way, from its beginning; 0: none */
    bool halted;                /* when paused: by QEMU itself, not by request */
    bool needs_reset;           /* … and QEMU does not resume it without a reset */
    bool boot_ended;            /* … and it gets no further without a reset */
    bool panicked;              /* likewise, by its console, while it is not paused */
    bool suspended;             /* the last end: its memory had been saved */
    bool save_failed;           /* … in this launch it could not be */

    /* --- the owner's: everybody may read, the owner writes by setter --- */
    bool wanted;             /* the user wants it to run */
    bool cold;               /* its next launch discards saved memory */
    bool restarting;         /* it is to be started again when it has stopped */
    char *phoned_home;       /* to this supervisor, as this instance-id */
    char *provision_result;  /* store/guest_table.h; NULL: not run */
    int64_t provisioning_ms; /* wall clock: since when it is provisioned; 0: it is not */
    struct boot boot;        /* what cloud-init told of this launch */
    bool seed_fetched;       /* the meta-data, in this launch */

    /* --- private: for machine/vm*.c only --- */
    uv_loop_t *loop;
    const struct vm_listener *listener;
    void (*on_qmp_item)(void *owner, const struct qmp_item *item); /* owner: struct vm */
    struct vm_plan plan;
    struct process *process;
    struct monitor *monitor;
    struct console *console;
    struct probe *probe;
    struct agent *agent;       /* a question that is under way; NULL */
    bool agent_open;           /* the guest has opened the agent's port */
    int64_t agent_since_ms;    /* … since then, as far as this supervisor knows */
    uint64_t agent_heard_ms;   /* monotonic: it answered last; 0: never */
    bool thawing;              /* the question is that of vm_agent_thaw() */
    struct vm_names {          /* vm_agent_tell_names() */
        int64_t told, telling; /* revisions; 0: none */
        unsigned failures;     /* of the one that is being told */
    } names;
    struct vm_helper *helpers; /* vm_helpers.h */
    struct vm_wake *wake;      /* vm_wake.h; NULL */
    struct vm_suspend {        /* vm_suspend.h */
        json_t *disks;         /* names of the nodes that hold the memory and what belongs to it */
        char *memory;          /* … the first of them, if there is one */
        char *foreign;         /* a writable disk that qemu.args give it; NULL */
        char *found_tag;       /* in the disks of a VM that was found; NULL */
        json_t *found_jobs;    /* of QEMU, which it had then; NULL */
        bool begun;            /* it was suspending; its vCPUs are halted until that has ended */
        bool recorded;         /* … which the store knows */
        bool saves;            /* … and QEMU was told to save, in this suspension */
        bool clock_due;        /* its guest has been asleep, and does not know it yet */
        unsigned clock_tries;
        uint64_t began_ms; /* monotonic */
        struct vm_backup_locks {
            bool held;
            int fds[2];
        } locks; /* nobody snapshots or copies it meanwhile */
    } suspend;
    enum vm_clock clock;
    bool silent; /* the reason is that nothing is heard of the guest */
    uv_timer_t deadline, press, space;
    uv_timer_t heartbeat; /* of one that talks, or is found; during a stop, until it is reached */
    int open_handles;     /* the last close callback frees */
    bool closing, preparing;
    bool queued;           /* … and that has not begun */
    size_t drives_missing; /* of plan.drives, in a QEMU that started as root */
    bool may_escalate;
    bool stopping_vcpus; /* "stop" was sent; its STOP event is to come */
    bool resetting;      /* "system_reset" was sent while paused; its RESET event is to come */
    bool answered;       /* the current monitor has been ready */
    bool unexamined; /* it was connected to, and not asked yet for what events would have told */
    int64_t connected_ms; /* … wall clock: since then events have told it */
    uint64_t heard_ms;    /* uv_now() of the last message of its QEMU that was no heartbeat's */
    unsigned beats_skipped;
    bool disk_full;             /* no space on the host is why its guest stands still */
    uint64_t deadline_awake_ms; /* platform_awake_ms() at which the deadline is really due */
    uint64_t stop_began_ms;
    uint64_t launched_ms;     /* monotonic; 0: by an earlier supervisor */
    off_t log_start;          /* offset in plan.qemu_log at which this launch begins */
    char shutdown_reason[64]; /* of the last SHUTDOWN event of this launch */
};
