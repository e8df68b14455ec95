/* QEMU's run states, as far as they say why a guest does not run and what helps. One table, pure.
 * Source: QEMU's qapi/run-state.json (RunState) and system/runstate.c. */
#pragma once

#include <stdbool.h>

/* QEMU itself has stopped the guest: neither by request nor before its start. */
bool run_state_is_halt(const char *word);

/* QEMU refuses to resume the guest ("Resetting the Virtual Machine is required"). */
bool run_state_needs_reset(const char *word);

/* The guest gets no further without a reset, whether or not QEMU would resume it. */
bool run_state_ends_boot(const char *word);

/* What goes into the reason besides the run state. */
struct run_state_context {
    const char *vm;        /* its name */
    const char *accel;     /* "kvm", "hvf", "tcg"; NULL: not known */
    const char *qemu_text; /* QEMU's own line about it; "" when it wrote none */
};
/* The sentence for a VM that QEMU has stopped; NULL: by request, or it is not stopped. Caller
 * frees. */
char *run_state_reason(const char *word, const struct run_state_context *context);
