#include "base/child.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

void child_attributes_init(posix_spawnattr_t *attributes, short flags) {
    static const int numbers[] = {SIGPIPE, SIGINT, SIGTERM, SIGCHLD};
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&defaults, numbers[i]);
    posix_spawnattr_init(attributes);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setsigmask(attributes, &none);
    posix_spawnattr_setsigdefault(attributes, &defaults);
    posix_spawnattr_setflags(attributes,
                             (short)(flags | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
}

bool child_pipe(int ends[2], struct error *error) {
    if (pipe(ends) < 0)
        return error_errno(error, "cannot make a pipe");
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    return true;
}
