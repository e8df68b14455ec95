#include "home/derived.h"

#include "base/alloc.h"
#include "base/file.h"
#include "store/transaction.h"

#include <errno.h>
#include <unistd.h>

static bool is_as_it_should_be(const char *path, const struct buffer *text) {
    return text->length == 0 ? !file_exists(path)
                             : file_content_equals(path, text->data, text->length);
}

static bool derived_put(const char *path, const struct buffer *text, struct error *error) {
    if (text->length == 0)
        return unlink(path) == 0 || errno == ENOENT || error_errno(error, "cannot remove %s", path);
    return file_write(path, text->data, text->length, 0600, error);
}

bool derived_write(struct home *home, const char *name, derived_render *render,
                   struct error *error) {
    scoped(alloc_release) char *path = home_file(home, name);
    for (int round = 0; round < DERIVED_ROUNDS; round++) {
        scoped(buffer_done) struct buffer text = {0};
        store_end_reading(home->store); /* or each round would see the same */
        if (!render(home, &text, error))
            return false;
        if (is_as_it_should_be(path, &text))
            return true;
        if (!derived_put(path, &text, error))
            return false;
    }
    return true;
}
