#include "home/moving/libvirt_backup.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "home/moving/foreign_backup.h"
#include "home/moving/libvirt_read.h"
#include "home/moving/xml_reader.h"
#include "host/qcow2_file.h"
#include "host/qemu_img.h"

#include <string.h>
#include <sys/stat.h>

#define SHOWN_MAX 80

static char *shown(const char *text) { /* caller frees */
    return name_printable(text ? text : "", text ? strlen(text) : 0, SHOWN_MAX);
}

static bool name_domain(const struct libvirt_backup *wanted, struct error *error) {
    return error_prefix(error, "%s", wanted->file);
}

static bool read_domain(const struct libvirt_backup *wanted, struct foreign_machine *machine,
                        struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    return file_read(wanted->file, XML_READER_LIMIT_BYTES, &text, error) &&
           (libvirt_read(text.data ? text.data : "", text.length, machine, error) ||
            name_domain(wanted, error));
}

/* Where the domain says, or beside its file: an export may have been moved. Of a folder, which may
 * be anybody's, it is always beside. Caller frees. */
static char *find_file(const struct libvirt_backup *wanted, const char *file) {
    const char *slash = strrchr(wanted->file, '/'), *name = strrchr(file, '/');
    if (!wanted->beside && file[0] == '/' && file_exists(file))
        return alloc_string(file);
    return alloc_printf("%.*s/%s", (int)(slash ? slash - wanted->file : 1),
                        slash ? wanted->file : ".", name ? name + 1 : file);
}

/* A link would lead out of the folder. */
static bool check_beside(const struct libvirt_backup *wanted, const char *path, const char *shown,
                         struct error *error) {
    struct stat status;
    if (!wanted->beside)
        return true;
    if (lstat(path, &status) < 0)
        return error_errno(error, "cannot read %s", shown);
    return S_ISREG(status.st_mode) ||
           error_set(error, ERROR_INVALID, "%s is not a regular file, as all of an export are",
                     shown);
}

static bool check_kind(const struct foreign_disk *disk, struct error *error) {
    scoped(alloc_release) char *target = shown(disk->target);
    scoped(alloc_release) char *format = shown(disk->format);
    if (!disk->file || (disk->kind && strcmp(disk->kind, "file") != 0))
        return error_set(error, ERROR_INVALID,
                         "the disk %s is no file: `qemu-img convert` makes one of it", target);
    if (disk->format && strcmp(disk->format, "qcow2") != 0 && strcmp(disk->format, "raw") != 0)
        return error_set(error, ERROR_INVALID,
                         "the disk %s is of the format \"%s\": `qemu-img convert -O qcow2` makes "
                         "one of it that can be imported",
                         target, format);
    return true;
}

static bool copy_disk(void *context, const struct foreign_disk *disk, const char *to,
                      struct error *error) {
    const struct libvirt_backup *wanted = context;
    scoped(file_release) int fd = -1;
    if (!check_kind(disk, error))
        return name_domain(wanted, error);
    scoped(alloc_release) char *from = find_file(wanted, disk->file);
    scoped(alloc_release) char *name = shown(from);
    scoped(alloc_release) char *target = shown(disk->target);
    bool qcow2 = disk->format && strcmp(disk->format, "qcow2") == 0;
    if (!check_beside(wanted, from, name, error))
        return false;
    if (!wanted->beside)
        strv_pushf(wanted->notes, "its disk %s is a copy of %s", target, name);
    fd = qcow2_file_open(from, name, error);
    if (fd < 0 || !qemu_img_check_unlocked(from, name, error))
        return false;
    return qcow2 ? qcow2_file_check(from, name, NULL, error) && qemu_img_copy(from, NULL, to, error)
                 : qemu_img_from_raw(from, to, error);
}

/* Another kind of file would keep its reader waiting. */
static char *find_seed(void *context, const struct foreign_disk *disk) {
    const struct libvirt_backup *wanted = context;
    struct stat status;
    char *file = find_file(wanted, disk->file);
    if ((wanted->beside ? lstat(file, &status) : stat(file, &status)) < 0 ||
        !S_ISREG(status.st_mode))
        alloc_replace(&file, NULL);
    return file;
}

bool libvirt_backup_make(const struct libvirt_backup *wanted, const char *folder,
                         struct error *error) {
    struct foreign_machine machine = {0};
    const struct foreign_backup made = {.home = wanted->home,
                                        .machine = &machine,
                                        .file = wanted->file,
                                        .name = wanted->name,
                                        .pgsup = wanted->pgsup,
                                        .notes = wanted->notes,
                                        .copy_disk = copy_disk,
                                        .find_seed = find_seed,
                                        .context = (void *)wanted};
    bool good = read_domain(wanted, &machine, error) && foreign_backup_make(&made, folder, error);
    foreign_machine_done(&machine);
    return good;
}
