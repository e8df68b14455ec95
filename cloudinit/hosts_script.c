#include "hosts_script.h"

#include <inttypes.h>

#define BEGIN "# pgsup: begin of the names of other machines, revision"
#define END   "# pgsup: end of the names of other machines"

/* The file is written, not replaced: it keeps its owner, mode and label, and may be a mount.
 * Without names the block stays, for its revision. */
static const char take_over[] =
    "had=$(sed -n 's/^" BEGIN " \\([0-9]*\\)$/\\1/p' /etc/hosts 2>/dev/null | head -n1)\n"
    "if [ \"$had$names\" ] && [ \"${had:--1}\" $than \"$revision\" ]; then\n"
    "    rest=$(awk '/^" BEGIN " /{own = 1} !own{print} /^" END
    "$/{own = 0}' /etc/hosts 2>/dev/null\n"
    "        echo .)\n"
    "    printf '%s" BEGIN " %s\\n%s" END
    "\\n' \"${rest%.}\" \"$revision\" \"$names\" >/etc/hosts\n"
    "fi\n";

void hosts_script(const char *lines, int64_t revision, enum hosts_age age, struct buffer *script) {
    buffer_printf(script, "\nrevision=%" PRId64 "\nthan=%s\nnames='%s'\n", revision,
                  age == HOSTS_OF_SEED ? "-lt" : "-ne", lines);
    buffer_puts(script, take_over);
}
