#include "fleet.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/log.h"
#include "base/name.h"
#include "base/platform.h"
#include "daemon/launch_worker.h"
#include "daemon/reports.h"
#include "home/layout.h"
#include "home/running.h"
#include "machine/log_rotate.h"
#include "machine/vm_agent.h"
#include "machine/vm_launch.h"
#include "machine/vm_suspend.h"
#include "machine/vm_suspend_qmp.h"
#include "machine/vm_words.h"
#include "store/freeze_table.h"
#include "store/transaction.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FOLDER_SETTLES_S  10
#define LOOKS_SKIPPED_MAX 20u /* one in so many looks is taken whatever the folder says */
#define ROTATE_TURNS      10u /* of many VMs, a tenth of the logs is looked at each time … */
#define ROTATE_LEAST      16u /* … and no fewer than these */

/* --- callbacks of VMs --- */

static void on_prepare(void *context, struct vm *vm) {
    struct fleet *fleet = context;
    journal_forget(fleet->journal, vm->instance);
    launch_worker_prepare(&fleet->launches, fleet->home->path, fleet->link, vm);
}

static bool on_queued(void *context) {
    struct fleet *fleet = context;
    return launch_queue_moves(&fleet->launches.queue, lifecycle_deadline_ms(STATE_STARTING));
}

static void on_changed(void *context, struct vm *vm) {
    struct fleet *fleet = context;
    if (vm->queued && vm->state != STATE_STARTING)
        launch_worker_release(&fleet->launches, vm);
    if (vm->launch.number)
        recorder_launch(fleet->recorder, &vm->launch);
    if (vm->suspended && vm->wanted && vm->state == STATE_QUITTING && !fleet->ending) {
        vm_set_wanted(vm, false);
        recorder_wanted(fleet->recorder, vm->instance, false);
    }
    waiters_changed(&fleet->waiters, vm);
    if (fleet->on_change)
        fleet->on_change(fleet->context, vm);
}

struct recording {
    struct fleet *fleet;
    int64_t instance;
    uint64_t since_ms;
};

static void on_recorded(void *context, bool written) {
    struct recording *recording = context;
    struct vm *vm = fleet_get_by_id(recording->fleet, recording->instance);
    if (vm)
        vm_suspend_recorded(vm, recording->since_ms, written);
    free(recording);
}

static void on_record(void *context, struct vm *vm) {
    struct recording *recording = alloc_zero(sizeof *recording);
    *recording = (struct recording){context, vm->instance, vm->since_ms};
    recorder_launch(recording->fleet->recorder, &vm->launch);
    recorder_when_written(recording->fleet->recorder, on_recorded, recording);
}

void fleet_vm_changed(struct fleet *fleet, struct vm *vm) {
    on_changed(fleet, vm);
}

static void on_vm_event(void *context, struct vm *vm, enum store_event_kind kind,
                        const char *text) {
    struct fleet *fleet = context;
    scoped(alloc_release) char *said =
        kind == STORE_EVENT_STATE ? alloc_printf("vm=%s ", vm->name) : NULL;
    journal_tell(fleet->journal, &(struct gather_message){vm->instance, kind, NULL, text, said});
    waiters_progress(&fleet->waiters, vm, kind, text);
}

static void on_expired(void *context, struct vm *vm) {
    struct fleet *fleet = context;
    waiters_expired(&fleet->waiters, vm);
}

static void on_output(void *context, struct vm *vm, const char *data, size_t length) {
    struct fleet *fleet = context;
    fleet->on_output(fleet->context, vm, data, length);
}

static void on_refused(void *context, struct vm *vm, const char *command, const char *text) {
    struct fleet *fleet = context;
    waiters_refused(&fleet->waiters, vm, command, text);
}

static void on_addresses(void *context, struct vm *vm, const struct qga_addresses *addresses) {
    struct fleet *fleet = context;
    fleet->on_addresses(fleet->context, vm, addresses);
}

static void on_thawed(void *context, struct vm *vm) {
    struct fleet *fleet = context;
    recorder_thawed(fleet->recorder, vm->instance);
}

/* --- the VMs --- */

void fleet_init(struct fleet *fleet, uv_loop_t *loop, struct home *home, struct recorder *recorder,
                struct journal *journal) {
    *fleet = (struct fleet){
        .loop = loop,
        .home = home,
        .recorder = recorder,
        .journal = journal,
        .waiters = {.loop = loop},
        .listener = {fleet, on_prepare, on_queued, on_changed, on_record, on_vm_event, on_expired,
                     on_output, on_refused, on_addresses, on_thawed},
    };
    launch_worker_init(&fleet->launches, loop, home->run);
}

