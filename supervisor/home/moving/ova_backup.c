#include "home/moving/ova_backup.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "base/secret.h"
#include "home/backup/backup_manifest.h"
#include "home/moving/foreign_backup.h"
#include "home/moving/ovf_digest.h"
#include "home/moving/ovf_read.h"
#include "home/moving/tar_index.h"
#include "home/moving/xml_reader.h"
#include "host/disk_slice.h"
#include "host/qcow2_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define DESCRIPTOR ".ovf"
#define MANIFEST   ".mf"
#define SIGNATURE  ".cert"
#define SHOWN      80

struct package {
    const struct ova_backup *wanted;
    int fd;                      /* of the archive or the descriptor */
    struct tar_index index;      /* of an archive */
    char *folder;                /* of files beside the descriptor; NULL: an archive */
    char *descriptor, *manifest; /* their names; NULL: none */
    struct buffer digests;
};
/* Where one of its files is. */
struct part {
    char *path, *shown; /* owned */
    int fd;
    uint64_t offset, bytes;
};

static void part_done(struct part *part) {
    file_release(&part->fd);
    alloc_release(&part->path);
    alloc_release(&part->shown);
}

/* --- its files --- */

static bool find_beside(const struct package *package, const char *name, struct part *part,
                        struct error *error) {
    struct stat status;
    if (!*name || strchr(name, '/') || strcmp(name, "..") == 0)
        return error_set(error, ERROR_INVALID, "%s is no name of a file beside the descriptor",
                         part->shown);
    part->path = alloc_printf("%s/%s", package->folder, name);
    if (lstat(part->path, &status) < 0)
        return error_errno(error, "cannot read %s", part->path);
    if (!S_ISREG(status.st_mode))
        return error_set(error, ERROR_INVALID, "%s is not a regular file", part->path);
    part->bytes = (uint64_t)status.st_size;
    return true;
}

static bool find_inside(const struct package *package, const char *name, struct part *part,
                        struct error *error) {
    const struct tar_member *member = tar_index_find(&package->index, name);
    if (!member)
        return error_set(error, ERROR_INVALID, "%s has no file \"%s\" in it", package->wanted->file,
                         part->shown);
    part->path = alloc_string(package->wanted->file);
    part->offset = member->offset;
    part->bytes = member->bytes;
    return true;
}

/* Caller releases the part in any case. */
static bool find_part(const struct package *package, const char *name, struct part *part,
                      struct error *error) {
    *part = (struct part){.fd = -1, .shown = name_printable(name, strlen(name), SHOWN)};
    if (!(package->folder ? find_beside : find_inside)(package, name, part, error))
        return false;
    part->fd = qcow2_file_open(part->path, part->shown, error);
    return part->fd >= 0;
}

static bool read_text(const struct package *package, const char *name, struct buffer *text,
                      struct error *error) {
    struct part part;
    bool good = find_part(package, name, &part, error);
    if (good && part.bytes > XML_READER_LIMIT_BYTES)
        good = error_set(error, ERROR_INVALID, "%s is longer than %u KiB", part.shown,
                         XML_READER_LIMIT_BYTES >> 10);
    for (uint64_t at = 0; good && at < part.bytes;) {
        char chunk[4096];
        size_t wanted = part.bytes - at < sizeof chunk ? (size_t)(part.bytes - at) : sizeof chunk;
        ssize_t got = pread(part.fd, chunk, wanted, (off_t)(part.offset + at));
        if (got == 0)
            good = error_set(error, ERROR_INVALID, "%s is cut short", part.shown);
        else if (got < 0 && errno != EINTR)
            good = error_errno(error, "cannot read %s", part.shown);
        else if (got > 0)
            buffer_append(text, chunk, (size_t)got);
        at += got > 0 ? (uint64_t)got : 0;
    }
    part_done(&part);
    return good;
}

static bool check_digest(const struct package *package, const char *name, struct error *error) {
    struct ovf_digest digest;
    struct part part = {.fd = -1};
    if (!package->manifest)
        return true;
    bool good = find_part(package, name, &part, error);
    if (good && !ovf_digest_find(package->digests.data ? package->digests.data : "", name, &digest))
        good =
            error_set(error, ERROR_INVALID,
                      "the manifest %s has no digest of %s that is known: SHA1, SHA256 or SHA512",
                      package->manifest, part.shown);
    else if (good && digest.kind == OVF_DIGEST_NONE)
        strv_pushf(package->wanted->notes,
                   "the manifest %s says nothing of %s, which may be damaged", package->manifest,
                   part.shown);
    else if (good)
        good = ovf_digest_check(
            &(struct ovf_digest_part){part.fd, part.offset, part.bytes, part.shown}, &digest,
            error);
    part_done(&part);
    return good;
}

/* --- the package --- */

/* "._disk.ovf" is what macOS keeps beside a file in an archive. */
static bool ends_in(const char *name, const char *suffix) {
    size_t length = strlen(name), end = strlen(suffix);
    return strncmp(name, "._", 2) != 0 && length > end &&
           strcasecmp(name + length - end, suffix) == 0;
}

static bool find_descriptor(struct package *package, struct error *error) {
    for (size_t i = 0; i < package->index.count; i++) {
        const char *name = package->index.members[i].name;
        if (ends_in(name, DESCRIPTOR) && package->descriptor)
            return error_set(error, ERROR_INVALID, "%s has more than one machine in it",
                             package->wanted->file);
        if (ends_in(name, DESCRIPTOR))
            package->descriptor = alloc_string(name);
        if (ends_in(name, MANIFEST) && !package->manifest)
            package->manifest = alloc_string(name);
        if (ends_in(name, SIGNATURE))
            strv_push(package->wanted->notes, "who has signed it was not checked");
    }
    return package->descriptor ||
           error_set(error, ERROR_INVALID, "%s is no OVA: it has no " DESCRIPTOR " file in it",
                     package->wanted->file);
}

