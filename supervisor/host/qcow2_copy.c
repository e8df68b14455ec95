#include "host/qcow2_copy.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/hashed_copy.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* QEMU's block/file-posix.c, RAW_LOCK_PERM_BASE and RAW_LOCK_SHARED_BASE, and
 * block/block-common.h, BLK_PERM_WRITE: who writes holds the first, who shares no writing the
 * second. Each takes its own before it looks for the other's. */
#define LOCK_WRITER    101
#define LOCK_NO_WRITER 201
/* Of a file: tables, and what was freed in it. */
#define WASTE_BYTES (4u << 20)
#define WASTE_PART  8

/* True: nobody writes to it, until it is closed here. */
static bool hold(int fd) {
    struct flock lock = {
        .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = LOCK_NO_WRITER, .l_len = 1};
    struct flock writer = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = LOCK_WRITER, .l_len = 1};
    return fcntl(fd, F_OFD_SETLK, &lock) == 0 && fcntl(fd, F_OFD_GETLK, &writer) == 0 &&
           writer.l_type == F_UNLCK;
}

static bool is_copyable(const struct qcow2_copy *copy, const struct qcow2_header *header) {
    return header->is_plain && !header->has_data_file && !header->encrypted &&
           (copy->backing ? strcmp(header->backing_format, "qcow2") == 0 : !*header->backing);
}

static bool is_compact(int fd, const struct qcow2_copy *copy, const struct qcow2_header *header) {
    struct stat status;
    uint64_t clusters;
    if (fstat(fd, &status) < 0 || !qemu_img_count(copy->from, &clusters))
        return false;
    uint64_t bytes = (uint64_t)status.st_size, used = clusters << header->cluster_bits;
    return bytes <= used + bytes / WASTE_PART + WASTE_BYTES;
}

bool qcow2_copy_try(const struct qcow2_copy *copy, char digest[SECRET_SHA256_SIZE],
                    struct error *error) {
    scoped(alloc_release) char *head = alloc_zero(QCOW2_HEADER_BYTES);
    scoped(file_release) int fd = qcow2_file_open(copy->from, copy->from, NULL);
    struct qcow2_header header;
    *digest = 0;
    ssize_t got = fd >= 0 && hold(fd) ? file_read_at(fd, head, QCOW2_HEADER_BYTES, 0) : -1;
    if (got < 0 || !qcow2_header_parse(head, (size_t)got, &header, NULL) ||
        !is_copyable(copy, &header) ||
        (copy->backing && !qcow2_header_rename_backing(head, (size_t)got, copy->backing)) ||
        !is_compact(fd, copy, &header))
        return true;
    const struct hashed_copy whole = {.from = fd,
                                      .from_path = copy->from,
                                      .to = copy->to,
                                      .head = head,
                                      .head_bytes = (size_t)got};
    return hashed_copy_make(&whole, digest, error) ||
           error_prefix(error, "cannot copy the disk %s", copy->from);
}
