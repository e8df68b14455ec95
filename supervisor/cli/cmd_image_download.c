#include "cli/invocation.h"
#include "cli/progress_bar.h"
#include "cli/table.h"
#include "home/image.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "one of the names below; with --url any name"},
    {"url", 0, "URL", .help = "address of a qcow2 file to download instead of a known image"},
    OPTIONS_END,
};

static int run(struct invocation *invocation, struct error *error) {
    const char *name = invocation_name(invocation, "image", error);
    if (!name)
        return EXIT_FAILURE;
    const char *url = invocation_option(invocation, "url");
    struct progress_bar bar;
    struct image_progress progress = {progress_bar_report, &bar};
    progress_bar_init(&bar, name, invocation->quiet);
    bool good = url ? image_download_from(invocation->home, name, url, &progress, error)
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
    .details = "Known images:\n"
               "\n"
               "  ubuntu-jammy      Ubuntu 22.04 LTS\n"
               "  ubuntu-noble      Ubuntu 24.04 LTS\n"
               "  ubuntu-resolute   Ubuntu 26.04 LTS\n"
               "  debian-12         Debian 12 bookworm\n"
               "  debian-13         Debian 13 trixie\n"
               "  almalinux-9       AlmaLinux 9\n"
               "  almalinux-10      AlmaLinux 10\n"
               "  rocky-9           Rocky Linux 9\n"
               "  rocky-10          Rocky Linux 10\n"
               "  opensuse-leap-16  openSUSE Leap 16.0\n"
               "\n"
               "The publisher's current build for this computer's architecture is taken. For any "
               "other image give its address with --url, or `pgsup image import` a local file.",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run,
};
