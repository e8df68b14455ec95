#include "lock_holder.h"

#include "base/alloc.h"
#include "base/platform.h"

bool lock_holder_report(const char *folder, const char *what, struct error *error) {
    scoped(alloc_release) char *holders = platform_file_users(folder);
    return error_set(error, ERROR_WRONG_STATE,
                     "another process is working on %s%s%s; try again when it is done", what,
                     *holders ? ": " : "", holders);
}
