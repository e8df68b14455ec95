#include "daemon.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/descriptors.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/log.h"
#include "base/platform.h"
#include "daemon/address_tracker.h"
#include "daemon/console_relay.h"
#include "daemon/control_server.h"
#include "daemon/ending.h"
#include "daemon/fleet.h"
#include "daemon/guest_service.h"
#include "daemon/heartbeats.h"
#include "daemon/methods.h"
#include "daemon/provisioning.h"
#include "daemon/recorder.h"
#include "daemon/restarter.h"
#include "daemon/schedule.h"
#include "daemon/seed_server.h"
#include "daemon/service_notify.h"
#include "daemon/silence.h"
#include "daemon/sleep_inhibitor.h"
#include "daemon/thread_work.h"
#include "daemon/wake.h"
#include "home/access/endpoint.h"
#include "home/access/guest_port.h"
#include "machine/tick.h"
#include "machine/vm_phases.h"
#include "machine/vm_qmp.h"
#include "store/guest_table.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* With the addresses: one wake-up for all of them. */
enum { SCAN_INTERVAL_MS = VM_HEARTBEAT_MS };

struct daemon {
    uv_loop_t loop;
    struct home home;
    struct recorder *recorder;
    struct journal *journal;
    struct launch_link *link; /* NULL: not under sudo */
    struct fleet fleet;
    struct restarter *restarter;
    struct schedule *schedule;
    struct guest_service guests;
    struct wake wake;
    struct heartbeats heartbeats;
    struct silence *silence;
    struct control_server *control;
    int lock; /* of the home; held until the last record is written */
    struct provisioning *provisioning;
    struct address_tracker *tracker;
    struct sleep_inhibitor *sleep_inhibitor; /* NULL: not wanted */
    struct request_context methods;
    struct console_relay consoles;
    uv_signal_t signals[4];
    int signals_open;
    uv_timer_t scan; /* for VMs that vm.sh started */
    struct ending ending;
    struct service_notify *notify; /* NULL: no service manager */
    bool keep_on_term;
};

/* --- the end --- */

static void close_signals(struct daemon *daemon) {
    while (daemon->signals_open > 0)
        uv_close((uv_handle_t *)&daemon->signals[--daemon->signals_open], NULL);
}

static void close_all(void *context) {
    struct daemon *daemon = context;
    service_notify_stopping(daemon->notify);
    service_notify_close(daemon->notify);
    daemon->notify = NULL;
    control_server_close(daemon->control);
    methods_close(&daemon->methods);
    guest_service_close(&daemon->guests);
    provisioning_close(daemon->provisioning);
    daemon->provisioning = NULL; /* what follows may still change a VM */
    address_tracker_close(daemon->tracker);
    silence_close(daemon->silence);
    sleep_inhibitor_close(daemon->sleep_inhibitor);
    daemon->sleep_inhibitor = NULL;
    restarter_close(daemon->restarter);
    schedule_close(daemon->schedule);
    fleet_close(&daemon->fleet);
    journal_close(daemon->journal);
    close_signals(daemon);
    uv_close((uv_handle_t *)&daemon->scan, NULL);
    uv_close((uv_handle_t *)&daemon->ending.timeout, NULL);
    recorder_drain(daemon->recorder);
}

static void on_shut_down(void *context, enum fleet_end end, struct call *call) {
    struct daemon *daemon = context;
    ending_request(&daemon->ending, end, call);
}

/* SIGHUP means that the terminal closed, which must not end a VM. Ctrl-Z (SIGTSTP) would leave
 * serial consoles unread, and QEMU blocks on an unread console. */
static void on_signal(uv_signal_t *signal, int number) {
    struct daemon *daemon = signal->data;
    if (daemon->ending.stage == ENDING_DONE)
        return;
    if (number == SIGTSTP) {
        log_info(
            "not suspended: guests would freeze; Ctrl-C stops all VMs and ends the supervisor");
    } else if (number == SIGHUP) {
        log_info("the terminal closed: the supervisor ends, the VMs keep running");
        ending_leave(&daemon->ending);
    } else if (number == SIGTERM && daemon->keep_on_term) {
        log_info("terminated: the supervisor ends, the VMs keep running");
        ending_leave(&daemon->ending);
    } else {
        ending_advance(&daemon->ending);
    }
}

