#include "launch_worker.h"
#include "home/facts.h"
#include "home/layout.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/lock_holder.h"
#include "base/log.h"
#include "base/platform.h"
#include "home/access/endpoint.h"
#include "home/cloud/cloud.h"
#include "home/home.h"
#include "home/instance/hardware_note.h"
#include "home/instance/prepare.h"
#include "home/run_folder.h"
#include "home/running.h"
#include "home/seed/seed.h"
#include "host/bridge_helper.h"
#include "host/qemu_program.h"
#include "machine/bridge_tap.h"
#include "machine/core/qemu_argv.h"
#include "machine/core/run_file.h"
#include "machine/core/smbios.h"
#include "machine/core/suspend_tag.h"
#include "machine/process.h"
#include "machine/vm.h"
#include "machine/vm_launch.h"
#include "store/guest_table.h"
#include "store/image_table.h"
#include "store/transaction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct job {
    struct launch_turn turn; /* first: the queue hands it back */
    struct launch_worker *worker;
    struct vm *vm;
    struct home *home; /* NULL until it is open */
    char *home_path, *name;
    struct vm_plan plan;
    struct error error;
    char *notice; /* what the user is to be told of its files; NULL */
    bool cold;    /* saved memory is discarded */
    bool wanted;  /* nobody has stopped the VM while it waited for its turn */
    bool alone;   /* no other launch is under way or waits */
    bool good;
};

static void fill_logs(struct home *home, const struct store_instance *instance,
                      struct vm_plan *plan) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    plan->qemu_log = alloc_printf("%s/" LAYOUT_QEMU_LOG, folder);
    plan->console_log = alloc_printf("%s/" LAYOUT_CONSOLE_LOG, folder);
}

static void fill_paths(struct home *home, const struct store_instance *instance, const char *tag,
                       struct vm_plan *plan) {
    for (int i = 0; i < RUN_FILE_COUNT; i++)
        plan->files[i] = run_file_path(home->run, instance->name, tag, (enum run_file)i);
    /* vm.sh keeps its console on the terminal. */
    if (strncmp(tag, RUN_FILE_SCRIPT_TAG, strlen(RUN_FILE_SCRIPT_TAG)) == 0)
        alloc_replace(&plan->files[RUN_FILE_CONSOLE], NULL);
}

/* cloud-init runs again at the next boot if the drive has another instance-id. A guest that trusts
 * its cache, as over HTTP, looks only after `cloud-init clean`. */
static bool runs_again(const struct home *home, const struct store_instance *instance,
                       const struct store_guest *guest) {
    char id[DOCUMENT_CHECK_ID_SIZE];
    return guest->instance_id && instance->seed != STORE_SEED_HTTP && !guest->trusts_cache &&
           seed_instance_id(home, instance, id, NULL) && strcmp(id, guest->instance_id) != 0;
}

/* can_phone: its image phones home. */
static bool fill_guest(struct home *home, const struct store_instance *instance, bool can_phone,
                       struct vm_plan *plan, struct error *error) {
    struct endpoint endpoint = {0};
    struct store_guest guest = {0};
    if (!guest_table_get(home->store, instance->id, &guest, error))
        return false;
    bool anew = !plan->found_pid && runs_again(home, instance, &guest);
    /* A guest that cannot phone home is ready when its sshd answers. */
    plan->phones_home = can_phone && (guest.phoned_home_ms == 0 || anew);
    plan->provision_result = anew ? NULL : alloc_string(guest.provision_result);
    endpoint_of(instance, &guest, &endpoint);
    store_guest_done(&guest);
    plan->address = alloc_string(endpoint.address);
    plan->mac = alloc_string(instance->mac);
    plan->by_dhcp = store_instance_uses_dhcp(instance);
    plan->port = endpoint.port;
    return true;
}

/* Of a VM that an older version started: RUN/NAME.TAG.hw. */
static char *read_older_hardware(const char *path) {
    scoped(buffer_done) struct buffer text = {0};
    bool good = file_exists(path) && file_read(path, SUSPEND_TAG_SIZE, &text, NULL) &&
                text.length && suspend_tag_is(text.data);
    return good ? alloc_string(text.data) : NULL;
}

/* A launch that the store does not know was begun by vm.sh. */
static bool find_launch(struct home *home, const struct running *running, int64_t instance,
                        struct vm_plan *plan, struct error *error) {
    struct error problem = {0};
    if (!launch_table_last(home->store, instance, &plan->launch, &problem) &&
        problem.code != ERROR_NOT_FOUND)
        return error_copy(error, &problem);
    bool known = plan->launch.tag && strcmp(plan->launch.tag, running->tag) == 0;
    if (!known) {
        store_launch_done(&plan->launch);
        plan->launch = (struct store_launch){.tag = alloc_string(running->tag)};
        store_end_reading(home->store);
        if (!launch_table_add(home->store, instance, &plan->launch, error))
            return false;
    }
    plan->launch.pid = running->pid;
    plan->launch.pid_start = running->start;
    return true;
}

