#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "home/import_playground/import_playground.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the cloud; default: the old name"},
    {"ssh-public-key", 0, "FILE",
     .help = "public key that the user 'ansible' accepts; default: the file that the old "
             "home used"},
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

static void print_report(const struct import_playground_report *report) {
    if (report->before) {
        printf("%s has been imported already: nothing to do\n", report->path);
        return;
    }
    printf("cloud \"%s\" imported in %s: instances: %zu, images: %zu\n", report->cloud,
           report->path, report->instances, report->images);
    for (size_t i = 0; i < report->notes.count; i++)
        printf("note: %s\n", report->notes.items[i]);
    if (report->instances > 0)
        printf("note: Ansible is not run for these instances by itself, because a deploy.yaml, and "
               "the roles and plugins beside it, are programs that run on this computer: read "
               "them, then `pgsup provision NAME` runs them now and from then on\n");
    printf("the backup %s contains the admin password in clear text: remove that folder "
           "when you no longer need it\n",
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
    .summary = "Import the home of an mrmat-playground",
    .arguments = "PATH",
    .details = "PATH becomes a home of pgsup, with its cloud, network, images, and its instances "
               "with their disks, names, MAC addresses and static addresses. The VMs must be "
               "shut down. Everything is checked first; if anything is wrong, all problems are "
               "reported and nothing is changed.\n"
               "\n"
               "The old database, documents, vm.sh and Ansible files are moved to "
               "PATH/before-pgsup. Outside that folder only the SHA-512 hash of the password is "
               "kept. At its next start each guest creates its accounts and SSH host keys again "
               "and phones home; the rest of its disk is unchanged. pgsup does not run "
               "deploy.yaml by itself, because it and the files beside it came with the folder: "
               "read them, then call `pgsup provision NAME`.\n"
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
    .report = definition_report_cloud,
};
