#include "home/images/image_form.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/images/image_foreign.h"
#include "home/images/unpack.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define QCOW2_MAGIC          "QFI\xfb"
#define QCOW2_BACKING_OFFSET 8  /* 64 bits, 0: none */
#define QCOW2_CRYPT_OFFSET   32 /* 32 bits, 0: not encrypted */
#define QCOW2_FEATURES       72 /* 64 bits, version 3 and later */
#define QCOW2_DATA_FILE_BIT  2

#define SECTOR_BYTES   512
#define BOOT_SIGNATURE "\x55\xaa" /* the last two of the first sector: UEFI 2.10, 5.2.1 */

static bool open_image(const char *file, const char *shown, int *fd, struct error *error) {
    struct stat status;
    /* A pipe of that name must not keep us waiting. */
    *fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0 || fstat(*fd, &status) < 0)
        return error_errno(error, "cannot read %s", shown);
    if (S_ISDIR(status.st_mode))
        return error_set(error, ERROR_INVALID, "%s is a folder, not a disk image", shown);
    return S_ISREG(status.st_mode) ||
           error_set(error, ERROR_INVALID, "%s is not a regular file", shown);
}

static bool read_head(int fd, const char *shown, unsigned char head[SECTOR_BYTES],
                      struct error *error) {
    memset(head, 0, SECTOR_BYTES);
    return pread(fd, head, SECTOR_BYTES, 0) >= 0 || error_errno(error, "cannot read %s", shown);
}

static bool is_qcow2(const unsigned char *head) {
    return memcmp(head, QCOW2_MAGIC, strlen(QCOW2_MAGIC)) == 0;
}

bool image_form_find(const char *file, const char *shown, enum image_trust trust,
                     enum image_form *form, struct error *error) {
    unsigned char head[SECTOR_BYTES];
    scoped(file_release) int fd = -1;
    if (!open_image(file, shown, &fd, error) || !read_head(fd, shown, head, error))
        return false;
    const struct image_foreign *foreign = image_foreign_find(fd);
    bool raw = memcmp(head + SECTOR_BYTES - 2, BOOT_SIGNATURE, 2) == 0;
    if (is_qcow2(head))
        *form = IMAGE_FORM_QCOW2;
    else if (unpack_is_packed(head, sizeof head))
        *form = IMAGE_FORM_PACKED;
    else if (foreign && !(foreign->may_be_raw && trust == IMAGE_TRUST_RAW))
        return image_foreign_refuse(foreign, shown, error);
    else if (raw || foreign || trust == IMAGE_TRUST_RAW)
        *form = IMAGE_FORM_RAW;
    else
        return error_set(
            error, ERROR_INVALID,
            "%s is neither a qcow2 disk image nor a bootable raw one, nor one of these "
            "compressed with xz, zstd, gzip or bzip2, or alone in a tar archive",
            shown);
    return true;
}

bool image_form_refuse_reference(const char *shown, const char *what, struct error *error) {
    return error_set(error, ERROR_INVALID,
                     "%s depends on %s: make it self-contained with `qemu-img convert -O qcow2` "
                     "first",
                     shown, what);
}

static uint64_t big_endian_64(const unsigned char *bytes) {
    uint64_t number = 0;
    for (int i = 0; i < 8; i++)
        number = number << 8 | bytes[i];
    return number;
}

bool image_form_check(const char *file, const char *shown, struct error *error) {
    unsigned char head[SECTOR_BYTES];
    scoped(file_release) int fd = -1;
    if (!open_image(file, shown, &fd, error) || !read_head(fd, shown, head, error))
        return false;
    if (!is_qcow2(head))
        return error_set(error, ERROR_INVALID, "%s is not a qcow2 disk image", shown);
    if (big_endian_64(head + QCOW2_CRYPT_OFFSET) >> 32 != 0)
        return error_set(error, ERROR_INVALID,
                         "%s is encrypted: decrypt it first, with `qemu-img convert`", shown);
    if (big_endian_64(head + QCOW2_BACKING_OFFSET) != 0)
        return image_form_refuse_reference(shown, "a backing file", error);
    if (head[7] >= 3 && big_endian_64(head + QCOW2_FEATURES) >> QCOW2_DATA_FILE_BIT & 1)
        return image_form_refuse_reference(shown, "an external data file", error);
    return true;
}
