/* apply and diff: the home as one file says. */
#include "base/alloc.h"
#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/vm_status.h"
#include "cli/output/json_output.h"
#include "home/home.h"
#include "home/lab/lab_plan.h"
#include "home/lab/lab_schema.h"
#include "home/lab/lab_work.h"

#include <stdio.h>
#include <stdlib.h>

#define STATUS_SOMETHING_TO_DO 6 /* topics/exit-status.md */

static const struct option_spec apply_options[] = {
    {"file", 'f', "FILE", .help = "the lab file; -: standard input", .fallback = "lab.yaml"},
    {"dry-run", .help = "only show what would be done; status 6 if there is something"},
    {"prune", .help = "also remove instances (to the trash) and networks that are not in the file"},
    {"schema", .help = "print the JSON Schema of lab files, and do nothing"},
    OPTIONS_END,
};

static const struct option_spec diff_options[] = {
    {"file", 'f', "FILE", .help = "the lab file; -: standard input", .fallback = "lab.yaml"},
    {"prune", .help = "also show what `pgsup apply --prune` would remove"},
    OPTIONS_END,
};

static void show(const struct lab_step *step, const char *end) {
    printf("%s %s%s%s%s\n", lab_step_word(step->kind), step->name, step->detail ? ": " : "",
           step->detail ? step->detail : "", end);
    fflush(stdout);
}

/* --prune refuses before the first step what it could not finish. */
static bool check_pruned(const struct home *home, const struct lab_plan *plan,
                         struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < plan->count; i++) {
        struct store_instance instance = {0};
        struct running running = {0};
        if (plan->steps[i].kind != LAB_PRUNE)
            continue;
        good = instance_table_get(home->store, plan->steps[i].name, &instance, error) &&
               vm_status_find(home, &instance, &running, error);
        if (good && running.name)
            good = error_set(error, ERROR_WRONG_STATE,
                             "instance \"%s\" runs and is not in the file: stop it with `pgsup "
                             "stop %s`, nothing was done",
                             instance.name, instance.name);
        running_done(&running);
        store_instance_done(&instance);
    }
    return good;
}

static void show_done(const struct lab_step *step, void *context) {
    const struct invocation *invocation = context;
    if (!invocation->quiet)
        show(step, step->kind == LAB_NOTE ? "" : ": done");
}

static bool carry_out(struct invocation *invocation, const struct lab *lab,
                      const struct lab_plan *plan, struct error *error) {
    const struct lab_work work = {invocation->home, lab, plan, show_done, invocation};
    interrupt_watch();
    return lab_work_do(&work, error);
}

static int act(struct invocation *invocation, const struct lab *lab, const struct lab_plan *plan,
               bool dry, struct error *error) {
    for (size_t i = 0; dry && i < plan->count; i++)
        show(&plan->steps[i], "");
    if (dry && plan->due)
        return STATUS_SOMETHING_TO_DO;
    if (!dry &&
        (!check_pruned(invocation->home, plan, error) || !carry_out(invocation, lab, plan, error)))
        return EXIT_FAILURE;
    if (!plan->due && !invocation->quiet)
        printf("nothing to do\n");
    return EXIT_SUCCESS;
}

static int run_file(struct invocation *invocation, bool dry, struct error *error) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    int status = EXIT_FAILURE;
    enum lab_prune prune = invocation_flag(invocation, "prune") ? LAB_PRUNE_OTHERS : LAB_KEEP;
    if (lab_file_read(invocation_option(invocation, "file"), &lab, error) &&
        lab_plan_make(invocation->home, &lab, prune, &plan, error))
        status = act(invocation, &lab, &plan, dry, error);
    lab_plan_done(&plan);
    lab_done(&lab);
    return status;
}

static int run_apply(struct invocation *invocation, struct error *error) {
    if (invocation_flag(invocation, "schema")) {
        json_output_print(lab_schema());
        return EXIT_SUCCESS;
    }
    return run_file(invocation, invocation_flag(invocation, "dry-run"), error);
}

static int run_diff(struct invocation *invocation, struct error *error) {
    return run_file(invocation, true, error);
}

const struct command cmd_apply = {
    .path = "apply",
    .summary = "Make networks and instances as a file says",
    .details = "Shows each step as it is done: create, change, and with --prune remove. "
               "The whole file is checked before the first step. What is as the file says is "
               "left alone, so that a second run has nothing to do, and one that was "
               "interrupted goes on when it is given again. VMs are not started: `pgsup start`. "
               "`pgsup help lab` describes the file.\n"
               "\n"
               "  pgsup apply -f lab.yaml --dry-run\n"
               "  pgsup apply -f lab.yaml",
    .options = apply_options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_apply,
};

const struct command cmd_diff = {
    .path = "diff",
    .summary = "Show what `pgsup apply` would do",
    .details = "As `pgsup apply --dry-run`: status 0 if there is nothing to do, else 6.",
    .options = diff_options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_diff,
};
