#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/json_output.h"
#include "home/home.h"
#include "store/event_table.h"
#include "store/instance_table.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE = 500, FOLLOW_INTERVAL_MS = 300 };

static const struct option_spec options[] = {
    {.name = "json", .help = "print one JSON object per line, with RFC 3339 times"},
    {.name = "since",
     .value = "TIME",
     .help = "only events since then: 2026-11-23T13:07:35Z, or 90s, 10m, 2h, 7d ago"},
    {.name = "follow", .letter = 'f', .help = "keep printing new events until Ctrl-C"},
    OPTIONS_END,
};

/* "10m" ago, or RFC 3339 in UTC. */
static bool parse_since(const char *text, int64_t *since_ms, struct error *error) {
    static const struct {
        char unit;
        int64_t ms;
    } units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
    char *end;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (end > text && end[0] == units[i].unit && !end[1] && number >= 0 && number < 1000000) {
            *since_ms = clock_wall_ms() - number * units[i].ms;
            return true;
        }
    }
    struct tm utc = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &utc);
    if (rest && *rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    if (!rest || strcmp(rest, "Z") != 0)
        return error_set(error, ERROR_USAGE,
                         "\"%s\" is not a time: write 2026-11-23T13:07:35Z, or 90s, 10m, 2h, 7d",
                         text);
    *since_ms = (int64_t)timegm(&utc) * 1000;
    return true;
}

static void print_event_json(const struct store_event *event, const char *time) {
    json_t *object = json_object();
    json_object_set_new(object, "time", json_string(time));
    json_object_set_new(object, "instance", event->name ? json_string(event->name) : json_null());
    json_object_set_new(object, "kind", json_string(store_event_word(event->kind)));
    json_object_set_new(object, "text", json_string(event->text));
    json_object_set_new(object, "id", json_integer(event->id));
    json_output_line(object);
}

static void print_event(const struct store_event *event, bool as_json) {
    char time[CLOCK_RFC3339_SIZE];
    clock_rfc3339(event->at_ms, time);
    if (as_json)
        print_event_json(event, time);
    if (as_json)
        return;
    scoped(alloc_release) char *text = name_safe(event->text);
    printf("%s  %-12s  %-10s  %s\n", time, event->name ? event->name : "-",
           store_event_word(event->kind), text);
}

/* Prints events newer than *last; false: the store cannot be read. */
static bool print_new(struct invocation *invocation, int64_t instance, int64_t since_ms,
                      int64_t *last, struct error *error) {
    size_t count;
    do {
        struct store_events events = {0};
        const struct event_query asked = {instance, *last, since_ms, PAGE};
        if (!event_table_list(invocation->home->store, &asked, &events, error))
            return false;
        for (size_t i = 0; i < events.count; i++) {
            print_event(&events.items[i], invocation_flag(invocation, "json"));
            *last = events.items[i].id;
        }
        count = events.count;
        store_events_done(&events);
    } while (count == PAGE);
    return fflush(stdout) == 0;
}

static int run_events(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *since = invocation_option(invocation, "since");
    struct store_instance instance = {0};
    int64_t since_ms = 0, last = 0;
    if ((since && !parse_since(since, &since_ms, error)) ||
        (name && !instance_table_get(invocation->home->store, name, &instance, error)))
        return 1;
    while (print_new(invocation, instance.id, since_ms, &last, error) &&
           invocation_flag(invocation, "follow"))
        poll(NULL, 0, FOLLOW_INTERVAL_MS);
    store_instance_done(&instance);
    return 0;
}

const struct command cmd_events = {
    .path = "events",
    .summary = "Show what happened to instances",
    .arguments = "[NAME]",
    .details = "The last 10,000 events of each instance are kept.",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_events,
};
