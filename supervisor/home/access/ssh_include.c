#include "home/access/ssh_include.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A person's file, whose name has been resolved. */
struct config {
    char *path;
    mode_t mode;
    bool present;
    struct buffer text;
};

static void config_done(struct config *config) {
    alloc_release(&config->path);
    buffer_done(&config->text);
}

/* Who can write to the folder can put another file there. */
static bool check_folder(const char *file, struct error *error) {
    struct stat status;
    scoped(alloc_release) char *copy = alloc_string(file);
    const char *folder = dirname(copy);
    if (stat(folder, &status) < 0)
        return error_errno(error, "cannot open %s", folder);
    if (status.st_uid != geteuid())
        return error_set(error, ERROR_WRONG_STATE,
                         "nothing was written: the folder %s of the ssh configuration is not yours",
                         folder);
    return !(status.st_mode & 022) ||
           error_set(error, ERROR_WRONG_STATE,
                     "nothing was written: others can write to %s; `chmod go-w` it first", folder);
}

static bool make_ssh_folder(const char *path, struct error *error) {
    struct stat status;
    scoped(alloc_release) char *copy = alloc_string(path);
    const char *folder = dirname(copy);
    return stat(folder, &status) == 0 || file_make_directory(folder, 0700, error);
}

static bool check_file(const char *path, const struct stat *status, struct error *error) {
    if (!S_ISREG(status->st_mode))
        return error_set(error, ERROR_WRONG_STATE, "nothing was written: %s is not a file", path);
    return status->st_uid == geteuid() ||
           error_set(error, ERROR_WRONG_STATE,
                     "nothing was written: %s belongs to another user (%ld)", path,
                     (long)status->st_uid);
}

static bool find_present(const char *path, struct config *config, struct error *error) {
    struct stat status;
    char *real = realpath(path, NULL);
    if (!real)
        return error_errno(error, "cannot follow %s", path);
    config->path = real;
    config->present = true;
    if (stat(real, &status) < 0)
        return error_errno(error, "cannot open %s", real);
    config->mode = status.st_mode & 07777;
    return check_file(real, &status, error) &&
           file_read(real, SSH_INCLUDE_LIMIT_BYTES, &config->text, error);
}

static bool config_load(const char *path, struct config *config, struct error *error) {
    struct stat status;
    bool present = lstat(path, &status) == 0;
    if (!present && errno != ENOENT && errno != ENOTDIR)
        return error_errno(error, "cannot open %s", path);
    config->mode = 0600;
    if (present)
        return find_present(path, config, error) && check_folder(config->path, error);
    config->path = alloc_string(path);
    return true;
}

/* ssh takes the path for a pattern of files, and newer ones expand % and ${…} in it. */
static bool write_line(const char *included, struct buffer *line, struct error *error) {
    if (strchr(included, '%') || strstr(included, "${") || strchr(included, '\n'))
        return error_set(error, ERROR_INVALID,
                         "ssh cannot include %s, because of \"%%\" or \"${\" in its path: move the "
                         "home, or use `ssh -F` with that file",
                         included);
    buffer_puts(line, "Include \"");
    for (; *included; included++) {
        if (strchr("*?[]\\", *included))
            buffer_puts(line, "\\\\");
        if (strchr("\"\\", *included))
            buffer_putc(line, '\\');
        buffer_putc(line, *included);
    }
    buffer_puts(line, "\"\n");
    return true;
}

static bool is_line(const char *text, size_t length, const struct buffer *line) {
    return length + 1 == line->length && memcmp(text, line->data, length) == 0;
}

static void copy_others(const struct buffer *text, const struct buffer *line,
                        struct buffer *others) {
    const char *end = text->data + text->length;
    for (const char *at = text->data; at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t length = newline ? (size_t)(newline - at) : (size_t)(end - at);
        size_t whole = length + (newline != NULL);
        if (!is_line(at, length, line))
            buffer_append(others, at, whole);
        at += whole;
    }
}

static enum ssh_include_result put(const struct config *config, const struct buffer *text,
                                   struct error *error) {
    bool same = text->length == config->text.length &&
                (text->length == 0 || memcmp(text->data, config->text.data, text->length) == 0);
    if (same)
        return SSH_INCLUDE_UNCHANGED;
    bool good =
        file_write(config->path, text->data ? text->data : "", text->length, config->mode, error);
    return good ? SSH_INCLUDE_DONE : SSH_INCLUDE_FAILED;
}

enum ssh_include_result ssh_include_add(const char *path, const char *included,
                                        struct error *error) {
    scoped(config_done) struct config config = {0};
    scoped(buffer_done) struct buffer line = {0}, text = {0};
    if (!write_line(included, &line, error) || !make_ssh_folder(path, error) ||
        !config_load(path, &config, error) || !check_folder(path, error))
        return SSH_INCLUDE_FAILED;
    buffer_append(&text, line.data, line.length);
    if (config.text.length)
        copy_others(&config.text, &line, &text);
    return put(&config, &text, error);
}

enum ssh_include_result ssh_include_remove(const char *path, const char *included,
                                           struct error *error) {
    scoped(config_done) struct config config = {0};
    scoped(buffer_done) struct buffer line = {0}, text = {0};
    if (!write_line(included, &line, error) || !config_load(path, &config, error))
        return SSH_INCLUDE_FAILED;
    if (config.text.length)
        copy_others(&config.text, &line, &text);
    if (!config.present || text.length || !config.text.length)
        return put(&config, &text, error);
    if (unlink(path) == 0)
        return SSH_INCLUDE_DONE;
    error_errno(error, "cannot remove %s", path);
    return SSH_INCLUDE_FAILED;
}
