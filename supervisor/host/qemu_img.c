#include "host/qemu_img.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/strv.h"
#include "host/program.h"
#include "host/qcow2_file.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define QEMU_IMG_TIMEOUT_MS 60000
#define CHECK_TIMEOUT_MS    600000
#define COPY_TIMEOUT_MS     3600000 /* of a large disk on a slow device */
#define PACK_TIMEOUT_MS     86400000
#define SECTOR_BYTES        512u

bool qemu_img_run(char *const argv[], unsigned timeout_ms, struct buffer *output,
                  struct error *error) {
    for (size_t i = 1; argv[i]; i++)
        if (argv[i][0] == '/' && !file_check_plain(argv[i], error))
            return false;
    return program_run(argv, timeout_ms, output, error);
}

struct json_t *qemu_img_parse(const char *text) {
    const char *start = text;
    while (start && *start != '{') {
        start = strchr(start, '\n');
        if (start)
            start++;
    }
    return start ? json_loads(start, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL) : NULL;
}

static bool fill_info(const json_t *root, struct qemu_img_info *info) {
    const json_t *size = json_object_get(root, "virtual-size");
    if (!json_is_integer(size) || json_integer_value(size) < 0)
        return false;
    info->virtual_bytes = (uint64_t)json_integer_value(size);
    return true;
}

/* -U: the image may be in use by a running VM. */
bool qemu_img_info(const char *path, struct qemu_img_info *info, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *absolute = file_absolute(path);
    char *argv[] = {"qemu-img", "info", "--output=json", "-U", "-f", "qcow2", absolute, NULL};
    if (!qemu_img_run(argv, QEMU_IMG_TIMEOUT_MS, &output, error))
        return error_prefix(error, "cannot read the disk image %s", path);
    json_t *root = qemu_img_parse(output.data);
    bool good = root && fill_info(root, info);
    json_decref(root);
    return good ||
           error_set(error, ERROR_FAILED, "the output of qemu-img about %s is not usable", path);
}

/* Without -U qemu-img asks for the lock that a writer holds: QEMU's docs/system/images, "Disk image
 * file locking". */
bool qemu_img_check_unlocked(const char *path, const char *shown, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *absolute = file_absolute(path);
    struct error problem = {0};
    char *argv[] = {"qemu-img", "info", "--output=json", "-f", "qcow2", absolute, NULL};
    if (qemu_img_run(argv, QEMU_IMG_TIMEOUT_MS, &output, &problem) || !output.data ||
        !strstr(output.data, "Failed to get shared \"write\" lock"))
        return true;
    scoped(alloc_release) char *users = platform_file_users(path);
    return error_set(error, ERROR_WRONG_STATE,
                     "%s is being written to%s%s: stop the VM that uses it first", shown,
                     *users ? " by process " : "", users);
}

static json_int_t count_of(const json_t *root, const char *key) {
    return json_integer_value(json_object_get(root, key));
}

/* The exit status is not 0 for mere leaks either, so the counts decide. */
bool qemu_img_check(const char *path, const char *shown, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *absolute = file_absolute(path);
    struct error problem = {0};
    char *argv[] = {"qemu-img", "check", "--output=json", "-U", "-f", "qcow2", absolute, NULL};
    bool ended_well = qemu_img_run(argv, CHECK_TIMEOUT_MS, &output, &problem);
    json_t *root = qemu_img_parse(output.data);
    json_int_t damages = count_of(root, "corruptions") + count_of(root, "check-errors");
    bool told = json_is_integer(json_object_get(root, "check-errors"));
    json_decref(root);
    if (damages > 0)
        return error_set(error, ERROR_INVALID, "%s is damaged: `qemu-img check` found %lld error%s",
                         shown, (long long)damages, name_plural((uint64_t)damages));
    return ended_well || told || error_copy(error, &problem);
}

/* Status 0: not even leaks. Without -U, as in qemu_img_check_unlocked(). */
bool qemu_img_count(const char *path, uint64_t *clusters) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *absolute = file_absolute(path);
    char *argv[] = {"qemu-img", "check", "--output=json", "-f", "qcow2", absolute, NULL};
    bool good = qemu_img_run(argv, CHECK_TIMEOUT_MS, &output, NULL);
    json_t *root = qemu_img_parse(output.data);
    *clusters = (uint64_t)count_of(root, "allocated-clusters");
    json_decref(root);
    return good && root;
}

/* Creates the file completely, with mode 0600, or leaves none. */
static bool run_qemu_img(char *argv[], unsigned timeout_ms, const char *path, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    if (qemu_img_run(argv, timeout_ms, &output, error) &&
        (chmod(path, 0600) == 0 || error_errno(error, "cannot set the mode of %s", path)))
        return true;
    unlink(path);
    return false;
}

/* bytes 0 becomes the size of the image. */
static bool settle_size(const char *image, uint64_t *bytes, struct error *error) {
    struct qcow2_header header;
    char wanted[32], least[32];
    if (!qcow2_file_read(image, image, &header, error))
        return false;
    if (*bytes == 0)
        *bytes = header.virtual_bytes;
    if (*bytes >= header.virtual_bytes)
        return true;
    name_format_size(*bytes, wanted);
    name_format_size(header.virtual_bytes, least);
    return error_set(error, ERROR_INVALID,
                     "a disk of %s is smaller than its image, which needs at least %s", wanted,
                     least);
}

