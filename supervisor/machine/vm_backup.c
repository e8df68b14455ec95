#include "vm_backup.h"

#include "base/alloc.h"
#include "base/file.h"
#include "machine/core/qemu_argv.h"
#include "machine/monitor.h"
#include "machine/vm_words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *own_name(const json_t *object, const char *key) { /* NULL: another's */
    const char *text = json_string_value(json_object_get(object, key));
    return text && strncmp(text, QEMU_ARGV_BACKUP, strlen(QEMU_ARGV_BACKUP)) == 0 ? text : NULL;
}

/* In that of the instance; caller frees. One that is nowhere for a plan without files. */
static char *folder_of(const struct vm *vm, const char *name) {
    const char *log = vm->plan.qemu_log, *slash = log ? strrchr(log, '/') : NULL;
    return slash ? alloc_printf("%.*s/%s", (int)(slash - log), log, name) : alloc_string("");
}

static bool is_abandoned(const struct vm *vm) {
    scoped(alloc_release) char *folder = folder_of(vm, QEMU_ARGV_BACKUP_DOCUMENTS);
    return file_folder_is_free(folder);
}

static const char *const folders[] = {QEMU_ARGV_SNAPSHOTS, QEMU_ARGV_BACKUP_DOCUMENTS};
enum { FOLDERS = sizeof folders / sizeof *folders };

void vm_backup_hold(const struct vm *vm, struct vm_backup_locks *locks) {
    vm_backup_release(locks);
    for (size_t i = 0; i < FOLDERS; i++) {
        scoped(alloc_release) char *folder = folder_of(vm, folders[i]);
        locks->fds[i] = file_lock_folder(folder);
    }
    locks->held = true;
}

void vm_backup_release(struct vm_backup_locks *locks) {
    for (size_t i = 0; locks->held && i < FOLDERS; i++)
        file_release(&locks->fds[i]);
    locks->held = false;
}

bool vm_backup_is_worked_on(const struct vm *vm) {
    for (size_t i = 0; i < FOLDERS; i++) {
        scoped(alloc_release) char *folder = folder_of(vm, folders[i]);
        if (!file_folder_is_free(folder) && errno == EWOULDBLOCK)
            return true;
    }
    return false;
}

static void send_one(struct vm *vm, const char *command, const char *key, const char *value) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, key, json_string(value));
    monitor_send(vm->monitor, command, arguments, NULL);
}

/* The node is called as the job. */
static void end_job(struct vm *vm, const char *id) {
    send_one(vm, "job-dismiss", "id", id);
    send_one(vm, "blockdev-del", "node-name", id);
    vm_tell(vm, STORE_EVENT_JOB, "%s, which an interrupted backup had begun, was removed", id);
}

void vm_backup_on_jobs(struct vm *vm, json_t *jobs) {
    size_t index;
    json_t *job;
    json_array_foreach(jobs, index, job) {
        const char *id = own_name(job, "id");
        const char *status = json_string_value(json_object_get(job, "status"));
        if (!id || !status || !is_abandoned(vm))
            continue;
        if (strcmp(status, "concluded") == 0)
            end_job(vm, id);
        else
            send_one(vm, "job-cancel", "id", id);
    }
}

void vm_backup_on_event(struct vm *vm, const struct qmp_item *item) {
    const char *id = own_name(item->value, "id");
    const char *status = json_string_value(json_object_get(item->value, "status"));
    if (strcmp(item->name, "JOB_STATUS_CHANGE") == 0 && id && status &&
        strcmp(status, "concluded") == 0 && is_abandoned(vm))
        end_job(vm, id);
}
