#include "home/lab/lab.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define LAB_ROW(key, name, type, help) [key] = {name, type, help},
const struct lab_key_row lab_keys[LAB_KEY_COUNT] = {LAB_KEYS(LAB_ROW)};
const struct lab_key_row lab_network_keys[LAB_NETWORK_KEY_COUNT] = {LAB_NETWORK_KEYS(LAB_ROW)};

const struct lab_key_row lab_image_keys[LAB_IMAGE_KEY_COUNT] = {LAB_IMAGE_KEYS(LAB_ROW)};
const struct lab_key_row lab_cloud_keys[LAB_CLOUD_KEY_COUNT] = {LAB_CLOUD_KEYS(LAB_ROW)};

char *lab_path(const struct lab *lab, const char *path) {
    const char *slash = strrchr(lab->path, '/');
    return path[0] == '/' || !slash
               ? alloc_string(path)
               : alloc_printf("%.*s/%s", (int)(slash - lab->path), lab->path, path);
}

bool lab_fail_at(const struct lab *lab, struct lab_place place, struct error *error) {
    if (error->code == ERROR_NOT_FOUND || error->code == ERROR_EXISTS ||
        error->code == ERROR_WRONG_STATE || error->code == ERROR_USAGE)
        error->code = ERROR_INVALID;
    return error_prefix(error, "%s:%zu:%zu", lab->path, place.line, place.column);
}

void lab_value_copy(const struct lab_value *from, struct lab_value *to) {
    to->given = from->given;
    to->place = from->place;
    for (size_t i = 0; i < from->items.count; i++)
        strv_push(&to->items, from->items.items[i]);
}

void lab_values_done(struct lab_value *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        strv_done(&values[i].items);
}

static void entries_done(struct lab_entry *entries, size_t count, size_t keys) {
    for (size_t i = 0; i < count; i++) {
        free(entries[i].name);
        lab_values_done(entries[i].values, keys);
        free(entries[i].values);
    }
    free(entries);
}

void lab_done(struct lab *lab) {
    entries_done(lab->cloud, lab->cloud != NULL, LAB_CLOUD_KEY_COUNT);
    entries_done(lab->networks, lab->network_count, LAB_NETWORK_KEY_COUNT);
    entries_done(lab->images, lab->image_count, LAB_IMAGE_KEY_COUNT);
    for (size_t i = 0; i < lab->instance_count; i++) {
        free(lab->instances[i].name);
        lab_values_done(lab->instances[i].values, LAB_KEY_COUNT);
    }
    free(lab->instances);
    free(lab->path);
    *lab = (struct lab){0};
}

const char *lab_text(const struct lab_value *value) {
    return value->given && value->items.count ? value->items.items[0] : NULL;
}

/* The vector of a list that was given is never NULL: an empty one has no items yet. */
char *const *lab_list(const struct lab_value *value) {
    static char *const none[] = {NULL};
    if (!value->given)
        return NULL;
    return value->items.count ? value->items.items : none;
}
