#include "daemon.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/name.h"
#include "daemon/awake.h"
#include "daemon/control_server.h"
#include "daemon/fleet.h"
#include "daemon/names.h"
#include "daemon/provisioning.h"
#include "daemon/recorder.h"
#include "daemon/reports.h"
#include "daemon/restarter.h"
#include "daemon/seed_server.h"
#include "daemon/verbs.h"
#include "home/change/create.h"
#include "home/seed/host_keys.h"
#include "machine/tick.h"
#include "store/cloud_table.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SCAN_INTERVAL_MS = 3000, STOP_LIMIT_MS = 90000, LAST_PATIENCE_MS = 30000 };

/* How far the end has come: nothing, every VM asked to stop, every VM told to quit. */
enum ending { ENDING_NOT, ENDING_GRACEFUL, ENDING_FORCED, ENDING_DONE };

struct daemon {
    uv_loop_t loop;
    struct home home;
    struct recorder *recorder;
    struct fleet fleet;
    struct restarter *restarter;
    struct seed_server *seed;
    struct control_server *control;
    int lock; /* of the home; held until the last record is written */
    struct provisioning *provisioning;
    struct names *names;
    struct awake *awake; /* NULL: not asked for */
    struct verbs_context verbs;
    uv_signal_t signals[4];
    int signals_open;
    uv_timer_t scan;     /* for VMs that vm.sh starts beside us */
    uv_timer_t patience; /* of the end: whatever hangs, the supervisor ends */
    enum ending ending;
    struct call *down; /* answered when all is done */
};

/* --- the end --- */

static void close_signals(struct daemon *daemon) {
    while (daemon->signals_open > 0)
        uv_close((uv_handle_t *)&daemon->signals[--daemon->signals_open], NULL);
}

static void close_all(struct daemon *daemon) {
    daemon->ending = ENDING_DONE;
    if (daemon->down)
        call_result(daemon->down, json_object());
    daemon->down = NULL;
    control_server_close(daemon->control);
    seed_server_close(daemon->seed);
    provisioning_close(daemon->provisioning);
    names_close(daemon->names);
    awake_close(daemon->awake);
    daemon->awake = NULL;
    restarter_close(daemon->restarter);
    fleet_close(&daemon->fleet);
    close_signals(daemon);
    uv_close((uv_handle_t *)&daemon->scan, NULL);
    uv_close((uv_handle_t *)&daemon->patience, NULL);
    recorder_drain(daemon->recorder);
}

/* "one (stopping), two (quitting)"; "" when nothing runs. Caller frees. */
static char *names_of_running(const struct daemon *daemon) {
    struct buffer names = {0};
    for (size_t i = 0; i < daemon->fleet.count; i++) {
        const struct vm *vm = daemon->fleet.vms[i];
        if (lifecycle_has_process(vm->state))
            buffer_printf(&names, "%s%s (%s)", names.length ? ", " : "", vm->name,
                          lifecycle_state_word(vm->state));
    }
    return buffer_take(&names);
}

static void show_waiting(const struct daemon *daemon) {
    scoped(alloc_release) char *names = names_of_running(daemon);
    if (names[0])
        log_info("waiting for %s; %s", names,
                 daemon->ending == ENDING_GRACEFUL ? "Ctrl-C again quits them at once"
                                                   : "they are being ended");
}

static void end_if_idle(struct daemon *daemon) {
    if ((daemon->ending == ENDING_GRACEFUL || daemon->ending == ENDING_FORCED) &&
        fleet_running(&daemon->fleet) == 0)
        close_all(daemon);
}

static void on_patience(uv_timer_t *timer) {
    struct daemon *daemon = timer->data;
    struct error error = {0};
    scoped(alloc_release) char *names = names_of_running(daemon);
    log_warning("did not end, and left running: %s", names);
    error_set(&error, ERROR_TIMEOUT, "the supervisor ended, but not all VMs did: %s", names);
    if (daemon->down)
        call_error(daemon->down, &error);
    daemon->down = NULL;
    close_all(daemon);
}

static void stop_one(struct daemon *daemon, struct vm *vm) {
    struct vm_stop_options options = {.limit_ms = STOP_LIMIT_MS,
                                      .force = daemon->ending == ENDING_FORCED};
    if (lifecycle_has_process(vm->state))
        vm_stop(vm, &options);
}

