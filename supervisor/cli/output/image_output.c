#include "image_output.h"

#include "base/alloc.h"
#include "cli/output/json_output.h"
#include "home/images/image.h"

json_t *image_output_object(const struct store_image *image) {
    json_t *object = json_object();
    json_object_set_new(object, "name", json_output_text(image->name));
    json_object_set_new(object, "file", json_output_text(image->file));
    json_object_set_new(object, "format", json_output_text(image->format));
    json_object_set_new(object, "arch", json_output_text(image->arch));
    json_object_set_new(object, "sha256", json_output_text(image->sha256));
    json_object_set_new(object, "origin", json_output_text(image->origin));
    json_object_set_new(object, "file_bytes", json_output_bytes(image->file_bytes));
    json_object_set_new(object, "virtual_bytes", json_output_bytes(image->virtual_bytes));
    json_object_set_new(object, "min_disk_bytes", json_output_bytes(image->min_disk_bytes));
    json_object_set_new(object, "min_ram_bytes", json_output_bytes(image->min_ram_mib << 20));
    json_object_set_new(object, "user", json_output_text(image->default_user));
    json_object_set_new(object, "seed_source", json_output_text(image->seed_source));
    json_object_set_new(object, "phones_home", json_boolean(image->phones_home));
    json_object_set_new(object, "created", json_output_time(image->created_ms));
    json_object_set_new(object, "checked", json_output_time(image->checked_ms));
    return object;
}

json_t *image_output_whole(struct home *home, const struct store_image *image,
                           struct error *error) {
    scoped(alloc_release) char *users = image_dependents(home, image->name, error);
    scoped(alloc_release) char *path = image_path(home, image);
    if (!users)
        return NULL;
    json_t *object = image_output_object(image);
    json_output_schema(object);
    json_object_set_new(object, "path", json_output_text(path));
    json_object_set_new(object, "used_by", json_output_text(users));
    return object;
}
