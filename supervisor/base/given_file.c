#include "base/given_file.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/text_form.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_standard_input(const char *path) {
    return strcmp(path, GIVEN_FILE_STANDARD_INPUT) == 0;
}

const char *given_file_shown(const char *path) {
    return is_standard_input(path) ? "standard input" : path;
}

bool given_file_is_lasting(const char *path) {
    struct stat status;
    return !is_standard_input(path) && strncmp(path, "/dev/", 5) != 0 &&
           strncmp(path, "/proc/", 6) != 0 && stat(path, &status) == 0 && S_ISREG(status.st_mode);
}

static bool fail_open(const struct given_file *file, struct error *error) {
    if (errno == ENOENT || errno == ENOTDIR)
        return error_set(error, ERROR_NOT_FOUND, "the %s \"%s\" does not exist", file->what,
                         file->path);
    return error_set(error, ERROR_WRONG_STATE, "the %s \"%s\" cannot be read: %s", file->what,
                     file->path, strerror(errno));
}

static bool read_all(int fd, const struct given_file *file, struct buffer *text,
                     struct error *error) {
    char chunk[16384];
    ssize_t got;
    while ((got = read(fd, chunk, sizeof chunk)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_open(file, error);
        if (text->length + (size_t)got > file->limit_bytes)
            return error_set(error, ERROR_INVALID, "%s is larger than %zu bytes",
                             given_file_shown(file->path), file->limit_bytes);
        buffer_append(text, chunk, (size_t)got);
    }
    return true;
}

static bool check_form(const struct given_file *file, struct buffer *text, struct error *error) {
    buffer_append(text, "", 0); /* data is never NULL from here on */
    if (file->mark == GIVEN_FILE_AS_IT_IS)
        return true;
    if (file->mark == GIVEN_FILE_STRIP)
        text_form_strip_bom(text);
    return text_form_check_no_bom(text->data, text->length, error) ||
           error_prefix(error, "%s", given_file_shown(file->path));
}

bool given_file_read(const struct given_file *file, struct buffer *text, mode_t *mode,
                     struct error *error) {
    struct stat status;
    scoped(file_release) int opened =
        is_standard_input(file->path) ? -1 : open(file->path, O_RDONLY | O_CLOEXEC);
    int fd = is_standard_input(file->path) ? STDIN_FILENO : opened;
    if (fd < 0 || fstat(fd, &status) < 0)
        return fail_open(file, error);
    if (S_ISDIR(status.st_mode))
        return error_set(error, ERROR_INVALID, "the %s \"%s\" is a folder", file->what, file->path);
    if (mode)
        *mode = status.st_mode;
    return read_all(fd, file, text, error) && check_form(file, text, error);
}
