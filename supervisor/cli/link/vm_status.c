#include "cli/link/vm_status.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "cli/link/offline.h"
#include "machine/core/suspend_tag.h"

#include <stdlib.h>
#include <string.h>

static int64_t uptime_ms(const struct vm_status *vms, int64_t pid, int64_t launched_ms) {
    return pid && launched_ms && launched_ms <= vms->now_ms ? vms->now_ms - launched_ms
                                                            : UPTIME_NONE;
}

/* --- what a supervisor says --- */

/* The place of a name, or the free one where it would be: half of them are free. */
static uint32_t *place_of(const struct vm_status *vms, const char *name) {
    uint32_t at = name_hash(name);
    uint32_t *place;
    while (*(place = &vms->places[at++ & vms->place_mask]) &&
           strcmp(vms->told[*place - 1].name, name) != 0)
        ;
    return place;
}

static void place_told(struct vm_status *vms) {
    size_t count = 1;
    while (count < 2 * (vms->told_count + 1))
        count *= 2;
    vms->places = alloc_zero(count * sizeof *vms->places);
    vms->place_mask = (uint32_t)count - 1;
    for (uint32_t i = 0; i < vms->told_count; i++)
        *place_of(vms, vms->told[i].name) = i + 1;
}

static void add_told(struct vm_status *vms, const char *name, const struct vm_now *now) {
    if (!name || !now->state)
        return;
    if (vms->told_count == vms->told_room) {
        vms->told_room = vms->told_room ? 2 * vms->told_room : 16;
        vms->told = alloc_resize(vms->told, vms->told_room * sizeof *vms->told);
    }
    vms->told[vms->told_count] = (struct vm_told){.name = name, .now = *now};
    vms->told[vms->told_count++].now.supervised = true;
}

static void read_object(struct vm_status *vms, const json_t *object) {
    const json_t *phases = json_object_get(object, "phases");
    int64_t pid = json_integer_value(json_object_get(object, "pid"));
    const struct vm_now now = {
        .state = json_string_value(json_object_get(object, "state")),
        .reason = json_string_value(json_object_get(object, "reason")),
        .pid = pid,
        .uptime_ms = uptime_ms(vms, pid, json_integer_value(json_object_get(phases, "launched"))),
        .since_ms = json_integer_value(json_object_get(object, "since_ms")),
        .told = object};
    add_told(vms, json_string_value(json_object_get(object, "name")), &now);
}

static char *cut_word(char **text) {
    char *word = *text;
    *text += strcspn(word, " ");
    if (**text)
        *(*text)++ = 0;
    return word;
}

/* Names and times: control/protocol.h. */
static void read_words(struct vm_status *vms, const char *state, const json_t *words) {
    const json_t *reasons = json_object_get(vms->answer, "reasons");
    bool any = json_object_size(reasons) > 0;
    char *text = alloc_string(json_string_value(words));
    if (!text)
        return;
    strv_take(&vms->texts, text);
    while (*text) {
        const char *name = cut_word(&text), *uptime = cut_word(&text);
        const struct vm_now now = {
            .state = state,
            .reason = any ? json_string_value(json_object_get(reasons, name)) : NULL,
            .uptime_ms =
                *uptime >= '0' && *uptime <= '9' ? strtoll(uptime, NULL, 10) : UPTIME_NONE};
        add_told(vms, *name ? name : NULL, &now);
    }
}

/* An older supervisor knows no brief answer. False: that is no answer. */
static bool read_answer(struct vm_status *vms) {
    json_t *brief = json_object_get(vms->answer, "brief"), *each;
    const json_t *objects = json_object_get(vms->answer, "vms");
    const char *state;
    size_t index;
    json_array_foreach(objects, index, each) {
        read_object(vms, each);
    }
    json_object_foreach(brief, state, each) {
        read_words(vms, state, each);
    }
    place_told(vms);
    return json_is_array(objects) || json_is_object(brief);
}

static bool send_question(struct vm_status *vms, struct error *error) {
    json_t *params = json_object();
    if (vms->scope.only)
        json_object_set_new(params, "name", json_string(vms->scope.only));
    if (vms->scope.brief)
        json_object_set_new(params, "brief", json_true());
    return client_send(vms->client, "status", params, error) != 0;
}

bool vm_status_ask(const struct home *home, const struct vm_status_scope *scope,
                   struct vm_status *vms, struct error *error) {
    struct error problem = {0};
    *vms = (struct vm_status){.home = home, .scope = *scope, .now_ms = clock_wall_ms()};
    vms->client = client_open(home, &problem);
    if (!vms->client && problem.code != ERROR_NO_SUPERVISOR)
        return error_copy(error, &problem);
    bool good =
        vms->client ? send_question(vms, error) : running_scan(home->run, &vms->running, error);
    if (!good)
        vm_status_close(vms);
    return good;
}

bool vm_status_receive(struct vm_status *vms, struct error *error) {
    if (!vms->client)
        return true;
    vms->answer = client_result(vms->client, error);
    return vms->answer && (read_answer(vms) ||
                           error_set(error, ERROR_FAILED, "the supervisor's answer is not valid"));
}

bool vm_status_open(const struct home *home, const struct vm_status_scope *scope,
                    struct vm_status *vms, struct error *error) {
    if (!vm_status_ask(home, scope, vms, error))
        return false;
    bool good = vm_status_receive(vms, error);
    if (!good)
        vm_status_close(vms);
    return good;
}

void vm_status_close(struct vm_status *vms) {
    client_close(vms->client);
    free(vms->told);
    free(vms->places);
    json_decref(vms->answer);
    running_list_done(&vms->running);
    store_launches_done(&vms->ended);
    if (vms->looks)
        unsuspended_close(&vms->unsuspended);
    strv_done(&vms->texts);
    *vms = (struct vm_status){0};
}

