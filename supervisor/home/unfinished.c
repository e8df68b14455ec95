#include "home/unfinished.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/layout.h"
#include "machine/core/vm_script.h"

#include <errno.h>
#include <unistd.h>

static char *mark_of(const struct home *home, const char *instance) { /* caller frees */
    return layout_file(home, instance, VM_SCRIPT_UNFINISHED);
}

bool unfinished_mark(const struct home *home, const char *instance, struct error *error) {
    scoped(alloc_release) char *mark = mark_of(home, instance);
    scoped(alloc_release) char *folder = home_instance_folder(home, instance);
    return file_write(mark, "", 0, 0600, error) && file_sync(folder, error);
}

bool unfinished_is_marked(const struct home *home, const char *instance) {
    scoped(alloc_release) char *mark = mark_of(home, instance);
    return file_exists(mark);
}

bool unfinished_clear(const struct home *home, const char *instance, struct error *error) {
    scoped(alloc_release) char *mark = mark_of(home, instance);
    return unlink(mark) == 0 || errno == ENOENT || error_errno(error, "cannot remove %s", mark);
}
