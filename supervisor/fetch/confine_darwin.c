#include "fetch/confine.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "fetch/wire/fetch_wire.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/param.h>
#include <sys/resource.h>

/* sandbox(7): deprecated for applications, and what macOS's own daemons and browsers use. The
 * declaration is that of sandbox.h, whose attribute would be a warning here. */
int sandbox_init(const char *profile, uint64_t flags, char **errorbuf);

/* A string of the profile's language. */
static void quote(struct buffer *out, const char *text) {
    buffer_putc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buffer_putc(out, '\\');
        buffer_putc(out, *text);
    }
    buffer_putc(out, '"');
}

void confine(bool network) {
    const struct rlimit none = {0, 0};
    scoped(buffer_done) struct buffer profile = {0};
    char target[MAXPATHLEN] = "", *problem = NULL;
    setrlimit(RLIMIT_CORE, &none);
    buffer_puts(&profile, "(version 1)(allow default)(deny process-exec*)(deny file-write*)");
    /* Its length is set through the descriptor, which counts as writing by name. */
    if (fcntl(FETCH_TARGET_FD, F_GETPATH, target) == 0) {
        buffer_puts(&profile, "(allow file-write-data (literal ");
        quote(&profile, target);
        buffer_puts(&profile, "))");
    }
    if (!network)
        buffer_puts(&profile, "(deny network*)");
    sandbox_init(profile.data, 0, &problem);
}
