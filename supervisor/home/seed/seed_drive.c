#include "home/seed/seed_drive.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/strv.h"
#include "host/program.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MTOOLS_TIMEOUT_MS 30000

/* FAT12 of 2880 sectors: one boot sector, two tables of nine, 14 for the root folder. */
#define SECTOR_BYTES         512u
#define DRIVE_CAPACITY_BYTES ((2880u - 1 - 2 * 9 - 14) * SECTOR_BYTES)

/* Fixed, so that the guest sees the same UUID on a drive that was made anew. */
#define DRIVE_SERIAL "50475355"

static const struct {
    const char *name;
    bool required; /* without it cloud-init does not take the drive for a seed */
} documents[] = {
    {"meta-data", true}, {"user-data", true}, {"vendor-data", false}, {"network-config", false}};
#define DOCUMENT_COUNT (sizeof documents / sizeof *documents)

/* What goes on the drive. */
struct selection {
    const char *folder;
    const char *other; /* instead of the folder's of that name; NULL: none */
    struct strv paths;
    uint64_t bytes;
};

static bool is_of_name(const char *path, const char *name) {
    const char *slash = strrchr(path, '/');
    return strcmp(slash ? slash + 1 : path, name) == 0;
}

static bool add_document(struct selection *selection, size_t row, struct error *error) {
    bool other = selection->other && is_of_name(selection->other, documents[row].name);
    scoped(alloc_release) char *path =
        other ? alloc_string(selection->other)
              : alloc_printf("%s/%s", selection->folder, documents[row].name);
    struct stat status;
    if (stat(path, &status) < 0) {
        if (!documents[row].required)
            return true;
        return error_errno(error, "cannot read the seed document %s", path);
    }
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_INVALID, "the seed document %s is not a file", path);
    selection->bytes += ((uint64_t)status.st_size + SECTOR_BYTES - 1) / SECTOR_BYTES * SECTOR_BYTES;
    strv_push(&selection->paths, path);
    return true;
}

static bool find_documents(struct selection *selection, struct error *error) {
    for (size_t i = 0; i < DOCUMENT_COUNT; i++)
        if (!add_document(selection, i, error))
            return false;
    if (selection->bytes > DRIVE_CAPACITY_BYTES)
        return error_set(
            error, ERROR_INVALID,
            "the seed documents in %s need %llu bytes, but the seed drive has room for "
            "%u: make them smaller",
            selection->folder, (unsigned long long)selection->bytes, DRIVE_CAPACITY_BYTES);
    return true;
}

static bool format(const char *image, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    char *argv[] = {"mformat", "-i",     (char *)image, "-C",         "-f", "1440",
                    "-v",      "CIDATA", "-N",          DRIVE_SERIAL, "::", NULL};
    return program_run(argv, MTOOLS_TIMEOUT_MS, &output, error);
}

static bool copy(const char *image, const struct strv *paths, struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(strv_done) struct strv argv = {0};
    strv_push(&argv, "mcopy");
    strv_push(&argv, "-i");
    strv_push(&argv, image);
    strv_push(&argv, "-m"); /* times of the documents, not of now */
    for (size_t i = 0; i < paths->count; i++)
        strv_push(&argv, paths->items[i]);
    strv_push(&argv, "::");
    return program_run(argv.items, MTOOLS_TIMEOUT_MS, &output, error);
}

/* Made with its final mode before anything is in it: the documents hold a password's hash. */
static bool make_empty(const char *path, struct error *error) {
    return file_put(path, "", 0, 0600, error);
}

static bool write_image(const char *absolute, const struct strv *paths,
                        struct sync_ahead_list *ahead, struct error *error) {
    scoped(alloc_release) char *temporary = alloc_printf("%s.new", absolute);
    bool good = make_empty(temporary, error) && format(temporary, error) &&
                copy(temporary, paths, error) && (ahead || file_sync(temporary, error));
    if (good && rename(temporary, absolute) < 0)
        good = error_errno(error, "cannot write %s", absolute);
    if (!good) {
        unlink(temporary);
        return error_prefix(error, "cannot create the seed drive");
    }
    if (ahead)
        sync_ahead_add(ahead, absolute);
    return true;
}

static bool check_path(const char *absolute, const char *verb, struct error *error) {
    return !strstr(absolute, "@@") ||
           error_set(error, ERROR_INVALID,
                     "mtools cannot %s %s, because it takes \"@@\" for an offset: use a path "
                     "without it",
                     verb, absolute);
}

bool seed_drive_read(const char *image, enum seed_document document, struct buffer *text,
                     struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *absolute = file_absolute(image);
    scoped(alloc_release) char *name = alloc_printf("::%s", seed_document_name(document));
    char *argv[] = {"mcopy", "-i", absolute, name, "-", NULL};
    struct error problem = {0};
    if (!check_path(absolute, "read", error))
        return false;
    if (!program_run(argv, MTOOLS_TIMEOUT_MS, &output, &problem))
        return strstr(problem.text, "not found") != NULL ||
               error_set(error, ERROR_INVALID, "%s is no seed drive: %s", image, problem.text);
    if (output.length >= PROGRAM_OUTPUT_LIMIT_BYTES)
        return error_set(error, ERROR_INVALID, "%s of %s is larger than 1 MiB",
                         seed_document_name(document), image);
    buffer_append(text, output.data, output.length);
    return true;
}

bool seed_drive_write(const char *image, const char *documents_folder, const char *other,
                      struct sync_ahead_list *ahead, struct error *error) {
    scoped(alloc_release) char *absolute = file_absolute(image);
    scoped(alloc_release) char *folder = file_absolute(documents_folder);
    struct selection selection = {.folder = folder, .other = other};
    bool good = check_path(absolute, "write", error) && find_documents(&selection, error) &&
                write_image(absolute, &selection.paths, ahead, error);
    strv_done(&selection.paths);
    return good;
}