/* --- what a VM itself, the store and the disks say --- */

static const char *keep_text(struct vm_status *vms, char *text) {
    strv_take(&vms->texts, text);
    return text;
}

static int64_t recall_uptime_ms(const struct vm_status *vms, int64_t instance, int64_t pid) {
    struct store_launch launch = {0};
    bool known = launch_table_last(vms->home->store, instance, &launch, NULL);
    int64_t launched_ms = known && launch.pid == pid ? launch.phases_ms[PHASE_LAUNCHED] : 0;
    store_launch_done(&launch);
    return uptime_ms(vms, pid, launched_ms);
}

/* qapi/run-state.json, RunState: everything that is not "running" has its vCPUs halted. */
static void ask_vm(struct vm_status *vms, const struct running *running, struct vm_now *now) {
    struct error error = {0};
    struct offline *offline = offline_open(vms->home, running, &error);
    json_t *reply = offline ? offline_command(offline, "query-status", NULL, &error) : NULL;
    const char *status = json_string_value(json_object_get(reply, "status"));
    now->pid = running->pid;
    if (!status) {
        now->state = "lost";
        now->reason =
            keep_text(vms, alloc_printf("no supervisor, and QMP does not answer: %s", error.text));
    } else {
        now->state = strcmp(status, "running") == 0 ? "running" : "paused";
        now->reason = keep_text(vms, alloc_printf("no supervisor; QEMU reports \"%.40s\"", status));
    }
    json_decref(reply);
    offline_close(offline);
}

/* The status of a VM that does not run comes from the record of its last launch. */
static void recall_vm(struct vm_status *vms, const struct store_instance *instance,
                      struct vm_now *now) {
    if (!vms->recalls && vms->scope.only)
        launch_table_list(vms->home->store, instance->id, 1, &vms->ended, NULL);
    else if (!vms->recalls)
        launch_table_list_last(vms->home->store, &vms->ended, NULL);
    vms->recalls = true;
    const struct store_launch *last = store_launches_find(&vms->ended, instance->id);
    bool failed = last && last->ended_ms && last->state && strcmp(last->state, "failed") == 0;
    now->state = failed ? "failed" : "stopped";
    int64_t launched_ms = last ? last->phases_ms[PHASE_LAUNCHED] : 0;
    if (last && !last->ended_ms && vms->client && (!launched_ms || launched_ms >= vms->now_ms))
        now->state = "starting"; /* since the supervisor answered */
    else if (last)
        now->reason = last->ended_ms ? last->end_text : "ended while unsupervised";
}

static bool is_down(const struct vm_now *now) {
    return strcmp(now->state, "stopped") == 0 || strcmp(now->state, "failed") == 0;
}

static bool read_memory(struct vm_status *vms, const char *name, struct saved_memory *saved) {
    if (vms->scope.only)
        return suspension_read(vms->home, name, saved, NULL);
    if (!vms->looks)
        unsuspended_open(&vms->unsuspended, vms->home);
    vms->looks = true;
    return unsuspended_read(&vms->unsuspended, name, saved, NULL);
}

/* One that does not run is suspended if its disk says so. Why it could not be started stays. */
static void look_for_memory(struct vm_status *vms, const char *name, struct vm_now *now) {
    struct saved_memory saved = {0};
    char size[32];
    if (!is_down(now) || !read_memory(vms, name, &saved) || !saved.tag)
        return;
    name_format_size(saved.bytes, size);
    if (strcmp(now->state, "stopped") == 0)
        now->reason =
            keep_text(vms, alloc_printf("%s of memory are on disk: `pgsup start %s` lets it go on",
                                        size, name));
    now->state = SUSPEND_STATE;
    now->since_ms = saved.saved_ms;
    saved_memory_done(&saved);
}

/* --- of each instance --- */

static const struct vm_told *find_told(const struct vm_status *vms, const char *name) {
    uint32_t place = vms->told_count ? *place_of(vms, name) : 0;
    return place ? &vms->told[place - 1] : NULL;
}

static const struct running *find_running(const struct vm_status *vms, const char *name) {
    for (size_t i = 0; i < vms->running.count; i++)
        if (strcmp(vms->running.items[i].name, name) == 0)
            return &vms->running.items[i];
    return NULL;
}

void vm_status_get(struct vm_status *vms, const struct store_instance *instance,
                   struct vm_now *now) {
    const struct vm_told *told = find_told(vms, instance->name);
    const struct running *running = told ? NULL : find_running(vms, instance->name);
    *now = told ? told->now
                : (struct vm_now){.uptime_ms = UPTIME_NONE, .supervised = vms->client != NULL};
    if (running)
        ask_vm(vms, running, now);
    else if (!told)
        recall_vm(vms, instance, now);
    if (now->pid && now->uptime_ms == UPTIME_NONE)
        now->uptime_ms = recall_uptime_ms(vms, instance->id, now->pid);
    look_for_memory(vms, instance->name, now);
}

bool vm_status_find(const struct home *home, const struct store_instance *instance,
                    struct running *running, struct error *error) {
    const struct vm_status_scope scope = {.only = instance->name, .brief = true};
    struct vm_status vms = {0};
    struct vm_now now;
    if (!running_find(home->run, instance->name, running, error) ||
        !vm_status_open(home, &scope, &vms, error))
        return false;
    vm_status_get(&vms, instance, &now);
    if (!running->name && !is_down(&now) && strcmp(now.state, SUSPEND_STATE) != 0)
        running->name = alloc_string(instance->name);
    vm_status_close(&vms);
    return true;
}
