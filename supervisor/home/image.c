#include "home/image.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/host.h"
#include "base/name.h"
#include "base/secret.h"
#include "home/catalogue.h"
#include "home/checksum.h"
#include "home/disk.h"
#include "home/download.h"
#include "store/instance_table.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of a qcow2 header, docs/interop/qcow2.txt: what tells whether the image refers to other files.
 * Read here first, so that qemu-img is never shown an image that could make it open them. */
#define QCOW2_MAGIC          "QFI\xfb"
#define QCOW2_HEADER_BYTES   80
#define QCOW2_BACKING_OFFSET 8  /* 64 bits, 0: none */
#define QCOW2_FEATURES       72 /* 64 bits, version 3 and later */
#define QCOW2_DATA_FILE_BIT  2

/* A new image on its way: what it will be called, and the locked file that keeps others away. */
struct stage {
    char *part;  /* images/NAME.part: the lock, and what a download is written to */
    char *copy;  /* images/NAME.new: what an import is copied to */
    char *final; /* images/NAME.qcow2 */
    int lock;
    bool lock_moved; /* the locked file is the finished image now; its old name is anybody's */
};

static bool check_free_name(struct home *home, const char *name, struct error *error) {
    struct store_image image = {0};
    struct error lookup = {0};
    if (!name_check_label("image name", name, error))
        return false;
    if (image_table_get(home->store, name, &image, &lookup)) {
        store_image_done(&image);
        return error_set(error, ERROR_EXISTS,
                         "there is an image \"%s\" already: choose another name or remove it "
                         "first",
                         name);
    }
    return lookup.code == ERROR_NOT_FOUND || error_set(error, lookup.code, "%s", lookup.text);
}

static bool stage_open(struct home *home, const char *name, struct stage *stage,
                       struct error *error) {
    *stage = (struct stage){.lock = -1};
    scoped(alloc_release) char *folder = home_file(home, "images");
    if (!check_free_name(home, name, error) || !file_make_directory(folder, 0700, error) ||
        !home_give(home, folder, error))
        return false;
    stage->part = alloc_printf("%s/%s.part", folder, name);
    stage->copy = alloc_printf("%s/%s.new", folder, name);
    stage->final = alloc_printf("%s/%s.qcow2", folder, name);
    stage->lock = download_open(stage->part, error);
    return stage->lock >= 0;
}

/* The lock is given up last, so that nobody else is at these files yet. */
static void stage_close(struct stage *stage) {
    if (stage->lock >= 0 && !stage->lock_moved) {
        unlink(stage->copy);
        unlink(stage->part);
    }
    file_release(&stage->lock);
    free(stage->part);
    free(stage->copy);
    free(stage->final);
}

