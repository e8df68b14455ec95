#include "fetch/extract.h"

#include "base/alloc.h"
#include "base/name.h"
#include "base/space.h"
#include "fetch/emit.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_BYTES (256u << 10)
#define HOLE_BYTES (64u << 10) /* what is looked at at once, whether it is all zeros */
#define LOOK_BYTES (1u << 20)  /* after so many it is looked how much space there is now */

struct unpacking {
    struct archive *archive;
    const char *shown;
    uint64_t limit_bytes, packed_bytes, written_bytes;
    uint64_t reserve_bytes, room_bytes;
    uint64_t stored_bytes, looked_bytes; /* stored: without holes */
};

static bool is_zero(const char *data, size_t length) {
    return length == 0 || (data[0] == 0 && memcmp(data, data + 1, length - 1) == 0);
}

static bool write_piece(int fd, const char *data, size_t length, uint64_t at) {
    for (size_t done = 0; done < length;) {
        ssize_t put = pwrite(fd, data + done, length - done, (off_t)(at + done));
        if (put < 0 && errno != EINTR)
            return false;
        done += put < 0 ? 0 : (size_t)put;
    }
    return true;
}

static bool refuse_space(const struct unpacking *unpacking, const char *what, struct error *error) {
    char room[32];
    name_format_size(unpacking->room_bytes, room);
    return error_set(error, ERROR_FAILED,
                     "there is too little space for %s: %s needs more than the %s that may be "
                     "used; make room on that disk",
                     unpacking->shown, what, room);
}

/* Other files grow beside this one. */
static bool look_again(struct unpacking *unpacking, struct error *error) {
    uint64_t usable;
    if (unpacking->stored_bytes - unpacking->looked_bytes < LOOK_BYTES)
        return true;
    unpacking->looked_bytes = unpacking->stored_bytes;
    if (!space_usable_beside(FETCH_TARGET_FD, unpacking->reserve_bytes, &usable))
        return error_errno(error, "cannot see how much space there is for %s", unpacking->shown);
    unpacking->room_bytes = unpacking->stored_bytes + usable;
    return true;
}

static bool write_sparse(struct unpacking *unpacking, const char *data, size_t length,
                         struct error *error) {
    for (size_t done = 0; done < length;) {
        size_t piece = length - done < HOLE_BYTES ? length - done : HOLE_BYTES;
        bool hole = is_zero(data + done, piece);
        unpacking->stored_bytes += hole ? 0 : piece;
        if (unpacking->stored_bytes > unpacking->room_bytes)
            return refuse_space(unpacking, "what is in it", error);
        if (!hole &&
            !write_piece(FETCH_TARGET_FD, data + done, piece, unpacking->written_bytes + done))
            return error_errno(error, "cannot decompress %s", unpacking->shown);
        if (!look_again(unpacking, error))
            return false;
        done += piece;
    }
    unpacking->written_bytes += length;
    return true;
}

static void report(const struct unpacking *unpacking) {
    int64_t taken = archive_filter_bytes(unpacking->archive, -1);
    emit_progress(taken > 0 ? (uint64_t)taken : 0, unpacking->packed_bytes);
}

static bool refuse(const struct unpacking *unpacking, struct error *error) {
    const char *reason = archive_error_string(unpacking->archive);
    return error_set(error, ERROR_INVALID, "cannot decompress %s: %s", unpacking->shown,
                     reason ? reason : "unexpected end of file");
}

static bool refuse_size(const struct unpacking *unpacking, struct error *error) {
    return error_set(error, ERROR_INVALID, "%s decompresses to more than %llu bytes",
                     unpacking->shown, (unsigned long long)unpacking->limit_bytes);
}

/* What the archive says of itself. Holes need no space, so that only the limit is compared. */
static bool check_claim(const struct unpacking *unpacking, struct archive_entry *entry,
                        struct error *error) {
    int64_t claimed = archive_entry_size_is_set(entry) ? archive_entry_size(entry) : 0;
    return (claimed >= 0 && (uint64_t)claimed <= unpacking->limit_bytes) ||
           refuse_size(unpacking, error);
}