/* --- callbacks of the parts --- */

static void interrupt_provisioning(struct daemon *daemon, const struct vm *vm) {
    if (!daemon->provisioning)
        return;
    switch (vm->state) {
    case STATE_STOPPING:
    case STATE_QUITTING:
    case STATE_KILLING:
    case STATE_STOPPED:
        provisioning_interrupt(daemon->provisioning, vm->instance, vm->state == STATE_STOPPED);
        break;
    default: break;
    }
}

static void on_change(void *context, struct vm *vm) {
    struct daemon *daemon = context;
    interrupt_provisioning(daemon, vm);
    if (daemon->ending.stage == ENDING_NOT)
        restarter_on_change(daemon->restarter, vm);
    sleep_inhibitor_set(daemon->sleep_inhibitor, fleet_runs(&daemon->fleet));
    console_relay_changed(&daemon->consoles, vm);
    ending_on_change(&daemon->ending, vm);
}

static void on_addresses(void *context, struct vm *vm, const struct qga_addresses *addresses) {
    struct daemon *daemon = context;
    address_tracker_on_agent(daemon->tracker, vm, addresses);
}

static void on_output(void *context, struct vm *vm, const char *data, size_t length) {
    struct daemon *daemon = context;
    console_relay_output(&daemon->consoles, vm, data, length);
}

static void on_provisioned(void *context, int64_t instance, const char *result) {
    struct daemon *daemon = context;
    struct vm *vm = fleet_get_by_id(&daemon->fleet, instance);
    recorder_provisioned(daemon->recorder, instance, result);
    recorder_event(daemon->recorder, instance, STORE_EVENT_PROVISION, result);
    if (strcmp(result, "ok") == 0)
        log_info("vm=%s provisioned", vm ? vm->name : "?");
    else
        log_warning("vm=%s provisioning %s", vm ? vm->name : "?", result);
    if (!vm)
        return;
    vm_set_provision_result(vm, result);
    if (strcmp(result, "ok") == 0)
        vm_phase(vm, PHASE_PROVISIONED);
    fleet_vm_changed(&daemon->fleet, vm);
}

/* On request of a user. A run under way is joined, unless another playbook is wanted. */
static bool on_provision(void *context, struct vm *vm, const char *playbook, struct error *error) {
    struct daemon *daemon = context;
    struct store *store = daemon->home.store;
    struct store_instance instance = {0};
    struct store_guest guest = {0};
    struct endpoint endpoint = {0};
    bool good = instance_table_get(store, vm->name, &instance, error) &&
                guest_table_get(store, instance.id, &guest, error);
    endpoint_of(&instance, &guest, &endpoint);
    if (good && (!guest.host_keys || !endpoint.address[0]))
        good = error_set(error, ERROR_WRONG_STATE,
                         "%s has not phoned home yet, so its host key or its address is not known",
                         vm->name);
    good = good && guest_port_check(&instance, (pid_t)vm->launch.pid, error);
    if (good && playbook && provisioning_is_under_way(daemon->provisioning, instance.id))
        good =
            error_set(error, ERROR_WRONG_STATE,
                      "%s is being provisioned: `pgsup wait %s --for provisioned` waits for that",
                      vm->name, vm->name);
    if (good) {
        const struct provisioning_guest reached = {&endpoint, guest.host_keys, playbook};
        vm_set_provision_result(vm, NULL);
        recorder_event(daemon->recorder, instance.id, STORE_EVENT_PROVISION, "asked for");
        vm_provisioning_begins(vm);
        provisioning_run(daemon->provisioning, &instance, &reached);
    }
    store_guest_done(&guest);
    store_instance_done(&instance);
    return good;
}

static void on_call(void *context, struct call *call, const char *method, json_t *params) {
    struct daemon *daemon = context;
    methods_dispatch(&daemon->methods, call, method, params);
}

