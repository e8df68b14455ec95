#include "home/images/image_form.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/images/image_foreign.h"
#include "home/images/unpack.h"
#include "host/qcow2_file.h"

#include <string.h>
#include <unistd.h>

#define SECTOR_BYTES   512
#define BOOT_SIGNATURE "\x55\xaa" /* the last two of the first sector: UEFI 2.10, 5.2.1 */

static bool read_head(int fd, const char *shown, unsigned char head[SECTOR_BYTES],
                      struct error *error) {
    memset(head, 0, SECTOR_BYTES);
    return pread(fd, head, SECTOR_BYTES, 0) >= 0 || error_errno(error, "cannot read %s", shown);
}

bool image_form_find(const char *file, const char *shown, enum image_trust trust,
                     enum image_form *form, struct error *error) {
    unsigned char head[SECTOR_BYTES];
    scoped(file_release) int fd = qcow2_file_open(file, shown, error);
    if (fd < 0 || !read_head(fd, shown, head, error))
        return false;
    const struct image_foreign *foreign = image_foreign_find(fd);
    bool raw = memcmp(head + SECTOR_BYTES - 2, BOOT_SIGNATURE, 2) == 0;
    if (qcow2_header_has_magic(head, sizeof head))
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