/* The data of a packed file that is no archive comes in one piece after the other. */
static bool pump(struct unpacking *unpacking, struct error *error) {
    scoped(alloc_release) char *data = alloc_zero(READ_BYTES);
    for (;;) {
        la_ssize_t got = archive_read_data(unpacking->archive, data, READ_BYTES);
        if (got == ARCHIVE_RETRY)
            continue;
        if (got < 0)
            return refuse(unpacking, error);
        if (got == 0)
            return true;
        if (unpacking->written_bytes + (size_t)got > unpacking->limit_bytes)
            return refuse_size(unpacking, error);
        if (!write_sparse(unpacking, data, (size_t)got, error))
            return false;
        report(unpacking);
    }
}

static bool open_packed(struct unpacking *unpacking, struct error *error) {
    struct archive *archive = unpacking->archive;
    struct stat status;
    if (fstat(FETCH_SOURCE_FD, &status) < 0)
        return error_errno(error, "cannot read %s", unpacking->shown);
    unpacking->packed_bytes = (uint64_t)status.st_size;
    if (!space_reserve(FETCH_TARGET_FD, &unpacking->reserve_bytes) ||
        !space_usable_beside(FETCH_TARGET_FD, unpacking->reserve_bytes, &unpacking->room_bytes))
        return error_errno(error, "cannot see how much space there is for %s", unpacking->shown);
    if (unpacking->packed_bytes > unpacking->room_bytes)
        return refuse_space(unpacking, "what is packed", error);
    archive_read_support_filter_xz(archive);
    archive_read_support_filter_zstd(archive);
    archive_read_support_filter_gzip(archive);
    archive_read_support_filter_bzip2(archive);
    archive_read_support_format_tar(archive);
    archive_read_support_format_raw(archive);
    return archive_read_open_fd(archive, FETCH_SOURCE_FD, READ_BYTES) == ARCHIVE_OK ||
           refuse(unpacking, error);
}

/* What macOS's tar adds for each file, with the file's attributes, begins with "._". */
static bool is_disk_name(const char *name) {
    static const char *const ends[] = {".qcow2", ".qcow", ".img",  ".raw",
                                       ".vmdk",  ".vdi",  ".vhdx", ".vhd"};
    const char *slash = strrchr(name, '/');
    if (strncmp(slash ? slash + 1 : name, "._", 2) == 0)
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t length = strlen(name), end = strlen(ends[i]);
        if (length > end && strcasecmp(name + length - end, ends[i]) == 0)
            return true;
    }
    return false;
}

/* Whether an entry of the archive is what is to be unpacked: a packed file that is no archive is
 * one entry; in a tar it is a regular file whose name is a disk's. */
static bool is_wanted(const struct unpacking *unpacking, struct archive_entry *entry) {
    const char *name = archive_entry_pathname(entry);
    return archive_format(unpacking->archive) == ARCHIVE_FORMAT_RAW ||
           (archive_entry_filetype(entry) == AE_IFREG && name && is_disk_name(name));
}

/* Unpacks the one disk that is there, and goes on to the end to see that it is the only one. */
static bool unpack_entries(struct unpacking *unpacking, struct error *error) {
    struct archive_entry *entry;
    bool found = false;
    for (;;) {
        int got = archive_read_next_header(unpacking->archive, &entry);
        if (got == ARCHIVE_EOF)
            break;
        if (got != ARCHIVE_OK && got != ARCHIVE_WARN)
            return refuse(unpacking, error);
        if (!is_wanted(unpacking, entry))
            continue;
        if (found)
            return error_set(
                error, ERROR_INVALID,
                "%s is an archive with several disks: extract it with `tar -xf` and import "
                "one of them",
                unpacking->shown);
        found = true;
        if (!check_claim(unpacking, entry, error) || !pump(unpacking, error))
            return false;
    }
    return found ||
           error_set(error, ERROR_INVALID,
                     "%s is an archive without a disk image (a file whose name ends in .qcow2, "
                     ".img or .raw)",
                     unpacking->shown);
}

/* A hole at the end is given its length at last. */
static bool unpack_finish(const struct unpacking *unpacking, struct error *error) {
    return ftruncate(FETCH_TARGET_FD, (off_t)unpacking->written_bytes) == 0 ||
           error_errno(error, "cannot decompress %s", unpacking->shown);
}

bool extract_run(const struct fetch_request *request, struct error *error) {
    struct unpacking unpacking = {
        .archive = archive_read_new(), .shown = request->text, .limit_bytes = request->limit_bytes};
    bool good = open_packed(&unpacking, error) && unpack_entries(&unpacking, error) &&
                unpack_finish(&unpacking, error);
    archive_read_free(unpacking.archive);
    return good;
}
