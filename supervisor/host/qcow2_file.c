#include "host/qcow2_file.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_SHOWN_LIMIT 300

int qcow2_file_open(const char *path, const char *shown, struct error *error) {
    struct stat status;
    /* A pipe of that name must not keep us waiting. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &status) < 0)
        error_errno(error, "cannot read %s", shown);
    else if (S_ISDIR(status.st_mode))
        error_set(error, ERROR_INVALID, "%s is a folder, not a disk image", shown);
    else if (!S_ISREG(status.st_mode))
        error_set(error, ERROR_INVALID, "%s is not a regular file", shown);
    else
        return fd;
    file_release(&fd);
    return -1;
}

bool qcow2_file_read(const char *path, const char *shown, struct qcow2_header *header,
                     struct error *error) {
    scoped(alloc_release) char *bytes = alloc_zero(QCOW2_HEADER_BYTES);
    scoped(file_release) int fd = qcow2_file_open(path, shown, error);
    struct error problem = {0};
    if (fd < 0)
        return false;
    ssize_t got = file_read_at(fd, bytes, QCOW2_HEADER_BYTES, 0);
    if (got < 0)
        return error_errno(error, "cannot read %s", shown);
    return qcow2_header_parse(bytes, (size_t)got, header, &problem) ||
           error_set(error, problem.code, "%s %s", shown, problem.text);
}

bool qcow2_file_rename_backing(const char *path, const char *name) {
    scoped(alloc_release) char *bytes = alloc_zero(QCOW2_HEADER_BYTES);
    scoped(file_release) int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : file_read_at(fd, bytes, QCOW2_HEADER_BYTES, 0);
    size_t changed = got < 0 ? 0 : qcow2_header_rename_backing(bytes, (size_t)got, name);
    return changed > 0 && pwrite(fd, bytes, changed, 0) == (ssize_t)changed;
}

static bool refuse_reference(const char *shown, const char *what, struct error *error) {
    return error_set(error, ERROR_INVALID,
                     "%s depends on %s: make it self-contained with `qemu-img convert -O qcow2` "
                     "first",
                     shown, what);
}

/* As QEMU finds it: relative to the folder of the disk. A link that leads out of the images is
 * followed, and seen. */
static bool find_in_images(const char *path, const char *backing, const char *images,
                           char real[PATH_MAX]) {
    char folder[PATH_MAX];
    scoped(alloc_release) char *absolute = file_absolute(path);
    scoped(alloc_release) char *beside =
        alloc_printf("%.*s/%s", (int)(strrchr(absolute, '/') - absolute), absolute, backing);
    size_t length = realpath(images, folder) ? strlen(folder) : 0;
    return length > 0 && realpath(backing[0] == '/' ? backing : beside, real) &&
           strncmp(real, folder, length) == 0 && real[length] == '/' &&
           !strchr(real + length + 1, '/');
}

static bool check_backing(const char *path, const char *shown, const char *images,
                          const struct qcow2_header *header, struct error *error) {
    char real[PATH_MAX];
    scoped(alloc_release) char *name =
        name_printable(header->backing, strlen(header->backing), NAME_SHOWN_LIMIT);
    if (qcow2_header_is_address(header->backing) ||
        !find_in_images(path, header->backing, images, real))
        return error_set(error, ERROR_INVALID, "%s is based on %s, which is not a file in %s",
                         shown, name, images);
    if (*header->backing_format && strcmp(header->backing_format, "qcow2") != 0)
        return error_set(error, ERROR_INVALID,
                         "%s takes its image %s for another format than qcow2", shown, name);
    return qcow2_file_check(real, real, NULL, error);
}

bool qcow2_file_check(const char *path, const char *shown, const char *images,
                      struct error *error) {
    struct qcow2_header header;
    if (!qcow2_file_read(path, shown, &header, error))
        return false;
    if (header.encrypted)
        return error_set(error, ERROR_INVALID,
                         "%s is encrypted: decrypt it first, with `qemu-img convert`", shown);
    if (header.has_data_file)
        return refuse_reference(shown, "an external data file", error);
    if (!header.backing[0])
        return true;
    return images ? check_backing(path, shown, images, &header, error)
                  : refuse_reference(shown, "a backing file", error);
}
