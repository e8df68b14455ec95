/* apply and diff: the home as one file says. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/link/own_command.h"
#include "cli/link/vm_status.h"
#include "cli/output/json_output.h"
#include "cli/output/progress_board.h"
#include "home/home.h"
#include "home/lab/lab_cloud.h"
#include "home/lab/lab_file.h"
#include "home/lab/lab_plan_make.h"
#include "home/lab/lab_rehearsal.h"
#include "home/lab/lab_schema.h"
#include "home/lab/lab_work.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define STATUS_SOMETHING_TO_DO 6 /* topics/exit-status.md */

static const struct option_spec apply_options[] = {
    {"file", 'f', "FILE", .help = "the lab file; -: standard input", .fallback = "lab.yaml"},
    {"dry-run", .help = "only show what would be done; status 6 if there is something to do"},
    {"prune", .help = "also remove instances (to the trash) and networks that are not in the file"},
    {"wait", 'w',
     .help = "then start the instances of the file, each after the one in its \"after\", and "
             "wait until they are ready; begins a supervisor if none runs"},
    {"timeout", 0, "DURATION",
     .help = "with --wait: stop waiting after this time; the VMs keep running", .fallback = "600"},
    {"as-root", .help = "with --wait: run the supervisor as root, for a home of root's own"},
    {"schema", .help = "print the JSON Schema of lab files, and do nothing"},
    OPTIONS_END,
};

static const struct option_spec diff_options[] = {
    {"file", 'f', "FILE", .help = "the lab file; -: standard input", .fallback = "lab.yaml"},
    {"prune", .help = "also show what `pgsup apply --prune` would remove"},
    {"json", .help = "print one JSON array: `pgsup help json`"},
    OPTIONS_END,
};

/* Names and details have texts of the file. */
static void show(const struct lab_step *step, const char *end) {
    scoped(alloc_release) char *name = name_safe(step->name);
    scoped(alloc_release) char *detail = name_safe(step->detail ? step->detail : "");
    printf("%s %s%s%s%s\n", lab_step_word(step->kind), name, *detail ? ": " : "", detail, end);
    fflush(stdout);
}

