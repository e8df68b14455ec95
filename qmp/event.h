/* QMP events that pgsup acts on, as data. Everything else is QMP_EVENT_OTHER and only logged.
 * Source: QEMU's qapi/run-state.json, qapi/block-core.json, qapi/char.json. */
#pragma once

#include <jansson.h>
#include <stdbool.h>

enum qmp_event_kind {
    QMP_EVENT_OTHER,
    QMP_EVENT_SHUTDOWN,
    QMP_EVENT_POWERDOWN,
    QMP_EVENT_RESET,
    QMP_EVENT_STOP,
    QMP_EVENT_RESUME,
    QMP_EVENT_SUSPEND,
    QMP_EVENT_WAKEUP,
    QMP_EVENT_GUEST_PANICKED,
    QMP_EVENT_WATCHDOG,
    QMP_EVENT_BLOCK_IO_ERROR,
    QMP_EVENT_VSERPORT_CHANGE,
    QMP_EVENT_JOB_STATUS_CHANGE, /* some for each job; how it ends is told by others */
};

struct qmp_event {
    enum qmp_event_kind kind;
    const char *name; /* as on the wire; borrowed from the item */
    bool guest;       /* SHUTDOWN, RESET: the guest asked */
    char reason[64];  /* SHUTDOWN, RESET: "guest-shutdown"; BLOCK_IO_ERROR: the host's text */
    char action[32];  /* GUEST_PANICKED, WATCHDOG, BLOCK_IO_ERROR: "poweroff", "stop" … */
    char device[64];  /* BLOCK_IO_ERROR: device or node-name; VSERPORT_CHANGE: id */
    bool nospace;     /* BLOCK_IO_ERROR */
    bool under_job;   /* BLOCK_IO_ERROR: a job works on that disk, whose node stands before it, with
                         a name that QEMU gave: the write failed on the disk, or in the job's copy */
    bool open;        /* VSERPORT_CHANGE */
};

/* data may be NULL or of any shape: what is missing or of the wrong type stays empty. */
void qmp_event_decode(const char *name, json_t *data, struct qmp_event *event);