static void on_gone(void *context, struct call *call) {
    struct daemon *daemon = context;
    ending_forget_call(&daemon->ending, call);
    console_relay_gone(&daemon->consoles, call);
    methods_gone(&daemon->methods, call);
}

/* --- start --- */

/* What many launches or adoptions left is not needed by the next one. */
static void give_back_memory(struct daemon *daemon) {
    if (!launch_worker_rest(&daemon->fleet.launches))
        return;
    thread_work_rest();
    store_rest(daemon->home.store);
    recorder_rest(daemon->recorder);
    platform_trim_heap();
}

static void on_scan(uv_timer_t *timer) {
    struct daemon *daemon = timer->data;
    tick_start(timer, on_scan, SCAN_INTERVAL_MS);
    wake_look(&daemon->wake, &daemon->fleet);
    heartbeats_look(&daemon->heartbeats, daemon->fleet.vms, daemon->fleet.count, vm_heartbeat);
    fleet_set_clocks(&daemon->fleet);
    silence_look(daemon->silence);
    schedule_look(daemon->schedule);
    if (daemon->ending.stage == ENDING_NOT)
        fleet_adopt_new(&daemon->fleet, NULL);
    fleet_thaw(&daemon->fleet);
    fleet_rotate_logs(&daemon->fleet);
    guest_service_look(&daemon->guests);
    give_back_memory(daemon);
}

static bool open_parts(struct daemon *daemon, struct error *error) {
    struct control_calls calls = {on_call, on_gone, daemon};
    scoped(alloc_release) char *database = home_file(&daemon->home, HOME_DATABASE);
    daemon->recorder = recorder_new(&daemon->loop, database);
    daemon->guests = (struct guest_service){.loop = &daemon->loop,
                                            .home = &daemon->home,
                                            .fleet = &daemon->fleet,
                                            .recorder = daemon->recorder};
    daemon->lock = control_server_lock(&daemon->home, error);
    if (daemon->lock >= 0)
        daemon->control = control_server_open(&daemon->loop, &daemon->home, &calls, error);
    if (!daemon->control || !guest_service_open(&daemon->guests, SEED_PORT_TIMEOUT_MS, error))
        return false;
    daemon->provisioning =
        provisioning_new(&daemon->loop, daemon->home.path, daemon, on_provisioned);
    daemon->journal = journal_new(&daemon->loop, daemon->recorder);
    fleet_init(&daemon->fleet, &daemon->loop, &daemon->home, daemon->recorder, daemon->journal);
    daemon->fleet.link = daemon->link;
    daemon->restarter = restarter_new(&daemon->fleet);
    daemon->schedule = schedule_new(&daemon->fleet);
    daemon->tracker = address_tracker_new(&daemon->fleet);
    daemon->silence = silence_new(&daemon->fleet);
    daemon->fleet.on_change = on_change;
    daemon->fleet.on_addresses = on_addresses;
    daemon->fleet.on_output = on_output;
    daemon->fleet.context = daemon;
    daemon->ending.fleet = &daemon->fleet;
    daemon->ending.restarter = daemon->restarter;
    daemon->ending.close_all = close_all;
    daemon->ending.context = daemon;
    daemon->guests.journal = daemon->journal;
    daemon->guests.phone_home = (struct phone_home_context){&daemon->fleet, daemon->recorder,
                                                            daemon->tracker, daemon->provisioning};
    daemon->methods = (struct request_context){&daemon->fleet, on_shut_down,      on_provision,
                                               daemon,         &daemon->consoles, NULL};
    return fleet_adopt(&daemon->fleet, error) &&
           fleet_close_orphaned_launches(&daemon->fleet, error) &&
           restarter_autostart(daemon->restarter, error);
}

/* What is ignored stays so: nohup(1), and what a shell starts in the background. */
static bool open_signals(struct daemon *daemon, struct error *error) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP};
    int status = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && status == 0; i++) {
        if (numbers[i] != SIGTERM && interrupt_is_ignored(numbers[i]))
            continue;
        status = uv_signal_init(&daemon->loop, &daemon->signals[daemon->signals_open]);
        if (status < 0)
            break;
        uv_signal_t *signal = &daemon->signals[daemon->signals_open++];
        signal->data = daemon;
        status = uv_signal_start(signal, on_signal, numbers[i]);
    }
    return status == 0 ||
           error_set(error, ERROR_FAILED, "cannot wait for signals: %s", uv_strerror(status));
}

