/* The home as one file for apply; or one instance, whole, for another engine. */
#include "base/alloc.h"
#include "base/file.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/selection.h"
#include "cli/link/stopped_instance.h"
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
     .help = "what for: a file that describes all, or one instance with its disks for an engine",
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

static bool export_machine(struct invocation *invocation, const char *word, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    const char *to = invocation_option(invocation, "to");
    struct store_instance instance = {0};
    enum export_engine engine;
    scoped(file_release) int lock = -1;
    if (!export_engine_from_word(word, &engine, error))
        return false;
    if (invocation_argument_count(invocation) != 1 || !to || invocation_given(invocation, "group"))
        return error_set(error, ERROR_USAGE,
                         "one instance goes to one folder: `pgsup export NAME --as %s --to DIR`",
                         word);
    bool good = stopped_instance_lock_whole(invocation, name, &instance, &lock, error) &&
                export_run(invocation->home, name, engine, to, error);
    store_instance_done(&instance);
    return good;
}

static int run_export(struct invocation *invocation, struct error *error) {
    const char *word = invocation_option(invocation, "as");
    if (strcmp(word, LAB) == 0)
        return export_lab(invocation, error);
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
    .details =
        "Without --as prints networks and instances as a file for `pgsup apply`: without "
        "names and --group all instances. Applied to the home that it comes from, the file changes "
        "nothing. The cloud, its images and users, and your own documents are not in it.\n"
        "\n"
        "--as libvirt, incus or kubevirt writes a folder with all that one instance is: "
        "its disks, its seed, its spec in the form of that engine, and a README.md of the "
        "commands that run it there. It stays the same machine, with its instance-id, host "
        "keys and MAC addresses. It must be stopped. `pgsup help moving`.\n"
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
