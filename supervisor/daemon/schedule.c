#include "schedule.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/log.h"
#include "daemon/errand.h"
#include "home/snapshot/suspension.h"
#include "store/launch_table.h"
#include "store/schedule_table.h"
#include "store/snapshot_table.h"

#include <stdlib.h>

static const struct {
    const char *noun;
    uint64_t limit_ms; /* of one command */
    bool told;         /* what it says is an event: the command itself writes none */
} kinds[STORE_SCHEDULE_KINDS] = {
    [STORE_SCHEDULE_SNAPSHOT] = {"snapshot", 300000, false},
    [STORE_SCHEDULE_BACKUP] = {"backup", 86400000, true},
};

struct attempt { /* that failed */
    int64_t instance;
    enum store_schedule_kind kind;
    int64_t tried_ms;
};

struct turn { /* of one kind */
    struct schedule *schedule;
    struct errand *errand; /* NULL: none is under way */
    int64_t instance;      /* whose; 0: it settles those of all */
};

struct schedule {
    struct fleet *fleet;
    bool settled;
    struct turn turns[STORE_SCHEDULE_KINDS];
    struct attempt *attempts;
    size_t attempt_count;
};

/* --- when --- */

bool schedule_is_due(const struct schedule_moment *moment, int64_t now_ms) {
    int64_t every_ms = (int64_t)moment->every_ms;
    int64_t retry_ms = every_ms < SCHEDULE_RETRY_MS ? every_ms : SCHEDULE_RETRY_MS;
    int64_t last_ms = moment->last_ms > now_ms ? 0 : moment->last_ms;
    bool came = now_ms - last_ms >= every_ms;
    bool rested =
        !moment->tried_ms || now_ms - moment->tried_ms >= retry_ms || moment->tried_ms > now_ms;
    return every_ms && came && rested && moment->ran_ms > last_ms;
}

static struct attempt *find_attempt(const struct schedule *schedule, int64_t instance,
                                    enum store_schedule_kind kind) {
    for (size_t i = 0; i < schedule->attempt_count; i++)
        if (schedule->attempts[i].instance == instance && schedule->attempts[i].kind == kind)
            return &schedule->attempts[i];
    return NULL;
}

static enum store_schedule_kind kind_of(const struct turn *turn) {
    return (enum store_schedule_kind)(turn - turn->schedule->turns);
}

static void remember_attempt(const struct turn *turn, int64_t tried_ms) {
    struct schedule *schedule = turn->schedule;
    struct attempt *attempt = find_attempt(schedule, turn->instance, kind_of(turn));
    if (!attempt) {
        schedule->attempts = alloc_resize(schedule->attempts, (schedule->attempt_count + 1) *
                                                                  sizeof *schedule->attempts);
        attempt = &schedule->attempts[schedule->attempt_count++];
    }
    *attempt = (struct attempt){turn->instance, kind_of(turn), tried_ms};
}

/* Now, while it runs. */
static int64_t last_run(const struct schedule *schedule, int64_t instance, int64_t now_ms) {
    const struct vm *vm = fleet_get_by_id(schedule->fleet, instance);
    struct store_launch last = {0};
    if (vm && lifecycle_has_process(vm->state))
        return now_ms;
    int64_t ran_ms =
        launch_table_last(schedule->fleet->home->store, instance, &last, NULL) ? last.ended_ms : 0;
    store_launch_done(&last);
    return ran_ms;
}

/* Its command would be refused. */
static bool is_changing(const struct vm *vm) {
    return vm && (vm->state == STATE_STARTING || vm->state == STATE_STOPPING ||
                  vm->state == STATE_SUSPENDING || vm->state == STATE_QUITTING);
}

/* As it is then it is refused, too; and it has not run when it goes on. */
static bool is_suspended(const struct schedule *schedule, const struct store_schedule *wanted) {
    struct saved_memory saved = {0};
    const struct vm *vm = fleet_get_by_id(schedule->fleet, wanted->instance);
    bool runs = vm && lifecycle_has_process(vm->state);
    bool suspended =
        !runs && suspension_read(schedule->fleet->home, wanted->name, &saved, NULL) && saved.tag;
    saved_memory_done(&saved);
    return suspended;
}

