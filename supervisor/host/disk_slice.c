#include "host/disk_slice.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"
#include "host/vmdk_header.h"

#include <stdlib.h>
#include <string.h>

/* As many bytes as the slice has from there, at most length. */
static ssize_t read_part(int fd, const struct disk_slice *slice, uint64_t from, char *bytes,
                         size_t length) {
    if (from >= slice->bytes)
        return 0;
    if (length > slice->bytes - from)
        length = (size_t)(slice->bytes - from);
    return file_read_at(fd, bytes, length, slice->offset + from);
}

static bool refuse_slice(const struct disk_slice *slice, const char *what, struct error *error) {
    return error_set(error, ERROR_INVALID, "%s %s", slice->shown, what);
}

static bool check_qcow2(const struct disk_slice *slice, const char *bytes, size_t length,
                        uint64_t *virtual_bytes, struct error *error) {
    struct qcow2_header header;
    struct error problem = {0};
    if (!qcow2_header_parse(bytes, length, &header, &problem))
        return refuse_slice(slice, problem.text, error);
    *virtual_bytes = header.virtual_bytes;
    if (header.encrypted)
        return refuse_slice(slice, "is encrypted", error);
    return (!header.has_data_file && !header.backing[0]) ||
           refuse_slice(slice, "depends on another file", error);
}

/* The descriptor names the disk that a difference is to. */
static bool check_vmdk(int fd, const struct disk_slice *slice, struct vmdk_header *header,
                       struct error *error) {
    scoped(alloc_release) char *text = alloc_zero(VMDK_DESCRIPTOR_BYTES + 1);
    size_t length = header->descriptor_bytes < VMDK_DESCRIPTOR_BYTES
                        ? (size_t)header->descriptor_bytes
                        : VMDK_DESCRIPTOR_BYTES;
    if (read_part(fd, slice, header->descriptor_offset, text, length) < 0)
        return error_errno(error, "cannot read %s", slice->shown);
    return !vmdk_header_has_parent(text, length) ||
           refuse_slice(slice, "is only the difference to another disk", error);
}

bool disk_slice_check(const struct disk_slice *slice, uint64_t limit_bytes,
                      enum disk_slice_format *format, struct error *error) {
    scoped(alloc_release) char *bytes = alloc_zero(QCOW2_HEADER_BYTES);
    scoped(file_release) int fd = qcow2_file_open(slice->path, slice->shown, error);
    struct vmdk_header header;
    struct error problem = {0};
    uint64_t virtual_bytes = 0;
    if (fd < 0)
        return false;
    ssize_t got = read_part(fd, slice, 0, bytes, QCOW2_HEADER_BYTES);
    if (got < 0)
        return error_errno(error, "cannot read %s", slice->shown);
    *format = qcow2_header_has_magic(bytes, (size_t)got) ? DISK_SLICE_QCOW2 : DISK_SLICE_VMDK;
    if (*format == DISK_SLICE_QCOW2) {
        if (!check_qcow2(slice, bytes, (size_t)got, &virtual_bytes, error))
            return false;
    } else {
        if (!vmdk_header_parse(bytes, (size_t)got, &header, &problem))
            return refuse_slice(slice, problem.text, error);
        virtual_bytes = header.virtual_bytes;
        if (!check_vmdk(fd, slice, &header, error))
            return false;
    }
    char size[32];
    name_format_size(limit_bytes, size);
    return virtual_bytes <= limit_bytes ||
           error_set(error, ERROR_INVALID, "%s is a disk of more than %s", slice->shown, size);
}

bool disk_slice_convert(const struct disk_slice *slice, enum disk_slice_format format,
                        const char *target, struct error *error) {
    const struct qemu_img_part part = {slice->path, format == DISK_SLICE_QCOW2 ? "qcow2" : "vmdk",
                                       slice->offset, slice->bytes};
    return qemu_img_from_part(&part, target, error) ||
           error_prefix(error, "cannot convert %s", slice->shown);
}
