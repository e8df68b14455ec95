#include "base/alloc.h"
#include "base/clock.h"
#include "base/duration.h"
#include "base/file_watch.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/output/event_words.h"
#include "cli/output/json_output.h"
#include "home/home.h"
#include "store/commits.h"
#include "store/event_table.h"
#include "store/instance_table.h"

#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    PAGE = 500,
    FOLLOW_INTERVAL_MS = 300,
    FOLLOW_AGAIN_US = 100,
    FOLLOW_CLOSELY_US = 1500,
    COUNT_USUAL = 20,
    COUNT_FOLLOWED = 10
};

static const struct option_spec options[] = {
    {.name = "json", .help = "print one JSON object per line: `pgsup help json`"},
    {.name = "lines",
     .letter = 'n',
     .value = "NUMBER|all",
     .help = "at most the last so many; default: 20, with --follow 10, with --since all",
     .also = "tail"},
    {.name = "since",
     .value = "TIME",
     .help = "only events since then: 2026-11-23T13:07:35Z, or 90s, 10m, 1h30m, 7d ago"},
    {.name = "kind",
     .value = "KIND,...",
     .help = "only of these kinds: state, reason, phase, notice, qmp, job, disk, network, agent, "
             "seed, phone-home, host-key, address, cloud-init, provision, dns, dropped"},
    {.name = "follow", .letter = 'f', .help = "keep printing new events until Ctrl-C"},
    {.name = "verbose",
     .letter = 'v',
     .help = "also QMP's own events, and transitions as the lifecycle writes them"},
    OPTIONS_END,
};

struct wanted {
    int64_t instance, since_ms;
    uint64_t count; /* of the last ones; UINT64_MAX: all */
    bool kinds[STORE_EVENT_KIND_COUNT];
    bool as_json, verbose;
};

/* --- what is wanted --- */

static bool read_count(const struct invocation *invocation, struct wanted *wanted,
                       struct error *error) {
    const char *text = invocation_option(invocation, "lines");
    bool all = text ? strcmp(text, "all") == 0 : invocation_given(invocation, "since");
    wanted->count = all                                     ? UINT64_MAX
                    : invocation_flag(invocation, "follow") ? COUNT_FOLLOWED
                                                            : COUNT_USUAL;
    return all || !text || name_parse_number(text, 0, INT32_MAX, &wanted->count) ||
           error_set(error, ERROR_USAGE,
                     "--lines (-n) is a number of events or \"all\", not \"%.80s\"; an instance is "
                     "named without an option",
                     text);
}

static bool read_kind(const char *word, size_t length, struct wanted *wanted, struct error *error) {
    for (int kind = STORE_EVENT_UNKNOWN + 1; kind < STORE_EVENT_KIND_COUNT; kind++) {
        const char *known = store_event_word((enum store_event_kind)kind);
        if (strlen(known) != length || strncmp(known, word, length) != 0)
            continue;
        wanted->kinds[kind] = true;
        return true;
    }
    return error_set(error, ERROR_USAGE, "\"%.*s\" is not a kind: `pgsup help events` lists them",
                     (int)(length < 40 ? length : 40), word);
}

static bool read_kinds(const struct invocation *invocation, struct wanted *wanted,
                       struct error *error) {
    const char *words = invocation_option(invocation, "kind");
    for (int kind = 0; !words && kind < STORE_EVENT_KIND_COUNT; kind++)
        wanted->kinds[kind] = kind != STORE_EVENT_QMP || wanted->verbose;
    while (words && *words) {
        size_t length = strcspn(words, ", ");
        if (length && !read_kind(words, length, wanted, error))
            return false;
        words += length;
        words += strspn(words, ", ");
    }
    return true;
}

static bool read_wanted(const struct invocation *invocation, struct wanted *wanted,
                        struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *since = invocation_option(invocation, "since");
    struct store_instance instance = {0};
    *wanted = (struct wanted){.as_json = invocation_flag(invocation, "json"),
                              .verbose = invocation_flag(invocation, "verbose")};
    if (!read_count(invocation, wanted, error) || !read_kinds(invocation, wanted, error) ||
        (since && !duration_parse_since(since, clock_wall_ms(), &wanted->since_ms, error)) ||
        (name && !instance_table_get(invocation->home->store, name, &instance, error)))
        return false;
    wanted->instance = instance.id;
    store_instance_done(&instance);
    return true;
}

/* --- printing --- */

static void print_event_json(const struct store_event *event, const char *time) {
    json_t *object = json_object();
    json_output_schema(object);
    json_object_set_new(object, "time", json_string(time));
    json_object_set_new(object, "instance", event->name ? json_string(event->name) : json_null());
    json_object_set_new(object, "kind", json_string(store_event_word(event->kind)));
    json_object_set_new(object, "text", json_string(event->text));
    json_object_set_new(object, "id", json_integer(event->id));
    json_output_line(object);
}

