#include "silence.h"

#include "base/alloc.h"
#include "base/platform.h"
#include "daemon/thread_work.h"
#include "home/home.h"
#include "home/names/sightings.h"
#include "host/silence_causes.h"
#include "store/cloud_table.h"

#include <stdlib.h>
#include <string.h>

struct watched { /* a launch whose kernel runs */
    int64_t instance, launch;
    uint64_t since_ms; /* platform_awake_ms() */
    bool told;
};

struct silence {
    struct fleet *fleet;
    struct watched *watched; /* at the place of its VM in the fleet */
    size_t count;
    struct thread_work work;
    bool busy, closing;
    /* Owned by the worker while busy. */
    char *home_path, *name;
    int64_t instance;
    unsigned limit_s;
    char *causes; /* a sentence; NULL: it was heard of, or cannot be */
};

/* --- on a worker thread --- */

static bool is_seen(const struct store_instance *instance) {
    struct sightings sightings;
    char address[16];
    const char *source;
    sightings_load(&sightings);
    bool seen = sightings_find(&sightings, instance->mac, instance->ip4, address, &source);
    sightings_done(&sightings);
    return seen;
}

/* The address is there, but what the guest sends to pgsup is not let in. */
static char *find_barrier(void) {
    scoped(alloc_release) char *program = platform_program_path();
    enum firewall answer = program ? firewall_ask(program) : FIREWALL_UNKNOWN;
    if (answer != FIREWALL_BLOCKS && answer != FIREWALL_ASKS)
        return NULL;
    return alloc_printf("the guest has an address, but nothing of it comes through to pgsup: the "
                        "application firewall does not let in %s; `pgsup help mac` has the two "
                        "commands that do",
                        program);
}

static char *find_causes(const struct store_cloud *cloud, const struct store_instance *instance,
                         unsigned limit_s) {
    struct silence_facts facts = {.interface = cloud->interface,
                                  .is_static = instance->ip4 != NULL};
    if (!spec_network_from_word(cloud->network, &facts.network) ||
        !spec_network_traits(facts.network)->own_addresses)
        return NULL;
    if (is_seen(instance))
        return find_barrier();
    silence_causes_ask(&facts);
    scoped(alloc_release) char *causes = silence_causes_text(&facts);
    return alloc_printf("nothing is heard of the guest %u s after its kernel started; look in this "
                        "order: %s",
                        limit_s, causes);
}

static void on_silence_work(struct thread_work *work) {
    struct silence *silence = work->data;
    struct home home = {0};
    struct store_cloud cloud = {0};
    struct store_instance instance = {0};
    if (home_open(silence->home_path, &home, NULL) && cloud_table_get(home.store, &cloud, NULL) &&
        instance_table_get(home.store, silence->name, &instance, NULL))
        silence->causes = find_causes(&cloud, &instance, silence->limit_s);
    store_cloud_done(&cloud);
    store_instance_done(&instance);
    home_close(&home);
}

/* --- on the loop's thread --- */

static bool is_heard(const struct vm *vm) {
    const int64_t *phases = vm->launch.phases_ms;
    return vm->agent_reports_address || phases[PHASE_SEED] || phases[PHASE_PHONE_HOME] ||
           phases[PHASE_READY];
}

static bool is_watched(const struct vm *vm) {
    return (vm->state == STATE_BOOTING || vm->state == STATE_RUNNING) &&
           vm->launch.phases_ms[PHASE_KERNEL] && !is_heard(vm);
}

static void free_silence(struct silence *silence) {
    free(silence->watched);
    free(silence->home_path);
    free(silence->name);
    free(silence->causes);
    free(silence);
}

static void on_silence_worked(struct thread_work *work) {
    struct silence *silence = work->data;
    struct vm *vm = silence->closing ? NULL : fleet_get_by_id(silence->fleet, silence->instance);
    silence->busy = false;
    if (vm && silence->causes && is_watched(vm))
        vm_silent(vm, silence->causes);
    alloc_replace(&silence->causes, NULL);
    if (silence->closing)
        free_silence(silence);
}

static unsigned limit_ms_of(const struct vm *vm) {
    return vm_is_emulated(vm) ? SILENCE_EMULATED_MS : SILENCE_MS;
}

static void inquire(struct silence *silence, const struct vm *vm) {
    silence->busy = true;
    silence->instance = vm->instance;
    silence->limit_s = limit_ms_of(vm) / 1000;
    alloc_replace(&silence->name, alloc_string(vm->name));
    thread_work_start(silence->fleet->loop, &silence->work, on_silence_work, on_silence_worked);
}

/* One of them is inquired about at a time. */
static void look_at(struct silence *silence, const struct vm *vm, struct watched *watched) {
    uint64_t now_ms = platform_awake_ms();
    if (!is_watched(vm)) {
        *watched = (struct watched){0};
        return;
    }
    if (watched->instance != vm->instance || watched->launch != vm->launch.number)
        *watched = (struct watched){vm->instance, vm->launch.number, now_ms, false};
    uint64_t limit_ms = limit_ms_of(vm);
    if (watched->told || silence->busy || now_ms < watched->since_ms + limit_ms)
        return;
    watched->told = true;
    inquire(silence, vm);
}

void silence_look(struct silence *silence) {
    const struct fleet *fleet = silence->fleet;
    if (silence->count < fleet->count) {
        silence->watched = alloc_resize(silence->watched, fleet->count * sizeof *silence->watched);
        memset(silence->watched + silence->count, 0,
               (fleet->count - silence->count) * sizeof *silence->watched);
        silence->count = fleet->count;
    }
    for (size_t i = 0; i < fleet->count; i++)
        look_at(silence, fleet->vms[i], &silence->watched[i]);
}

struct silence *silence_new(struct fleet *fleet) {
    struct silence *silence = alloc_zero(sizeof *silence);
    silence->fleet = fleet;
    silence->work.data = silence;
    silence->home_path = alloc_string(fleet->home->path);
    return silence;
}

void silence_close(struct silence *silence) {
    if (!silence)
        return;
    silence->closing = true;
    if (!silence->busy)
        free_silence(silence);
}
