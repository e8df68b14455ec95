/* Whether a guest may run virtual machines of its own. Emulation always lets it; hardware does
 * under conditions that QEMU finds out too late: on macOS 15 it aborts although it starts. */
#pragma once

#include "base/error.h"
#include "machine/core/spec.h"

struct nested_facts {
    enum spec_accel accel;
    struct spec_qemu qemu;
    unsigned macos;        /* 15; 0: another system */
    const char *processor; /* "Apple M3 Pro"; NULL: not known */
    const char *kvm;       /* what KVM's parameter "nested" says; NULL: there is none */
};

/* Pure. The condition that is not met, for a sentence; NULL: none. */
const char *nested_obstacle(const struct nested_facts *facts);
/* Fails with that, and with what to do. Blocking. */
bool nested_check(enum spec_accel accel, const struct spec_qemu *qemu, struct error *error);
