/* Copies of a VM's disks that a backup began (cli/link/backup_live.h) and whose process has been
 * killed: jobs are cancelled and dismissed, and the nodes that they write to closed. While that
 * process lives it holds a lock, and nothing is done here. */
#pragma once

#include "machine/vm_object.h"
#include "qmp/session.h"

/* Another process makes a snapshot or a backup: what it asks over the second monitor may keep QEMU
 * at work for long. */
bool vm_backup_is_worked_on(const struct vm *vm);
/* Has those wait who would make one; nothing if one is being made. */
void vm_backup_hold(const struct vm *vm, struct vm_backup_locks *locks);
void vm_backup_release(struct vm_backup_locks *locks);
/* What query-jobs has answered, when a VM was found. */
void vm_backup_on_jobs(struct vm *vm, json_t *jobs);
/* JOB_STATUS_CHANGE; other events are passed over. */
void vm_backup_on_event(struct vm *vm, const struct qmp_item *item);