static json_t *step_row(const char *word, const char *name, const char *detail) {
    json_t *row = json_object();
    json_output_schema(row);
    json_object_set_new(row, "step", json_string(word));
    json_object_set_new(row, "name", json_output_text(name));
    json_object_set_new(row, "detail", json_output_text(detail));
    return row;
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

static const struct image_progress *image_begins(const char *name, void *context) {
    return progress_board_begin(context, name);
}

static void image_ends(const struct image_progress *progress, void *context) {
    progress_board_end(context, progress);
}

static void show_done(const struct lab_step *step, void *context) {
    struct progress_board *board = context;
    if (step->kind == LAB_NOTE || board->invocation->quiet)
        return;
    progress_board_hold(board);
    show(step, ": done");
    progress_board_release(board);
}

static void show_notice(const char *instance, const char *sentence, void *context) {
    struct progress_board *board = context;
    progress_board_hold(board);
    invocation_warn("%s: %s", instance, sentence);
    progress_board_release(board);
}

static bool carry_out(struct invocation *invocation, const struct lab *lab,
                      const struct lab_plan *plan, struct error *error) {
    struct progress_board board;
    const struct lab_work work = {.home = invocation->home,
                                  .lab = lab,
                                  .plan = plan,
                                  .done = show_done,
                                  .notice = show_notice,
                                  .context = &board,
                                  .images = {image_begins, image_ends, &board}};
    interrupt_watch();
    progress_board_init(&board, invocation);
    bool good = lab_work_do(&work, error);
    progress_board_done(&board);
    return good;
}

/* --- then start them --- */

static bool is_supervised(const struct home *home, bool *supervised, struct error *error) {
    struct error absent = {0};
    struct client *client = client_open_any(home, &absent);
    *supervised = client != NULL;
    client_close(client);
    return *supervised || absent.code == ERROR_NO_SUPERVISOR || error_copy(error, &absent);
}

static int begin_supervisor(const struct invocation *invocation, const struct own_command *own,
                            struct error *error) {
    scoped(strv_done) struct strv words = {0};
    bool supervised;
    if (!is_supervised(invocation->home, &supervised, error))
        return EXIT_FAILURE;
    if (supervised)
        return EXIT_SUCCESS;
    strv_push(&words, "up");
    strv_push(&words, "--detach");
    if (invocation_flag(invocation, "as-root"))
        strv_push(&words, "--as-root");
    return own_command_run(own, &words, error);
}

/* In the order of their "after", which `pgsup start` keeps. */
static int start_all(const struct invocation *invocation, const struct lab *lab,
                     struct error *error) {
    struct own_command own = {0};
    scoped(strv_done) struct strv words = {0};
    if (!own_command_init(&own, invocation, error))
        return EXIT_FAILURE;
    strv_push(&words, "start");
    for (size_t i = 0; i < lab->instance_count; i++)
        strv_push(&words, lab->instances[i].name);
    strv_push(&words, "--wait");
    strv_pushf(&words, "--timeout=%s", invocation_option(invocation, "timeout"));
    int status = begin_supervisor(invocation, &own, error);
    if (status == EXIT_SUCCESS && lab->instance_count)
        status = own_command_run(&own, &words, error);
    own_command_done(&own);
    return status;
}

static bool check_wait(const struct invocation *invocation, struct error *error) {
    uint64_t timeout_ms;
    if (!invocation_flag(invocation, "wait"))
        return true;
    if (geteuid() == 0 && !invocation_flag(invocation, "as-root"))
        return error_set(error, ERROR_WRONG_STATE,
                         "the supervisor does not run as root for nobody: call `pgsup apply` as "
                         "yourself, or say --as-root for a home of root's own");
    return invocation_duration(invocation, "timeout", 1000, &timeout_ms, error);
}

static void print_steps(const struct lab_plan *plan, const char *new_home) {
    json_t *list = json_array();
    if (new_home)
        json_array_append_new(list, step_row("create cloud", "cloud", new_home));
    for (size_t i = 0; i < plan->count; i++) {
        const struct lab_step *step = &plan->steps[i];
        json_array_append_new(list, step_row(lab_step_word(step->kind), step->name, step->detail));
    }
    json_output_print(list);
}

/* new_home: where the cloud of the file is to be; NULL: there is one. */
static void show_plan(const struct invocation *invocation, const struct lab_plan *plan,
                      const char *new_home, bool with_steps) {
    for (size_t i = 0; i < plan->asked.remarks.count; i++)
        invocation_warn("%s", plan->asked.remarks.items[i]);
    if (invocation_wants_json(invocation)) {
        print_steps(plan, new_home);
        return;
    }
    scoped(alloc_release) char *shown = name_safe(new_home ? new_home : "");
    if (new_home)
        printf("create the cloud in %s\n", shown);
    for (size_t i = 0; with_steps && i < plan->count; i++)
        show(&plan->steps[i], "");
}

/* Which instances were made, and are not started. */
static void tell_next(const struct lab_plan *plan) {
    scoped(buffer_done) struct buffer names = {0};
    size_t made = 0;
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == LAB_CREATE) {
            made++;
            buffer_printf(&names, " %s", plan->steps[i].name);
        }
    if (made)
        printf("`pgsup start%s --wait` boots %s\n", names.data, made > 1 ? "them" : "it");
}

static int act(struct invocation *invocation, const struct lab *lab, const struct lab_plan *plan,
               bool dry, struct error *error) {
    if (!dry && !check_pruned(invocation->home, plan, error))
        return EXIT_FAILURE;
    show_plan(invocation, plan, NULL, dry || !invocation->quiet);
    if (dry && plan->due)
        return STATUS_SOMETHING_TO_DO;
    if (!dry && !carry_out(invocation, lab, plan, error))
        return EXIT_FAILURE;
    if (!plan->due && !invocation->quiet && !invocation_wants_json(invocation))
        printf("nothing to do\n");
    if (!dry && !invocation->quiet && !invocation_flag(invocation, "wait"))
        tell_next(plan);
    return EXIT_SUCCESS;
}