static void stop_all(struct daemon *daemon, enum ending ending) {
    daemon->ending = ending;
    daemon->fleet.ending = true;
    restarter_rest(daemon->restarter);
    uv_timer_start(&daemon->patience, on_patience,
                   LAST_PATIENCE_MS + (ending == ENDING_FORCED ? 0 : STOP_LIMIT_MS), 0);
    for (size_t i = 0; i < daemon->fleet.count; i++)
        stop_one(daemon, daemon->fleet.vms[i]);
    show_waiting(daemon);
    end_if_idle(daemon);
}

static void on_shut_down(void *context, bool keep, struct call *call) {
    struct daemon *daemon = context;
    if (daemon->down) {
        struct error error = {0};
        error_set(&error, ERROR_WRONG_STATE, "the supervisor is ending already");
        call_error(call, &error);
        return;
    }
    daemon->down = call;
    if (keep)
        close_all(daemon);
    else if (daemon->ending == ENDING_NOT)
        stop_all(daemon, ENDING_GRACEFUL);
}

/* SIGHUP means that the terminal went away: no reason to end anybody's VM. Ctrl-Z (SIGTSTP) would
 * leave serial consoles unread, and QEMU waits for their reader with everything that it does. */
static void on_signal(uv_signal_t *signal, int number) {
    struct daemon *daemon = signal->data;
    if (daemon->ending == ENDING_DONE)
        return;
    if (number == SIGTSTP) {
        log_info("not suspended: guests would freeze; Ctrl-C stops all VMs and ends");
    } else if (number == SIGHUP) {
        log_info("the terminal closed: leaving, the VMs run on");
        close_all(daemon);
    } else if (daemon->ending == ENDING_NOT) {
        stop_all(daemon, ENDING_GRACEFUL);
    } else {
        stop_all(daemon, ENDING_FORCED);
    }
}

/* --- what the parts tell --- */

/* A VM whose stop somebody had begun in another way may come back from it. */
static bool came_back(const struct vm *vm) {
    return vm->state == STATE_BOOTING || vm->state == STATE_RUNNING || vm->state == STATE_READY ||
           vm->state == STATE_PAUSED || vm->state == STATE_LOST;
}

static void on_change(void *context, struct vm *vm) {
    struct daemon *daemon = context;
    if (daemon->ending == ENDING_NOT)
        restarter_note(daemon->restarter, vm);
    else if (daemon->ending != ENDING_DONE && came_back(vm))
        stop_one(daemon, vm);
    awake_set(daemon->awake, fleet_running(&daemon->fleet) > 0);
    end_if_idle(daemon);
}

static void on_addresses(void *context, struct vm *vm, const struct qga_addresses *addresses) {
    struct daemon *daemon = context;
    names_hear(daemon->names, vm, addresses);
}

static void on_document(void *context, const struct store_instance *instance,
                        enum seed_document document, const char *agent) {
    struct daemon *daemon = context;
    struct vm *vm = fleet_get_by_id(&daemon->fleet, instance->id);
    scoped(alloc_release) char *text =
        alloc_printf("%s fetched by %s", seed_document_name(document), agent);
    recorder_event(daemon->recorder, instance->id, "seed", text);
    log_info("vm=%s seed: %s", instance->name, text);
    if (vm)
        vm_phase(vm, PHASE_SEED);
}

/* What is trusted of it: its own keys, or those that it was given; then "problem" is a sentence if
 * it tells others. False: they cannot be read now. */
static bool judge_keys(struct daemon *daemon, const struct store_instance *instance,
                       const char *told, char **trusted, const char **problem) {
    *problem = NULL;
    *trusted = host_keys_are_preseeded(instance) ? host_keys_public(&daemon->home, instance, NULL)
                                                 : alloc_string(told);
    if (*trusted && !host_keys_are_among(told, *trusted))
        *problem = "it phoned home with host keys that it was not given: they are not trusted";
    return *trusted != NULL;
}

static char *join_keys(const struct phone_home *form) {
    struct buffer keys = {0};
    for (int i = 0; i < PHONE_HOME_KEY_COUNT; i++)
        if (form->keys[i])
            buffer_printf(&keys, "%s\n", form->keys[i]);
    return buffer_take(&keys);
}

