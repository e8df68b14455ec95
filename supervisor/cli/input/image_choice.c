#include "cli/input/image_choice.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/name.h"
#include "base/nearest.h"
#include "home/images/image.h"
#include "store/image_table.h"

#include <stdio.h>
#include <string.h>

static void add_name(struct buffer *names, const char *name) {
    buffer_printf(names, "%s%s", names->length ? ", " : "", name);
}

/* Those that begin so, else the one with the fewest letters typed wrong; empty: none. */
static void find_known(const struct home *home, const char *name, struct buffer *names) {
    struct catalogue catalogue = {0};
    struct nearest nearest;
    if (!image_catalogue(home, &catalogue, NULL))
        return;
    nearest_init(&nearest, name, strlen(name));
    for (size_t i = 0; *name && i < catalogue.count; i++) {
        if (strncmp(catalogue.items[i].name, name, strlen(name)) == 0)
            add_name(names, catalogue.items[i].name);
        nearest_offer(&nearest, catalogue.items[i].name);
    }
    if (!names->length && nearest.best)
        add_name(names, nearest.best);
    catalogue_done(&catalogue);
}

bool image_choice_fail_absent(const struct home *home, const struct store_images *images,
                              const char *name, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(name, strlen(name), 80);
    scoped(buffer_done) struct buffer known = {0}, here = {0};
    struct nearest nearest;
    nearest_init(&nearest, name, strlen(name));
    for (size_t i = 0; i < images->count; i++) {
        nearest_offer(&nearest, images->items[i].name);
        add_name(&here, images->items[i].name);
    }
    find_known(home, name, &known);
    if (known.length && strcmp(known.data, name) == 0)
        return error_set(error, ERROR_NOT_FOUND,
                         "no image \"%s\" in this home: `pgsup image download -n %s` adds it",
                         shown, name);
    if (nearest.best)
        return error_set(error, ERROR_NOT_FOUND,
                         "no image \"%s\" in this home: did you mean \"%s\"?", shown, nearest.best);
    if (known.length)
        return error_set(error, ERROR_NOT_FOUND,
                         "no image \"%s\" in this home: `pgsup image download -n NAME` can add %s",
                         shown, known.data);
    return error_set(error, ERROR_NOT_FOUND,
                     "no image \"%s\" in this home: it has %.200s; `pgsup image list --available` "
                     "shows what can be downloaded, `pgsup image import` adds a file",
                     shown, here.length ? here.data : "none");
}

static bool has_image(const struct store_images *images, const char *name) {
    for (size_t i = 0; i < images->count; i++)
        if (strcmp(images->items[i].name, name) == 0)
            return true;
    return false;
}

static bool fail_several(const struct store_images *images, struct error *error) {
    scoped(buffer_done) struct buffer names = {0};
    for (size_t i = 0; i < images->count; i++)
        add_name(&names, images->items[i].name);
    return error_set(error, ERROR_USAGE,
                     "this home has several images: choose one of them with --os: %.200s",
                     names.data);
}

char *image_choice_resolve(struct home *home, const char *given, struct error *error) {
    struct store_images images = {0};
    if (!image_table_list(home->store, &images, error))
        return NULL;
    bool is_only = !given && images.count == 1;
    const char *name = given ? given : is_only ? images.items[0].name : IMAGE_CHOICE_DEFAULT;
    scoped(alloc_release) char *chosen = alloc_string(name);
    bool found = has_image(&images, chosen);
    bool good = found || (!given && images.count > 0
                              ? fail_several(&images, error)
                              : image_choice_fail_absent(home, &images, chosen, error));
    store_images_done(&images);
    return good ? alloc_string(chosen) : NULL;
}

void image_choice_tell(const char *name, const char *done, const char *arch, const char *from) {
    if (arch || !from || image_guess_arch(from))
        printf("image \"%s\" %s\n", name, done);
    else
        printf("image \"%s\" %s; its name tells no architecture, so it is taken for %s, as this "
               "computer: if not, remove it and say --arch\n",
               name, done, image_choose_arch(NULL, from));
}
