#include "lock_holder.h"

#include "base/alloc.h"
#include "base/platform.h"

#include <errno.h>

bool lock_holder_report(const char *folder, const char *what, struct error *error) {
    scoped(alloc_release) char *holders = platform_file_users(folder);
    return error_set(error, ERROR_WRONG_STATE,
                     "another process is working on %s%s%s; try again when it is done", what,
                     *holders ? ": " : "", holders);
}

bool lock_holder_explain(const char *folder, const char *what, struct error *error) {
    if (errno == EWOULDBLOCK)
        return lock_holder_report(folder, what, error);
    if (errno == ENOENT)
        return error_set(error, ERROR_NOT_FOUND,
                         "%s is gone: `pgsup list` shows whether its instance was removed or "
                         "renamed",
                         folder);
    return error_errno(error, "cannot work on %s", folder);
}
