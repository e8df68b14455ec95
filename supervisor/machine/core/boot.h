/* The boot of one VM as cloud-init reports it: the current stage and module, and the modules that
 * failed. Pure; {0} is a boot without reports. Its size is bounded whatever a guest reports, and
 * each notable change is returned once. */
#pragma once

#include "base/strv.h"

#include <stdbool.h>

#define BOOT_WORD_SIZE    64u
#define BOOT_FAILED_LIMIT 32u /* modules; further ones are not kept */
#define BOOT_TOLD_LIMIT   48u /* sentences in all */

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
    const char *description; /* from cloud-init; may be "" */
    bool begins, failed;
    bool last; /* of the stages */
};

/* Takes what was told last for what is; a sentence for the record, or NULL. The caller frees it. */
char *boot_take(struct boot *boot, const struct boot_step *step);

/* Reports arrive late: a guest that has phoned home may have reported less. */
bool boot_is_behind(const struct boot *boot);

/* "modules-final, scripts-user", "modules-final", "done"; NULL: nothing is known. Caller frees. */
char *boot_where(const struct boot *boot);
/* ", cloud-init is in modules-final, scripts-user (failed: modules-config/locale)" for a sentence
 * about the boot; "" when nothing is known. Caller frees. */
char *boot_clause(const struct boot *boot);
