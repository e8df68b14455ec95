#include "home/moving/import.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "home/backup/backup_restore.h"
#include "home/moving/export_stage.h"
#include "home/moving/libvirt_backup.h"
#include "home/moving/ova_backup.h"
#include "home/moving/tar_index.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define STAGE      "import" /* in the home */
#define DOMAIN     "domain.xml"
#define DESCRIPTOR ".ovf"

struct importing {
    struct home *home;
    const struct import_request *request;
    struct store_instance *made;
    struct strv *notes;
};

static bool restore_backup(const struct importing *importing, const char *folder, bool is_new,
                           struct error *error) {
    struct backup_manifest manifest = {0};
    struct backup_restore restore = {
        .home = importing->home, .folder = folder, .manifest = &manifest};
    bool good = backup_restore_open(folder, &manifest, error);
    const char *name = importing->request->name;
    if (good && !name && is_new)
        name = manifest.facts.instance.name;
    good = good && backup_restore_new(&restore, name, importing->made, error);
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
    const struct libvirt_backup wanted = {.home = importing->home,
                                          .file = file,
                                          .beside = beside,
                                          .name = request->name,
                                          .pgsup = request->pgsup,
                                          .notes = importing->notes};
    bool good = export_stage_open(place, &stage, error) &&
                libvirt_backup_make(&wanted, stage.folder, error) &&
                restore_backup(importing, stage.folder, false, error);
    export_stage_close(&stage);
    return good;
}

/* It has no identity that could be kept. */
static bool import_package(const struct importing *importing, const char *file, bool archive,
                           struct error *error) {
    struct export_stage stage;
    const struct import_request *request = importing->request;
    scoped(alloc_release) char *place = home_file(importing->home, STAGE);
    const struct ova_backup wanted = {.home = importing->home,
                                      .file = file,
                                      .archive = archive,
                                      .name = request->name,
                                      .arch = request->arch,
                                      .pgsup = request->pgsup,
                                      .notes = importing->notes};
    bool good = export_stage_open(place, &stage, error) &&
                ova_backup_make(&wanted, stage.folder, error) &&
                restore_backup(importing, stage.folder, true, error);
    export_stage_close(&stage);
    return good;
}

static bool is_descriptor(const char *name) {
    const char *dot = strrchr(name, '.');
    return dot && strcasecmp(dot, DESCRIPTOR) == 0;
}

/* Of an OVA that was unpacked. NULL: there is none, or more than one; caller frees. */
static char *find_descriptor_in(const char *folder) {
    DIR *list = opendir(folder);
    char *found = NULL;
    unsigned count = 0;
    for (struct dirent *entry; list && (entry = readdir(list));)
        if (entry->d_name[0] != '.' && is_descriptor(entry->d_name) && ++count == 1)
            found = alloc_printf("%s/%s", folder, entry->d_name);
    if (list)
        closedir(list);
    if (count > 1)
        alloc_replace(&found, NULL);
    return found;
}

/* As far as the first bytes tell; those of a disk are others. */
static bool import_file(const struct importing *importing, const char *path,
                        const struct stat *status, struct error *error) {
    char head[TAR_BLOCK_BYTES];
    scoped(file_release) int fd =
        S_ISREG(status->st_mode) ? open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC) : -1;
    if (S_ISREG(status->st_mode) && fd < 0)
        return error_errno(error, "cannot read %s", path);
    ssize_t got = fd < 0 ? 0 : read(fd, head, sizeof head);
    ssize_t at = 0;
    if (got > 0 && tar_index_is_archive(head, (size_t)got))
        return import_package(importing, path, true, error);
    while (at < got && strchr(" \t\r\n\xef\xbb\xbf", head[at]))
        at++;
    if (at >= got || head[at] != '<')
        return error_set(error, ERROR_INVALID,
                         "%s is no OVA and no XML of a domain: for a disk it is `pgsup image "
                         "import -n NAME FILE`",
                         path);
    if (is_descriptor(path))
        return import_package(importing, path, false, error);
    return import_domain(importing, path, false, error);
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
        return import_file(&importing, path, &status, error);
    if (file_exists(manifest))
        return restore_backup(&importing, path, false, error);
    if (file_exists(domain))
        return import_domain(&importing, domain, true, error);
    scoped(alloc_release) char *descriptor = find_descriptor_in(path);
    if (descriptor)
        return import_package(&importing, descriptor, false, error);
    return error_set(error, ERROR_INVALID,
                     "%s has no " BACKUP_MANIFEST ", as a backup has, no " DOMAIN
                     ", as an export for libvirt has, and not one " DESCRIPTOR " file",
                     path);
}