struct vm *fleet_find(struct fleet *fleet, const char *name) {
    uint32_t hash = name_hash(name);
    for (size_t i = 0; i < fleet->count; i++)
        if (fleet->keys[i].name == hash && strcmp(fleet->vms[i]->name, name) == 0)
            return fleet->vms[i];
    return NULL;
}

struct vm *fleet_get_by_id(struct fleet *fleet, int64_t instance) {
    for (size_t i = 0; i < fleet->count; i++)
        if (fleet->keys[i].instance == instance)
            return fleet->vms[i];
    return NULL;
}

static void fleet_drop(struct fleet *fleet, struct vm *vm) {
    waiters_gone(&fleet->waiters, vm);
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->vms[i] == vm) {
            fleet->vms[i] = fleet->vms[--fleet->count];
            fleet->keys[i] = fleet->keys[fleet->count];
            break;
        }
    }
    vm_close(vm);
}

static void recall(struct fleet *fleet, struct vm *vm) {
    struct store_launch last = {0};
    if (launch_table_last(fleet->home->store, vm->instance, &last, NULL) && last.ended_ms)
        vm_recall(vm, &last);
    store_launch_done(&last);
}

static struct vm *fleet_add(struct fleet *fleet, const struct store_instance *instance) {
    struct vm *vm =
        vm_new(fleet->loop, instance->name, instance->uuid, instance->id, &fleet->listener);
    vm_set_wanted(vm, instance->wanted);
    recall(fleet, vm);
    fleet->vms = alloc_resize(fleet->vms, (fleet->count + 1) * sizeof *fleet->vms);
    fleet->keys = alloc_resize(fleet->keys, (fleet->count + 1) * sizeof *fleet->keys);
    fleet->keys[fleet->count] = (struct fleet_key){instance->id, name_hash(instance->name)};
    fleet->vms[fleet->count++] = vm;
    return vm;
}

static struct vm *get_by_row(struct fleet *fleet, const struct store_instance *instance) {
    const char *name = instance->name;
    struct vm *same = fleet_get_by_id(fleet, instance->id);
    struct vm *vm = same && strcmp(same->name, name) == 0 ? same : fleet_find(fleet, name);
    if (vm && vm != same && !vm_is_busy(vm)) {
        fleet_drop(fleet, vm); /* removed and created again under the same name */
        vm = NULL;
    }
    if (!vm && same && !vm_is_busy(same))
        fleet_drop(fleet, same); /* it was renamed */
    return vm ? vm : fleet_add(fleet, instance);
}

struct vm *fleet_get(struct fleet *fleet, const char *name, struct error *error) {
    struct store_instance instance = {0};
    bool good = instance_table_get(fleet->home->store, name, &instance, error);
    struct vm *vm = good ? get_by_row(fleet, &instance) : NULL;
    store_instance_done(&instance);
    return vm;
}

static size_t count_running(const struct fleet *fleet) {
    size_t running = 0;
    for (size_t i = 0; i < fleet->count; i++)
        running += vm_is_busy(fleet->vms[i]);
    return running;
}

bool fleet_runs(const struct fleet *fleet) {
    for (size_t i = 0; i < fleet->count; i++)
        if (vm_is_busy(fleet->vms[i]))
            return true;
    return false;
}

bool fleet_has_room(const struct fleet *fleet, struct error *error) {
    unsigned limit = descriptors_limit(), room = descriptors_vms(limit);
    if (fleet->count < room || count_running(fleet) < room)
        return true;
    if (room == 0)
        return error_set(error, ERROR_FAILED,
                         "the supervisor may open %u files, too few for a VM: start it again where "
                         "`ulimit -n` gives more",
                         limit);
    return error_set(error, ERROR_FAILED,
                     "the supervisor may open %u files, which ends at %u VM%s, and so many run: "
                     "start it again where `ulimit -n` gives more, or take a second computer",
                     limit, room, name_plural(room));
}

static void rotate_logs(struct fleet *fleet, struct vm *vm) {
    if (vm->plan.qemu_log && log_rotate(vm->plan.qemu_log))
        vm->log_start = 0;
    if (!vm->plan.helpers.count)
        return;
    scoped(alloc_release) char *helper = layout_file(fleet->home, vm->name, LAYOUT_HELPER_LOG);
    log_rotate(helper);
}

