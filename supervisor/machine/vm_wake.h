/* A VM after the computer slept: its guest's clock, its card, and whether it answers. vm_wake()
 * asks sshd where it was; a guest that stays silent loses the link of its first card for a moment,
 * as when its cable is pulled (a bridged card of macOS has lost its interface otherwise). One that
 * stays silent gets the reason, until it answers.
 *
 * Ends by itself, by a new launch, or by vm_wake_forget(). */
#pragma once

#include "machine/vm_object.h"

#define VM_WAKE_ANSWER_MS    30000u /* for an answer, before and after the link was down */
#define VM_WAKE_UNPLUGGED_MS 2000u

/* Switches learn again where the guest is. */
void vm_wake_announce(struct vm *vm);
void vm_wake(struct vm *vm); /* no more than an end of the sleep before, if it does not run */
void vm_wake_forget(struct vm *vm); /* a link that is down comes up again */

enum vm_wake_outcome {
    VM_WAKE_NONE, /* it did not run when the computer slept, or has been launched since */
    VM_WAKE_PENDING,
    VM_WAKE_RIGHT,
    VM_WAKE_LATE, /* it answers, or was not ready to, and nobody set its clock */
    VM_WAKE_SILENT,
};
enum vm_wake_outcome vm_wake_outcome(const struct vm *vm);