bool launch_worker_plan_found(struct home *home, const struct running *running,
                              const struct store_instance *instance, struct vm_plan *plan,
                              struct error *error) {
    struct store_image image = {0};
    bool good = image_table_get(home->store, instance->image, &image, error);
    bool can_phone = good && image.phones_home;
    store_image_done(&image);
    if (!good)
        return false;
    fill_logs(home, instance, plan);
    fill_paths(home, instance, running->tag, plan);
    helpers_load(plan->files[RUN_FILE_HELPERS], &plan->helpers);
    plan->found_pid = running->pid;
    plan->found_start = running->start;
    plan->accel = alloc_string(instance->accel);
    plan->hardware = hardware_note_read(home, instance->name, running->tag);
    if (!plan->hardware)
        plan->hardware = read_older_hardware(plan->files[RUN_FILE_HARDWARE]);
    plan->ram_bytes = instance->ram_mib << 20;
    return fill_guest(home, instance, can_phone, plan, error) &&
           find_launch(home, running, instance->id, plan, error);
}

/* The sudo rule that vmnet-helper installs is for users; root needs none. */
static bool start_helpers(const struct spec *prepared, struct vm_plan *plan, struct error *error) {
    struct spec spec = *prepared;
    if (geteuid() == 0)
        spec.helper.sudo = NULL;
    return helpers_start(&spec, plan->link, &plan->helpers, error);
}

/* QEMU runs as the user, but what root started must not do what somebody has put into a file. */
static bool check_arguments(const struct spec *spec, const struct vm_plan *plan,
                            struct error *error) {
    return !spec->extra || launch_link_any_arguments(plan->link) ||
           error_set(error, ERROR_WRONG_STATE,
                     "%s has a file qemu.args, which is not used when root starts QEMU: remove it, "
                     "or run `sudo pgsup up --allow-qemu-args`",
                     spec->name);
}

/* QEMU would wait for the other end of a FIFO. */
static bool check_disks(const struct home *home, const struct instance_facts *facts,
                        const struct spec *spec, struct error *error) {
    scoped(alloc_release) char *image =
        alloc_printf("%s/" HOME_IMAGES "/%s", home->path, facts->image.file);
    bool good = file_check_plain(image, error) && file_check_plain(spec->disk, error) &&
                (!spec->seed_drive || file_check_plain(spec->seed_drive, error)) &&
                (!spec->firmware || file_check_plain(spec->firmware, error));
    for (size_t i = 0; i < spec->disk_count && good; i++)
        good = file_check_plain(spec->disks[i].path, error);
    return good;
}

/* Without the note only the next supervisor misses the end of a helper: the VM starts anyway. */
static void note_helpers(const struct vm_plan *plan) {
    struct error error = {0};
    if (!helpers_save(&plan->helpers, plan->files[RUN_FILE_HELPERS], &error))
        log_warning("%s", error.text);
}

/* Without the note only the next supervisor cannot suspend it. */
static void note_hardware(const struct home *home, const char *name, const struct vm_plan *plan) {
    struct error error = {0};
    if (!hardware_note_write(home, name, plan->launch.tag, plan->hardware, &error))
        log_warning("%s", error.text);
}

/* Where macOS gives a network to root alone, and the launcher is there. */
static void fill_root(const struct spec *spec, struct vm_plan *plan) {
    if (!plan->link || !spec_needs_root(spec))
        return;
    plan->run_as = alloc_printf("%ld:%ld", (long)getuid(), (long)getgid());
    vm_drives_fill(spec, &plan->drives);
    if (!qemu_argv_seeds_by_drive(spec, QEMU_ARGV_SUPERVISED) && spec->seed_url)
        smbios_system(spec, &plan->root_file);
}

static void fill_argv(const struct spec *spec, struct vm_plan *plan) {
    const struct qemu_argv_launch launch = {
        .style = QEMU_ARGV_SUPERVISED,
        .pid_file = plan->files[RUN_FILE_PID],
        .qmp_path = plan->files[RUN_FILE_QMP],
        .second_path = plan->files[RUN_FILE_MONITOR],
        .agent_path = plan->files[RUN_FILE_AGENT],
        .qmp_fd = PROCESS_QMP_FD,
        .console_fd = PROCESS_CONSOLE_FD,
        .helper_fd = PROCESS_HELPER_FD,
        .run_as = plan->run_as,
        .second_fd = PROCESS_HELPER_FD + (int)plan->helpers.count,
        .agent_fd = PROCESS_HELPER_FD + (int)plan->helpers.count + 1,
    };
    qemu_argv_build(spec, &launch, &plan->argv);
}