static void print_event(const struct store_event *event, const struct wanted *wanted) {
    char time[CLOCK_RFC3339_SIZE];
    clock_rfc3339(event->at_ms, time);
    if (wanted->as_json) {
        print_event_json(event, time);
        return;
    }
    bool in_words = event->kind == STORE_EVENT_STATE && !wanted->verbose;
    scoped(alloc_release) char *words = in_words ? event_words_of(event->text) : NULL;
    scoped(alloc_release) char *text = name_safe(words ? words : event->text);
    printf("%s  %-12s  %-10s  %s\n", time, event->name ? event->name : "-",
           store_event_word(event->kind), text);
}

/* Finds the id after which the last ones begin; 0: all. *last: the newest id of all. */
static bool find_start(struct invocation *invocation, const struct wanted *wanted, int64_t *start,
                       int64_t *last, struct error *error) {
    struct event_query asked = {.instance = wanted->instance,
                                .since_ms = wanted->since_ms,
                                .limit = PAGE,
                                .before_id = INT64_MAX};
    uint64_t found = 0;
    size_t count;
    *start = *last = 0;
    do {
        struct store_events events = {0};
        if (!event_table_list(invocation->home->store, &asked, &events, error))
            return false;
        for (size_t i = 0; i < events.count && !*start; i++) {
            *last = *last ? *last : events.items[i].id;
            found += wanted->kinds[events.items[i].kind];
            if (found > wanted->count)
                *start = events.items[i].id;
            asked.before_id = events.items[i].id;
        }
        count = events.count;
        store_events_done(&events);
    } while (count == PAGE && !*start);
    return true;
}

/* Prints events newer than *last; false: the store cannot be read. */
static bool print_new(struct invocation *invocation, const struct wanted *wanted, int64_t *last,
                      struct error *error) {
    size_t count;
    do {
        struct store_events events = {0};
        const struct event_query asked = {.instance = wanted->instance,
                                          .after_id = *last,
                                          .since_ms = wanted->since_ms,
                                          .limit = PAGE};
        if (!event_table_list(invocation->home->store, &asked, &events, error))
            return false;
        for (size_t i = 0; i < events.count; i++) {
            if (wanted->kinds[events.items[i].kind])
                print_event(&events.items[i], wanted);
            *last = events.items[i].id;
        }
        count = events.count;
        store_events_done(&events);
    } while (count == PAGE);
    return fflush(stdout) == 0;
}

/* The store's log is written to some time before a reader sees what was written, and nothing tells
 * of that moment: it looks again every 100 µs, and after 1.5 ms after half as long as it waited.
 * waited_us: since the log was written to; beyond FOLLOW_INTERVAL_MS nothing is expected. */
static void await_more(int watch, int *waited_us, bool found) {
    struct pollfd written = {.fd = watch, .events = POLLIN};
    if (found) /* what was written since may have been told of already */
        *waited_us = 0;
    int step_us = *waited_us < FOLLOW_CLOSELY_US ? FOLLOW_AGAIN_US : *waited_us / 2;
    if (*waited_us > FOLLOW_INTERVAL_MS * 1000)
        step_us = FOLLOW_INTERVAL_MS * 1000;
    bool soon = step_us < 1000; /* sooner than poll() can tell */
    if (soon)
        nanosleep(&(struct timespec){.tv_nsec = step_us * 1000L}, NULL);
    if (poll(&written, 1, soon ? 0 : step_us / 1000) > 0) {
        file_watch_clear(watch);
        *waited_us = 0;
    } else if (*waited_us <= FOLLOW_INTERVAL_MS * 1000) {
        *waited_us += step_us;
    }
}

/* Whether nobody has committed anything since this was asked last. */
static bool is_unchanged(struct store *store, uint32_t *commits) {
    uint32_t before = *commits;
    return store_commits(store, commits) && *commits == before;
}

static void follow(struct invocation *invocation, const struct wanted *wanted, int64_t after,
                   struct error *error) {
    scoped(alloc_release) char *log = home_file(invocation->home, HOME_DATABASE "-wal");
    int watch = file_watch_open(log), waited_us = 0;
    uint32_t commits = 0;
    int64_t last = after;
    is_unchanged(invocation->home->store, &commits);
    while (print_new(invocation, wanted, &last, error)) {
        do {
            await_more(watch, &waited_us, last != after);
            after = last;
        } while (is_unchanged(invocation->home->store, &commits));
    }
    file_watch_close(watch);
}

static int run_events(struct invocation *invocation, struct error *error) {
    struct wanted wanted;
    int64_t start = 0, last = 0;
    client_await_written(invocation->home);
    if (!read_wanted(invocation, &wanted, error))
        return EXIT_FAILURE;
    if (wanted.count != UINT64_MAX && !find_start(invocation, &wanted, &start, &last, error))
        return EXIT_FAILURE;
    int64_t after = wanted.count ? start : last;
    if (print_new(invocation, &wanted, &after, error) && invocation_flag(invocation, "follow"))
        follow(invocation, &wanted, after, error);
    return EXIT_SUCCESS;
}

const struct command cmd_events = {
    .path = "events",
    .summary = "Show what happened to instances",
    .arguments = "[NAME]",
    .details = "Shows the last events, the newest at the end. pgsup keeps 2,000 events of each "
               "kind for each instance.\n"
               "\n"
               "  pgsup events test -f\n"
               "  pgsup events --since 1h30m --kind state,provision\n"
               "  pgsup events test -v -n all",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_events,
};
