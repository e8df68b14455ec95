#include "cli/commands/table.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cli/doctor/examination.h"
#include "cli/invocation.h"
#include "cli/output/json_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void count_verdicts(const struct examination *examination, size_t counts[VERDICT_COUNT]) {
    for (size_t i = 0; i < examination->count; i++)
        counts[examination->items[i].finding.verdict]++;
}

static json_t *json_row(const struct examined *examined) {
    scoped(alloc_release) char *command = finding_command(&examined->finding);
    return json_pack("{s:s, s:s, s:s, s:o, s:o, s:b, s:b}", "check", examined->check->id, "area",
                     examined->check->area, "result", finding_word(examined->finding.verdict),
                     "text", json_output_text(examined->finding.text), "command",
                     json_output_text(command), "fixable", examination_is_fixable(examined),
                     "fixed", examined->mended);
}

static void print_json(const struct examination *examination) {
    size_t counts[VERDICT_COUNT] = {0};
    json_t *rows = json_array();
    count_verdicts(examination, counts);
    for (size_t i = 0; i < examination->count; i++)
        json_array_append_new(rows, json_row(&examination->items[i]));
    json_output_print(
        json_pack("{s:i, s:s, s:s, s:b, s:i, s:i, s:o}", "schema", JSON_OUTPUT_SCHEMA, "version",
                  PGSUP_VERSION, "home", examination->surroundings->home_path, "healthy",
                  counts[VERDICT_FAILURE] == 0, "warnings", (int)counts[VERDICT_WARNING],
                  "failures", (int)counts[VERDICT_FAILURE], "checks", rows));
}

/* Names of files may hold anything. */
static void print_row(const struct examined *examined) {
    scoped(alloc_release) char *command = finding_command(&examined->finding);
    scoped(alloc_release) char *line = alloc_printf(
        "%-8s %-17s %s%s%s%s", finding_word(examined->finding.verdict), examined->check->id,
        examined->finding.text, command ? ": `" : "", command ? command : "", command ? "`" : "");
    scoped(alloc_release) char *safe = name_safe(line);
    puts(safe);
}

static void print_text(const struct examination *examination) {
    size_t counts[VERDICT_COUNT] = {0};
    count_verdicts(examination, counts);
    for (size_t i = 0; i < examination->count; i++)
        print_row(&examination->items[i]);
    printf("%zu checks: %zu ok, %zu with a warning, %zu failed\n", examination->count,
           counts[VERDICT_OK], counts[VERDICT_WARNING], counts[VERDICT_FAILURE]);
}

/* Says what it does as it does it, on stderr, where it disturbs no JSON. */
static void mend_all(struct examination *examination) {
    for (size_t i = 0; i < examination->count; i++) {
        struct examined *each = &examination->items[i];
        if (!examination_is_fixable(each))
            continue;
        scoped(alloc_release) char *command = finding_command(&each->finding);
        scoped(alloc_release) char *safe = name_safe(command);
        fprintf(stderr, "%s: running `%s`\n", each->check->id, safe);
        examination_mend(examination, each);
        if (!each->mended)
            invocation_warn("%s: that failed: %s", each->check->id, each->problem.text);
    }
}

static int run_doctor(struct invocation *invocation, struct error *error) {
    struct examination examination;
    (void)error;
    examination_run(&examination, invocation->home_option);
    if (invocation_flag(invocation, "fix"))
        mend_all(&examination);
    if (invocation_flag(invocation, "json"))
        print_json(&examination);
    else
        print_text(&examination);
    size_t counts[VERDICT_COUNT] = {0};
    count_verdicts(&examination, counts);
    int status = counts[VERDICT_FAILURE] ? EXIT_FAILURE : EXIT_SUCCESS;
    bool late = examination.late;
    examination_done(&examination);
    if (late) { /* a thread that hangs in the system would keep the process */
        fflush(stdout);
        _exit(status);
    }
    return status;
}

static const struct option_spec doctor_options[] = {
    {.name = "fix", .help = "run the commands that harm nothing, and name each"},
    {.name = "json", .help = "print a JSON document"},
    OPTIONS_END,
};

const struct command cmd_doctor = {
    .path = "doctor",
    .summary = "Check this computer and this home, and name what mends them",
    .details = "Looks at the programs, accelerators and networks of this computer, at the store, "
               "the images and disks, the supervisor and the service. Each check is one line: "
               "ok, warning or failure, and the command that mends it. Only --fix changes "
               "something: it runs those commands that need no root and lose nothing (file "
               "modes, sockets of VMs that have ended, a service definition with old paths). The "
               "status is 1 if something that is needed fails.",
    .options = doctor_options,
    .section = SECTION_MORE,
    .run = run_doctor,
};
