#include "home/moving/import.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "home/backup/backup_restore.h"
#include "home/moving/export_stage.h"
#include "home/moving/libvirt_backup.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGE  "import" /* in the home */
#define DOMAIN "domain.xml"

struct importing {
    struct home *home;
    const struct import_request *request;
    struct store_instance *made;
    struct strv *notes;
};

static bool restore_backup(const struct importing *importing, const char *folder,
                           struct error *error) {
    struct backup_manifest manifest = {0};
    struct backup_restore restore = {
        .home = importing->home, .folder = folder, .manifest = &manifest};
    bool good = backup_restore_open(folder, &manifest, error) &&
                backup_restore_new(&restore, importing->request->name, importing->made, error);
    for (size_t i = 0; i < restore.notes.count; i++)
        strv_push(importing->notes, restore.notes.items[i]);
    strv_done(&restore.notes);
    backup_manifest_done(&manifest);
    return good;
}

static bool import_domain(const struct importing *importing, const char *file, bool beside,
                          struct error *error) {
    struct export_stage stage;
    const struct import_request *request = importing->request;
    scoped(alloc_release) char *place = home_file(importing->home, STAGE);
    const struct libvirt_backup wanted = {importing->home, file, beside, request->name,
                                          request->pgsup};
    bool good = export_stage_open(place, &stage, error) &&
                libvirt_backup_make(&wanted, stage.folder, importing->notes, error) &&
                restore_backup(importing, stage.folder, error);
    export_stage_close(&stage);
    return good;
}

/* As far as the first bytes tell: those of a disk or an archive are others. */
static bool check_xml(const char *path, const struct stat *status, struct error *error) {
    char head[64];
    scoped(file_release) int fd =
        S_ISREG(status->st_mode) ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (S_ISREG(status->st_mode) && fd < 0)
        return error_errno(error, "cannot read %s", path);
    ssize_t got = fd < 0 ? 0 : read(fd, head, sizeof head);
    ssize_t at = 0;
    while (at < got && strchr(" \t\r\n\xef\xbb\xbf", head[at]))
        at++;
    return (at < got && head[at] == '<') ||
           error_set(error, ERROR_INVALID,
                     "%s is no XML of a domain: for a disk it is `pgsup image import -n NAME "
                     "FILE`; of an OVA take out the disk with `tar -xf` first",
                     path);
}

bool import_run(struct home *home, const struct import_request *request,
                struct store_instance *made, struct strv *notes, struct error *error) {
    struct stat status;
    const struct importing importing = {home, request, made, notes};
    scoped(alloc_release) char *path = file_absolute(request->path);
    scoped(alloc_release) char *manifest = alloc_printf("%s/" BACKUP_MANIFEST, path);
    scoped(alloc_release) char *domain = alloc_printf("%s/" DOMAIN, path);
    if (stat(path, &status) < 0)
        return error_errno(error, "cannot read %s", path);
    if (!S_ISDIR(status.st_mode))
        return check_xml(path, &status, error) && import_domain(&importing, path, false, error);
    if (file_exists(manifest))
        return restore_backup(&importing, path, error);
    if (file_exists(domain))
        return import_domain(&importing, domain, true, error);
    return error_set(error, ERROR_INVALID,
                     "%s has no " BACKUP_MANIFEST ", as a backup has, and no " DOMAIN
                     ", as an export for libvirt has",
                     path);
}