/* What is remembered of a guest besides its form. */
struct told {
    const char *keys, *problem, *address;
};

/* A guest tells its keys once as each instance-id that its meta-data gave it. A repeated or a late
 * post changes nothing. False: the store does not tell which it is. */
static bool remember_guest(struct daemon *daemon, const struct store_instance *instance,
                           const struct phone_home *form, const struct told *told, bool *first) {
    struct store_guest guest = {0};
    if (!guest_table_get(daemon->home.store, instance->id, &guest, NULL))
        return false;
    *first = !guest.instance_id || strcmp(guest.instance_id, form->instance_id) != 0;
    if (*first) {
        const char *source = instance->ip4        ? "static"
                             : instance->ssh_port ? "user-net"
                                                  : "phone-home";
        guest.phoned_home_ms = clock_wall_ms();
        guest.provisioned_ms = 0;
        alloc_replace(&guest.provision_result, NULL);
        alloc_replace(&guest.instance_id, alloc_string(form->instance_id));
        alloc_replace(&guest.hostname, alloc_string(form->hostname));
        alloc_replace(&guest.address, alloc_string(told->address));
        alloc_replace(&guest.address_source, alloc_string(source));
        guest.address_ms = clock_wall_ms();
        alloc_replace(&guest.host_keys, alloc_string(told->keys));
        alloc_replace(&guest.host_key_problem, alloc_string(told->problem));
        recorder_guest(daemon->recorder, instance->id, &guest);
    }
    store_guest_done(&guest);
    return true;
}

static void on_kept(void *context, bool written) {
    seed_server_answer(context, written);
}

/* False: it cannot be remembered now. */
static bool take_phone_home(struct daemon *daemon, const struct store_instance *instance,
                            const struct phone_home_call *call) {
    const struct phone_home *form = call->form;
    struct instance_endpoint endpoint = {0};
    struct vm *vm = fleet_get(&daemon->fleet, instance->name, NULL);
    if (vm && vm->instance != instance->id) /* of a removed one, on its way out */
        vm = NULL;
    instance_endpoint(&daemon->home, instance, &endpoint, NULL);
    if (!instance->ip4 && !instance->ssh_port) /* the guest's own address, by DHCP */
        snprintf(endpoint.address, sizeof endpoint.address, "%s", call->peer);
    scoped(alloc_release) char *own = join_keys(form);
    scoped(alloc_release) char *keys = NULL;
    struct told told = {.address = endpoint.address};
    if (!judge_keys(daemon, instance, own, &keys, &told.problem))
        return false;
    told.keys = keys;
    /* The store may not have it yet. */
    bool known = vm && vm->phoned_home && strcmp(vm->phoned_home, form->instance_id) == 0;
    bool first = false;
    if (vm && !instance->ip4 && !instance->ssh_port)
        names_learn(daemon->names, instance, call->peer, "phone-home");
    if (vm && !known && !remember_guest(daemon, instance, form, &told, &first))
        return false;
    scoped(alloc_release) char *host = name_printable(form->hostname, strlen(form->hostname), 80);
    scoped(alloc_release) char *text = alloc_printf("%s phoned home%s (%s, from %s)", host,
                                                    first ? "" : " again", call->agent, call->peer);
    recorder_event(daemon->recorder, instance->id, "phone-home", text);
    log_info("vm=%s %s", instance->name, text);
    if (told.problem) {
        recorder_event(daemon->recorder, instance->id, "host-key", told.problem);
        log_warning("vm=%s %s", instance->name, told.problem);
    }
    if (first)
        vm_set_provision_result(vm, NULL);
    if (vm)
        vm_phoned_home(vm, form->instance_id, endpoint.address);
    if (first)
        provisioning_run(daemon->provisioning, instance, endpoint.address, endpoint.port, keys);
    return true;
}

static void on_phone_home(void *context, const struct store_instance *instance,
                          const struct phone_home_call *call) {
    struct daemon *daemon = context;
    if (take_phone_home(daemon, instance, call))
        recorder_when_written(daemon->recorder, on_kept, call->answer);
    else
        seed_server_answer(call->answer, false);
}

