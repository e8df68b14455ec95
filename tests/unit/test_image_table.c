/* Images: what is put in comes back the same, column by column. */
#include "store_samples.h"

static void check_image(struct store *store, const struct store_image *expected) {
    struct store_image image = *expected, read = {0};
    OK(image_table_add(store, &image, &error));
    OK(image_table_get(store, expected->name, &read, &error));
    CHECK_INT(read.id, image.id);
    CHECK_STRING(read.name, expected->name);
    CHECK_STRING(read.file, expected->file);
    CHECK_STRING(read.format, expected->format);
    CHECK_STRING(read.arch, expected->arch);
    CHECK_STRING(read.sha256, expected->sha256);
    CHECK_STRING(read.origin, expected->origin);
    CHECK_STRING(read.seed_source, expected->seed_source);
    CHECK_STRING(read.default_user, expected->default_user);
    CHECK_STRING(read.shell, expected->shell);
    CHECK_INT(read.min_disk_bytes, expected->min_disk_bytes);
    CHECK_INT(read.min_ram_mib, expected->min_ram_mib);
    CHECK_INT(read.phones_home, expected->phones_home);
    CHECK_INT(read.checked_ms, expected->checked_ms);
    CHECK_INT(read.file_bytes, expected->file_bytes);
    CHECK_INT(read.virtual_bytes, expected->virtual_bytes);
    CHECK_INT(read.created_ms, expected->created_ms);
    store_image_done(&read);
}

TEST(images_come_back_by_name) {
    struct store *store = new_store("images");
    struct store_images images = {0};
    OK(image_table_list(store, &images, &error));
    CHECK_INT(images.count, 0);
    check_image(store, &full_image);
    check_image(store, &bare_image);
    OK(image_table_list(store, &images, &error));
    CHECK_INT(images.count, 2);
    CHECK_STRING(images.items[0].name, "bare");
    CHECK_STRING(images.items[1].name, "debian-12");
    store_images_done(&images);
    store_close(store);
}

TEST(images_that_are_not_there_or_there_already) {
    struct store *store = with_image("images-wrong");
    struct store_image image = {0}, again = full_image;
    FAILS(image_table_get(store, "x", &image, &error), ERROR_NOT_FOUND, "no image \"x\"");
    FAILS(image_table_remove(store, "x", &error), ERROR_NOT_FOUND, "no image \"x\"");
    again.file = "other.qcow2";
    FAILS(image_table_add(store, &again, &error), ERROR_EXISTS, "images.name");
    again.name = "other";
    again.file = full_image.file;
    FAILS(image_table_add(store, &again, &error), ERROR_EXISTS, "images.file");
    OK(image_table_remove(store, "debian-12", &error));
    FAILS(image_table_get(store, "debian-12", &image, &error), ERROR_NOT_FOUND, "debian-12");
    store_close(store);
}

TEST(an_image_in_use_stays) {
    struct store *store = with_image("image-in-use");
    int64_t id = add_instance(store, "a", NULL);
    FAILS(image_table_remove(store, "debian-12", &error), ERROR_WRONG_STATE, "still refers to it");
    OK(instance_table_remove(store, id, &error));
    OK(image_table_remove(store, "debian-12", &error));
    store_close(store);
}

int main(void) {
    return test_run();
}
