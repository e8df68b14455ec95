#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "home/home.h"
#include "home/moving/import.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {.name = "as",
     .value = "NAME",
     .help = "make another machine of it, with an identity of its own"},
    {.name = "arch",
     .value = "aarch64|x86_64",
     .help = "the processor of a machine in an OVA, if pgsup guesses another one"},
    OPTIONS_END,
};

static int run_import(struct invocation *invocation, struct error *error) {
    const struct import_request request = {.path = invocation_argument(invocation, 0),
                                           .arch = invocation_option(invocation, "arch"),
                                           .name = invocation_option(invocation, "as"),
                                           .pgsup = PGSUP_VERSION};
    struct store_instance made = {0};
    struct strv notes = {0};
    interrupt_watch();
    bool good = import_run(invocation->home, &request, &made, &notes, error);
    if (good)
        printf("instance \"%s\" imported\n", made.name);
    for (size_t i = 0; good && i < notes.count; i++) {
        scoped(alloc_release) char *note = name_safe(notes.items[i]);
        printf("note: %s\n", note);
    }
    strv_done(&notes);
    store_instance_done(&made);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

const struct command cmd_import = {
    .path = "import",
    .summary = "Take in a machine from a backup, an export, libvirt or an OVA",
    .arguments = "PATH",
    .options = options,
    .details = "PATH is one of these:\n"
               "\n"
               "  the folder of a backup, or of `pgsup export --as libvirt`\n"
               "  the XML of a libvirt domain that is off, as `virsh dumpxml` prints it\n"
               "  an OVA, or the folder of an unpacked OVA\n"
               "\n"
               "The disks are copied. The machine stays the same: it keeps its name, its MAC "
               "address and, if its seed drive is found, its instance-id and host keys. With "
               "--as, and from an OVA, it becomes another machine. See `pgsup help moving`.\n"
               "\n"
               "  pgsup import /srv/web\n"
               "  virsh dumpxml db > db.xml && pgsup import db.xml\n"
               "  pgsup import appliance.ova --as web-2",
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_FILES,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_import,
};
