/* What one check found: a sentence, and the command that mends it. {0} is one that has not been
 * made yet. Owned by whoever asked for it; finding_done() releases it. */
#pragma once

#include "base/strv.h"

enum verdict { VERDICT_OK, VERDICT_WARNING, VERDICT_FAILURE, VERDICT_COUNT };
const char *finding_word(enum verdict verdict); /* "warning" */

struct finding {
    enum verdict verdict;
    char *text;
    struct strv mend; /* a command line; empty: there is none */
};

/* Each sets the verdict and the text. */
void finding_ok(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_warn(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void finding_fail(struct finding *finding, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* The words of the command, ended by NULL. BY_ROOT: with sudo in front where this is not root. */
void finding_mend(struct finding *finding, ...) __attribute__((sentinel));
void finding_mend_by_root(struct finding *finding, ...) __attribute__((sentinel));
/* Installs the package that has the program. */
void finding_mend_package(struct finding *finding, const char *program);

/* The command as a shell reads it; NULL: there is none. Caller frees. */
char *finding_command(const struct finding *finding);
void finding_done(struct finding *finding);
