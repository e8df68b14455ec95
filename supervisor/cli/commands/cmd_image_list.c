#include "base/clock.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/columns.h"
#include "cli/output/image_output.h"
#include "cli/output/json_output.h"
#include "home/home.h"
#include "home/images/image.h"
#include "store/image_table.h"

#include <stdio.h>
#include <stdlib.h>

static const struct option_spec options[] = {
    {"available", .help = "those that `pgsup image download` knows by name"},
    {"json", .help = "print one JSON array"},
    {"quiet", 'q', .help = "print the names only"},
    OPTIONS_END,
};

static void print_json(const struct store_images *images) {
    json_t *array = json_array();
    for (size_t i = 0; i < images->count; i++)
        json_array_append_new(array, image_output_object(&images->items[i]));
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

static void add_available(struct columns *columns, const struct catalogue_image *image) {
    char disk[32], ram[32];
    name_format_size(image->min_disk_bytes, disk);
    name_format_size(image->min_ram_mib << 20, ram);
    bool arm = image->files[SPEC_AARCH64].url, intel = image->files[SPEC_X86_64].url;
    columns_add(columns, image->name);
    columns_add(columns, image->title);
    columns_add(columns, arm && intel ? "aarch64, x86_64" : arm ? "aarch64" : "x86_64");
    columns_add(columns, image->user ? image->user : "-");
    columns_add(columns, disk);
    columns_add(columns, ram);
}

static void print_available_table(const struct catalogue *catalogue) {
    static const char *const headings[] = {"NAME",     "TITLE",   "ARCH", "USER",
                                           "MIN-DISK", "MIN-RAM", NULL};
    struct columns columns;
    columns_init(&columns, headings);
    for (size_t i = 0; i < catalogue->count; i++)
        add_available(&columns, &catalogue->items[i]);
    columns_print(&columns, stdout);
    columns_done(&columns);
}

static int list_available(struct invocation *invocation, struct error *error) {
    struct catalogue catalogue;
    if (!image_catalogue(invocation->home, &catalogue, error))
        return EXIT_FAILURE;
    json_t *array = json_array();
    for (size_t i = 0; i < catalogue.count; i++)
        json_array_append_new(array, available_object(&catalogue.items[i]));
    if (invocation_flag(invocation, "json"))
        json_output_print(json_incref(array));
    else if (invocation_flag(invocation, "quiet"))
        for (size_t i = 0; i < catalogue.count; i++)
            puts(catalogue.items[i].name);
    else
        print_available_table(&catalogue);
    json_decref(array);
    catalogue_done(&catalogue);
    return EXIT_SUCCESS;
}

static int run(struct invocation *invocation, struct error *error) {
    if (invocation_flag(invocation, "available"))
        return list_available(invocation, error);
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
    .summary = "List the images of the cloud home, or those to download",
    .details = "FILE is what the image takes on disk, DISK the size of the disk that it holds.",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .run = run,
};
