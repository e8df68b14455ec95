#include "home/backup/backup_reader.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/backup/backup_check.h"

#include <errno.h>
#include <unistd.h>

bool backup_reader_decode(const char *text, size_t length, struct backup_manifest *manifest,
                          struct error *error) {
    if (!backup_manifest_parse(text, length, manifest, error))
        return false;
    if (backup_check(manifest, error))
        return true;
    backup_manifest_done(manifest);
    return false;
}

bool backup_reader_read(const char *folder, struct backup_manifest *manifest, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/" BACKUP_MANIFEST, folder);
    struct error problem = {0};
    *manifest = (struct backup_manifest){0};
    if (access(path, F_OK) < 0 && errno != ENOENT && errno != ENOTDIR)
        return error_errno(error, "cannot read %s", path);
    if (!file_exists(path))
        return error_set(error, ERROR_NOT_FOUND, "%s is no backup: it has no " BACKUP_MANIFEST,
                         folder);
    return backup_check_regular(folder, BACKUP_MANIFEST, NULL, error) &&
           file_read(path, BACKUP_MANIFEST_LIMIT_BYTES, &text, error) &&
           (backup_reader_decode(text.data ? text.data : "", text.length, manifest, &problem) ||
            error_set(error, problem.code, "%s %s", path, problem.text));
}
