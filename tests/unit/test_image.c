/* Images in a real home, with a real store and qemu-img. */
#include "base/secret.h"
#include "home/home.h"
#include "home/images/download.h"
#include "home/images/image.h"
#include "home/images/image_download.h"
#include "host/program.h"
#include "host/qemu_img.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"
#include "store/transaction.h"
#include "test.h"
#include "web.h"

#include <dirent.h>

#define MIB (UINT64_C(1) << 20)

static struct home home;

static void open_home(const char *name) {
    struct error error = {0};
    home = (struct home){.path = scratch_path(name)};
    scoped(alloc_release) char *images = alloc_printf("%s/images", home.path);
    scoped(alloc_release) char *file = alloc_printf("%s/cloud.sqlite3", home.path);
    CHECK(file_make_directory(images, 0700, &error));
    CHECK(store_open(file, STORE_CREATE, &home.store, &error));
    CHECK_STRING(error.text, "");
}

static void close_home(void) {
    store_close(home.store);
    free(home.path);
}

/* What is in images/, for a look at what is left there. */
static size_t count_files(void) {
    scoped(alloc_release) char *folder = home_file(&home, "images");
    DIR *list = opendir(folder);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(list));)
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

static size_t count_rows(void) {
    struct store_images images = {0};
    struct error error = {0};
    CHECK(image_table_list(home.store, &images, &error));
    size_t count = images.count;
    store_images_done(&images);
    return count;
}

static void qemu_img(const char *file, const char *format, const char *extra, const char *value) {
    char *argv[] = {"qemu-img",     "create",     "-q",  "-f",
                    (char *)format, (char *)file, "64M", extra ? (char *)extra : NULL,
                    (char *)value,  NULL};
    struct buffer output = {0};
    struct error error = {0};
    CHECK(program_run(argv, 60000, &output, &error));
    CHECK_STRING(error.text, "");
    buffer_done(&output);
}

static char *make_qcow2(const char *name) { /* caller frees */
    char *path = scratch_path(name);
    if (!file_exists(path))
        qemu_img(path, "qcow2", NULL, NULL);
    return path;
}

TEST(import) {
    open_home("import, 'x'");
    scoped(alloc_release) char *file = make_qcow2("debian, 12-arm64.qcow2");
    struct error error = {0};
    struct store_image image = {0};
    CHECK(
        image_import(&home, &(struct image_file){.name = "debian-12", .path = file}, NULL, &error));
    CHECK_STRING(error.text, "");
    CHECK(image_table_get(home.store, "debian-12", &image, &error));
    CHECK_STRING(image.file, "debian-12.qcow2");
    CHECK_STRING(image.format, "qcow2");
    CHECK_STRING(image.arch, "aarch64");
    CHECK_STRING(image.origin, file);
    CHECK_STRING(image.seed_source, "nocloud-net");
    CHECK_INT(image.virtual_bytes, 64 * MIB);

    scoped(alloc_release) char *copy = home_file(&home, "images/debian-12.qcow2");
    char digest[SECRET_SHA256_SIZE], original[SECRET_SHA256_SIZE];
    struct stat status;
    CHECK(secret_sha256_file(copy, digest, &error));
    CHECK(secret_sha256_file(file, original, &error));
    CHECK_STRING(digest, original);
    CHECK_STRING(image.sha256, digest);
    CHECK(stat(copy, &status) == 0);
    CHECK_INT(status.st_mode & 07777, 0400);
    CHECK_INT(image.file_bytes, status.st_size);
    CHECK_INT(count_files(), 1);
    store_image_done(&image);
    close_home();
}

static void check_arch(const char *name, const char *file, const char *given,
                       const char *expected) {
    struct error error = {0};
    struct store_image image = {0};
    CHECK(image_import(&home, &(struct image_file){.name = name, .path = file, .arch = given}, NULL,
                       &error));
    CHECK(image_table_get(home.store, name, &image, &error));
    CHECK_STRING(image.arch, expected);
    store_image_done(&image);
}

TEST(architecture) {
    open_home("arch");
    scoped(alloc_release) char *amd64 = make_qcow2("noble-amd64.img");
    scoped(alloc_release) char *arm64 = make_qcow2("AlmaLinux.aarch64.qcow2");
    struct error error = {0};
    check_arch("one", amd64, NULL, "x86_64");
    check_arch("two", arm64, NULL, "aarch64");
    check_arch("three", amd64, "aarch64", "aarch64");
    CHECK(!image_import(&home, &(struct image_file){.name = "four", .path = amd64, .arch = "arm64"},
                        NULL, &error));
    CHECK_STRING(error.text, "\"arm64\" is not an architecture: use aarch64 or x86_64");
    CHECK_INT(count_files(), 3);
    close_home();
}

