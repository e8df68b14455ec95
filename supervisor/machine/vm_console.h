/* The serial console of a VM for those who look at it and type into it. What it writes comes by the
 * listener's output(). */
#pragma once

#include "machine/vm_object.h"

/* False: it has no console that can be reached (vm.sh keeps it in its terminal), or the guest does
 * not read what was typed. */
bool vm_console_write(struct vm *vm, const char *data, size_t length);
/* The last output as it came; caller frees with buffer_done(). */
struct buffer vm_console_recent(const struct vm *vm);