static void on_report(void *context, const struct store_instance *instance,
                      const struct report *report) {
    struct daemon *daemon = context;
    reports_take(&daemon->fleet, instance, report);
}

static void on_refused(void *context, const char *peer, const char *why) {
    struct daemon *daemon = context;
    scoped(alloc_release) char *text = alloc_printf("refused a request from %s: %s", peer, why);
    recorder_event(daemon->recorder, 0, "seed", text);
}

static void on_provisioned(void *context, int64_t instance, const char *result) {
    struct daemon *daemon = context;
    struct vm *vm = fleet_get_by_id(&daemon->fleet, instance);
    recorder_provisioned(daemon->recorder, instance, result);
    recorder_event(daemon->recorder, instance, "provision", result);
    if (strcmp(result, "ok") == 0)
        log_info("vm=%s provisioned", vm ? vm->name : "?");
    else
        log_warning("vm=%s provisioning %s", vm ? vm->name : "?", result);
    if (!vm)
        return;
    vm_set_provision_result(vm, result);
    if (strcmp(result, "ok") == 0)
        vm_phase(vm, PHASE_PROVISIONED);
    fleet_note(&daemon->fleet, vm);
}

/* Asked for by a person. While one is under way its result is still to come. */
static bool on_provision(void *context, struct vm *vm, struct error *error) {
    struct daemon *daemon = context;
    struct store *store = daemon->home.store;
    struct store_instance instance = {0};
    struct store_guest guest = {0};
    struct instance_endpoint endpoint = {0};
    bool good = instance_table_get(store, vm->name, &instance, error) &&
                guest_table_get(store, instance.id, &guest, error) &&
                instance_endpoint(&daemon->home, &instance, &endpoint, error);
    if (good && (!guest.host_keys || !endpoint.address[0]))
        good = error_set(error, ERROR_WRONG_STATE,
                         "%s has not phoned home yet, so its host key or its address is not known",
                         vm->name);
    if (good) {
        vm_set_provision_result(vm, NULL);
        recorder_event(daemon->recorder, instance.id, "provision", "asked for");
        provisioning_run(daemon->provisioning, &instance, endpoint.address, endpoint.port,
                         guest.host_keys);
    }
    store_guest_done(&guest);
    store_instance_done(&instance);
    return good;
}

static void on_call(void *context, struct call *call, const char *method, json_t *params) {
    struct daemon *daemon = context;
    verbs_dispatch(&daemon->verbs, call, method, params);
}

static void on_gone(void *context, struct call *call) {
    struct daemon *daemon = context;
    if (daemon->down == call)
        daemon->down = NULL;
    verbs_gone(&daemon->verbs, call);
}

/* --- the beginning --- */

/* Guests with user networking see the loopback of the host; others the host's own address. macOS
 * makes the interface of a shared or host network with its first VM: until then the address is not
 * there, and the scan tries again. */
static bool open_seed(struct daemon *daemon, uint64_t patience_ms, struct error *error) {
    struct store_cloud cloud = {0};
    struct seed_server_calls calls = {on_document, on_phone_home, on_report, on_refused, daemon};
    struct error problem = {0};
    if (!cloud_table_get(daemon->home.store, &cloud, error))
        return false;
    const char *address = cloud.host_ip4 ? cloud.host_ip4 : "127.0.0.1";
    bool comes_later =
        strcmp(cloud.network, "vmnet-shared") == 0 || strcmp(cloud.network, "vmnet-host") == 0 ||
        strcmp(cloud.network, "socket") == 0 || strcmp(cloud.network, "vmnet-helper") == 0;
    daemon->seed = seed_server_open(&daemon->loop, &daemon->home, address, cloud.phone_home_port,
                                    patience_ms, &calls, &problem);
    bool good = daemon->seed || (comes_later && problem.code == ERROR_INVALID);
    if (daemon->seed)
        log_info("serving seeds on http://%s:%u", address, cloud.phone_home_port);
    else if (!good)
        error_set(error, problem.code, "%s", problem.text);
    store_cloud_done(&cloud);
    return good;
}

static void on_scan(uv_timer_t *timer) {
    struct daemon *daemon = timer->data;
    tick_start(timer, on_scan, SCAN_INTERVAL_MS);
    if (daemon->ending == ENDING_NOT)
        fleet_adopt(&daemon->fleet, NULL);
    if (!daemon->seed)
        open_seed(daemon, 0, NULL);
}

