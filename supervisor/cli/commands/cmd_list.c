#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/list_rows.h"
#include "cli/output/json_output.h"
#include "cli/output/list_table.h"
#include "cli/terminal/color.h"
#include "cli/terminal/terminal.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WATCH_INTERVAL_MS = 1000 };

static const struct option_spec options[] = {
    {.name = "json", .help = "print one JSON array: `pgsup help json`"},
    {.name = "all", .letter = 'a', .help = "for who is used to container tools", .hidden = true},
    {.name = "names-only", .letter = 'q', .help = "print the names only", .also = "quiet"},
    {.name = "no-header", .help = "without the line of headings", .also = "no-heading noheader"},
    {.name = "sort",
     .value = "COLUMN",
     .help = "order by this column; -COLUMN: the other way round",
     .fallback = "name"},
    {.name = "columns",
     .value = "COLUMN,...",
     .help = "the columns, in this order: name, state, vcpu, ram, disk, uptime, address, image, "
             "reason, pid, ip, mac, arch, seed, restart, created"},
    {.name = "state",
     .value = "STATE",
     .help = "only those in this state: ready, running, stopped"},
    {.name = "group", .letter = 'g', .value = "GROUP", .help = "only those in this group"},
    COLOR_OPTION,
    {.name = "watch", .letter = 'w', .help = "keep the list on the screen until Ctrl-C"},
    OPTIONS_END,
};

/* --- what was asked for --- */

struct view {
    struct invocation *invocation;
    struct list_table table;
    struct list_choice choice;
};

/* Whether a row has to have more than the table of all instances shows as it is. */
static bool needs_whole_rows(const struct view *view, const struct list_column *sort) {
    bool whole = invocation_flag(view->invocation, "json") || !sort->standard;
    for (size_t i = 0; i < view->table.count; i++)
        whole = whole || !view->table.columns[i]->standard;
    return whole;
}

static bool init_view(struct view *view, struct invocation *invocation, struct error *error) {
    const char *sort = invocation_option(invocation, "sort");
    bool descending = *sort == '-';
    const struct list_column *column =
        list_table_column(sort + descending, strlen(sort + descending), error);
    *view = (struct view){.invocation = invocation};
    view->table.no_heading = invocation_flag(invocation, "no-header");
    if (!column ||
        !list_table_choose(&view->table, invocation_option(invocation, "columns"), error) ||
        !color_wanted(invocation_option(invocation, "color"), stdout, &view->table.color, error))
        return false;
    view->choice = (struct list_choice){.names = invocation->options.arguments,
                                        .name_count = invocation_argument_count(invocation),
                                        .state = invocation_option(invocation, "state"),
                                        .group = invocation_option(invocation, "group"),
                                        .sort = column,
                                        .descending = descending,
                                        .whole = needs_whole_rows(view, column)};
    return list_rows_check(invocation->home, &view->choice, error);
}

static bool collect(const struct view *view, struct list_rows *list, struct error *error) {
    return list_rows_collect(view->invocation->home, &view->choice, list, error);
}

static void print_table(struct view *view, const struct list_rows *list, FILE *file) {
    view->table.width = isatty(STDOUT_FILENO) ? terminal_size_of(STDOUT_FILENO).columns - 1 : 0;
    list_table_print(&view->table, list->items, list->count, file);
}

/* --- showing --- */

static void tell_rest(const struct view *view, const struct list_rows *list) {
    if (view->invocation->quiet)
        return;
    if (!list->total)
        fputs("pgsup: no instances yet: `pgsup create NAME` defines one\n", stderr);
    else if (!list->supervised)
        fputs("pgsup: no supervisor runs: `pgsup up --detach` starts one\n", stderr);
}

static void print_list(struct view *view, const struct list_rows *list) {
    if (list->total)
        print_table(view, list, stdout);
    fflush(stdout);
    tell_rest(view, list);
}

