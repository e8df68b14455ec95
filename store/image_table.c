#include "image_table.h"

#include "base/alloc.h"
#include "store/statement.h"

#include <stdlib.h>

#define COLUMNS                                                                                    \
    "id, name, file, format, arch, sha256, origin, seed_source, file_bytes, virtual_bytes,"        \
    " created_ms"

enum { ADD, GET, LIST, REMOVE };
static const char *const sql[] = {
    [ADD] = "INSERT INTO images (name, file, format, arch, sha256, origin, seed_source, file_bytes,"
            " virtual_bytes, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id",
    [GET] = "SELECT " COLUMNS " FROM images WHERE name = ?",
    [LIST] = "SELECT " COLUMNS " FROM images ORDER BY name",
    [REMOVE] = "DELETE FROM images WHERE name = ? RETURNING id",
};

static struct store_image read_row(sqlite3_stmt *row) {
    return (struct store_image){
        .id = statement_number(row, 0),
        .name = statement_text(row, 1),
        .file = statement_text(row, 2),
        .format = statement_text(row, 3),
        .arch = statement_text(row, 4),
        .sha256 = statement_text(row, 5),
        .origin = statement_text(row, 6),
        .seed_source = statement_text(row, 7),
        .file_bytes = (uint64_t)statement_number(row, 8),
        .virtual_bytes = (uint64_t)statement_number(row, 9),
        .created_ms = statement_number(row, 10),
    };
}

bool image_table_add(struct store *store, struct store_image *image, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[ADD], error);
    if (!row)
        return false;
    const char *texts[] = {image->name,   image->file,   image->format,     image->arch,
                           image->sha256, image->origin, image->seed_source};
    for (int i = 0; i < 7; i++)
        statement_bind_text(row, i + 1, texts[i]);
    statement_bind_number(row, 8, (int64_t)image->file_bytes);
    statement_bind_number(row, 9, (int64_t)image->virtual_bytes);
    statement_bind_number(row, 10, image->created_ms);
    bool good = statement_step(store, row, error) == STATEMENT_ROW;
    if (good)
        image->id = statement_number(row, 0);
    statement_end(row);
    return good;
}

bool image_table_get(struct store *store, const char *name, struct store_image *image,
                     struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[GET], error);
    if (!row)
        return false;
    statement_bind_text(row, 1, name);
    enum statement_result result = statement_step(store, row, error);
    if (result == STATEMENT_ROW)
        *image = read_row(row);
    else if (result == STATEMENT_DONE)
        error_set(error, ERROR_NOT_FOUND,
                  "no image \"%s\" in this home: `pgsup image list` shows what there is, "
                  "`pgsup image download -n %s` or `pgsup image import` brings it",
                  name, name);
    statement_end(row);
    return result == STATEMENT_ROW;
}

bool image_table_list(struct store *store, struct store_images *images, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[LIST], error);
    enum statement_result result = STATEMENT_FAILED;
    while (row && (result = statement_step(store, row, error)) == STATEMENT_ROW) {
        images->items = alloc_resize(images->items, (images->count + 1) * sizeof *images->items);
        images->items[images->count++] = read_row(row);
    }
    statement_end(row);
    return result == STATEMENT_DONE;
}

bool image_table_remove(struct store *store, const char *name, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[REMOVE], error);
    if (!row)
        return false;
    statement_bind_text(row, 1, name);
    enum statement_result result = statement_step(store, row, error);
    statement_end(row);
    if (result == STATEMENT_DONE)
        return error_set(error, ERROR_NOT_FOUND, "no image \"%s\": `pgsup image list` shows all",
                         name);
    return result == STATEMENT_ROW;
}

void store_image_done(struct store_image *image) {
    free(image->name);
    free(image->file);
    free(image->format);
    free(image->arch);
    free(image->sha256);
    free(image->origin);
    free(image->seed_source);
    *image = (struct store_image){0};
}

void store_images_done(struct store_images *images) {
    for (size_t i = 0; i < images->count; i++)
        store_image_done(&images->items[i]);
    free(images->items);
    *images = (struct store_images){0};
}