/* The home is open. */
static int apply_lab(struct invocation *invocation, const struct lab *lab, bool dry,
                     struct error *error) {
    struct lab_plan plan = {0};
    int status = EXIT_FAILURE;
    enum lab_prune prune = invocation_flag(invocation, "prune") ? LAB_PRUNE_OTHERS : LAB_KEEP;
    if (lab_plan_make(invocation->home, lab, prune, &plan, error))
        status = act(invocation, lab, &plan, dry, error);
    lab_plan_done(&plan);
    if (status == EXIT_SUCCESS && error->code == ERROR_NONE && !dry &&
        invocation_flag(invocation, "wait"))
        status = start_all(invocation, lab, error);
    return status;
}

/* --- where no home is yet --- */

static bool create_cloud(const struct invocation *invocation, const struct lab *lab,
                         struct error *error) {
    struct own_command own = {0};
    scoped(strv_done) struct strv words = {0};
    if (!own_command_init(&own, invocation, error))
        return false;
    lab_cloud_words(lab, &words);
    int status = own_command_run(&own, &words, error);
    own_command_done(&own);
    return status == EXIT_SUCCESS ||
           error_set(error, ERROR_INVALID, "the cloud of the file was not created: see above");
}

/* The whole file is checked before there is a home. */
static bool rehearse(const struct invocation *invocation, const struct lab *lab, const char *path,
                     bool dry, struct error *error) {
    struct lab_plan plan = {0};
    bool good = lab_rehearse(lab, LAB_KEEP, &plan, error);
    if (good && dry)
        show_plan(invocation, &plan, path, true);
    lab_plan_done(&plan);
    return good;
}

static int apply_homeless(struct invocation *invocation, const struct lab *lab, bool dry,
                          struct error *error) {
    struct home home = {0};
    scoped(alloc_release) char *path = home_default_path(invocation->home_option);
    if (lab->cloud && !rehearse(invocation, lab, path, dry, error))
        return EXIT_FAILURE;
    if (lab->cloud && dry)
        return STATUS_SOMETHING_TO_DO;
    if ((lab->cloud && !create_cloud(invocation, lab, error)) || !home_open(path, &home, error))
        return EXIT_FAILURE;
    invocation->home = &home;
    int status = apply_lab(invocation, lab, dry, error);
    invocation->home = NULL;
    home_close(&home);
    return status;
}

static int apply_or_create(struct invocation *invocation, const struct lab *lab, bool dry,
                           struct error *error) {
    return invocation->home ? apply_lab(invocation, lab, dry, error)
                            : apply_homeless(invocation, lab, dry, error);
}

static int run_apply(struct invocation *invocation, struct error *error) {
    struct lab lab = {0};
    int status = EXIT_FAILURE;
    bool dry = invocation_flag(invocation, "dry-run");
    if (invocation_flag(invocation, "schema")) {
        json_output_print(lab_schema());
        return EXIT_SUCCESS;
    }
    if (check_wait(invocation, error) &&
        lab_file_read(invocation_option(invocation, "file"), &lab, error))
        status = apply_or_create(invocation, &lab, dry, error);
    lab_done(&lab);
    return status;
}

static int run_diff(struct invocation *invocation, struct error *error) {
    struct lab lab = {0};
    int status = EXIT_FAILURE;
    if (lab_file_read(invocation_option(invocation, "file"), &lab, error))
        status = apply_or_create(invocation, &lab, true, error);
    lab_done(&lab);
    return status;
}

const struct command cmd_apply = {
    .path = "apply",
    .summary = "Make networks and instances as a file says",
    .details =
        "Shows all steps first (create, change, and with --prune remove), then each as it is "
        "done; where no home is yet, it creates the cloud before it shows them. It checks the "
        "whole file before the first step. It leaves alone what is as the file says, so that a "
        "second run has nothing to do, and continues where an interrupted run ended. Only --wait "
        "starts VMs. `pgsup help lab` describes the file.\n"
        "\n"
        "  pgsup apply -f lab.yaml --dry-run\n"
        "  pgsup apply -f lab.yaml --wait",
    .options = apply_options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .homeless = "",
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
    .homeless = "",
    .run = run_diff,
};
