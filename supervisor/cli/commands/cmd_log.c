#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/log_file.h"
#include "home/layout.h"
#include "home/run_folder.h"
#include "store/event_table.h"
#include "store/instance_table.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLLOW_INTERVAL_MS = 250, SOURCES_MAX = 4 };
#define LINES_MAX  1000000u
#define CLOUD_INIT "cloud-init"

static const struct {
    const char *word, *file;
} sources[SOURCES_MAX] = {
    {"console", LAYOUT_CONSOLE_LOG},
    {"qemu", LAYOUT_QEMU_LOG},
    {"ansible", LAYOUT_ANSIBLE_LOG},
    {"helper", LAYOUT_HELPER_LOG},
};

static const struct option_spec options[] = {
    {.name = "follow", .letter = 'f', .help = "keep printing what is added until Ctrl-C"},
    {.name = "lines",
     .letter = 'n',
     .value = "NUMBER",
     .also = "tail",
     .help = "at most the last lines",
     .fallback = "100"},
    {.name = "source",
     .value = "console|qemu|ansible|helper|cloud-init|all",
     .help =
         "the guest's serial console, QEMU's own output, the last run of Ansible, vmnet-helper's "
         "output, what cloud-init reported",
     .fallback = "console"},
    {.name = "boot",
     .value = "NUMBER",
     .help = "of the console, only this boot: `pgsup info --history`"},
    {.name = "raw", .help = "with escape sequences and all, as it came"},
    OPTIONS_END,
};

/* What cloud-init reported: events of the store, no file. */
struct reports {
    bool shown;
    const char *label; /* before each line */
    int64_t instance, last_id;
};

struct shown {
    struct reports reports;
    struct log_file logs[SOURCES_MAX];
    char *paths[SOURCES_MAX];
    size_t count;
};

static void add_log(struct shown *shown, const struct invocation *invocation, char *path,
                    const char *label) {
    shown->paths[shown->count] = path;
    shown->logs[shown->count++] = (struct log_file){
        .path = path,
        .label = label,
        .raw = invocation_flag(invocation, "raw"),
        .timed = strcmp(path + strlen(path) - strlen(LAYOUT_CONSOLE_LOG), LAYOUT_CONSOLE_LOG) == 0,
    };
}

static bool add_sources(struct shown *shown, const struct invocation *invocation, const char *name,
                        struct error *error) {
    const char *word = invocation_option(invocation, "source");
    bool all = strcmp(word, "all") == 0;
    for (size_t i = 0; i < SOURCES_MAX; i++)
        if (all || strcmp(sources[i].word, word) == 0)
            add_log(shown, invocation, layout_file(invocation->home, name, sources[i].file),
                    all ? sources[i].word : NULL);
    if (all || strcmp(word, CLOUD_INIT) == 0)
        shown->reports = (struct reports){.label = all ? CLOUD_INIT ": " : "", .shown = true};
    return shown->count > 0 || shown->reports.shown ||
           error_set(error, ERROR_USAGE,
                     "--source is console, qemu, ansible, helper, cloud-init or all, not \"%s\"",
                     word);
}

static bool choose(struct shown *shown, const struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct store_instance instance = {0};
    if (!name) {
        add_log(shown, invocation, run_folder_log(invocation->home->run), NULL);
        return true;
    }
    if (!instance_table_get(invocation->home->store, name, &instance, error))
        return false;
    bool good = add_sources(shown, invocation, name, error);
    shown->reports.instance = instance.id;
    store_instance_done(&instance);
    return good;
}

/* The last ones, or with 0 all, that came since. */
static bool show_reports(struct reports *reports, const struct home *home, uint64_t lines,
                         struct error *error) {
    const struct event_query query = {
        .instance = reports->instance, .after_id = reports->last_id, .limit = UINT16_MAX};
    struct store_events events = {0};
    uint64_t left = 0;
    if (!reports->shown)
        return true;
    if (!event_table_list(home->store, &query, &events, error))
        return false;
    for (size_t i = 0; i < events.count; i++)
        left += events.items[i].kind == STORE_EVENT_CLOUD_INIT;
    for (size_t i = 0; i < events.count; i++) {
        const struct store_event *event = &events.items[i];
        char time[CLOCK_RFC3339_SIZE];
        reports->last_id = event->id;
        if (event->kind != STORE_EVENT_CLOUD_INIT || (lines && left-- > lines))
            continue;
        clock_rfc3339(event->at_ms, time);
        scoped(alloc_release) char *text = name_safe(event->text);
        printf("%s%s  %s\n", reports->label, time, text);
    }
    store_events_done(&events);
    return true;
}

static bool read_number(const struct invocation *invocation, const char *option, uint64_t *number,
                        struct error *error) {
    const char *text = invocation_option(invocation, option);
    return !text || name_parse_number(text, 1, LINES_MAX, number) ||
           error_set(error, ERROR_USAGE, "--%s is a number from 1 to %u, not \"%s\"", option,
                     LINES_MAX, text);
}

static int run_log(struct invocation *invocation, struct error *error) {
    struct shown shown = {0};
    struct log_file_range range = {0};
    bool good = read_number(invocation, "lines", &range.lines, error) &&
                read_number(invocation, "boot", &range.boot, error) &&
                choose(&shown, invocation, error);
    if (range.boot && !invocation_given(invocation, "lines"))
        range.lines = 0;
    good = good && show_reports(&shown.reports, invocation->home, range.lines, error);
    for (size_t i = 0; good && i < shown.count; i++)
        log_file_show(&shown.logs[i], &range);
    while (good && fflush(stdout) == 0 && invocation_flag(invocation, "follow")) {
        poll(NULL, 0, FOLLOW_INTERVAL_MS);
        for (size_t i = 0; i < shown.count; i++)
            log_file_follow(&shown.logs[i]);
        good = show_reports(&shown.reports, invocation->home, 0, error);
    }
    for (size_t i = 0; i < shown.count; i++) {
        log_file_done(&shown.logs[i]);
        free(shown.paths[i]);
    }
    return EXIT_SUCCESS;
}

const struct command cmd_log = {
    .path = "log",
    .alias = "logs",
    .summary = "Show what an instance, or the supervisor itself, has written",
    .arguments = "[NAME]",
    .details =
        "Without NAME: run/pgsup.log, which a supervisor in the background writes, with "
        "the time of each line. Lines of the console have the time at which they came, to the "
        "second, if a supervisor or `pgsup console` was there; QEMU's own and what "
        "cloud-init reported have times too.",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_log,
};
