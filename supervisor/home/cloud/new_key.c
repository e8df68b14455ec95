#include "home/cloud/new_key.h"

#include "base/alloc.h"
#include "base/file.h"
#include "host/program.h"

#include <stdlib.h>
#include <unistd.h>

#define KEYGEN_TIMEOUT_MS 60000
#define KEY_LIMIT_BYTES   16384u

static bool make_in(const char *folder, struct buffer *private_key, struct buffer *public_key,
                    struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *private = alloc_printf("%s/key", folder);
    scoped(alloc_release) char *public = alloc_printf("%s.pub", private);
    char *argv[] = {"ssh-keygen", "-q",    "-t", "ed25519", "-N", "",
                    "-C",         "pgsup", "-f", private,   NULL};
    return program_run(argv, KEYGEN_TIMEOUT_MS, &output, error) &&
           file_read(private, KEY_LIMIT_BYTES, private_key, error) &&
           file_read(public, KEY_LIMIT_BYTES, public_key, error);
}

bool new_key_make(struct buffer *private_key, struct buffer *public_key, struct error *error) {
    const char *temporary = getenv("TMPDIR");
    scoped(alloc_release) char *folder =
        alloc_printf("%s/pgsup-key-XXXXXX", temporary && *temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return error_errno(error, "cannot create a folder %s", folder);
    bool good = make_in(folder, private_key, public_key, error);
    file_remove_tree(folder, NULL);
    return good || error_prefix(error, "cannot create an SSH key");
}
