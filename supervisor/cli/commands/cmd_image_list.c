#include "base/alloc.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/image_output.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/home.h"
#include "home/images/image.h"
#include "store/image_table.h"

#include <stdlib.h>

static const struct option_spec options[] = {
    {"available", .help = "list the images that `pgsup image download` knows by name"},
    {"json", .help = "print one JSON array"},
    {"quiet", 'q', .help = "print the names only"},
    OPTIONS_END,
};

static const struct rows_column image_columns[] = {
    {"NAME", .key = "name"},
    {"ARCH", .key = "arch"},
    {"FILE", .key = "file_bytes", .format = ROWS_BYTES},
    {"DISK", .key = "virtual_bytes", .format = ROWS_BYTES},
    {"CREATED", .key = "created"},
    ROWS_END,
};

/* --- what can be downloaded --- */

static json_t *available_object(const struct catalogue_image *image) {
    json_t *object = json_object(), *urls = json_object();
    for (int arch = 0; arch < CATALOGUE_ARCH_COUNT; arch++)
        if (image->files[arch].url)
            json_object_set_new(urls, spec_arch_word((enum spec_arch)arch),
                                json_output_text(image->files[arch].url));
    json_object_set_new(object, "name", json_output_text(image->name));
    json_object_set_new(object, "title", json_output_text(image->title));
    json_object_set_new(object, "format", json_output_text(catalogue_format_word(image)));
    json_object_set_new(object, "user", json_output_text(image->user));
    json_object_set_new(object, "seed_source", json_output_text(image->seed_source));
    json_object_set_new(object, "phones_home", json_boolean(image->phones_home));
    json_object_set_new(object, "min_disk_bytes", json_output_bytes(image->min_disk_bytes));
    json_object_set_new(object, "min_ram_mib", json_output_bytes(image->min_ram_mib));
    json_object_set_new(object, "urls", urls);
    return object;
}

static char *architectures_cell(const json_t *row) {
    const json_t *urls = json_object_get(row, "urls");
    bool arm = json_object_get(urls, spec_arch_word(SPEC_AARCH64));
    bool intel = json_object_get(urls, spec_arch_word(SPEC_X86_64));
    return alloc_string(arm && intel ? "aarch64, x86_64" : arm ? "aarch64" : "x86_64");
}

static char *ram_cell(const json_t *row) {
    char size[32];
    name_format_size((uint64_t)json_integer_value(json_object_get(row, "min_ram_mib")) << 20, size);
    return alloc_string(size);
}

static const struct rows_column available_columns[] = {
    {"NAME", .key = "name"},
    {"TITLE", .key = "title"},
    {"ARCH", .cell = architectures_cell},
    {"USER", .key = "user"},
    {"MIN-DISK", .key = "min_disk_bytes", .format = ROWS_BYTES},
    {"MIN-RAM", .cell = ram_cell},
    ROWS_END,
};

static json_t *available_rows(struct invocation *invocation, struct error *error) {
    struct catalogue catalogue;
    if (!image_catalogue(invocation->home, &catalogue, error))
        return NULL;
    json_t *rows = json_array();
    for (size_t i = 0; i < catalogue.count; i++)
        json_array_append_new(rows, available_object(&catalogue.items[i]));
    catalogue_done(&catalogue);
    return rows;
}

static json_t *image_rows(struct invocation *invocation, struct error *error) {
    struct store_images images = {0};
    if (!image_table_list(invocation->home->store, &images, error))
        return NULL;
    json_t *rows = json_array();
    for (size_t i = 0; i < images.count; i++)
        json_array_append_new(rows, image_output_object(&images.items[i]));
    store_images_done(&images);
    return rows;
}

static int run_image_list(struct invocation *invocation, struct error *error) {
    bool available = invocation_flag(invocation, "available");
    json_t *rows = available ? available_rows(invocation, error) : image_rows(invocation, error);
    if (!rows)
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "quiet") && !invocation_flag(invocation, "json"))
        rows_output_names(rows);
    else
        rows_output_print(invocation, rows, available ? available_columns : image_columns);
    return EXIT_SUCCESS;
}

const struct command cmd_image_list = {
    .path = "image list",
    .alias = "ls",
    .summary = "List the images in the cloud home, or those available for download",
    .details = "FILE is the size of the image file, DISK the size of the virtual disk.",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .homeless = "available",
    .run = run_image_list,
};
