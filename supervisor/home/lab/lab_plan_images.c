#include "home/lab/lab_plan_images.h"

#include "base/alloc.h"
#include "base/name.h"
#include "home/change/create.h"
#include "home/images/image.h"

#include <string.h>
#include <sys/stat.h>

static const char *image_value(const struct lab_entry *image, enum lab_image_key key) {
    return lab_text(&image->values[key]);
}

static bool check_image(const struct lab *lab, const struct lab_entry *image, struct error *error) {
    const char *url = image_value(image, LAB_IMAGE_URL), *file = image_value(image, LAB_IMAGE_FILE);
    const char *sha256 = image_value(image, LAB_IMAGE_SHA256);
    const char *source = image_value(image, LAB_IMAGE_SEED_SOURCE);
    scoped(alloc_release) char *path = file ? lab_path(lab, file) : NULL;
    struct stat status;
    if (url && file)
        return error_set(error, ERROR_INVALID, "url and file exclude each other");
    if (url && !catalogue_is_url(url))
        return error_set(error, ERROR_INVALID, "its url does not begin with http:// or https://");
    if (sha256 && (!url || !catalogue_is_sha256(sha256)))
        return error_set(error, ERROR_INVALID, "sha256 goes with url, and has 64 digits (0-9a-f)");
    if (!file &&
        (source || image_value(image, LAB_IMAGE_SHELL) || image->values[LAB_IMAGE_FORCE].given))
        return error_set(error, ERROR_INVALID, "seed-source, shell and force go with file");
    if (!file && !url && image_value(image, LAB_IMAGE_ARCH))
        return error_set(error, ERROR_INVALID, "arch goes with url or file");
    const struct image_file from = {.arch = image_value(image, LAB_IMAGE_ARCH),
                                    .seed_source = source,
                                    .shell = image_value(image, LAB_IMAGE_SHELL)};
    return (!path || (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) ||
            error_set(error, ERROR_INVALID, "there is no file %s", path)) &&
           image_check_words(&from, error);
}

/* For the rehearsal only: what is known of it before it is there. */
static bool rehearse_image(struct home *home, const char *name, const struct lab_entry *entry,
                           struct error *error) {
    const char *arch = entry ? image_value(entry, LAB_IMAGE_ARCH) : NULL;
    const char *source = entry ? image_value(entry, LAB_IMAGE_SEED_SOURCE) : NULL;
    struct store_image image = {.name = alloc_string(name),
                                .file = alloc_printf("%s.qcow2", name),
                                .format = alloc_string("qcow2"),
                                .arch = alloc_string(image_choose_arch(arch, "")),
                                .seed_source = alloc_string(source),
                                .sha256 = alloc_string(""),
                                .origin = alloc_string("")};
    bool good = name_check_label("image name", name, error) &&
                image_describe(home, &image, error) && image_table_add(home->store, &image, error);
    store_image_done(&image);
    return good;
}

static bool is_known(struct home *home, const char *name, struct error *error) {
    struct catalogue catalogue = {0};
    if (!image_catalogue(home, &catalogue, error))
        return false;
    scoped(alloc_release) char *names = catalogue_names(&catalogue);
    bool known = catalogue_find(&catalogue, name) != NULL;
    catalogue_done(&catalogue);
    scoped(alloc_release) char *shown = name_printable(name, strlen(name), 60);
    return known || error_set(error, ERROR_NOT_FOUND,
                              "there is no image \"%s\", and none of that name is known: give its "
                              "url or file under \"images\"; known are %s",
                              shown, names);
}

static bool has_image(struct home *home, const char *name, bool *has, struct error *error) {
    struct store_image image = {0};
    struct error missing = {0};
    *has = image_table_get(home->store, name, &image, &missing);
    store_image_done(&image);
    return *has || missing.code == ERROR_NOT_FOUND || error_copy(error, &missing);
}

bool lab_plan_image(struct home *home, const struct lab *lab, size_t index, struct lab_plan *plan,
                    struct error *error) {
    const struct lab_entry *image = &lab->images[index];
    const char *url = image_value(image, LAB_IMAGE_URL), *file = image_value(image, LAB_IMAGE_FILE);
    bool has = false;
    bool good = check_image(lab, image, error) && has_image(home, image->name, &has, error) &&
                (has || ((url || file || is_known(home, image->name, error)) &&
                         rehearse_image(home, image->name, image, error)));
    if (good && !has)
        lab_plan_add(plan, LAB_GET_IMAGE, index, image->name,
                     url    ? url
                     : file ? file
                            : "by its name");
    return good || lab_fail_at(lab, image->place, error);
}

static bool check_default(struct home *home, const struct lab *lab,
                          const struct lab_instance *instance, struct error *error) {
    bool has = false;
    if (!has_image(home, CREATE_DEFAULT_IMAGE, &has, error))
        return false;
    if (has)
        return true;
    error_set(error, ERROR_INVALID,
              "%s: it has no image, and " CREATE_DEFAULT_IMAGE ", which it would get, is not in "
              "this home: give its \"image\", or one under \"defaults\"",
              instance->name);
    return lab_fail_at(lab, instance->place, error);
}

/* One that no section names, but that can be downloaded. */
bool lab_plan_image_of(struct home *home, const struct lab *lab,
                       const struct lab_instance *instance, struct lab_plan *plan,
                       struct error *error) {
    const struct lab_value *value = &instance->values[LAB_IMAGE];
    const char *name = lab_text(value);
    bool has = false;
    if (!name)
        return check_default(home, lab, instance, error);
    bool good = has_image(home, name, &has, error) &&
                (has || (is_known(home, name, error) && rehearse_image(home, name, NULL, error)));
    if (good && !has)
        lab_plan_add(plan, LAB_GET_IMAGE, LAB_NOWHERE, name, "by its name");
    return good || lab_fail_at(lab, value->place, error);
}
