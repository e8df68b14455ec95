/* All checks that apply, run side by side, and mended where that is wanted. */
#pragma once

#include "cli/doctor/check.h"

#define EXAMINATION_CHECK_MS 2000u /* for each look of a check */
#define EXAMINATION_MEND_MS  60000u

struct examined {
    const struct check *check;
    struct finding finding;
    bool found_twice;     /* the same, one after the other */
    bool mended;          /* its command was run; finding is what was found after it */
    struct error problem; /* why its command failed */
};

struct examination {
    struct surroundings *surroundings; /* owned, unless something hangs in it */
    struct examined *items;
    size_t count;
    bool late; /* threads are left behind: end the process without their consent */
};

/* home_option: as given to -p; NULL. */
void examination_run(struct examination *examination, const char *home_option);
/* Takes over what one look of its check found; NULL: that was late, and what was found before
 * stays.
 */
void examination_take(struct examined *examined, struct finding *found);
/* Whether `--fix` would run the command that was found. */
bool examination_is_fixable(const struct examined *examined);
/* Runs the command and looks again. */
void examination_mend(struct examination *examination, struct examined *examined);
void examination_done(struct examination *examination);
