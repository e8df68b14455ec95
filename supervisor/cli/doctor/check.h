/* The table of all checks, as data. A check only looks: what mends is a command, and that table
 * says which of those commands `--fix` may run by itself. */
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/surroundings.h"

enum check_needs { /* else the check is left out */
                   CHECK_NEEDS_NOTHING = 0,
                   CHECK_NEEDS_MACOS = 1,
                   CHECK_NEEDS_LINUX = 2,
                   CHECK_NEEDS_HOME = 4,  /* the folder */
                   CHECK_NEEDS_STORE = 8, /* that can be read */
                   CHECK_NEEDS_QEMU = 16,
                   /* Other commands change what it compares: a finding is told that is there when
                    * all is read again. */
                   CHECK_NEEDS_STILLNESS = 32,
};

struct check {
    const char *id; /* "bridge-helper" */
    const char *area;
    unsigned needs; /* enum check_needs, several */
    void (*look)(const struct surroundings *surroundings, struct finding *finding);
    bool fixable; /* its command harms nothing and asks nothing */
};

extern const struct check check_table[]; /* ends with an id of NULL */

bool check_applies(const struct check *check, const struct surroundings *surroundings);