static void open_timers(struct daemon *daemon) {
    ending_init(&daemon->ending, &daemon->loop);
    uv_timer_init(&daemon->loop, &daemon->scan);
    daemon->scan.data = daemon;
    wake_init(&daemon->wake);
    tick_start(&daemon->scan, on_scan, SCAN_INTERVAL_MS);
}

static void close_unopened(struct daemon *daemon) {
    service_notify_close(daemon->notify);
    close_signals(daemon);
    control_server_close(daemon->control);
    guest_service_close(&daemon->guests);
    sleep_inhibitor_close(daemon->sleep_inhibitor);
    if (daemon->provisioning)
        provisioning_close(daemon->provisioning);
    if (daemon->journal) { /* and what comes after it */
        address_tracker_close(daemon->tracker);
        silence_close(daemon->silence);
        restarter_close(daemon->restarter);
        schedule_close(daemon->schedule);
        fleet_close(&daemon->fleet);
        journal_close(daemon->journal);
    }
    if (daemon->recorder)
        recorder_drain(daemon->recorder);
}

static void tell_who_runs(void) {
    log_info("process %ld stays root, to start programs; this supervisor and QEMU are user %ld's",
             (long)getppid(), (long)getuid());
    if (platform_is_macos())
        log_info("vmnet makes QEMU start as root: who may replace Homebrew's QEMU may become root; "
                 "`pgsup help root` names ways without");
}

static void on_launcher_lost(void) {
    log_warning(
        "the launcher, which was root's part, has ended: VMs run on, but none can be started "
        "until `sudo pgsup up` is run again");
}

/* Worker threads use the link until the last record is written. */
static void run_loop(struct daemon *daemon) {
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    if (daemon->recorder)
        recorder_close(daemon->recorder);
    launch_link_close(daemon->link);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    uv_loop_close(&daemon->loop);
}

static void tell_ready(struct daemon *daemon, const struct daemon_options *options) {
    scoped(alloc_release) char *status = alloc_printf("supervising %s", daemon->home.path);
    log_info("%s; Ctrl-C stops all VMs and ends the supervisor", status);
    service_notify_ready(daemon->notify, status);
    if (options->on_ready)
        options->on_ready(options->context);
}

bool daemon_run(const struct daemon_options *options, struct error *error) {
    struct daemon daemon = {.lock = -1};
    if (!home_open(options->home_path, &daemon.home, error))
        return false;
    if (daemon.home.notice)
        log_warning("%s", daemon.home.notice);
    umask(077);
    descriptors_raise();
    child_keep_near_fds();
    signal(SIGPIPE, SIG_IGN);
    platform_share_heap();
    int status = uv_loop_init(&daemon.loop);
    if (status < 0) {
        home_close(&daemon.home);
        return error_set(error, ERROR_FAILED, "cannot start the supervisor: %s",
                         uv_strerror(status));
    }
    daemon.notify = service_notify_new(&daemon.loop);
    daemon.keep_on_term = options->keep_on_term;
    if (options->launcher >= 0)
        daemon.link = launch_link_new(&daemon.loop, options->launcher, options->any_arguments,
                                      on_launcher_lost);
    if (daemon.link)
        tell_who_runs();
    if (options->keep_awake)
        daemon.sleep_inhibitor = sleep_inhibitor_new(&daemon.loop);
    /* Signals before VMs: once a VM is supervised, Ctrl-C and a closed terminal end it properly. */
    bool good = open_signals(&daemon, error) && open_parts(&daemon, error);
    if (good) {
        open_timers(&daemon);
        store_set_busy_timeout(daemon.home.store, 0); /* the loop never waits for a lock */
        tell_ready(&daemon, options);
    } else {
        close_unopened(&daemon);
    }
    run_loop(&daemon);
    thread_work_end();
    file_release(&daemon.lock);
    home_close(&daemon.home);
    return good;
}