static uint64_t big_endian_64(const unsigned char *bytes) {
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

static bool refuse_reference(const char *file, const char *what, struct error *error) {
    return error_set(error, ERROR_INVALID,
                     "%s depends on %s: make it whole with `qemu-img convert -O qcow2` first", file,
                     what);
}

static bool check_header(const char *file, const char *shown, struct error *error) {
    unsigned char header[QCOW2_HEADER_BYTES] = {0};
    scoped(file_release) int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_errno(error, "cannot read %s", shown);
    if (pread(fd, header, sizeof header, 0) < 0)
        return error_errno(error, "cannot read %s", shown);
    if (memcmp(header, QCOW2_MAGIC, 4) != 0)
        return error_set(error, ERROR_INVALID, "%s is not a qcow2 disk image", shown);
    if (big_endian_64(header + QCOW2_BACKING_OFFSET) != 0)
        return refuse_reference(shown, "a backing file", error);
    if (header[7] >= 3 && big_endian_64(header + QCOW2_FEATURES) >> QCOW2_DATA_FILE_BIT & 1)
        return refuse_reference(shown, "an external data file", error);
    return true;
}

static bool check_regular(const char *file, struct error *error) {
    struct stat status;
    if (stat(file, &status) < 0)
        return error_errno(error, "cannot read %s", file);
    if (S_ISDIR(status.st_mode))
        return error_set(error, ERROR_INVALID, "%s is a folder, not a disk image", file);
    return S_ISREG(status.st_mode) ||
           error_set(error, ERROR_INVALID, "%s is not a regular file", file);
}

/* Fills what the file itself says about the image. */
static bool inspect(const char *file, const char *shown, struct store_image *image,
                    struct error *error) {
    struct disk_info info;
    struct stat status;
    char digest[SECRET_SHA256_SIZE];
    struct error problem = {0};
    if (!check_header(file, shown, error))
        return false;
    if (!disk_info(file, &info, &problem)) {
        bool tool = problem.code == ERROR_NOT_FOUND;
        return tool ? error_set(error, problem.code, "%s", problem.text)
                    : error_set(error, ERROR_INVALID, "%s is not a whole qcow2 disk image: %s",
                                shown, problem.text);
    }
    if (strcmp(info.format, "qcow2") != 0)
        return error_set(error, ERROR_INVALID, "%s is not a qcow2 disk image", shown);
    if (info.has_backing)
        return refuse_reference(shown, "a backing file", error);
    if (info.has_data_file)
        return refuse_reference(shown, "an external data file", error);
    if (stat(file, &status) < 0)
        return error_errno(error, "cannot read %s", shown);
    if (!disk_check(file, shown, error) || !secret_sha256_file(file, digest, error))
        return false;
    image->checked_ms = clock_wall_ms();
    image->file_bytes = (uint64_t)status.st_size;
    image->virtual_bytes = info.virtual_bytes;
    image->format = alloc_string("qcow2");
    image->sha256 = alloc_string(digest);
    return true;
}

/* The row, and with it the name of the file, come into being together or not at all. A row whose
 * commit fails must not leave the file; a file without a row is replaced by the next attempt. */
static bool record(struct home *home, const char *from, struct stage *stage,
                   struct store_image *image, struct error *error) {
    if (!store_begin(home->store, error))
        return false;
    if (!image_table_add(home->store, image, error)) {
        store_rollback(home->store);
        return false;
    }
    if (rename(from, stage->final) < 0) {
        error_errno(error, "cannot write %s", stage->final);
        store_rollback(home->store);
        return false;
    }
    stage->lock_moved = from == stage->part;
    if (store_commit(home->store, error))
        return true;
    store_rollback(home->store);
    unlink(stage->final);
    return false;
}

/* Read-only, because a change of a backing file breaks every disk that is made on it. */
static bool adopt(struct home *home, const char *from, struct stage *stage,
                  struct store_image *image, struct error *error) {
    if (!inspect(from, image->origin, image, error))
        return false;
    if (chmod(from, 0400) < 0)
        return error_errno(error, "cannot set the mode of %s", from);
    image->file = alloc_printf("%s.qcow2", image->name);
    image->created_ms = clock_wall_ms();
    return home_give(home, from, error) && record(home, from, stage, image, error);
}

static const char *guess_arch(const char *file) {
    static const struct {
        const char *part, *arch;
    } signs[] = {{"arm64", "aarch64"},
                 {"aarch64", "aarch64"},
                 {"amd64", "x86_64"},
                 {"x86_64", "x86_64"},
                 {"x86-64", "x86_64"}};
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file;
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (strstr(base, signs[i].part))
            return signs[i].arch;
    return host_architecture();
}

/* Of this home, with its own file. */
static bool load_catalogue(const struct home *home, struct catalogue *catalogue,
                           struct error *error) {
    scoped(alloc_release) char *own = home_file(home, "images.yaml");
    return catalogue_load(own, catalogue, error);
}

/* What the catalogue says of an image; of one that it does not know: "nocloud-net" is what every
 * cloud-init that can be seeded over HTTP takes; the newer ones only warn about it. */
static void describe(struct store_image *image, const struct catalogue_image *known) {
    image->phones_home = !known || known->phones_home;
    if (!image->seed_source)
        image->seed_source = alloc_string(known ? known->seed_source : "nocloud-net");
    if (!known)
        return;
    image->default_user = alloc_string(known->user);
    image->min_disk_bytes = known->min_disk_bytes;
    image->min_ram_mib = known->min_ram_mib;
}

static bool describe_by_name(const struct home *home, struct store_image *image,
                             struct error *error) {
    struct catalogue catalogue;
    if (!load_catalogue(home, &catalogue, error))
        return false;
    describe(image, catalogue_find(&catalogue, image->name));
    catalogue_done(&catalogue);
    return true;
}

bool image_import(struct home *home, const char *name, const char *file, const char *arch,
                  const char *seed_source, struct error *error) {
    enum spec_arch known;
    if (!arch)
        arch = guess_arch(file);
    if (!spec_arch_from_word(arch, &known))
        return error_set(error, ERROR_INVALID,
                         "\"%s\" is not an architecture: use aarch64 or x86_64", arch);
    if (seed_source && !catalogue_is_seed_source(seed_source))
        return error_set(error, ERROR_INVALID,
                         "\"%.40s\" is not what a cloud-init calls its seed: use nocloud, "
                         "nocloud-net, or none for one that takes it from a drive only",
                         seed_source);
    struct stage stage = {.lock = -1};
    struct store_image image = {
        .name = alloc_string(name),
        .arch = alloc_string(arch),
        .origin = file_absolute(file),
        .seed_source = alloc_string(seed_source),
    };
    bool good = describe_by_name(home, &image, error) && stage_open(home, name, &stage, error) &&
                check_regular(file, error) && check_header(file, file, error);
    if (good) {
        unlink(stage.copy); /* of an import that was killed */
        good = host_copy_file(file, stage.copy, 0600, error) &&
               adopt(home, stage.copy, &stage, &image, error);
    }
    stage_close(&stage);
    store_image_done(&image);
    return good;
}

/* --- downloads --- */

struct source { /* borrowed */
    const char *url;
    struct checksum checksum;
};

static const char *last_part(const char *url) {
    const char *slash = strrchr(url, '/');
    return slash ? slash + 1 : url;
}

/* Of the catalogue, for the architecture of this host. */
static bool find_source(const struct catalogue *catalogue, const char *name, struct source *source,
                        struct error *error) {
    enum spec_arch arch = SPEC_AARCH64;
    spec_arch_from_word(host_architecture(), &arch);
    const struct catalogue_image *known = catalogue_find(catalogue, name);
    if (!known) {
        scoped(alloc_release) char *names = catalogue_names(catalogue);
        return error_set(error, ERROR_NOT_FOUND,
                         "no image \"%.63s\" is known for download: choose one of %s, or use "
                         "`pgsup image import`",
                         name, names);
    }
    const struct catalogue_file *file = &known->files[arch];
    if (!file->url)
        return error_set(error, ERROR_NOT_FOUND, "%s is not published for %s", known->title,
                         spec_arch_word(arch));
    if (known->is_raw || known->packing != CATALOGUE_PLAIN)
        return error_set(error, ERROR_INVALID,
                         "%s is published as %s: download %s yourself, unpack it, make a qcow2 of "
                         "it with `qemu-img convert -O qcow2`, and use `pgsup image import -n %s`",
                         known->title, catalogue_format_word(known), file->url, name);
    *source = (struct source){file->url,
                              {file->checksums, file->sha256,
                               file->checksums ? known->digest : CATALOGUE_SHA256, known->form,
                               last_part(file->url)}};
    return true;
}

/* The file's place is that of an import's copy, which a download has no use for. */
static bool fetch_checksum(const struct stage *stage, const struct checksum *checksum,
                           char hex[CHECKSUM_HEX_SIZE], struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(file_release) int fd =
        open(stage->copy, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return error_errno(error, "cannot write %s", stage->copy);
    bool good = download_fetch(checksum->url, fd, CHECKSUM_FILE_LIMIT_BYTES, NULL, error) &&
                file_read(stage->copy, CHECKSUM_FILE_LIMIT_BYTES, &text, error);
    unlink(stage->copy);
    return good && (checksum_find(checksum, text.data ? text.data : "", text.length, hex, error) ||
                    error_prefix(error, "%s", checksum->url));
}

/* What is not what its publisher says is kept for its user to look at, under a name that is no
 * image's. */
static bool put_aside(struct stage *stage, const char *url, const char *word, struct error *error) {
    scoped(alloc_release) char *aside = alloc_printf("%s.mismatch", stage->part);
    stage->lock_moved = rename(stage->part, aside) == 0;
    return error_set(error, ERROR_FAILED,
                     "%s does not have the %s that it should have, so it is not used: it was "
                     "changed on its way, or its publisher is replacing it just now; try again "
                     "later (what came is %s)",
                     url, word, stage->lock_moved ? aside : "removed");
}

static bool verify(struct stage *stage, const struct source *source, const char *expected,
                   struct error *error) {
    char actual[CHECKSUM_HEX_SIZE];
    enum catalogue_digest digest = source->checksum.digest;
    if (!checksum_of_file(digest, stage->part, actual, error))
        return false;
    return strcasecmp(actual, expected) == 0 ||
           put_aside(stage, source->url, checksum_word(digest), error);
}

/* The checksum first: without it there is no need to fetch the rest. */
static bool fetch(struct stage *stage, const struct source *source,
                  const struct image_progress *progress, struct error *error) {
    char looked_up[CHECKSUM_HEX_SIZE];
    const char *expected = source->checksum.hex;
    if (source->checksum.url) {
        if (!fetch_checksum(stage, &source->checksum, looked_up, error))
            return false;
        expected = looked_up;
    }
    return download_fetch(source->url, stage->lock, DOWNLOAD_LIMIT_BYTES, progress, error) &&
           (!expected || verify(stage, source, expected, error));
}

static bool download(struct home *home, const char *name, const struct source *source,
                     const struct image_progress *progress, struct error *error) {
    struct stage stage = {.lock = -1};
    struct store_image image = {
        .name = alloc_string(name),
        .arch = alloc_string(guess_arch(source->url)),
        .origin = alloc_string(source->url),
    };
    bool good = describe_by_name(home, &image, error) && stage_open(home, name, &stage, error) &&
                fetch(&stage, source, progress, error) &&
                adopt(home, stage.part, &stage, &image, error);
    stage_close(&stage);
    store_image_done(&image);
    return good;
}

bool image_download(struct home *home, const char *name, const struct image_progress *progress,
                    struct error *error) {
    struct source source = {0};
    struct catalogue catalogue;
    if (!load_catalogue(home, &catalogue, error))
        return false;
    bool good = find_source(&catalogue, name, &source, error) &&
                download(home, name, &source, progress, error);
    catalogue_done(&catalogue);
    return good;
}

bool image_download_from(struct home *home, const struct image_address *address,
                         const struct image_progress *progress, struct error *error) {
    const struct source source = {address->url,
                                  {.hex = address->sha256, .digest = CATALOGUE_SHA256}};
    if (!catalogue_is_url(address->url))
        return error_set(
            error, ERROR_INVALID,
            "\"%.200s\" is not an address to download from: it begins with https:// or "
            "http://",
            address->url);
    if (address->sha256 && !catalogue_is_sha256(address->sha256))
        return error_set(error, ERROR_INVALID,
                         "\"%.80s\" is not a SHA-256: give its 64 hexadecimal digits",
                         address->sha256);
    return download(home, address->name, &source, progress, error);
}

/* --- what is there --- */

char *image_users(struct home *home, const char *name, struct error *error) {
    struct store_instances instances = {0};
    struct buffer users = {0};
    if (!instance_table_list(home->store, &instances, error))
        return NULL;
    for (size_t i = 0; i < instances.count; i++)
        if (strcmp(instances.items[i].image, name) == 0)
            buffer_printf(&users, "%s%s", users.length ? ", " : "", instances.items[i].name);
    store_instances_done(&instances);
    return buffer_take(&users);
}

char *image_path(const struct home *home, const struct store_image *image) {
    return alloc_printf("%s/images/%s", home->path, image->file);
}

static bool verify_file(const char *path, const struct store_image *image, const char *users,
                        struct error *error) {
    char digest[SECRET_SHA256_SIZE];
    if (!file_exists(path))
        return error_set(error, ERROR_NOT_FOUND, "the image %s is gone: put it back", path);
    if (!secret_sha256_file(path, digest, error))
        return false;
    if (image->sha256 && strcmp(digest, image->sha256) != 0)
        return error_set(error, ERROR_FAILED,
                         "the image %s was changed since it came into the home: put back the file "
                         "whose SHA-256 is %s; disks that need it: %s",
                         path, image->sha256, *users ? users : "none");
    return disk_check(path, path, error);
}

bool image_verify(struct home *home, const char *name, struct error *error) {
    struct store_image image = {0};
    if (!image_table_get(home->store, name, &image, error))
        return false;
    scoped(alloc_release) char *path = image_path(home, &image);
    scoped(alloc_release) char *users = image_users(home, name, error);
    bool good = users && verify_file(path, &image, users, error);
    store_image_done(&image);
    return good;
}

/* Refused for as long as an instance has it as its backing file. */
static bool check_unused(struct home *home, const char *name, struct error *error) {
    scoped(alloc_release) char *users = image_users(home, name, error);
    return users && (!*users || error_set(error, ERROR_WRONG_STATE,
                                          "the image \"%s\" is in use by %s: remove those "
                                          "instances first",
                                          name, users));
}

bool image_remove(struct home *home, const char *name, struct error *error) {
    struct store_image image = {0};
    if (!store_begin(home->store, error))
        return false;
    if (!image_table_get(home->store, name, &image, error) || !check_unused(home, name, error) ||
        !image_table_remove(home->store, name, error) || !store_commit(home->store, error)) {
        store_rollback(home->store);
        store_image_done(&image);
        return false;
    }
    scoped(alloc_release) char *file = image_path(home, &image);
    store_image_done(&image);
    return file_remove_tree(file, error);
}
