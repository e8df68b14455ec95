#include "base/clock.h"
#include "base/name.h"
#include "cli/columns.h"
#include "cli/invocation.h"
#include "cli/json_output.h"
#include "cli/table.h"
#include "home/home.h"
#include "store/image_table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"json", .help = "print one JSON array"},
    {"quiet", 'q', .help = "print the names only"},
    OPTIONS_END,
};

static json_t *image_object(const struct store_image *image) {
    json_t *object = json_object();
    json_object_set_new(object, "name", json_output_text(image->name));
    json_object_set_new(object, "file", json_output_text(image->file));
    json_object_set_new(object, "format", json_output_text(image->format));
    json_object_set_new(object, "arch", json_output_text(image->arch));
    json_object_set_new(object, "sha256", json_output_text(image->sha256));
    json_object_set_new(object, "origin", json_output_text(image->origin));
    json_object_set_new(object, "file_bytes", json_output_bytes(image->file_bytes));
    json_object_set_new(object, "virtual_bytes", json_output_bytes(image->virtual_bytes));
    json_object_set_new(object, "created", json_output_time(image->created_ms));
    return object;
}

static void print_json(const struct store_images *images) {
    json_t *array = json_array();
    for (size_t i = 0; i < images->count; i++)
        json_array_append_new(array, image_object(&images->items[i]));
    json_output_print(array);
}

static void print_table(const struct store_images *images) {
    static const char *const headings[] = {"NAME", "ARCH", "FILE", "DISK", "CREATED", NULL};
    struct columns columns;
    columns_init(&columns, headings);
    for (size_t i = 0; i < images->count; i++) {
        const struct store_image *image = &images->items[i];
        char file[32], disk[32], created[CLOCK_RFC3339_SIZE];
        name_format_size(image->file_bytes, file);
        name_format_size(image->virtual_bytes, disk);
        clock_rfc3339(image->created_ms, created);
        columns_add(&columns, image->name);
        columns_add(&columns, image->arch);
        columns_add(&columns, file);
        columns_add(&columns, disk);
        columns_add(&columns, created);
    }
    columns_print(&columns, stdout);
    columns_done(&columns);
}

static int run(struct invocation *invocation, struct error *error) {
    struct store_images images = {0};
    if (!image_table_list(invocation->home->store, &images, error))
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "json"))
        print_json(&images);
    else if (invocation_flag(invocation, "quiet"))
        for (size_t i = 0; i < images.count; i++)
            puts(images.items[i].name);
    else
        print_table(&images);
    store_images_done(&images);
    return EXIT_SUCCESS;
}

const struct command cmd_image_list = {
    .path = "image list",
    .alias = "ls",
    .summary = "List the images of the cloud home",
    .details = "FILE is what the image takes on disk, DISK the size of the disk that it holds.",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run,
};
