#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/progress_bar.h"
#include "home/images/image_download.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "a known image; with --url any name"},
    {"url", 0, "URL", .help = "address of a disk image to download instead of a known image"},
    {"sha256", 0, "DIGEST", .help = "with --url: what the file must be"},
    OPTIONS_END,
};

static int run_image_download(struct invocation *invocation, struct error *error) {
    const char *name = invocation_name(invocation, "image", error);
    if (!name)
        return EXIT_FAILURE;
    const struct image_address address = {name, invocation_option(invocation, "url"),
                                          invocation_option(invocation, "sha256")};
    if (address.sha256 && !address.url) {
        error_set(error, ERROR_USAGE,
                  "--sha256 goes with --url: a known image has its publisher's checksum");
        return EXIT_FAILURE;
    }
    struct progress_bar bar;
    struct image_progress progress = {progress_bar_report, progress_bar_note, &bar};
    interrupt_watch();
    progress_bar_init(&bar, name, invocation);
    bool good = address.url ? image_download_from(invocation->home, &address, &progress, error)
                            : image_download(invocation->home, name, &progress, error);
    progress_bar_done(&bar);
    if (!good)
        return EXIT_FAILURE;
    printf("image \"%s\" downloaded\n", name);
    return EXIT_SUCCESS;
}

const struct command cmd_image_download = {
    .path = "image download",
    .summary = "Download a cloud image by its name",
    .arguments = "[NAME]",
    .details =
        "`pgsup image list --available` shows the known images; a file images.yaml in the cloud "
        "home adds to them. "
        "The publisher's current build for this computer's architecture is taken, and used only if "
        "it has the checksum that the publisher gives. One that breaks off, by Ctrl-C too, is kept, "
        "and the same command goes on from there. For any other image give its address with --url; "
        "without --sha256 that begins anew each time. What is packed by xz, zstd or gzip is "
        "unpacked, and a qcow2 is made of a raw disk.",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_image_download,
};