static void print_names(const struct list_rows *list) {
    for (size_t i = 0; i < list->count; i++)
        puts(list->items[i].instance->name);
}

/* In place of what was drawn before; lines that do not fit are counted. */
static void redraw(const char *text, unsigned *drawn) {
    struct terminal_size size = terminal_size_of(STDOUT_FILENO);
    unsigned lines = 0, room = size.rows > 2 ? size.rows - 1 : 1, total = 0;
    for (const char *at = text; (at = strchr(at, '\n')); at++)
        total++;
    if (*drawn)
        printf("\033[%uA", *drawn);
    fputs("\r\033[J" TERMINAL_WRAP_OFF, stdout);
    while (*text && (lines + 1 < room || (lines + 1 == room && total == room))) {
        size_t length = strcspn(text, "\n");
        printf("%.*s\n", (int)length, text);
        text += length + (text[length] == '\n');
        lines++;
    }
    if (total > lines) {
        printf("\u2026 and %u more\n", total - lines);
        lines++;
    }
    fputs(TERMINAL_WRAP_ON, stdout);
    *drawn = lines;
    fflush(stdout);
}

/* The lines to draw, to be freed; NULL: error set. */
static char *format_list(struct view *view, struct error *error) {
    struct list_rows list;
    char *text = NULL;
    size_t length;
    if (!collect(view, &list, error))
        return NULL;
    FILE *file = open_memstream(&text, &length);
    if (file) {
        print_table(view, &list, file);
        if (!list.supervised)
            fputs("no supervisor runs: `pgsup up --detach` starts one\n", file);
        fclose(file);
    } else {
        error_errno(error, "cannot format the list");
    }
    list_rows_done(&list);
    return text;
}

static int watch_list(struct view *view, struct error *error) {
    struct error interrupted = {0};
    unsigned drawn = 0;
    if (!terminal_is_capable(STDOUT_FILENO)) {
        error_set(error, ERROR_USAGE,
                  "--watch needs a terminal: `pgsup events -f` tells changes line by line");
        return EXIT_FAILURE;
    }
    interrupt_watch();
    while (interrupt_check(&interrupted)) {
        char *text = format_list(view, error);
        if (!text)
            return EXIT_FAILURE;
        redraw(text, &drawn);
        free(text);
        poll(NULL, 0, WATCH_INTERVAL_MS);
    }
    putchar('\n'); /* after the terminal's ^C */
    return EXIT_SUCCESS;
}

static int run_list(struct invocation *invocation, struct error *error) {
    struct view view;
    struct list_rows list;
    if (!init_view(&view, invocation, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "watch"))
        return watch_list(&view, error);
    if (!collect(&view, &list, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "json"))
        json_output_print(list_rows_json(&list));
    else if (invocation_flag(invocation, "names-only"))
        print_names(&list);
    else
        print_list(&view, &list);
    list_rows_done(&list);
    return EXIT_SUCCESS;
}

#define LIST_COMMAND                                                                               \
    .alias = "ls", .arguments = "[NAME...]",                                                       \
    .details = "Asks the supervisor or, if none runs, the VMs themselves. The column REASON "      \
               "appears when something is not as it should be. A narrow terminal shows only the "  \
               "columns that matter most.\n"                                                       \
               "\n"                                                                                \
               "  pgsup list web db --columns name,state,pid\n"                                    \
               "  pgsup list --state failed -q\n"                                                  \
               "  pgsup list --sort -uptime -w",                                                   \
    .options = options, .max_arguments = COMMAND_MANY, .completes = COMPLETES_INSTANCES,           \
    .needs = NEEDS_HOME, .run = run_list

const struct command cmd_list = {
    .path = "list",
    .summary = "Show all instances and their states",
    LIST_COMMAND,
    .section = SECTION_REACH,
};

const struct command cmd_instance_list = {
    .path = "instance list",
    .summary = "Show all instances and their states, as `pgsup list` does",
    LIST_COMMAND,
    .section = SECTION_CLOUD,
};
