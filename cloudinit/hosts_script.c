#include "hosts_script.h"

#include <inttypes.h>

#define BEGIN "# pgsup: begin of the names of other machines, revision"
#define END   "# pgsup: end of the names of other machines"

/* The file is written, not replaced: it keeps its owner, mode and label, and may be a mount.
 * Without names the block stays, for its revision. */
static const char take_over[] =
    "had= rest=.\n"
    "if [ ! -e /etc/hosts ] || {\n"
    "    had=$(awk '/^" BEGIN " [0-9]+$/ {print $NF; exit}' /etc/hosts) &&\n"
    "        rest=$(awk '/^" BEGIN " / {printf \"%s\", block; block = \"\"; own = 1; next}\n"
    "            !own {print; next} {block = block $0 \"\\n\"}\n"
    "            /^" END "$/ {block = \"\"; own = 0}\n"
    "            END {printf \"%s\", block}' /etc/hosts && echo .)\n"
    "}; then\n"
    "    if [ \"$had$names\" ] && [ \"${had:--1}\" $than \"$revision\" ]; then\n"
    "        printf '%s" BEGIN " %s\\n%s" END
    "\\n' \"${rest%.}\" \"$revision\" \"$names\" >/etc/hosts\n"
    "    fi\n"
    "else\n"
    "    false\n"
    "fi\n";

void hosts_script(const char *lines, int64_t revision, enum hosts_age age, struct buffer *script) {
    buffer_printf(script, "\nrevision=%" PRId64 "\nthan=%s\nnames='%s'\n", revision,
                  age == HOSTS_OF_SEED ? "-lt" : "-ne", lines);
    buffer_puts(script, take_over);
}
