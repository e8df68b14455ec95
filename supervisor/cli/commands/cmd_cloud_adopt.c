#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "home/import_playground/import_playground.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the cloud; without it: as it was"},
    {"ssh-public-key", 0, "FILE",
     .help = "public key that the user 'ansible' accepts; without it: from where it was"},
    OPTIONS_END,
};

static void print_report(const struct import_playground_report *report) {
    if (report->before) {
        printf("%s was taken over before: nothing to do\n", report->path);
        return;
    }
    printf("cloud \"%s\" taken over in %s: instances: %zu, images: %zu\n", report->cloud,
           report->path, report->instances, report->images);
    for (size_t i = 0; i < report->notes.count; i++)
        printf("note: %s\n", report->notes.items[i]);
    printf("the admin password is in clear text in the backup %s: remove that folder when you do "
           "not need it any more\n",
           report->backup);
}

static int run_cloud_adopt(struct invocation *invocation, struct error *error) {
    const struct import_playground_options wanted = {
        .name = invocation_option(invocation, "name"),
        .ssh_public_key = invocation_option(invocation, "ssh-public-key"),
    };
    struct import_playground_report report = {0};
    if (import_playground_run(invocation_argument(invocation, 0), &wanted, &report, error))
        print_report(&report);
    import_playground_report_done(&report);
    return EXIT_SUCCESS;
}

const struct command cmd_cloud_adopt = {
    .path = "cloud adopt",
    .summary = "Take over the home of an mrmat-playground",
    .arguments = "PATH",
    .details =
        "What is in PATH becomes a home of pgsup: cloud, network, images, and the instances with "
        "their disks, names, MAC and static addresses. The VMs must be shut down. All of it is "
        "checked first; whatever is wrong is told, and nothing is changed.\n"
        "\n"
        "The old database, documents, vm.sh and Ansible files go to PATH/before-pgsup. Of the "
        "password only its SHA-512 hash stays outside of that. At its next start each guest makes "
        "its accounts and SSH host keys anew and phones home; the rest of its disk is as it was.\n"
        "\n"
        "  pgsup cloud adopt ~/var/mrmat-playground\n"
        "  pgsup -p ~/var/mrmat-playground list",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_FILES,
    .changes_names = true,
    .run = run_cloud_adopt,
};