static bool open_parts(struct daemon *daemon, struct error *error) {
    struct control_calls calls = {on_call, on_gone, daemon};
    scoped(alloc_release) char *database = home_file(&daemon->home, "cloud.sqlite3");
    daemon->lock = control_server_lock(&daemon->home, error);
    if (daemon->lock >= 0)
        daemon->control = control_server_open(&daemon->loop, &daemon->home, &calls, error);
    if (!daemon->control || !open_seed(daemon, SEED_PORT_PATIENCE_MS, error))
        return false;
    daemon->recorder = recorder_new(&daemon->loop, database);
    daemon->provisioning =
        provisioning_new(&daemon->loop, daemon->home.path, daemon, on_provisioned);
    fleet_init(&daemon->fleet, &daemon->loop, &daemon->home, daemon->recorder);
    daemon->restarter = restarter_new(&daemon->fleet);
    daemon->names = names_new(&daemon->fleet);
    daemon->fleet.on_change = on_change;
    daemon->fleet.on_addresses = on_addresses;
    daemon->fleet.context = daemon;
    daemon->verbs = (struct verbs_context){&daemon->fleet, on_shut_down, on_provision, daemon};
    return fleet_adopt(&daemon->fleet, error) && fleet_bury(&daemon->fleet, error) &&
           restarter_autostart(daemon->restarter, error);
}

static bool open_signals(struct daemon *daemon, struct error *error) {
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGTSTP};
    int status = 0;
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers && status == 0; i++) {
        status = uv_signal_init(&daemon->loop, &daemon->signals[i]);
        if (status < 0)
            break;
        daemon->signals[i].data = daemon;
        daemon->signals_open++;
        status = uv_signal_start(&daemon->signals[i], on_signal, numbers[i]);
    }
    return status == 0 ||
           error_set(error, ERROR_FAILED, "cannot wait for signals: %s", uv_strerror(status));
}

static void open_timers(struct daemon *daemon) {
    uv_timer_init(&daemon->loop, &daemon->scan);
    uv_timer_init(&daemon->loop, &daemon->patience);
    daemon->scan.data = daemon->patience.data = daemon;
    tick_start(&daemon->scan, on_scan, SCAN_INTERVAL_MS);
}

static void close_unopened(struct daemon *daemon) {
    close_signals(daemon);
    control_server_close(daemon->control);
    seed_server_close(daemon->seed);
    awake_close(daemon->awake);
    if (daemon->provisioning)
        provisioning_close(daemon->provisioning);
    if (daemon->recorder) {
        names_close(daemon->names);
        restarter_close(daemon->restarter);
        fleet_close(&daemon->fleet);
        recorder_drain(daemon->recorder);
    }
}

static void run_loop(struct daemon *daemon) {
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    if (daemon->recorder)
        recorder_close(daemon->recorder);
    uv_run(&daemon->loop, UV_RUN_DEFAULT);
    uv_loop_close(&daemon->loop);
}

bool daemon_run(const struct daemon_options *options, struct error *error) {
    struct daemon daemon = {.lock = -1};
    if (!home_open(options->home_path, &daemon.home, error))
        return false;
    umask(077);
    signal(SIGPIPE, SIG_IGN);
    int status = uv_loop_init(&daemon.loop);
    if (status < 0) {
        home_close(&daemon.home);
        return error_set(error, ERROR_FAILED, "cannot begin to supervise: %s", uv_strerror(status));
    }
    /* Signals first: once a VM is looked after, Ctrl-C and a closed terminal end it as they should.
     */
    if (options->keep_awake)
        daemon.awake = awake_new(&daemon.loop);
    bool good = open_signals(&daemon, error) && open_parts(&daemon, error);
    if (good) {
        open_timers(&daemon);
        store_be_patient(daemon.home.store, 0); /* on the loop's thread nobody is waited for */
        log_info("supervising %s; Ctrl-C stops all VMs and ends", daemon.home.path);
    } else {
        close_unopened(&daemon);
    }
    run_loop(&daemon);
    file_release(&daemon.lock);
    home_close(&daemon.home);
    return good;
}
