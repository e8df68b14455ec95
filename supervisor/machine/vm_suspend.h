/* The memory of a VM to disk and back. Suspending: the vCPUs are halted, an internal snapshot of
 * all disks with the memory in it is made (machine/core/suspend_tag.h), and QEMU quits. Waking: a
 * QEMU that has not run its guest yet loads it, removes it from the disks, and only then lets the
 * guest go on; so a disk never changes while saved memory is in it. vm_suspend_qmp.h acts on the
 * answers.
 */
#pragma once

#include "base/error.h"
#include "machine/vm_object.h"

#define VM_SUSPEND_RECORD_LIMIT_MS 10000u /* until the store has it; QEMU is told after that */
#define VM_SUSPEND_NOT_RECORDED    "the store cannot be written now"

/* What can be known before: how it was started, that no one copies it, room for its memory. */
bool vm_suspend_check(const struct vm *vm, struct error *error);
uint64_t vm_suspend_limit_ms(const struct vm *vm);    /* for its size */
void vm_suspend_begin(struct vm *vm);                 /* the effect of INPUT_SUSPEND */
void vm_suspend_end(struct vm *vm);                   /* done, or it runs on */
void vm_suspend_fail(struct vm *vm, const char *why); /* INPUT_SAVE_FAILED follows */
void vm_suspend_retry(struct vm *vm);                 /* that it failed before does not count */
char *vm_suspend_outcome(const struct vm *vm);        /* "suspended, 1.3 s"; caller frees */
/* QEMU saves or loads, and may be silent for long. */
bool vm_suspend_is_at_work(const struct vm *vm);
/* False: its memory would be lost if it were stopped now, other than by force. */
bool vm_suspend_check_stop(const struct vm *vm, struct error *error);
/* After a launch that loaded: with each scan, until it has been done or cannot be. */
void vm_suspend_set_clock(struct vm *vm);
void vm_suspend_forget(struct vm *vm);

/* arguments is stolen. The answer's context is &vm->suspend. */
void vm_suspend_send(struct vm *vm, const char *command, json_t *arguments);
/* Asks for the disks, then for the jobs, by which it is decided what comes next. */
void vm_suspend_look(struct vm *vm);
