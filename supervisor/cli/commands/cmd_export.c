/* The home as one file for apply; or one instance, whole, for another engine. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/backup_live.h"
#include "cli/link/export_live.h"
#include "cli/link/selection.h"
#include "cli/link/stopped_instance.h"
#include "cli/link/vm_status.h"
#include "home/home.h"
#include "home/lab/lab_write.h"
#include "home/moving/export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAB "lab"

static const struct option_spec options[] = {
    {.name = "as",
     .value = "lab|libvirt|incus|kubevirt",
     .help = "the form: a lab file, or one instance with its disks for an engine",
     .fallback = LAB},
    SELECTION_GROUP_OPTION,
    {.name = "to", .value = "DIR", .help = "of an engine: the folder to write, a new one"},
    OPTIONS_END,
};

static int export_lab(struct invocation *invocation, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    if (invocation_given(invocation, "to")) {
        error_set(
            error, ERROR_USAGE,
            "--to is where --as libvirt|incus|kubevirt writes to: a lab file goes to standard "
            "output, `pgsup export > lab.yaml`");
        return EXIT_FAILURE;
    }
    struct selection selection = {0};
    static char *const all[] = {NULL};
    if (selection_read(invocation, &selection, error) &&
        lab_write(invocation->home, selection.names.count ? selection.names.items : all, &text,
                  error))
        fwrite(text.data, 1, text.length, stdout);
    selection_done(&selection);
    return EXIT_SUCCESS;
}

static bool export_stopped(const struct invocation *invocation,
                           const struct export_request *request, struct error *error) {
    struct store_instance instance = {0};
    scoped(file_release) int lock = -1;
    bool good = stopped_instance_lock_whole(invocation, request->name, &instance, &lock, error) &&
                export_run(request, error);
    store_instance_done(&instance);
    return good;
}

static void tell_running(const struct invocation *invocation, const struct export_live *live) {
    const char *name = live->running->name;
    if (invocation->quiet)
        return;
    if (live->moment == BACKUP_FROZEN)
        printf("%s runs: its disks are of one moment, its file systems were frozen\n", name);
    else
        printf("%s runs: its disks are of one moment, crash-consistent: %s\n", name,
               live->unfrozen.text);
    printf("what it writes from now on is not there: `pgsup stop %s` before it runs there\n", name);
}

static bool export_running(const struct invocation *invocation, const struct running *running,
                           struct export_request *request, struct error *error) {
    struct export_live live = {
        .invocation = invocation, .running = running, .pgsup = PGSUP_VERSION};
    scoped(file_release) int lock = backup_live_lock(request->home, running->name, error);
    request->copy_running = export_live_copy;
    request->context = &live;
    if (lock < 0 || !export_run(request, error))
        return false;
    tell_running(invocation, &live);
    return true;
}

static bool export_machine(struct invocation *invocation, const char *word, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *to = invocation_option(invocation, "to");
    bool replaced = false;
    struct export_request request = {
        .home = invocation->home, .name = name, .to = to, .replaced = &replaced};
    if (!export_engine_from_word(word, &request.engine, error))
        return false;
    if (invocation_argument_count(invocation) != 1 || !to || !*to ||
        invocation_given(invocation, "group"))
        return error_set(error, ERROR_USAGE,
                         "one instance goes to one folder: `pgsup export NAME --as %s --to DIR`",
                         word);
    struct store_instance instance = {0};
    struct running running = {0};
    bool good = instance_table_get(invocation->home->store, name, &instance, error) &&
                vm_status_find(invocation->home, &instance, &running, error);
    if (good && running.name && !running.tag)
        good = error_set(error, ERROR_WRONG_STATE, "\"%s\" is being started: try again", name);
    good = good && (running.name ? export_running(invocation, &running, &request, error)
                                 : export_stopped(invocation, &request, error));
    if (replaced && !invocation->quiet)
        printf("what a killed export to %s had left was removed\n", to);
    running_done(&running);
    store_instance_done(&instance);
    return good;
}

static int run_export(struct invocation *invocation, struct error *error) {
    const char *word = invocation_option(invocation, "as");
    if (strcmp(word, LAB) == 0)
        return export_lab(invocation, error);
    interrupt_watch();
    if (!export_machine(invocation, word, error))
        return EXIT_FAILURE;
    if (!invocation->quiet)
        printf("%s is in %s; README.md there tells how to run it\n",
               invocation_argument(invocation, 0), invocation_option(invocation, "to"));
    return EXIT_SUCCESS;
}

const struct command cmd_export = {
    .path = "export",
    .summary = "Print instances as a file for `pgsup apply`, or write one for another engine",
    .arguments = "[NAME...]",
    .details = "Without --as prints networks and instances as a file for `pgsup apply`: without "
               "names and --group all instances. Applied to the home that it comes from, the "
               "file changes nothing. The file has your own documents for cloud-init, with the "
               "secrets in them. It does not have the cloud, its users and its images.\n"
               "\n"
               "--as libvirt, incus or kubevirt writes one instance into a folder: its disks, "
               "its seed, its definition in the form of that engine, and a README.md with the "
               "commands that run it there. It stays the same machine, with its instance-id, "
               "host keys and MAC addresses. A running instance keeps running: the folder has "
               "its disks as of one moment. See `pgsup help moving`.\n"
               "\n"
               "  pgsup export > lab.yaml\n"
               "  pgsup export web --as libvirt --to /srv/web",
    .options = options,
    .max_arguments = COMMAND_MANY,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_export,
};
