/* A few lines at the bottom of a terminal that are drawn again in place: progress. Each is cut to
 * the width of the terminal. Whoever writes anything else to it calls live_lines_clear() first. */
#pragma once

#include "base/strv.h"

#include <stdio.h>

struct live_lines {
    FILE *file;     /* the terminal */
    unsigned drawn; /* lines, on the last of which the cursor is */
};

void live_lines_draw(struct live_lines *lines, const struct strv *texts); /* UTF-8 */
void live_lines_clear(struct live_lines *lines);
/* For who never has more than one, in place of what the cursor's line shows; "": nothing. */
void live_lines_draw_one(FILE *file, const char *text);