/* The record of the launch comes last: from then on the VM writes how it ended. */
static bool build(struct home *home, const struct instance_facts *facts, const struct spec *spec,
                  struct vm_plan *plan, struct error *error) {
    const struct store_instance *instance = &facts->instance;
    fill_logs(home, instance, plan);
    if (!check_arguments(spec, plan, error) || !check_disks(home, facts, spec, error) ||
        !fill_guest(home, instance, facts->image.phones_home, plan, error) ||
        !run_folder_make_apart(home->run, error) ||
        !launch_table_add(home->store, instance->id, &plan->launch, error))
        return false;
    fill_paths(home, instance, plan->launch.tag, plan);
    fill_root(spec, plan);
    fill_argv(spec, plan);
    plan->accel = alloc_string(spec_accel_word(spec->accel));
    plan->hardware = suspend_tag(spec);
    plan->ram_bytes = spec->ram_mib << 20;
    const char *remark = qemu_program_remark(&spec->qemu, spec->accel, platform_macos_version());
    if (remark)
        strv_push(&plan->warnings, remark);
    note_helpers(plan);
    note_hardware(home, instance->name, plan);
    return true;
}

struct prepared {
    struct instance_facts facts;
    struct instance_plan plan;
};

static bool prepare_files(struct home *home, const char *name, struct prepared *prepared,
                          struct error *error) {
    instance_plan_done(&prepared->plan);
    instance_facts_done(&prepared->facts);
    return instance_prepare(home, name, &prepared->facts, &prepared->plan, error);
}

/* The helper of the first card says which network it took: the seed must lead there. Two VMs that
 * start at the same time take two networks: the second one begins again in that of the first. */
static bool join_network(struct home *home, struct job *job, struct prepared *prepared,
                         struct error *error) {
    struct helpers *helpers = &job->plan.helpers;
    const struct helper *first = &helpers->items[0];
    scoped(alloc_release) char *before = alloc_string(prepared->facts.cloud.host_ip4);
    enum cloud_network result;
    if (helpers->count == 0 || first->position != 0 || !first->network.first[0])
        return true;
    if (!cloud_take_network(home, first->network.first, first->network.netmask, &result, error))
        return false;
    if (result == CLOUD_NETWORK_OTHER && before)
        alloc_replace(
            &prepared->plan.notice,
            alloc_printf("vmnet-helper took the network of %s in place of that of %s: the "
                         "guest does not find its seed server",
                         first->network.first, before));
    if (result == CLOUD_NETWORK_TAKEN)
        log_info("guests of vmnet-helper are in the network of %s/%s from now on",
                 first->network.first, first->network.netmask);
    if (before)
        return true;
    if (result == CLOUD_NETWORK_OTHER)
        helpers_done(helpers);
    return prepare_files(home, job->name, prepared, error) &&
           (result != CLOUD_NETWORK_OTHER ||
            start_helpers(&prepared->plan.spec, &job->plan, error));
}

/* Before QEMU's helper is asked, which says less. */
static bool check_bridges(const struct spec *spec, const struct launch_link *link,
                          struct error *error) {
    const char *helper = bridge_tap_helper();
    for (size_t i = 0; helper && i < spec->nic_count; i++)
        if (spec->nics[i].network == SPEC_NET_BRIDGE &&
            !bridge_helper_check(helper, spec->nics[i].interface, link || geteuid() == 0, error))
            return false;
    return true;
}

/* A command may be working on its disks. */
static bool discard_memory(struct home *home, const char *name, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, name);
    scoped(file_release) int lock = file_lock_folder(folder);
    struct store_instance instance = {0};
    bool good = (lock >= 0 || errno != EWOULDBLOCK || lock_holder_report(folder, folder, error)) &&
                instance_table_get(home->store, name, &instance, error) &&
                suspension_discard(home, &instance, error);
    store_instance_done(&instance);
    return good;
}

static bool prepare_new(struct home *home, struct job *job, struct error *error) {
    struct prepared prepared = {0};
    bool good = (!job->cold || discard_memory(home, job->name, error)) &&
                prepare_files(home, job->name, &prepared, error) &&
                check_bridges(&prepared.plan.spec, job->plan.link, error) &&
                start_helpers(&prepared.plan.spec, &job->plan, error) &&
                join_network(home, job, &prepared, error) &&
                build(home, &prepared.facts, &prepared.plan.spec, &job->plan, error);
    job->notice = prepared.plan.notice;
    prepared.plan.notice = NULL;
    job->plan.wakes = alloc_string(prepared.plan.wake.tag);
    instance_plan_done(&prepared.plan);
    instance_facts_done(&prepared.facts);
    return good;
}

