#include "cli/privileges.h"

#include "launcher/identity.h"
#include "launcher/launcher.h"

#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#define SYSTEM_PATH "/usr/bin:/bin:/usr/sbin:/sbin"

bool privileges_drop(struct error *error) {
    struct identity user;
    if (geteuid() != 0 || !identity_find(&user))
        return true;
    return identity_drop(&user) ||
           error_errno(error, "cannot become the user who called sudo (%ld)", (long)user.uid);
}

/* A memory image holds what the guests and the seeds keep secret. */
static void forbid_core_dumps(void) {
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
}

bool privileges_part(const struct privileges_choice *choice, int *launcher, struct error *error) {
    static struct identity user; /* the launcher's, for as long as it lives */
    bool by_sudo = geteuid() == 0 && identity_find(&user);
    *launcher = -1;
    forbid_core_dumps();
    if (by_sudo && choice->as_root)
        setenv("PATH", SYSTEM_PATH, 1); /* the caller's own is not root's */
    if (geteuid() != 0 || choice->as_root)
        return true;
    if (!by_sudo)
        return error_set(error, ERROR_WRONG_STATE,
                         "`pgsup up` does not run as root for nobody: call it by sudo, as the user "
                         "whose home it is, or say --as-root for a home of root's own");
    user.any_arguments = choice->any_arguments;
    *launcher = launcher_fork(&user, choice->keep);
    return *launcher >= 0 || error_errno(error, "cannot start the launcher");
}
