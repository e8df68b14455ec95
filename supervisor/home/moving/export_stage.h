/* A folder that comes into being whole: PATH.part, locked while it is filled, becomes PATH. */
#pragma once

#include "base/error.h"

#include <stdbool.h>

struct export_stage {
    char *path;    /* what it will be; absolute, owned, as the others */
    char *folder;  /* while it is filled */
    bool replaced; /* what one that was killed had left there */
    int lock;
};

/* ERROR_EXISTS: PATH is there; ERROR_WRONG_STATE: another process fills it. What one that was
 * killed left behind is removed, however far it was; a PATH.part that is not such a thing stays,
 * and is an error. */
bool export_stage_open(const char *path, struct export_stage *stage, struct error *error);
bool export_stage_commit(struct export_stage *stage, struct error *error);
/* Removes the folder unless it was committed. Needed after open() in any case; {.lock = -1} is
 * fine.
 */
void export_stage_close(struct export_stage *stage);
