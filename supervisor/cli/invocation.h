/* One call of one command: what its run() reads. Values and arguments point into argv; the home is
 * closed by the creator of the invocation. Asking for an option that the command does not have is a
 * programming error and aborts. */
#pragma once

#include "cli/command.h"
#include "cli/options.h"
#include "home/home.h"

#include <stdint.h>

struct home;

struct invocation {
    const struct command *command;
    const struct command *const *table; /* for help and completion */
    const char *home_option;            /* -p as given; NULL */
    bool quiet;                         /* no progress on stderr; warnings and errors stay */
    bool told;                          /* failures were printed as JSON already */
    struct options options;
    struct home *home; /* open if the command NEEDS_HOME, else NULL */
};

const char *invocation_option(const struct invocation *invocation,
                              const char *name); /* or fallback */
/* All values of an option that may be repeated, in order, NULL-terminated; never NULL itself. */
char *const *invocation_values(const struct invocation *invocation, const char *name);
bool invocation_flag(const struct invocation *invocation, const char *name);
bool invocation_given(const struct invocation *invocation, const char *name);
bool invocation_wants_json(const struct invocation *invocation); /* also of commands without it */
size_t invocation_argument_count(const struct invocation *invocation);
const char *invocation_argument(const struct invocation *invocation,
                                size_t index); /* NULL: fewer */

/* A duration from minimum_ms to one day; the sentence names the option and the bounds. */
bool invocation_duration(const struct invocation *invocation, const char *name, uint64_t minimum_ms,
                         uint64_t *ms, struct error *error);

/* For commands that take a name both as --name and as their first argument: exactly one of them.
 * `what` is for the sentence: "instance". NULL: error set. */
const char *invocation_name(const struct invocation *invocation, const char *what,
                            struct error *error);

/* Fails unless a file named on the command line is "-", or exists and is readable. `what` is for
 * the message: "public key". */
bool invocation_check_file(const char *path, const char *what, struct error *error);

/* Overwrites a secret where `ps` shows it. The value is gone after that. */
void invocation_wipe(const struct invocation *invocation, const char *name);

/* What a change of an instance has to say (home/change/): a warning, which is freed; NULL: nothing.
 */
void invocation_notice(char *notice);
/* Lines of what is worth knowing: "note: …" on stdout; freed; NULL: nothing. */
void invocation_notes(char *lines);
/* "pgsup: warning: …" on stderr. */
void invocation_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
