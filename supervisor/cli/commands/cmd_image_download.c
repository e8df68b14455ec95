#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/input/image_choice.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "cli/output/progress_bar.h"
#include "home/images/image_download.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of a known image; with --url: any name"},
    {"url", 0, "URL", .help = "address of a disk image to download instead of a known image"},
    {"arch", 0, "aarch64|x86_64",
     .help = "with --url: architecture of the guest; default: the one in the address, else this "
             "computer's"},
    {"sha256", 0, "DIGEST", .help = "with --url: SHA-256 checksum that the file must have"},
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

static int run_image_download(struct invocation *invocation, struct error *error) {
    const char *name = invocation_name(invocation, "image", error);
    if (!name)
        return EXIT_FAILURE;
    const struct image_address address = {name, invocation_option(invocation, "url"),
                                          invocation_option(invocation, "sha256"),
                                          invocation_option(invocation, "arch")};
    if (address.arch && !address.url) {
        error_set(error, ERROR_USAGE,
                  "--arch requires --url: a known image is that of this computer's architecture");
        return EXIT_FAILURE;
    }
    if (address.sha256 && !address.url) {
        error_set(error, ERROR_USAGE,
                  "--sha256 requires --url: a known image is checked against its publisher's "
                  "checksum");
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
    image_choice_tell(name, "downloaded", address.arch, address.url);
    return EXIT_SUCCESS;
}

const struct command cmd_image_download = {
    .path = "image download",
    .summary = "Download a cloud image by its name",
    .arguments = "[NAME]",
    .details = "`pgsup image list --available` lists the known images; a file images.yaml in "
               "the cloud home adds others. pgsup downloads the publisher's current build "
               "for this computer's architecture and uses it only if it has the publisher's "
               "checksum. An interrupted download, also by Ctrl-C, is kept, and the same "
               "command resumes it. For any other image give its address with --url; without "
               "--sha256 such a download starts from the beginning each time. Files "
               "compressed with xz, zstd or gzip are decompressed, and a raw disk is "
               "converted to qcow2.",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run_image_download,
    .report = definition_report_image_named,
};
