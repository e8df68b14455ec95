#include "home/instance/backup_period.h"

#include "base/alloc.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/name.h"

#include <string.h>

#define YEAR_MS UINT64_C(31622400000)
#define DAY_S   86400

static bool take_every(const char *text, uint64_t *every_s, struct error *error) {
    uint64_t ms = 0;
    if (!text)
        return true;
    if (*text && (!duration_parse(text, &ms) || ms < BACKUP_PERIOD_MIN_MS || ms > YEAR_MS))
        return error_set(
            error, ERROR_INVALID,
            "option \"--backup-every\": \"%.40s\" is not a duration from a minute to a year: write "
            "1d or 12h, or \"\" for never",
            text);
    *every_s = ms / 1000;
    return true;
}

static bool take_keep(const char *text, uint64_t *keep, struct error *error) {
    return !text || name_parse_number(text, 1, BACKUP_PERIOD_KEEP_MAX, keep) ||
           error_set(error, ERROR_INVALID,
                     "option \"--backup-keep\": \"%.40s\" is not a number from 1 to %u", text,
                     BACKUP_PERIOD_KEEP_MAX);
}

static bool take_folder(const struct home *home, const char *text, struct store_backup *backup,
                        struct error *error) {
    if (!text)
        return true;
    scoped(alloc_release) char *absolute = *text ? file_absolute(text) : NULL;
    if (absolute && !file_is_directory(absolute))
        return error_set(
            error, ERROR_NOT_FOUND,
            "option \"--backup-to\": the folder %s does not exist: create it, or mount "
            "the disk that it is on",
            absolute);
    if (absolute && !home_check_outside(home, absolute, error))
        return error_prefix(error, "option \"--backup-to\"");
    alloc_replace(&backup->folder, alloc_string(absolute));
    if (!absolute)
        backup->every_s = 0;
    else if (!backup->every_s)
        backup->every_s = DAY_S;
    return true;
}

bool backup_period_change(const struct home *home, const struct backup_period_options *options,
                          struct store_backup *backup, struct error *error) {
    if (!take_folder(home, options->to, backup, error))
        return error_about(error, "backup-to");
    if (!take_every(options->every, &backup->every_s, error))
        return error_about(error, "backup-every");
    if (!take_keep(options->keep, &backup->keep, error))
        return error_about(error, "backup-keep");
    if (!backup->keep)
        backup->keep = BACKUP_PERIOD_KEEP_DEFAULT;
    if (!backup->every_s || backup->folder)
        return true;
    error_set(error, ERROR_INVALID,
              "a backup needs a folder: --backup-to DIR says in which it is made");
    return error_about(error, "backup-every");
}

bool backup_period_any(const struct backup_period_options *options) {
    return options->to || options->every || options->keep;
}

bool backup_period_apply(const struct home *home, const struct backup_period_options *options,
                         int64_t instance, struct error *error) {
    struct store *store = home->store;
    struct store_backup backup = {0};
    bool good =
        !backup_period_any(options) || (backup_table_get(store, instance, &backup, error) &&
                                        backup_period_change(home, options, &backup, error) &&
                                        backup_table_put(store, &backup, error));
    store_backup_done(&backup);
    return good;
}