static void check_refused(const char *name, const char *file, enum error_code code,
                          const char *sentence) {
    struct error error = {0};
    size_t files = count_files(), rows = count_rows();
    CHECK(!image_import(&home, &(struct image_file){.name = name, .path = file}, NULL, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, sentence);
    CHECK_INT(count_files(), files);
    CHECK_INT(count_rows(), rows);
}

TEST(refused) {
    open_home("refused");
    scoped(alloc_release) char *good = make_qcow2("good.qcow2");
    scoped(alloc_release) char *raw = scratch_path("raw.qcow2");
    scoped(alloc_release) char *empty = scratch_path("empty.qcow2");
    scoped(alloc_release) char *magic = scratch_path("magic.qcow2");
    scoped(alloc_release) char *overlay = scratch_path("overlay.qcow2");
    scoped(alloc_release) char *data = scratch_path("data.qcow2");
    scoped(alloc_release) char *fifo = scratch_path("fifo");
    scoped(alloc_release) char *none = scratch_path("none.qcow2");
    scoped(alloc_release) char *option = alloc_printf("data_file=%s/outside.raw", scratch());
    scoped(alloc_release) char *backing = alloc_printf("backing_file=%s,backing_fmt=qcow2", good);
    qemu_img(raw, "raw", NULL, NULL);
    qemu_img(overlay, "qcow2", "-o", backing);
    qemu_img(data, "qcow2", "-o", option);
    scratch_write(empty, "", 0, 0600);
    scratch_write(magic, "QFI\xfb", 4, 0600);
    CHECK(mkfifo(fifo, 0600) == 0);

    check_refused("x", none, ERROR_FAILED, "No such file");
    check_refused("x", scratch(), ERROR_INVALID, "is a folder, not a disk image");
    check_refused("x", fifo, ERROR_INVALID, "is not a regular file");
    check_refused("x", raw, ERROR_INVALID, "is neither a qcow2 disk image");
    check_refused("x", empty, ERROR_INVALID, "is neither a qcow2 disk image");
    check_refused("x", magic, ERROR_INVALID, "is not an intact qcow2 disk image");
    check_refused("x", overlay, ERROR_INVALID, "depends on a backing file");
    check_refused("x", data, ERROR_INVALID, "depends on an external data file");
    check_refused("Bad_Name", good, ERROR_INVALID, "Bad_Name");
    check_refused("../x", good, ERROR_INVALID, "../x");

    struct error error = {0};
    CHECK(image_import(&home, &(struct image_file){.name = "x", .path = good}, NULL, &error));
    check_refused("x", good, ERROR_EXISTS, "the image \"x\" exists already");
    close_home();
}

/* A raw disk with a boot sector, 1 MiB, and the same packed. */
static char *make_raw(const char *name) { /* caller frees */
    char *path = scratch_path(name);
    scoped(alloc_release) char *disk = alloc_zero(MIB);
    for (size_t i = 0; i < 200000; i++)
        disk[i] = (char)(i * 7 + i / 997);
    memcpy(disk + 510, "\x55\xaa", 2);
    scratch_write(path, disk, MIB, 0600);
    return path;
}

static char *gzip(const char *file, const char *name) { /* caller frees */
    char *path = scratch_path(name);
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *script =
        alloc_printf("import gzip, shutil\n"
                     "shutil.copyfileobj(open('%s', 'rb'), gzip.open('%s', 'wb'))",
                     file, path);
    char *argv[] = {"python3", "-c", script, NULL};
    struct error error = {0};
    CHECK(program_run(argv, 60000, &output, &error));
    CHECK_STRING(error.text, "");
    return path;
}

static void check_becomes(const char *name, const char *file, uint64_t virtual_bytes) {
    struct error error = {0};
    struct store_image image = {0};
    struct qemu_img_info info;
    size_t files = count_files();
    CHECK(image_import(&home, &(struct image_file){.name = name, .path = file}, NULL, &error));
    CHECK_STRING(error.text, "");
    CHECK_INT(count_files(), files + 1);
    CHECK(image_table_get(home.store, name, &image, &error));
    CHECK_INT(image.virtual_bytes, virtual_bytes);
    scoped(alloc_release) char *path = image_path(&home, &image);
    CHECK(qemu_img_info(path, &info, &error));
    CHECK(image_verify(&home, name, &error));
    CHECK_STRING(error.text, "");
    store_image_done(&image);
}

TEST(any_form_becomes_a_qcow2) {
    open_home("forms");
    scoped(alloc_release) char *good = make_qcow2("good.qcow2");
    scoped(alloc_release) char *raw = make_raw("disk.raw");
    scoped(alloc_release) char *raw_gz = gzip(raw, "disk.raw.gz");
    scoped(alloc_release) char *good_gz = gzip(good, "good.qcow2.gz");
    scoped(alloc_release) char *text = scratch_path("text");
    scratch_write(text, "some words", 10, 0600);
    scoped(alloc_release) char *text_gz = gzip(text, "text.gz");
    scoped(alloc_release) char *overlay = scratch_path("over.qcow2");
    scoped(alloc_release) char *backing = alloc_printf("backing_file=%s,backing_fmt=qcow2", good);
    qemu_img(overlay, "qcow2", "-o", backing);
    scoped(alloc_release) char *overlay_gz = gzip(overlay, "over.qcow2.gz");

    check_becomes("raw", raw, MIB);
    check_becomes("raw-gz", raw_gz, MIB);
    check_becomes("qcow2-gz", good_gz, 64 * MIB);
    check_refused("x", text_gz, ERROR_INVALID,
                  "text.gz is neither a qcow2 disk image nor a bootable raw one");
    check_refused("x", overlay_gz, ERROR_INVALID, "over.qcow2.gz depends on a backing file");
    close_home();
}

TEST(one_at_a_time_and_after_a_crash) {
    open_home("locked");
    scoped(alloc_release) char *good = make_qcow2("good.qcow2");
    scoped(alloc_release) char *part = home_file(&home, "images/x.part");
    scoped(alloc_release) char *copy = home_file(&home, "images/x.new");
    scoped(alloc_release) char *final = home_file(&home, "images/x.qcow2");
    struct error error = {0};
    int lock = download_open(part, &error);
    check_refused("x", good, ERROR_WRONG_STATE, "another pgsup is writing");
    close(lock); /* as if it had been killed: its files are still there */
    scratch_write(copy, "half", 4, 0600);
    scratch_write(final, "without a row", 13, 0400);
    CHECK(image_import(&home, &(struct image_file){.name = "x", .path = good}, NULL, &error));
    CHECK_STRING(error.text, "");
    CHECK_INT(count_files(), 1);
    CHECK_INT(count_rows(), 1);
    close_home();
}

static void add_instance(const char *name, const char *image) {
    struct error error = {0};
    struct store_instance row = {
        .name = alloc_string(name),
        .instance_id = alloc_printf("i-%s", name),
        .uuid = alloc_zero(37),
        .token = alloc_zero(SECRET_TOKEN_SIZE),
        .mac = alloc_printf("52:54:00:00:00:%02x", (unsigned)name[0]),
        .image = alloc_string(image),
        .arch = alloc_string("aarch64"),
        .seed = STORE_SEED_DRIVE,
        .vcpu = 2,
        .ram_mib = 1024,
        .disk_bytes = 64 * MIB,
    };
    secret_uuid4(row.uuid);
    secret_token(row.token);
    CHECK(store_begin(home.store, &error));
    CHECK(instance_table_next_id(home.store, &row.id, &error));
    CHECK(instance_table_add(home.store, &row, &error));
    CHECK(store_commit(home.store, &error));
    CHECK_STRING(error.text, "");
    store_instance_done(&row);
}

TEST(removal) {
    open_home("removal");
    scoped(alloc_release) char *good = make_qcow2("good.qcow2");
    struct error error = {0};
    CHECK(image_import(&home, &(struct image_file){.name = "used", .path = good}, NULL, &error));
    CHECK(image_import(&home, &(struct image_file){.name = "free", .path = good}, NULL, &error));
    add_instance("b", "used");
    add_instance("a", "used");
    CHECK(!image_remove(&home, "used", &error));
    CHECK_INT(error.code, ERROR_WRONG_STATE);
    CHECK_CONTAINS(error.text, "the image \"used\" is in use by a, b");
    error_clear(&error);
    CHECK(image_remove(&home, "free", &error));
    CHECK_STRING(error.text, "");
    CHECK_INT(count_files(), 1);
    CHECK_INT(count_rows(), 1);
    CHECK(!image_remove(&home, "free", &error));
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    error_clear(&error);
    CHECK(image_import(&home, &(struct image_file){.name = "free", .path = good}, NULL,
                       &error)); /* the name is free again */
    close_home();
}

TEST(download) {
    open_home("download");
    scoped(alloc_release) char *good = make_qcow2("good.qcow2");
    struct web web = web_start(good);
    scoped(alloc_release) char *url = web_url(&web, "/redirect/debian-arm64.qcow2");
    struct error error = {0};
    struct store_image image = {0};
    CHECK(image_download_from(&home, &(struct image_address){"debian-13", url, NULL, NULL}, NULL,
                              &error));
    CHECK_STRING(error.text, "");
    CHECK(image_table_get(home.store, "debian-13", &image, &error));
    CHECK_STRING(image.arch, "aarch64");
    CHECK_STRING(image.origin, url);
    CHECK_STRING(image.seed_source, "nocloud");
    CHECK_INT(count_files(), 1);
    scoped(alloc_release) char *copy = home_file(&home, "images/debian-13.qcow2");
    struct stat status;
    CHECK(stat(copy, &status) == 0);
    CHECK_INT(status.st_mode & 07777, 0400);
    store_image_done(&image);
    web_stop(&web);
    close_home();
}

static void check_download_refused(struct web *web, const char *path, const char *sentence) {
    scoped(alloc_release) char *url = web_url(web, path);
    struct error error = {0};
    CHECK(!image_download_from(&home, &(struct image_address){"x", url, NULL, NULL}, NULL, &error));
    CHECK_CONTAINS(error.text, sentence);
    CHECK_INT(count_files(), 0);
    CHECK_INT(count_rows(), 0);
}

TEST(download_refused) {
    open_home("download-refused");
    scoped(alloc_release) char *good = make_qcow2("good.qcow2");
    struct web web = web_start(good);
    struct error error = {0};
    check_download_refused(&web, "/404/x.qcow2", "the server answered with status 404");
    check_download_refused(&web, "/short/x.qcow2", "bytes missing");
    check_download_refused(&web, "/page/x.qcow2", "is a web page");
    web_stop(&web);
    CHECK(!image_download(&home, "no-such", NULL, &error));
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    CHECK_CONTAINS(error.text, "choose one of ubuntu-jammy, ");
    close_home();
}

static bool get_known(struct web *web, const char *path, const char *file, struct error *error) {
    char digest[SECRET_SHA256_SIZE];
    scoped(alloc_release) char *url = web_url(web, path);
    CHECK(secret_sha256_file(file, digest, error));
    return image_download_from(&home, &(struct image_address){"x", url, digest, NULL}, NULL, error);
}

static off_t size_of(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 ? status.st_size : -1;
}

/* With a checksum, what broke off is kept and gone on from, whatever it is that was there. */
TEST(broken_downloads) {
    open_home("broken");
    scoped(alloc_release) char *raw = make_raw("big.raw");
    scoped(alloc_release) char *part = home_file(&home, "images/x.part");
    scoped(alloc_release) char *aside = home_file(&home, "images/x.part.mismatch");
    struct web web = web_start(raw);
    struct error error = {0};

    CHECK(!get_known(&web, "/half-then-403/x", raw, &error));
    CHECK_INT(error.code, ERROR_FAILED);
    CHECK_CONTAINS(error.text, "; the partial download is kept, and the same command resumes it");
    CHECK_INT(size_of(part), MIB / 2);
    error_clear(&error);
    CHECK(get_known(&web, "/range-only/x", raw, &error)); /* from there: it refuses anything else */
    CHECK_STRING(error.text, "");
    CHECK(image_remove(&home, "x", &error));

    scratch_write(part, "of another build", 16, 0600);
    CHECK(get_known(&web, "/range/x", raw, &error)); /* then from the beginning */
    CHECK_STRING(error.text, "");
    CHECK(image_remove(&home, "x", &error));

    scoped(alloc_release) char *other = scratch_path("other");
    scratch_write(other, "", 0, 0600);
    scratch_write(part, "of another build", 16, 0600);
    CHECK(!get_known(&web, "/range/x", other, &error));
    CHECK_CONTAINS(error.text, "does not have its publisher's SHA256");
    CHECK_INT(size_of(part), -1);
    CHECK_INT(size_of(aside), MIB);
    error_clear(&error);
    CHECK(image_remove(&home, "x", &error)); /* of the leftovers alone */
    CHECK_INT(count_files(), 0);
    CHECK(!image_remove(&home, "x", &error));
    CHECK_INT(error.code, ERROR_NOT_FOUND);
    web_stop(&web);
    close_home();
}

int main(void) {
    return test_run();
}
