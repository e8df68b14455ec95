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
void vm_close(struct vm *vm); /* QEMU keeps running; the last closed handle frees */

/* Restores how the last launch ended, from the store. Only for a VM that was just created. */
void vm_recall(struct vm *vm, const struct store_launch *last);

/* Requests. listener->changed reports what follows from them. */
void vm_start(struct vm *vm);
struct vm_stop_options {
    uint64_t limit_ms; /* until QEMU is told to quit; 0: no limit */
    bool force;        /* tell QEMU to quit at once */
    bool may_escalate; /* at the limit QEMU quits; false: the VM keeps running */
};
/* A second stop can only be stricter. */
void vm_stop(struct vm *vm, const struct vm_stop_options *options);
void vm_request(struct vm *vm, enum lifecycle_input input); /* kill, pause, resume, reset */

/* cloud-init runs as at a first boot: not sshd makes the guest ready, but the phone-home; what
 * comes from then on is of this boot. */
void vm_expect_phone_home(struct vm *vm);
/* The guest phoned home as instance_id. From now on sshd is probed at address (NULL: no change). */
void vm_phoned_home(struct vm *vm, const char *instance_id, const char *address);
/* Nothing is heard of the guest: the causes are the reason, until it is heard of. */
void vm_silent(struct vm *vm, const char *causes);
/* The guest is at this address; sshd is probed there. */
void vm_address_changed(struct vm *vm, const char *address);

/* The VM has a process, or a launch is being prepared. */
bool vm_is_busy(const struct vm *vm);
/* This is the process that was adopted last. */
bool vm_is_same_process(const struct vm *vm, pid_t pid, uint64_t start);
/* It was launched by an earlier supervisor or by vm.sh. */
bool vm_was_adopted(const struct vm *vm);
/* Without hardware virtualisation: everything takes its guest longer. */
bool vm_is_emulated(const struct vm *vm);
/* What speaks against this QEMU, and what it warned of when it was launched. */
const struct strv *vm_warnings(const struct vm *vm);
/* An event of kind "notice", unless the VM is being closed. */
void vm_notice(struct vm *vm, const char *text);

/* The owner's fields (vm_object.h). */
void vm_set_wanted(struct vm *vm, bool wanted);
void vm_set_cold(struct vm *vm, bool cold);
void vm_set_restarting(struct vm *vm, bool restarting);
void vm_set_provision_result(struct vm *vm, const char *result); /* NULL: not run */
void vm_provisioning_begins(struct vm *vm);                      /* until a result is set */
/* boot_take() on the VM's boot: a sentence when the step is news, else NULL. Caller frees. */
char *vm_take_boot_step(struct vm *vm, const struct boot_step *step);
