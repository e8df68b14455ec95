#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/columns.h"
#include "cli/output/image_output.h"
#include "cli/output/json_output.h"
#include "home/images/image.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"json", .help = "print one JSON object"},
    OPTIONS_END,
};

static void print_pairs(const struct store_image *image, const char *path, const char *users) {
    char file[32], disk[32], created[CLOCK_RFC3339_SIZE];
    name_format_size(image->file_bytes, file);
    name_format_size(image->virtual_bytes, disk);
    clock_rfc3339(image->created_ms, created);
    columns_pair("name", image->name, stdout);
    columns_pair("file", path, stdout);
    columns_pair("size of file", file, stdout);
    columns_pair("size of disk", disk, stdout);
    columns_pair("architecture", image->arch, stdout);
    columns_pair("sha256", image->sha256 ? image->sha256 : "not recorded", stdout);
    columns_pair("origin", image->origin ? image->origin : "not recorded", stdout);
    columns_pair("user", image->default_user ? image->default_user : "not known", stdout);
    columns_pair("seed over http", image->seed_source ? image->seed_source : "not known", stdout);
    columns_pair("phones home", image->phones_home ? "yes" : "no", stdout);
    columns_pair("created", created, stdout);
    columns_pair("used by", *users ? users : "no instance", stdout);
}

static int run_image_info(struct invocation *invocation, struct error *error) {
    const char *name = invocation_argument(invocation, 0);
    struct home *home = invocation->home;
    struct store_image image = {0};
    if (!image_table_get(home->store, name, &image, error))
        return EXIT_FAILURE;
    scoped(alloc_release) char *users = image_dependents(home, name, error);
    scoped(alloc_release) char *path = image_path(home, &image);
    json_t *object = NULL;
    if (users && !invocation_flag(invocation, "json"))
        print_pairs(&image, path, users);
    else if (users)
        object = image_output_whole(home, &image, error);
    if (object)
        json_output_print(object);
    store_image_done(&image);
    return EXIT_SUCCESS;
}

const struct command cmd_image_info = {
    .path = "image info",
    .summary = "Show an image and the instances that use it",
    .arguments = "NAME",
    .options = options,
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_IMAGES,
    .needs = NEEDS_HOME,
    .run = run_image_info,
};
