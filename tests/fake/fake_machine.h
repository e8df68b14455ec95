/* What the fake QEMU does: the state of its guest, its commands, and its monitors' side of QMP,
 * without any descriptor. Bytes from a client go into monitor->input, bytes for it come out of
 * monitor->output; `ending` says that the process must end with `status` once those are written.
 *
 * As QEMU does it: lines end with CR LF, the id stands last in a success and first in an error, the
 * event that a command causes comes before its reply, nothing is said before negotiation. */
#pragma once

#include "base/buffer.h"
#include "fake_faults.h"

#include <stdbool.h>
#include <stdint.h>

#define FAKE_MONITORS 4

struct fake_monitor {
    bool negotiated;
    struct buffer input, output;
    uint64_t due_ms; /* when the command at the head of the input is done; 0: not begun */
};

struct fake_machine {
    struct fake_faults faults;
    char *name, *uuid;
    bool running, prelaunch;
    char *stopped_as;        /* the run state of a guest that stopped by itself; NULL: it did not */
    bool pressed;            /* the power button, while the guest did not run */
    uint64_t shutdown_at_ms; /* 0: the guest is not powering off */
    struct fake_monitor monitors[FAKE_MONITORS];
    long answers; /* without qmp_capabilities */
    bool hanging, misbehaved, ending;
    int status;
};

void fake_machine_greet(struct fake_machine *machine, struct fake_monitor *monitor);
void fake_machine_work(struct fake_machine *machine, uint64_t now_ms); /* whatever is due */
uint64_t fake_machine_due_ms(const struct fake_machine *machine);      /* UINT64_MAX: never */
void fake_machine_signal(struct fake_machine *machine);
void fake_machine_behave_anew(struct fake_machine *machine); /* reads the faults again */
void fake_machine_leave(struct fake_monitor *monitor);       /* its client went away */
void fake_machine_done(struct fake_machine *machine);