void fleet_rotate_logs(struct fleet *fleet) {
    size_t turn =
        fleet->count / ROTATE_TURNS > ROTATE_LEAST ? fleet->count / ROTATE_TURNS + 1 : ROTATE_LEAST;
    for (size_t i = 0; i < turn && i < fleet->count; i++) {
        struct vm *vm = fleet->vms[fleet->rotated++ % fleet->count];
        if (lifecycle_has_process(vm->state))
            rotate_logs(fleet, vm);
    }
}

/* A command that takes a snapshot thaws by itself, and sooner. */
static bool is_left_frozen(const struct store_freeze *freeze, const struct vm *vm) {
    int64_t now_ms = clock_wall_ms();
    return freeze->began_ms + FLEET_FREEZE_LIMIT_MS < now_ms || freeze->began_ms > now_ms ||
           freeze->began_ms < vm->agent_since_ms;
}

/* Also none that was left alone: see leave(). */
static bool runs_no_more(const struct fleet *fleet, const struct vm *vm) {
    struct running running = {0};
    bool known = !vm_is_busy(vm) && running_find(fleet->home->run, vm->name, &running, NULL);
    bool ended = known && !running.name;
    running_done(&running);
    return ended;
}

void fleet_thaw(struct fleet *fleet) {
    struct store_freezes freezes = {0};
    if (!freeze_table_list(fleet->home->store, 0, &freezes, NULL))
        return;
    for (size_t i = 0; i < freezes.count; i++) {
        struct vm *vm = fleet_get_by_id(fleet, freezes.items[i].instance);
        bool runs = vm && vm_is_busy(vm);
        if (vm && !runs && runs_no_more(fleet, vm))
            recorder_thawed(fleet->recorder, vm->instance);
        else if (runs && is_left_frozen(&freezes.items[i], vm))
            vm_agent_thaw(vm);
    }
    store_freezes_done(&freezes);
}

void fleet_set_clocks(struct fleet *fleet) {
    for (size_t i = 0; i < fleet->count; i++)
        vm_suspend_set_clock(fleet->vms[i]);
}

/* --- adoption --- */

/* It was examined before and is another VM. */
static bool was_rejected(const struct vm *vm, const struct running *running) {
    return vm_is_same_process(vm, running->pid, running->start);
}

/* Looked at again, and told once. */
static void leave(struct fleet *fleet, struct vm *vm, const struct error *problem) {
    scoped(alloc_release) char *why = alloc_printf("it runs and is not adopted: %s", problem->text);
    fleet->full = true;
    if (!vm->reason || strcmp(vm->reason, why) != 0)
        vm_explain(vm, "%s", why);
}

/* False: it cannot be looked up. */
static bool adopt_row(struct fleet *fleet, const struct running *running,
                      const struct store_instance *instance, struct error *error) {
    struct vm_plan plan = {0};
    struct error full = {0};
    struct vm *vm = get_by_row(fleet, instance);
    if (vm_is_busy(vm) || was_rejected(vm, running))
        return true;
    if (!fleet_has_room(fleet, &full)) {
        leave(fleet, vm, &full);
        return true;
    }
    if (!launch_worker_plan_found(fleet->home, running, instance, &plan, error)) {
        vm_plan_done(&plan);
        return false;
    }
    log_info("vm=%s runs already as process %ld: adopting it", running->name, (long)running->pid);
    vm_launch_adopt(vm, &plan);
    reports_recall(fleet->home->store, vm);
    return true;
}

/* False: the store cannot be read. */
static bool adopt_one(struct fleet *fleet, const struct running *running, struct error *error) {
    struct error problem = {0};
    struct store_instance instance = {0};
    bool good = instance_table_get(fleet->home->store, running->name, &instance, &problem) &&
                adopt_row(fleet, running, &instance, &problem);
    store_instance_done(&instance);
    if (good)
        return true;
    if (problem.code == ERROR_FAILED)
        return error_copy(error, &problem);
    log_warning(
        "process %ld looks like VM %s, which this home does not know: it keeps running (%s)",
        (long)running->pid, running->name, problem.text);
    return true;
}