/* Once: the home may serve the next launch, and what it says next is told too. */
static void log_notice(struct home *home) {
    if (home->notice)
        log_info("%s", home->notice);
    alloc_replace(&home->notice, NULL);
}

/* NULL: it failed. */
static struct home *open_home(const char *path, struct error *error) {
    struct home *home = alloc_zero(sizeof *home);
    if (!home_open(path, home, error)) {
        free(home);
        return NULL;
    }
    log_notice(home);
    return home;
}

static void close_home(struct home *home) {
    if (home)
        home_close(home);
    free(home);
}

static bool prepare_found(struct home *home, const struct running *running, struct vm_plan *plan,
                          struct error *error) {
    struct store_instance instance = {0};
    bool good = instance_table_get(home->store, running->name, &instance, error) &&
                launch_worker_plan_found(home, running, &instance, plan, error);
    store_instance_done(&instance);
    return good;
}

static bool prepare(struct job *job, struct error *error) {
    struct running running = {0};
    if (!job->home && !(job->home = open_home(job->home_path, error)))
        return false;
    bool good = job->alone ? running_find(job->home->run, job->name, &running, error)
                           : running_names_find(&job->worker->names, job->name,
                                                clock_monotonic_ms(), &running, error);
    if (good && running.name)
        good = prepare_found(job->home, &running, &job->plan, error);
    else if (good)
        good = prepare_new(job->home, job, error);
    running_done(&running);
    log_notice(job->home);
    return good;
}

static void close_spares(struct launch_worker *worker, unsigned left) {
    while (worker->spare_count > left)
        close_home(worker->spares[--worker->spare_count]);
}

/* To open a home takes half as long as to prepare a launch. A store in which something failed is
 * opened again. */
static void leave_home(struct launch_worker *worker, struct home *home, bool good) {
    if (home && good && !worker->closed && worker->spare_count < LAUNCH_QUEUE_THREADS)
        worker->spares[worker->spare_count++] = home;
    else
        close_home(home);
    if (!worker->queue.first)
        close_spares(worker, 1);
    if (worker->closed)
        running_names_forget(&worker->names);
}

void launch_worker_init(struct launch_worker *worker, uv_loop_t *loop, const char *run) {
    *worker = (struct launch_worker){.queue = {.loop = loop}};
    running_names_init(&worker->names, run);
}

bool launch_worker_rest(struct launch_worker *worker) {
    bool rests = !worker->launched && !worker->rested;
    if (rests) {
        close_spares(worker, 0);
        running_names_forget(&worker->names);
    }
    worker->rested = worker->rested || rests;
    worker->launched = false;
    return rests;
}

void launch_worker_close(struct launch_worker *worker) {
    worker->closed = true;
    close_spares(worker, 0);
    running_names_forget(&worker->names);
}

static void on_job_begin(struct launch_turn *turn) {
    struct job *job = (struct job *)turn;
    job->worker->launched = true;
    job->worker->rested = false;
    job->wanted = vm_launch_begins(job->vm);
    job->alone = job->worker->queue.under_way == 1 && !job->worker->queue.first;
    if (job->wanted && job->worker->spare_count)
        job->home = job->worker->spares[--job->worker->spare_count];
}

static void on_job_run(struct launch_turn *turn) {
    struct job *job = (struct job *)turn;
    job->good = job->wanted && prepare(job, &job->error);
}

static void on_job_end(struct launch_turn *turn) {
    struct job *job = (struct job *)turn;
    if (job->notice)
        vm_notice(job->vm, job->notice);
    vm_launch_prepared(job->vm, job->good ? &job->plan : NULL, &job->error);
    vm_plan_done(&job->plan);
    leave_home(job->worker, job->home, job->good);
    free(job->home_path);
    free(job->name);
    free(job->notice);
    free(job);
}

void launch_worker_prepare(struct launch_worker *worker, const char *home_path,
                           struct launch_link *link, struct vm *vm) {
    struct job *job = alloc_zero(sizeof *job);
    job->turn.begin = on_job_begin;
    job->turn.run = on_job_run;
    job->turn.end = on_job_end;
    job->worker = worker;
    job->vm = vm;
    job->plan.link = link;
    job->home_path = alloc_string(home_path);
    job->name = alloc_string(vm->name);
    job->cold = vm->cold;
    vm_set_cold(vm, false);
    launch_queue_add(&worker->queue, &job->turn);
}

void launch_worker_release(struct launch_worker *worker, const struct vm *vm) {
    struct launch_turn *turn = worker->queue.first;
    while (turn && ((struct job *)turn)->vm != vm)
        turn = turn->next;
    if (turn)
        launch_queue_release(&worker->queue, turn);
}