static bool is_due(const struct schedule *schedule, const struct store_schedule *wanted) {
    const struct attempt *attempt = find_attempt(schedule, wanted->instance, wanted->kind);
    int64_t now_ms = clock_wall_ms();
    const struct schedule_moment moment = {
        .every_ms = (uint64_t)wanted->every_s * 1000,
        .last_ms = wanted->last_ms,
        .tried_ms = attempt ? attempt->tried_ms : 0,
        .ran_ms = now_ms,
    };
    if (is_changing(fleet_get_by_id(schedule->fleet, wanted->instance)) ||
        !schedule_is_due(&moment, now_ms))
        return false;
    int64_t last_ms = wanted->last_ms > now_ms ? 0 : wanted->last_ms; /* of a clock set back */
    return last_run(schedule, wanted->instance, now_ms) > last_ms &&
           !is_suspended(schedule, wanted);
}

/* --- what --- */

static void tell_end(const struct turn *turn, bool good, const char *said) {
    struct fleet *fleet = turn->schedule->fleet;
    const struct vm *vm = fleet_get_by_id(fleet, turn->instance);
    scoped(alloc_release) char *text =
        good ? alloc_string(said)
             : alloc_printf("%s by itself: %s", kinds[kind_of(turn)].noun, said);
    scoped(alloc_release) char *line =
        good ? NULL : alloc_printf("%s%s ", vm ? "vm=" : "", vm ? vm->name : "");
    const struct gather_message message = {turn->instance, STORE_EVENT_SNAPSHOT, NULL, text, line};
    journal_tell(fleet->journal, &message);
}

static void on_errand_end(void *owner, bool good, const char *said) {
    struct turn *turn = owner;
    turn->errand = NULL;
    if (!turn->instance && !good)
        log_warning("snapshots that were interrupted are not settled: %s", said);
    if (!turn->instance)
        return;
    if (!good || kinds[kind_of(turn)].told)
        tell_end(turn, good, said);
    remember_attempt(turn, good ? 0 : clock_wall_ms());
}

static void begin_errand(struct turn *turn, int64_t instance, const char *const words[]) {
    struct error error = {0};
    const struct fleet *fleet = turn->schedule->fleet;
    const struct errand_request request = {
        fleet->home->path, fleet->home->run, words, kinds[kind_of(turn)].limit_ms, turn,
        on_errand_end};
    turn->instance = instance;
    turn->errand = errand_begin(fleet->loop, &request, &error);
    if (!turn->errand)
        on_errand_end(turn, false, error.text);
}

/* Listing completes or undoes what was begun. */
static void settle_once(struct schedule *schedule) {
    static const char *const words[] = {"snapshot", "list", NULL};
    struct store_snapshots list = {0};
    bool unsettled = false;
    schedule->settled = snapshot_table_list(schedule->fleet->home->store, 0, &list, NULL);
    for (size_t i = 0; i < list.count; i++)
        unsettled |= list.items[i].state != STORE_SNAPSHOT_KEPT;
    store_snapshots_done(&list);
    if (unsettled)
        begin_errand(&schedule->turns[STORE_SCHEDULE_SNAPSHOT], 0, words);
}

/* A snapshot waits for the backup of its instance, and the other way round. */
static bool is_worked_on(const struct schedule *schedule, int64_t instance) {
    for (size_t i = 0; i < STORE_SCHEDULE_KINDS; i++)
        if (schedule->turns[i].errand && schedule->turns[i].instance == instance)
            return true;
    return false;
}

static void begin_due(struct schedule *schedule) {
    struct store_schedules list = {0};
    schedule_table_list(schedule->fleet->home->store, &list, NULL);
    for (size_t i = 0; i < list.count; i++) {
        const struct store_schedule *wanted = &list.items[i];
        struct turn *turn = &schedule->turns[wanted->kind];
        const char *const words[] = {kinds[wanted->kind].noun, "create", wanted->name,
                                     "--automatic", NULL};
        if (!turn->errand && !is_worked_on(schedule, wanted->instance) && is_due(schedule, wanted))
            begin_errand(turn, wanted->instance, words);
    }
    store_schedules_done(&list);
}

void schedule_look(struct schedule *schedule) {
    if (is_worked_on(schedule, 0) || schedule->fleet->ending)
        return;
    if (!schedule->settled)
        settle_once(schedule);
    else
        begin_due(schedule);
}

/* --- life --- */

struct schedule *schedule_new(struct fleet *fleet) {
    struct schedule *schedule = alloc_zero(sizeof *schedule);
    schedule->fleet = fleet;
    for (size_t i = 0; i < STORE_SCHEDULE_KINDS; i++)
        schedule->turns[i].schedule = schedule;
    return schedule;
}

void schedule_close(struct schedule *schedule) {
    if (!schedule)
        return;
    for (size_t i = 0; i < STORE_SCHEDULE_KINDS; i++)
        errand_leave(schedule->turns[i].errand);
    free(schedule->attempts);
    free(schedule);
}
