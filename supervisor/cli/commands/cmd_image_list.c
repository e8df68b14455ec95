#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/output/image_output.h"
#include "cli/output/json_output.h"
#include "cli/output/rows_output.h"
#include "home/home.h"
#include "home/images/image.h"
#include "home/images/image_source.h"
#include "store/image_table.h"

#include <stdlib.h>
#include <string.h>

static const struct option_spec options[] = {
    {"available", .help = "list the images that `pgsup image download` knows by name"},
    {"check", .help = "with --available: ask each address whether the image is there, and download "
                      "nothing"},
    {"json", .help = "print one JSON array"},
    {"quiet", 'q', .help = "print the names only", .also = "names-only"},
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
    json_object_set_new(object, "min_ram_bytes", json_output_bytes(image->min_ram_mib << 20));
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
    name_format_size((uint64_t)json_integer_value(json_object_get(row, "min_ram_bytes")), size);
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

/* --- whether it can be downloaded right now --- */

static const struct rows_column checked_columns[] = {
    {"NAME", .key = "name"},     {"ARCH", .key = "arch"},
    {"RESULT", .key = "result"}, {"SIZE", .key = "bytes", .format = ROWS_BYTES},
    {"FILE", .key = "file"},     ROWS_END,
};

static json_t *checked_object(const struct catalogue_image *image, enum spec_arch arch,
                              size_t *failures) {
    struct image_source source;
    struct error problem = {0};
    uint64_t bytes = 0;
    bool good = image_source_check(image, arch, &source, &bytes, &problem);
    const char *slash = source.url ? strrchr(source.url, '/') : NULL;
    *failures += !good;
    json_t *object = json_pack(
        "{s:o, s:s, s:s, s:o, s:o, s:o, s:o}", "name", json_output_text(image->name), "arch",
        spec_arch_word(arch), "result", good ? "ok" : "failed", "bytes",
        bytes ? json_output_bytes(bytes) : json_null(), "file",
        json_output_text(good && slash ? slash + 1 : problem.text), "url",
        json_output_text(source.url), "error", json_output_text(good ? NULL : problem.text));
    image_source_done(&source);
    return object;
}

static int check_available(struct invocation *invocation, struct error *error) {
    struct catalogue catalogue;
    size_t failures = 0;
    if (!image_catalogue(invocation->home, &catalogue, error))
        return EXIT_FAILURE;
    json_t *rows = json_array();
    for (size_t i = 0; i < catalogue.count && interrupt_check(error); i++)
        for (int arch = 0; arch < CATALOGUE_ARCH_COUNT; arch++)
            if (catalogue.items[i].files[arch].url)
                json_array_append_new(
                    rows, checked_object(&catalogue.items[i], (enum spec_arch)arch, &failures));
    catalogue_done(&catalogue);
    rows_output_print(invocation, rows, checked_columns);
    invocation->told = true; /* by the document */
    if (failures)
        error_set(error, ERROR_FAILED, "%zu image%s of the catalogue cannot be downloaded",
                  failures, name_plural(failures));
    return EXIT_SUCCESS;
}

/* --- what is here --- */

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
    if (invocation_flag(invocation, "check") && !available)
        error_set(error, ERROR_USAGE, "--check is for --available");
    else if (invocation_flag(invocation, "check"))
        return check_available(invocation, error);
    if (error->code != ERROR_NONE)
        return EXIT_FAILURE;
    json_t *rows = available ? available_rows(invocation, error) : image_rows(invocation, error);
    if (!rows)
        return EXIT_FAILURE;
    if (invocation_flag(invocation, "quiet") && !invocation_flag(invocation, "json"))
        rows_output_names(rows, image_columns);
    else
        rows_output_print(invocation, rows, available ? available_columns : image_columns);
    return EXIT_SUCCESS;
}

const struct command cmd_image_list = {
    .path = "image list",
    .alias = "ls",
    .summary = "List the images in the cloud home, or those available for download",
    .details = "FILE is the size of the image file, DISK the size of the virtual disk. With "
               "--check, FILE is the name that a download would fetch now, or the reason why it "
               "would fail; if one would fail, the status is 1.",
    .options = options,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .homeless = "available",
    .run = run_image_list,
};