static bool open_archive(struct package *package, struct error *error) {
    struct error problem = {0};
    const char *file = package->wanted->file;
    if (tar_index_read(package->fd, &package->index, &problem))
        return find_descriptor(package, error);
    return problem.code == ERROR_CANCELLED
               ? error_copy(error, &problem)
               : error_set(error, problem.code, "%s %s", file, problem.text);
}

static void open_folder(struct package *package) {
    const char *slash = strrchr(package->wanted->file, '/');
    size_t stem = strlen(slash + 1) - strlen(DESCRIPTOR);
    package->folder = alloc_slice(package->wanted->file, (size_t)(slash - package->wanted->file));
    package->descriptor = alloc_string(slash + 1);
    scoped(alloc_release) char *name = alloc_printf("%.*s" MANIFEST, (int)stem, slash + 1);
    scoped(alloc_release) char *path = alloc_printf("%s/%s", package->folder, name);
    if (file_exists(path))
        package->manifest = alloc_string(name);
}

static bool open_package(struct package *package, struct error *error) {
    package->fd = qcow2_file_open(package->wanted->file, package->wanted->file, error);
    if (package->fd < 0)
        return false;
    if (!package->wanted->archive)
        open_folder(package);
    else if (!open_archive(package, error))
        return false;
    if (!package->manifest)
        strv_push(package->wanted->notes, "it has no manifest, by which damage would be found");
    return !package->manifest || read_text(package, package->manifest, &package->digests, error);
}

/* --- the machine --- */

static bool read_descriptor(const struct package *package, struct foreign_machine *machine,
                            struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    return check_digest(package, package->descriptor, error) &&
           read_text(package, package->descriptor, &text, error) &&
           (ovf_read(text.data ? text.data : "", text.length, machine, error) ||
            error_prefix(error, "%s", package->descriptor));
}

static void settle_arch(const struct package *package, struct foreign_machine *machine) {
    if (package->wanted->arch)
        alloc_replace(&machine->arch, alloc_string(package->wanted->arch));
    else if (strcmp(machine->arch, "x86_64") == 0)
        strv_push(package->wanted->notes, "it is taken for one of x86_64, because nothing in it "
                                          "says otherwise: --arch aarch64 is for one of ARM");
}

/* An address is given by this home later; what is called a drive must be there. */
static void settle_parts(const struct package *package, struct foreign_machine *machine) {
    unsigned char bytes[3];
    secret_random(bytes, sizeof bytes);
    machine->nic_count += machine->nic_count == 0;
    machine->macs[0] = alloc_printf("52:54:00:%02x:%02x:%02x", bytes[0], bytes[1], bytes[2]);
    for (size_t i = 0; i < machine->disk_count; i++) {
        struct foreign_disk *disk = &machine->disks[i];
        if (disk->file || strcmp(disk->device, "disk") != 0)
            continue;
        scoped(alloc_release) char *target =
            name_printable(disk->target, strlen(disk->target), SHOWN);
        strv_pushf(package->wanted->notes,
                   "the disk \"%s\", which is empty, was left out: `pgsup disk add` makes one",
                   target);
        alloc_replace(&disk->device, alloc_string("cdrom"));
    }
}

static bool check_disk_digests(const struct package *package, const struct foreign_machine *machine,
                               struct error *error) {
    for (size_t i = 0; i < machine->disk_count; i++) {
        const struct foreign_disk *disk = &machine->disks[i];
        if (disk->file && strcmp(disk->device, "disk") == 0 &&
            !check_digest(package, disk->file, error))
            return false;
    }
    return true;
}

static bool convert_disk(void *context, const struct foreign_disk *disk, const char *to,
                         struct error *error) {
    const struct package *package = context;
    struct part part;
    enum disk_slice_format format;
    bool good = find_part(package, disk->file, &part, error);
    const struct disk_slice slice = {part.path, part.shown, part.offset, part.bytes};
    good = good && disk_slice_check(&slice, BACKUP_MANIFEST_DISK_MAX, &format, error) &&
           disk_slice_convert(&slice, format, to, error);
    part_done(&part);
    return good;
}

static bool make_backup(struct package *package, const char *folder, struct error *error) {
    struct foreign_machine machine = {0};
    const struct ova_backup *wanted = package->wanted;
    const struct foreign_backup made = {.home = wanted->home,
                                        .machine = &machine,
                                        .file = wanted->file,
                                        .name = wanted->name,
                                        .pgsup = wanted->pgsup,
                                        .notes = wanted->notes,
                                        .copy_disk = convert_disk,
                                        .context = package};
    bool good = read_descriptor(package, &machine, error);
    if (good) {
        settle_arch(package, &machine);
        settle_parts(package, &machine);
        good = check_disk_digests(package, &machine, error) &&
               foreign_backup_make(&made, folder, error);
    }
    foreign_machine_done(&machine);
    return good;
}

bool ova_backup_make(const struct ova_backup *wanted, const char *folder, struct error *error) {
    struct package package = {.wanted = wanted, .fd = -1};
    bool good = open_package(&package, error) && make_backup(&package, folder, error);
    file_release(&package.fd);
    buffer_done(&package.digests);
    alloc_release(&package.folder);
    alloc_release(&package.descriptor);
    alloc_release(&package.manifest);
    return good;
}
