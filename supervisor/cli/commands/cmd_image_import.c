#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/input/image_choice.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "cli/output/progress_bar.h"
#include "home/images/image.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the image", .required = true},
    {"arch", 0, "aarch64|x86_64",
     .help = "architecture of the guest; default: the one in the file name, else this "
             "computer's"},
    {"seed-source", 0, "nocloud|nocloud-net|none|nuageinit",
     .help = "how its cloud-init learns of a seed over HTTP: nocloud since 24.1, "
             "nocloud-net before; none: not at all, as 23.2 to 23.4; nuageinit: FreeBSD's. "
             "Default: that of the known image of this name, else nocloud-net"},
    {"shell", 0, "PATH",
     .help = "login shell of the accounts in its guests; default: that of the known image "
             "of this name, else /bin/bash"},
    {"force", 0,
     .help = "import as a raw disk even if it looks like something else: an installation "
             "medium, a seed drive, a fixed-size VHD"},
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

static int run_image_import(struct invocation *invocation, struct error *error) {
    const struct image_file file = {
        .name = invocation_option(invocation, "name"),
        .path = invocation_argument(invocation, 0),
        .arch = invocation_option(invocation, "arch"),
        .seed_source = invocation_option(invocation, "seed-source"),
        .shell = invocation_option(invocation, "shell"),
        .trust = invocation_given(invocation, "force") ? IMAGE_TRUST_RAW : IMAGE_TRUST_NOTHING,
    };
    if (!invocation_check_file(file.path, "image file", error))
        return EXIT_FAILURE;
    struct progress_bar bar;
    struct image_progress progress = {progress_bar_report, progress_bar_note, &bar};
    interrupt_watch();
    progress_bar_init(&bar, file.name, invocation);
    bool good = image_import(invocation->home, &file, &progress, error);
    progress_bar_done(&bar);
    if (!good)
        return EXIT_FAILURE;
    image_choice_tell(file.name, "imported", file.arch, file.path);
    return EXIT_SUCCESS;
}

const struct command cmd_image_import = {
    .path = "image import",
    .summary = "Copy a local disk image into the cloud home",
    .arguments = "FILE",
    .details = "The copy is checked with qemu-img and made read-only: instances share it as "
               "the backing file of their disks. If the file system supports it, the copy "
               "shares its blocks with FILE. A FILE compressed with xz, zstd, gzip or bzip2 "
               "is decompressed, the one disk in a tar archive is extracted, and a raw disk "
               "is converted to qcow2. FILE itself is not changed.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_FILES,
    .needs = NEEDS_HOME,
    .run = run_image_import,
    .report = definition_report_image_named,
};
