/* How far the guest's boot is: the phases of its launch, and whether it is heard of. */
#pragma once

#include "machine/vm_object.h"

/* Seen by QEMU's events, the console, the seed server or provisioning. Ignored when it or a later
 * one was seen, and without a process. */
void vm_phase(struct vm *vm, enum store_phase phase);
/* The guest has fetched its meta-data, at the boot or at a later one of this launch. */
void vm_seed_fetched(struct vm *vm);
bool vm_expects_phone_home(const struct vm *vm); /* vm_expect_phone_home() would change nothing */
void vm_heard_of(struct vm *vm);                 /* what was told of its silence is over */
