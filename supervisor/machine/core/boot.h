/* What cloud-init tells of the boot of one VM: the stage and the module that run now, and the
 * modules that failed. Pure; {0} is a boot of which nothing is known. What it keeps is bounded
 * whatever a guest tells, and each change that is worth a record is given out once. */
#pragma once

#include "base/strv.h"

#include <stdbool.h>

#define BOOT_WORD_SIZE    64u
#define BOOT_FAILED_LIMIT 32u /* modules; more are not kept */
#define BOOT_TOLD_LIMIT   48u /* sentences that are given out in all */

struct boot {
    char stage[BOOT_WORD_SIZE];  /* "modules-final"; "": none yet */
    char module[BOOT_WORD_SIZE]; /* "scripts-user"; "": none at the moment */
    bool done;                   /* the last stage has ended */
    bool phoned;                 /* its phone-home module has begun */
    struct strv failed;          /* "modules-final/scripts-user" */
    struct strv told;
};
void boot_done(struct boot *boot);

struct boot_step {
    const char *stage;
    const char *module;      /* "": the stage as a whole */
    const char *description; /* in cloud-init's words; may be "" */
    bool begins, failed;
    bool last; /* of the stages */
};

/* Takes what was told last for what is; a sentence for the record, or NULL. The caller frees it. */
char *boot_take(struct boot *boot, const struct boot_step *step);

/* The guest posts its reports behind what it does: one that has phoned home may have told less. */
bool boot_is_behind(const struct boot *boot);

/* "modules-final, scripts-user", "modules-final", "done"; NULL: nothing is known. Caller frees. */
char *boot_where(const struct boot *boot);
/* ", cloud-init is in modules-final, scripts-user (failed: modules-config/locale)" for a sentence
 * about the boot; "" when nothing is known. Caller frees. */
char *boot_clause(const struct boot *boot);
