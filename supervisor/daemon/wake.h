/* What the computer's sleep meant for the guests: has each VM set right (vm_wake.h), and tells of
 * all of them in one line when the last one is, or is given up. */
#pragma once

#include "daemon/fleet.h"

struct wake {
    uint64_t slept_ms; /* platform_slept_ms() at the last look */
    uint64_t night_ms; /* slept since the guests were last told of; 0: they are */
};

void wake_init(struct wake *wake);
/* To be called every few seconds. */
void wake_look(struct wake *wake, struct fleet *fleet);
/* "the computer slept 7 h 12 min; 3 guests set right; silent: web"; NULL: not yet. Caller frees. */
char *wake_summary(uint64_t slept_ms, struct vm *const *vms, size_t count);
