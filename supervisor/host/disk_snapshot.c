#include "host/disk_snapshot.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "host/qemu_img.h"

#include <jansson.h>
#include <string.h>

#define READ_TIMEOUT_MS   60000
#define CHANGE_TIMEOUT_MS 600000 /* of a large disk on a slow device */

static bool fill(const json_t *root, struct disk_snapshots *snapshots) {
    const json_t *size = json_object_get(root, "virtual-size");
    const json_t *list = json_object_get(root, "snapshots");
    const json_t *format = json_object_get(json_object_get(root, "format-specific"), "data");
    size_t index;
    json_t *each;
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return false;
    snapshots->virtual_bytes = (uint64_t)json_integer_value(size);
    snapshots->has_bitmaps = json_array_size(json_object_get(format, "bitmaps")) > 0;
    json_array_foreach((json_t *)list, index, each) {
        const char *name = json_string_value(json_object_get(each, "name"));
        if (name)
            strv_push(&snapshots->names, name);
    }
    return true;
}

/* -U: the disk may be in use by a running VM. */
bool disk_snapshots_read(const char *path, struct disk_snapshots *snapshots, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *absolute = file_absolute(path);
    char *argv[] = {"qemu-img", "info", "--output=json", "-U", "-f", "qcow2", absolute, NULL};
    if (!qemu_img_run(argv, READ_TIMEOUT_MS, &output, error))
        return error_prefix(error, "cannot read the snapshots of %s", path);
    json_t *root = qemu_img_parse(output.data);
    bool good = root && fill(root, snapshots);
    json_decref(root);
    return good ||
           error_set(error, ERROR_FAILED, "the output of qemu-img about %s is not usable", path);
}

bool disk_snapshots_have(const struct disk_snapshots *snapshots, const char *name) {
    for (size_t i = 0; i < snapshots->names.count; i++)
        if (strcmp(snapshots->names.items[i], name) == 0)
            return true;
    return false;
}

void disk_snapshots_done(struct disk_snapshots *snapshots) {
    strv_done(&snapshots->names);
}

/* The form in which the format is told and not guessed; commas are doubled in it. */
static char *image_options(const char *path) {
    struct buffer text = {0};
    scoped(alloc_release) char *absolute = file_absolute(path);
    buffer_puts(&text, "driver=qcow2,file.driver=file,file.filename=");
    for (const char *each = absolute; *each; each++) {
        buffer_putc(&text, *each);
        if (*each == ',')
            buffer_putc(&text, ',');
    }
    return buffer_take(&text);
}

static bool change(const char *path, const char *option, const char *name, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *image = image_options(path);
    char *argv[] = {"qemu-img",     "snapshot",   "-q",  "--image-opts",
                    (char *)option, (char *)name, image, NULL};
    return file_check_plain(path, error) && qemu_img_run(argv, CHANGE_TIMEOUT_MS, &output, error);
}

bool disk_snapshot_create(const char *path, const char *name, struct error *error) {
    return change(path, "-c", name, error) ||
           error_prefix(error, "cannot make the snapshot \"%s\" in %s", name, path);
}

bool disk_snapshot_remove(const char *path, const char *name, struct error *error) {
    return change(path, "-d", name, error) ||
           error_prefix(error, "cannot remove the snapshot \"%s\" from %s", name, path);
}

bool disk_snapshot_apply(const char *path, const char *name, struct error *error) {
    return change(path, "-a", name, error) ||
           error_prefix(error, "cannot restore the snapshot \"%s\" of %s", name, path);
}
