#include "home/images/unpack.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/images/fetch_program.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const struct {
    size_t offset;
    const char *magic;
    size_t length;
} packings[] = {{0,
                 "\xfd"
                 "7zXZ\0",
                 6},
                {0, "\x28\xb5\x2f\xfd", 4},
                {0, "\x1f\x8b", 2},
                {0, "BZh", 3},
                {257, "ustar", 5}};

bool unpack_is_packed(const unsigned char *head, size_t length) {
    for (size_t i = 0; i < sizeof packings / sizeof *packings; i++)
        if (length >= packings[i].offset + packings[i].length &&
            memcmp(head + packings[i].offset, packings[i].magic, packings[i].length) == 0)
            return true;
    return false;
}

static bool unpack_into(int source, int target, const char *shown,
                        const struct image_progress *progress, struct error *error) {
    const struct fetch_program program = {
        .request = {.job = FETCH_UNPACK, .limit_bytes = UNPACK_LIMIT_BYTES, .text = shown},
        .target = target,
        .source = source,
        .doing = "unpacking",
        .progress = progress,
    };
    enum fetch_pieces pieces;
    return fetch_program_run(&program, &pieces, error) &&
           (fsync(target) == 0 || error_errno(error, "cannot decompress %s", shown));
}

bool unpack_file(const char *from, const char *shown, const char *to,
                 const struct image_progress *progress, struct error *error) {
    scoped(file_release) int source = open(from, O_RDONLY | O_CLOEXEC);
    if (source < 0)
        return error_errno(error, "cannot read %s", shown);
    scoped(file_release) int target = open(to, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (target < 0)
        return error_errno(error, "cannot write %s", to);
    bool good = unpack_into(source, target, shown, progress, error);
    if (!good)
        unlink(to);
    return good;
}
