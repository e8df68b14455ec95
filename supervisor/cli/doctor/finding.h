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
/* The words of the command. by_root: with sudo in front where this is not root. */
#define finding_mend(finding, ...)                                                                 \
    finding_mend_words(finding, (const char *const[]){__VA_ARGS__, NULL})
#define finding_mend_by_root(finding, ...)                                                         \
    finding_mend_words_by_root(finding, (const char *const[]){__VA_ARGS__, NULL})
void finding_mend_words(struct finding *finding, const char *const *words);
void finding_mend_words_by_root(struct finding *finding, const char *const *words);
/* Installs the package that has the program. */
void finding_mend_package(struct finding *finding, const char *program);

/* The command as a shell reads it; NULL: there is none. Caller frees. */
char *finding_command(const struct finding *finding);
void finding_done(struct finding *finding);