/* An existing file is refused, because qemu-img would overwrite it. */
bool qemu_img_create_overlay(const char *path, const char *image, const char *name, uint64_t bytes,
                             struct error *error) {
    if (file_exists(path))
        return error_set(error, ERROR_EXISTS, "the disk %s exists already", path);
    if (!settle_size(image, &bytes, error))
        return false;
    scoped(alloc_release) char *target = file_absolute(path);
    char size[32];
    snprintf(size, sizeof size, "%llu", (unsigned long long)bytes);
    char *argv[] = {"qemu-img", "create", "-q",         "-u",   "-f", "qcow2", "-F",
                    "qcow2",    "-b",     (char *)name, target, size, NULL};
    return run_qemu_img(argv, QEMU_IMG_TIMEOUT_MS, path, error) ||
           error_prefix(error, "cannot create the disk %s", path);
}

bool qemu_img_name_backing(const char *path, const char *name, struct error *error) {
    scoped(alloc_release) char *absolute = file_absolute(path);
    scoped(buffer_done) struct buffer output = {0};
    char *argv[] = {"qemu-img", "rebase", "-q", "-u",         "-f",     "qcow2",
                    "-F",       "qcow2",  "-b", (char *)name, absolute, NULL};
    return qemu_img_run(argv, QEMU_IMG_TIMEOUT_MS, &output, error) ||
           error_prefix(error, "cannot change what the disk %s is based on", path);
}

bool qemu_img_copy_slowly(const char *path, const char *backing, const char *target,
                          uint64_t limit_bytes, struct error *error) {
    scoped(strv_done) struct strv argv = {0};
    scoped(alloc_release) char *from = file_absolute(path);
    scoped(alloc_release) char *to = file_absolute(target);
    static const char *const words[] = {"qemu-img", "convert", "-q", "-f", "qcow2", "-O", "qcow2"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        strv_push(&argv, words[i]);
    if (backing) {
        strv_push(&argv, "-B"), strv_take(&argv, file_absolute(backing));
        strv_push(&argv, "-F"), strv_push(&argv, "qcow2");
    }
    if (limit_bytes)
        strv_push(&argv, "-r"), strv_pushf(&argv, "%" PRIu64, limit_bytes);
    strv_push(&argv, from);
    strv_push(&argv, to);
    return run_qemu_img(argv.items, limit_bytes ? PACK_TIMEOUT_MS : COPY_TIMEOUT_MS, target,
                        error) ||
           error_prefix(error, "cannot copy the disk %s", path);
}

bool qemu_img_copy(const char *path, const char *backing, const char *target, struct error *error) {
    return qemu_img_copy_slowly(path, backing, target, 0, error);
}

/* A name that leaves nothing to guess, nor to what the header says: QEMU's docs, "json:". */
static char *name_chain(const struct qemu_img_chain *chain) {
    scoped(alloc_release) char *path = file_absolute(chain->path);
    scoped(alloc_release) char *backing = chain->backing ? file_absolute(chain->backing) : NULL;
    json_t *root = json_pack("{s:s, s:{s:s, s:s}}", "driver", "qcow2", "file", "driver", "file",
                             "filename", path);
    if (!root)
        return alloc_string(path);
    json_object_set_new(root, "backing",
                        backing ? json_pack("{s:s, s:{s:s, s:s}}", "driver", "qcow2", "file",
                                            "driver", "file", "filename", backing)
                                : json_null());
    char *text = json_dumps(root, JSON_COMPACT);
    char *name = alloc_printf("json:%s", text);
    free(text);
    json_decref(root);
    return name;
}

bool qemu_img_pack(const struct qemu_img_pack *pack, struct error *error) {
    scoped(strv_done) struct strv argv = {0};
    scoped(alloc_release) char *from = name_chain(&pack->from);
    scoped(alloc_release) char *to = file_absolute(pack->target);
    static const char *const words[] = {"qemu-img", "convert", "-q", "-O", "qcow2", "-c"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        strv_push(&argv, words[i]);
    if (pack->zstd)
        strv_push(&argv, "-o"), strv_push(&argv, "compression_type=zstd");
    if (pack->limit_bytes)
        strv_push(&argv, "-r"), strv_pushf(&argv, "%" PRIu64, pack->limit_bytes);
    strv_push(&argv, from);
    strv_push(&argv, to);
    return run_qemu_img(argv.items, PACK_TIMEOUT_MS, pack->target, error) ||
           error_prefix(error, "cannot copy the disk %s", pack->from.path);
}

bool qemu_img_has_zstd(const char *folder) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/.zstd", folder);
    char *argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", "-o", "compression_type=zstd",
                    path,       "64K",    NULL};
    bool good = qemu_img_run(argv, QEMU_IMG_TIMEOUT_MS, &output, NULL);
    unlink(path);
    return good;
}

