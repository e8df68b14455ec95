#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/progress_bar.h"
#include "home/images/image.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name that instances will call the image", .required = true},
    {"arch", 0, "aarch64|x86_64",
     .help =
         "architecture of the guest; without it: as the file's name tells, else this computer's"},
    {"seed-source", 0, "nocloud|nocloud-net|none|nuageinit",
     .help =
         "how its cloud-init is told of a seed over HTTP: nocloud from 24.1 on, nocloud-net "
         "before; none: not at all, as 23.2 to 23.4; nuageinit: it is FreeBSD's. Without it: as "
         "for the image of this name that can be downloaded, else nocloud-net"},
    {"shell", 0, "PATH",
     .help =
         "login shell of the accounts that are made in its guests; without it: as for the image "
         "of this name that can be downloaded, else /bin/bash"},
    {"force", 0,
     .help = "import as a raw disk what looks like something else: an installation medium, a seed "
             "drive, a fixed-size vhd"},
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
    printf("image \"%s\" imported\n", file.name);
    return EXIT_SUCCESS;
}

const struct command cmd_image_import = {
    .path = "image import",
    .summary = "Copy a local disk image into the cloud home",
    .arguments = "FILE",
    .details =
        "The copy is checked with qemu-img and made read-only: instances share it as the "
        "backing file of their disks. Where the file system can, it shares its blocks with "
        "FILE. A FILE packed by xz, zstd, gzip or bzip2 is unpacked, as is the one disk in a "
        "tar archive, and a qcow2 is made of a raw disk. FILE itself is left alone.",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_FILES,
    .needs = NEEDS_HOME,
    .run = run_image_import,
};
