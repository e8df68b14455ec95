#include "schedule.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/strv.h"
#include "machine/process.h"
#include "machine/tick.h"
#include "store/backup_table.h"
#include "store/launch_table.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAID_BYTES    2048 /* of what a command says last */
#define SENTENCE_MAX  400
#define SENTENCE_LEAD "pgsup: "

struct attempt { /* that failed */
    int64_t instance;
    int64_t tried_ms;
};

struct errand {             /* the command that runs */
    struct schedule *owner; /* NULL: it is not waited for any more */
    struct process *process;
    uv_timer_t limit;
    int output; /* a file without a name */
    int64_t instance;
};

struct schedule {
    struct fleet *fleet;
    uv_timer_t timer;
    struct errand *errand; /* NULL: none runs */
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

static struct attempt *find_attempt(const struct schedule *schedule, int64_t instance) {
    for (size_t i = 0; i < schedule->attempt_count; i++)
        if (schedule->attempts[i].instance == instance)
            return &schedule->attempts[i];
    return NULL;
}

static void remember_attempt(struct schedule *schedule, int64_t instance, int64_t tried_ms) {
    struct attempt *attempt = find_attempt(schedule, instance);
    if (!attempt) {
        schedule->attempts = alloc_resize(schedule->attempts, (schedule->attempt_count + 1) *
                                                                  sizeof *schedule->attempts);
        attempt = &schedule->attempts[schedule->attempt_count++];
    }
    *attempt = (struct attempt){instance, tried_ms};
}

/* Now, while it runs. */
static int64_t last_run(const struct schedule *schedule, const struct store_instance *instance,
                        int64_t now_ms) {
    const struct vm *vm = fleet_get_by_id(schedule->fleet, instance->id);
    struct store_launch last = {0};
    if (vm && lifecycle_has_process(vm->state))
        return now_ms;
    int64_t ran_ms = launch_table_last(schedule->fleet->home->store, instance->id, &last, NULL)
                         ? last.ended_ms
                         : 0;
    store_launch_done(&last);
    return ran_ms;
}

/* every_ms 0: not asked for, or it cannot be read now. */
static struct schedule_moment backup_moment(struct store *store,
                                            const struct store_instance *instance) {
    struct store_backup backup = {0};
    struct schedule_moment moment = {0};
    if (backup_table_get(store, instance->id, &backup, NULL) && backup.folder)
        moment =
            (struct schedule_moment){.every_ms = backup.every_s * 1000, .last_ms = backup.made_ms};
    store_backup_done(&backup);
    return moment;
}

static bool instance_is_due(const struct schedule *schedule,
                            const struct store_instance *instance) {
    const struct attempt *attempt = find_attempt(schedule, instance->id);
    struct schedule_moment moment = backup_moment(schedule->fleet->home->store, instance);
    int64_t now_ms = clock_wall_ms();
    if (!moment.every_ms)
        return false;
    moment.tried_ms = attempt ? attempt->tried_ms : 0;
    moment.ran_ms = last_run(schedule, instance, now_ms);
    return schedule_is_due(&moment, now_ms);
}

/* --- what --- */

static void errand_drop(struct errand *errand) {
    if (errand->owner)
        errand->owner->errand = NULL;
    file_release(&errand->output);
    process_close(errand->process);
    free(errand);
}

static void on_limit_closed(uv_handle_t *handle) {
    errand_drop(handle->data);
}

/* The last line, without the name of the program; caller frees. */
static char *last_said(const struct errand *errand) {
    char said[SAID_BYTES + 1] = "";
    off_t length = lseek(errand->output, 0, SEEK_END);
    off_t from = length > SAID_BYTES ? length - SAID_BYTES : 0;
    ssize_t got = pread(errand->output, said, SAID_BYTES, from);
    said[got > 0 ? got : 0] = 0;
    size_t end = strlen(said);
    while (end && said[end - 1] == '\n')
        said[--end] = 0;
    const char *line = strrchr(said, '\n');
    line = line ? line + 1 : said;
    if (strncmp(line, SENTENCE_LEAD, strlen(SENTENCE_LEAD)) == 0)
        line += strlen(SENTENCE_LEAD);
    return name_printable(line, strlen(line), SENTENCE_MAX);
}

static void tell_end(const struct errand *errand, bool good) {
    struct schedule *schedule = errand->owner;
    const struct vm *vm = fleet_get_by_id(schedule->fleet, errand->instance);
    scoped(alloc_release) char *said = last_said(errand);
    scoped(alloc_release) char *text =
        alloc_printf("%s%s", good ? "" : "by itself: ", *said ? said : "it did not end well");
    scoped(alloc_release) char *line =
        good ? NULL : alloc_printf("%s%s%s", vm ? "vm=" : "", vm ? vm->name : "", text);
    const struct gather_message message = {errand->instance, STORE_EVENT_SNAPSHOT, NULL, text,
                                           line};
    journal_tell(schedule->fleet->journal, &message);
}

static void on_command_end(void *owner, const struct process_end *end) {
    struct errand *errand = owner;
    bool good = end->status_known && end->exit_status == 0 && !end->signal;
    if (errand->owner) {
        tell_end(errand, good);
        remember_attempt(errand->owner, errand->instance, good ? 0 : clock_wall_ms());
    }
    uv_close((uv_handle_t *)&errand->limit, on_limit_closed);
}

static void on_limit(uv_timer_t *timer) {
    struct errand *errand = timer->data;
    process_kill(errand->process, SIGTERM);
}

/* A file without a name, for what the command says. */
static int open_output(const struct home *home, struct error *error) {
    scoped(alloc_release) char *path = alloc_printf("%s/.said-XXXXXX", home->run);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        error_errno(error, "cannot create a file in %s", home->run);
    else
        unlink(path);
    return fd;
}

static struct process *run_command(struct errand *errand, const char *name, struct error *error) {
    const struct fleet *fleet = errand->owner->fleet;
    scoped(alloc_release) char *program = platform_program_path();
    scoped(strv_done) struct strv argv = {0};
    const int fds[] = {CHILD_NULL, errand->output, errand->output};
    const struct process_listener listener = {errand, on_command_end};
    if (!program) {
        error_set(error, ERROR_FAILED, "the path of this program cannot be found out");
        return NULL;
    }
    const char *const words[] = {program,  "-p", fleet->home->path, "-q", "backup",
                                 "create", name, "--automatic"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        strv_push(&argv, words[i]);
    const struct child_options options = {.argv = argv.items,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof *fds,
                                          .group = CHILD_SESSION};
    return process_run(fleet->loop, &options, &listener, error);
}

static void begin_errand(struct schedule *schedule, const struct store_instance *instance) {
    struct error error = {0};
    struct errand *errand = alloc_zero(sizeof *errand);
    *errand = (struct errand){.owner = schedule, .instance = instance->id};
    schedule->errand = errand;
    errand->output = open_output(schedule->fleet->home, &error);
    if (errand->output >= 0)
        errand->process = run_command(errand, instance->name, &error);
    if (!errand->process) {
        remember_attempt(schedule, instance->id, clock_wall_ms());
        errand_drop(errand);
        return;
    }
    uv_timer_init(schedule->fleet->loop, &errand->limit);
    errand->limit.data = errand;
    uv_timer_start(&errand->limit, on_limit, SCHEDULE_LIMIT_MS, 0);
}

static void schedule_look(struct schedule *schedule) {
    struct store_instances all = {0};
    bool read = !schedule->errand && !schedule->fleet->ending &&
                instance_table_list(schedule->fleet->home->store, &all, NULL);
    for (size_t i = 0; read && i < all.count && !schedule->errand; i++)
        if (instance_is_due(schedule, &all.items[i]))
            begin_errand(schedule, &all.items[i]);
    store_instances_done(&all);
}

static void on_look(uv_timer_t *timer) {
    tick_start(timer, on_look, SCHEDULE_LOOK_MS);
    schedule_look(timer->data);
}

/* --- life --- */

struct schedule *schedule_new(struct fleet *fleet) {
    struct schedule *schedule = alloc_zero(sizeof *schedule);
    schedule->fleet = fleet;
    uv_timer_init(fleet->loop, &schedule->timer);
    schedule->timer.data = schedule;
    tick_start(&schedule->timer, on_look, SCHEDULE_LOOK_MS);
    return schedule;
}

static void on_schedule_closed(uv_handle_t *handle) {
    struct schedule *schedule = handle->data;
    free(schedule->attempts);
    free(schedule);
}

/* Its process goes on: a backup of a guest that keeps running is not lost by this. */
void schedule_close(struct schedule *schedule) {
    if (!schedule)
        return;
    if (schedule->errand) {
        struct errand *errand = schedule->errand;
        errand->owner->errand = NULL;
        errand->owner = NULL;
        process_close(errand->process);
        errand->process = NULL;
        uv_close((uv_handle_t *)&errand->limit, on_limit_closed);
    }
    uv_close((uv_handle_t *)&schedule->timer, on_schedule_closed);
}