/* Status 1: they differ. */
bool qemu_img_compare(const struct qemu_img_chain *one, const struct qemu_img_chain *other,
                      bool *same, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *left = name_chain(one);
    scoped(alloc_release) char *right = name_chain(other);
    struct error problem = {0};
    char *argv[] = {"qemu-img", "compare", "-U", left, right, NULL};
    *same = qemu_img_run(argv, PACK_TIMEOUT_MS, &output, &problem);
    return *same || strstr(problem.text, "failed with status 1:") || error_copy(error, &problem);
}

/* -U: the clusters of a snapshot do not change while others are written. */
bool qemu_img_copy_snapshot(const char *path, const char *snapshot, const char *backing,
                            const char *target, struct error *error) {
    scoped(alloc_release) char *from = file_absolute(path);
    scoped(alloc_release) char *base = backing ? file_absolute(backing) : NULL;
    scoped(alloc_release) char *to = file_absolute(target);
    scoped(alloc_release) char *name = alloc_printf("snapshot.name=%s", snapshot);
    char *over[] = {"qemu-img", "convert", "-q", "-U", "-l",    name, "-f", "qcow2", "-O",
                    "qcow2",    "-B",      base, "-F", "qcow2", from, to,   NULL};
    char *whole[] = {"qemu-img", "convert", "-q",    "-U", "-l", name, "-f",
                     "qcow2",    "-O",      "qcow2", from, to,   NULL};
    char **argv = backing ? over : whole;
    return run_qemu_img(argv, COPY_TIMEOUT_MS, target, error) ||
           error_prefix(error, "cannot copy the snapshot \"%s\" of %s", snapshot, path);
}

bool qemu_img_from_raw(const char *raw, const char *target, struct error *error) {
    scoped(alloc_release) char *from = file_absolute(raw);
    scoped(alloc_release) char *to = file_absolute(target);
    char *argv[] = {"qemu-img", "convert", "-q", "-f", "raw", "-O", "qcow2", from, to, NULL};
    return run_qemu_img(argv, COPY_TIMEOUT_MS, target, error) ||
           error_prefix(error, "cannot convert %s to qcow2", raw);
}

/* qapi/block-core.json, BlockdevOptionsRaw: offset and size, which QEMU wants to be in sectors. */
static char *name_part(const struct qemu_img_part *part) { /* caller frees */
    uint64_t bytes = (part->bytes + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    json_t *root = json_pack("{s:s, s:n, s:{s:s, s:I, s:{s:s, s:s}}}", "driver", part->format,
                             "backing", "file", "driver", "raw", "offset", (json_int_t)part->offset,
                             "file", "driver", "file", "filename", part->path);
    if (part->offset) /* else it is a whole file, which may end within a sector */
        json_object_set_new(json_object_get(root, "file"), "size", json_integer((json_int_t)bytes));
    char *text = json_dumps(root, JSON_COMPACT);
    char *name = text ? alloc_printf("json:%s", text) : NULL;
    free(text);
    json_decref(root);
    return name;
}

bool qemu_img_from_part(const struct qemu_img_part *part, const char *target, struct error *error) {
    scoped(alloc_release) char *from = name_part(part);
    scoped(alloc_release) char *to = file_absolute(target);
    char *argv[] = {"qemu-img", "convert", "-q", "-O", "qcow2", from, to, NULL};
    if (!from)
        return error_set(error, ERROR_INVALID, "its path is no text of UTF-8");
    return run_qemu_img(argv, PACK_TIMEOUT_MS, target, error);
}

bool qemu_img_to_raw(const char *path, const char *target, struct error *error) {
    scoped(alloc_release) char *from = file_absolute(path);
    scoped(alloc_release) char *to = file_absolute(target);
    char *argv[] = {"qemu-img", "convert", "-q", "-f", "qcow2", "-O", "raw", from, to, NULL};
    return run_qemu_img(argv, COPY_TIMEOUT_MS, target, error) ||
           error_prefix(error, "cannot copy the disk %s", path);
}

bool qemu_img_grow(const char *path, uint64_t bytes, struct error *error) {
    scoped(alloc_release) char *absolute = file_absolute(path);
    scoped(buffer_done) struct buffer output = {0};
    char size[32];
    snprintf(size, sizeof size, "%llu", (unsigned long long)bytes);
    char *argv[] = {"qemu-img", "resize", "-q", "-f", "qcow2", absolute, size, NULL};
    return qemu_img_run(argv, QEMU_IMG_TIMEOUT_MS, &output, error) ||
           error_prefix(error, "cannot enlarge the disk %s", path);
}

bool qemu_img_create(const char *path, uint64_t bytes, struct error *error) {
    scoped(alloc_release) char *absolute = file_absolute(path);
    char size[32];
    snprintf(size, sizeof size, "%llu", (unsigned long long)bytes);
    char *argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", absolute, size, NULL};
    return run_qemu_img(argv, QEMU_IMG_TIMEOUT_MS, path, error) ||
           error_prefix(error, "cannot create the disk %s", path);
}
