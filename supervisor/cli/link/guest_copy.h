/* Copies a file or a folder from or to a guest, or between two, by OpenSSH's scp over SFTP with
 * pgsup's own configuration. What arrives gets its name when it is whole: until then, and where the
 * connection broke, it is called .pgsup-XXXX.part. Blocks; Ctrl-C (base/interrupt.h) ends it. */
#pragma once

#include "base/error.h"
#include "home/home.h"

#include <stdbool.h>

struct guest_copy {
    struct home *home;
    const char *user; /* NULL: the cloud's */
    bool recursive, preserves, quiet;
};

/* One end as it is written: "NAME:PATH", with a path that means nothing else to anybody, or a path
 * of this computer, in which a ":" before the first "/" is not possible. */
struct guest_place {
    char *instance; /* NULL: this computer */
    char *path;     /* begins with "/" or "."; in a guest "./" is the home of the user */
};
bool guest_place_parse(const char *text, struct guest_place *place, struct error *error);
void guest_place_done(struct guest_place *place);

/* Into the destination if that is a folder, else as it. inside: it has to be one. */
bool guest_copy_run(const struct guest_copy *copy, const struct guest_place *source,
                    const struct guest_place *destination, bool inside, struct error *error);
