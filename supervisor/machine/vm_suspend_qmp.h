/* What QEMU says while memory goes to disk or comes back (vm_suspend.h), and what follows from it.
 * What has been done is read from its jobs and disks, not remembered: another supervisor goes on
 * where one was killed. QEMU answers nothing while it saves or loads. */
#pragma once

#include "machine/vm_object.h"

/* QEMU has started, and has not run its guest. INPUT_QMP_READY follows, or the end of the launch
 * with a reason. */
void vm_suspend_load(struct vm *vm);

/* Whether the store knows that it is suspending, since since_ms of the VM. */
void vm_suspend_recorded(struct vm *vm, uint64_t since_ms, bool written);

/* True: it was an answer to what was asked here. */
bool vm_suspend_on_return(struct vm *vm, const struct qmp_item *item);
bool vm_suspend_on_refusal(struct vm *vm, const struct qmp_item *item, const char *text);
void vm_suspend_on_event(struct vm *vm, const struct qmp_item *item);

/* Of a VM that is found: what its launch was at, its disks, its jobs; last, its run state. True: it
 * was suspending or waking, which goes on or is undone. */
void vm_suspend_recall(struct vm *vm);
void vm_suspend_on_block(struct vm *vm, json_t *devices);
void vm_suspend_on_jobs(struct vm *vm, json_t *jobs);
bool vm_suspend_take_over(struct vm *vm, const char *status);