/* Caller frees. */
static char *unsupervised_end_text(const struct store_launch *launch) {
    const char *text = "ended while unsupervised";
    if (!launch->pid)
        return alloc_printf("%s, before its start was recorded", text);
    uint64_t start = platform_process_start((pid_t)launch->pid);
    if (!start || start == launch->pid_start)
        return alloc_string(text);
    return alloc_printf("%s; process %lld is another one by now", text, (long long)launch->pid);
}

/* Not one that may be starting: its process was not recorded, or has not locked its pid file. */
static bool is_dead(const struct store_launch *launch) {
    return launch->pid && !platform_process_lives((pid_t)launch->pid, launch->pid_start);
}

/* A launch without an end whose process is gone ended while unsupervised. */
static void close_if_orphaned(struct fleet *fleet, const struct store_instance *instance) {
    struct store_launch launch = {0};
    struct vm *vm = fleet_get_by_id(fleet, instance->id);
    if (vm && lifecycle_has_process(vm->state))
        return;
    bool open =
        launch_table_last(fleet->home->store, instance->id, &launch, NULL) && !launch.ended_ms;
    bool runs = open && fleet->full && /* and was left alone */
                platform_process_lives((pid_t)launch.pid, launch.pid_start);
    if (open && !runs) {
        launch.ended_ms = clock_wall_ms();
        alloc_replace(&launch.end_cause, alloc_string("unsupervised"));
        alloc_replace(&launch.end_text, unsupervised_end_text(&launch));
        alloc_replace(&launch.state, alloc_string(lifecycle_state_word(STATE_STOPPED)));
        recorder_launch(fleet->recorder, &launch);
        recorder_event(fleet->recorder, instance->id, STORE_EVENT_STATE, launch.end_text);
        log_info("vm=%s %s", instance->name, launch.end_text);
        if (launch.tag && is_dead(&launch))
            running_remove_files(fleet->home->run, instance->name, launch.tag);
    }
    store_launch_done(&launch);
}

static int compare_texts(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The pid files of those that are supervised. */
static void list_known(const struct fleet *fleet, struct strv *known) {
    for (size_t i = 0; i < fleet->count; i++) {
        const char *path = fleet->vms[i]->plan.files[RUN_FILE_PID];
        if (path && vm_is_busy(fleet->vms[i]))
            strv_push(known, strrchr(path, '/') + 1);
    }
    if (known->count)
        qsort(known->items, known->count, sizeof *known->items, compare_texts);
}

bool fleet_adopt(struct fleet *fleet, struct error *error) {
    struct running_list running = {0};
    scoped(strv_done) struct strv known = {0};
    fleet->full = false;
    list_known(fleet, &known);
    if (!running_scan_others(fleet->home->run, &known, &running, error))
        return false;
    bool good = true;
    for (size_t i = 0; i < running.count && good; i++) {
        store_begin_reading(fleet->home->store); /* again, if what was found was recorded */
        good = adopt_one(fleet, &running.items[i], error);
    }
    store_end_reading(fleet->home->store);
    running_list_done(&running);
    return good;
}

/* A file comes before its lock, and times may be whole seconds: a folder that has not changed for
 * some seconds shows no other VM than before. */
bool fleet_adopt_new(struct fleet *fleet, struct error *error) {
    struct stat folder = {0};
    bool known = stat(fleet->home->run, &folder) == 0 && folder.st_mtime == fleet->looked.changed &&
                 clock_wall_ms() / 1000 - (int64_t)folder.st_mtime > FOLDER_SETTLES_S;
    if (known && !fleet->full && ++fleet->looked.skipped < LOOKS_SKIPPED_MAX)
        return true;
    bool good = fleet_adopt(fleet, error);
    fleet->looked = (struct fleet_look){.changed = good ? folder.st_mtime : 0};
    return good;
}

bool fleet_close_orphaned_launches(struct fleet *fleet, struct error *error) {
    struct store_instances instances = {0};
    if (!instance_table_list(fleet->home->store, &instances, error))
        return false;
    store_begin_reading(fleet->home->store);
    for (size_t i = 0; i < instances.count; i++)
        close_if_orphaned(fleet, &instances.items[i]);
    store_end_reading(fleet->home->store);
    store_instances_done(&instances);
    return true;
}

void fleet_close(struct fleet *fleet) {
    waiters_forget(&fleet->waiters, NULL);
    launch_worker_close(&fleet->launches);
    while (fleet->count)
        fleet_drop(fleet, fleet->vms[0]);
    free(fleet->vms);
    free(fleet->keys);
    fleet->vms = NULL;
    fleet->keys = NULL;
}
