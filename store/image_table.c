#include "image_table.h"

#include "base/alloc.h"
#include "base/nearest.h"
#include "store/query.h"

#include <stdlib.h>
#include <string.h>

static void image_read_row(struct query *query, struct store_image *image) {
    image->id = query_column_number(query);
    char **const texts[] = {&image->name,        &image->file,         &image->format,
                            &image->arch,        &image->sha256,       &image->origin,
                            &image->seed_source, &image->default_user, &image->shell};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        *texts[i] = query_column_text(query);
    image->file_bytes = (uint64_t)query_column_number(query);
    image->virtual_bytes = (uint64_t)query_column_number(query);
    image->min_disk_bytes = (uint64_t)query_column_number(query);
    image->min_ram_mib = (uint64_t)query_column_number(query);
    image->phones_home = query_column_number(query) != 0;
    image->created_ms = query_column_number(query);
    image->checked_ms = query_column_number(query);
}

bool image_table_add(struct store *store, struct store_image *image, struct error *error) {
    struct query query;
    if (!query_open(store, IMAGE_ADD, &query, error))
        return false;
    const char *const texts[] = {image->name,        image->file,         image->format,
                                 image->arch,        image->sha256,       image->origin,
                                 image->seed_source, image->default_user, image->shell};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        query_bind_text(&query, texts[i]);
    query_bind_number(&query, (int64_t)image->file_bytes);
    query_bind_number(&query, (int64_t)image->virtual_bytes);
    query_bind_number(&query, (int64_t)image->min_disk_bytes);
    query_bind_number(&query, (int64_t)image->min_ram_mib);
    query_bind_number(&query, image->phones_home);
    query_bind_number(&query, image->created_ms);
    query_bind_number(&query, image->checked_ms);
    if (!query_finish(&query, error))
        return false;
    image->id = query_last_id(store);
    return true;
}

/* Names the image that was probably meant. */
static bool fail_absent_image(struct store *store, const char *name, struct error *error) {
    struct store_images all = {0};
    struct nearest nearest;
    nearest_init(&nearest, name, strlen(name));
    image_table_list(store, &all, NULL);
    for (size_t i = 0; i < all.count; i++)
        nearest_offer(&nearest, all.items[i].name);
    if (nearest.best)
        error_set(error, ERROR_NOT_FOUND, "no image \"%s\" in this home: did you mean \"%s\"?",
                  name, nearest.best);
    else
        error_set(error, ERROR_NOT_FOUND,
                  "no image \"%s\" in this home: `pgsup image list` shows the images, "
                  "`pgsup image download -n %s` or `pgsup image import` adds one",
                  name, name);
    store_images_done(&all);
    return false;
}

bool image_table_get(struct store *store, const char *name, struct store_image *image,
                     struct error *error) {
    struct query query;
    if (!query_open(store, IMAGE_GET, &query, error))
        return false;
    query_bind_text(&query, name);
    bool found = query_row(&query, error);
    if (found)
        image_read_row(&query, image);
    if (!query_close(&query))
        return false;
    return found || fail_absent_image(store, name, error);
}

bool image_table_list(struct store *store, struct store_images *images, struct error *error) {
    struct query query;
    if (!query_open(store, IMAGE_LIST, &query, error))
        return false;
    while (query_row(&query, error)) {
        images->items = alloc_resize(images->items, (images->count + 1) * sizeof *images->items);
        image_read_row(&query, &images->items[images->count++]);
    }
    if (query_close(&query))
        return true;
    store_images_done(images);
    return false;
}

bool image_table_set_checked(struct store *store, const char *name, int64_t checked_ms,
                             struct error *error) {
    struct query query;
    if (!query_open(store, IMAGE_SET_CHECKED, &query, error))
        return false;
    query_bind_text(&query, name);
    query_bind_number(&query, checked_ms);
    return query_finish(&query, error);
}

bool image_table_remove(struct store *store, const char *name, struct error *error) {
    struct query query;
    if (!query_open(store, IMAGE_REMOVE, &query, error))
        return false;
    query_bind_text(&query, name);
    if (!query_finish(&query, error))
        return false;
    return query_changes(store) > 0 || fail_absent_image(store, name, error);
}

void store_image_done(struct store_image *image) {
    free(image->name);
    free(image->file);
    free(image->format);
    free(image->arch);
    free(image->sha256);
    free(image->origin);
    free(image->seed_source);
    free(image->default_user);
    free(image->shell);
    *image = (struct store_image){0};
}

void store_images_done(struct store_images *images) {
    for (size_t i = 0; i < images->count; i++)
        store_image_done(&images->items[i]);
    free(images->items);
    *images = (struct store_images){0};
}
