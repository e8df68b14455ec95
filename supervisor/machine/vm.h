/* One VM under supervision: the lifecycle table put to work. Owns the process handle, the monitor,
 * the console and the timers; performs effects; keeps the record of the current launch, which
 * begins and ends in vm_launch.h. Knows no cloud home, no store connection and no client: those are
 * behind its listener.
 *
 * One struct per instance for as long as the supervisor lives. All calls on the loop's thread. */
#pragma once

#include "machine/vm_object.h"

struct vm *vm_new(uv_loop_t *loop, const char *name, const char *uuid, int64_t instance,
                  const struct vm_listener *listener);
void vm_close(struct vm *vm); /* leaves a running QEMU be; frees when all handles are closed */

/* How it ended last, before this supervisor; only for one that was just made. */
void vm_recall(struct vm *vm, const struct store_launch *last);

/* Requests; what they lead to is told by listener->changed. */
void vm_start(struct vm *vm);
struct vm_stop_options {
    uint64_t limit_ms; /* until quit; 0: wait for ever */
    bool force;        /* quit at once */
    bool may_escalate; /* at the limit QEMU quits; false: the VM keeps running */
};
void vm_stop(struct vm *vm, const struct vm_stop_options *options); /* a second one tightens */
void vm_request(struct vm *vm, enum lifecycle_input input);         /* kill, pause, resume, reset */

/* A better sentence for the state it is in, from somebody who knows more. */
void vm_explain(struct vm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What the seed server and provisioning saw. */
void vm_phase(struct vm *vm, enum store_phase phase);
/* As instance_id; from now on its sshd is looked for at address (NULL: where it was). */
void vm_phoned_home(struct vm *vm, const char *instance_id, const char *address);
/* Where the guest is now: there its sshd is looked for. */
void vm_address_changed(struct vm *vm, const char *address);

/* It has a process, or is on its way to one. */
bool vm_is_busy(const struct vm *vm);
/* The process that it had last, or has, is this one. */
bool vm_is_same_process(const struct vm *vm, pid_t pid, uint64_t start);
/* An event of kind "notice", unless the VM is being closed. */
void vm_notice(struct vm *vm, const char *text);

/* The owner's fields (vm_object.h). */
void vm_set_wanted(struct vm *vm, bool wanted);
void vm_set_provision_result(struct vm *vm, const char *result); /* NULL: not run */
/* boot_take() on the VM's boot: a sentence when the step is news, else NULL. Caller frees. */
char *vm_take_boot_step(struct vm *vm, const struct boot_step *step);
