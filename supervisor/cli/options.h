/* Options as data, and the parser of the GNU style: --name=V, --name V, -nV, -n V, combined short
 * flags, "--" ends the options. Pure; knows no command. Everything that was parsed points into the
 * words, so those live longer; options_done() frees only the bookkeeping.
 *
 * --help and -h are known everywhere: the parser stops there, well, with `help` set.
 * The last value of an option wins, unless the option may be repeated. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct option_spec {
    const char *name; /* long form without dashes; NULL ends a list */
    char letter;      /* short form; 0: none */
    const char
        *value;       /* what help calls the value: "PATH", or choices "http|drive"; NULL: a flag */
    const char *help; /* what it is, without a full stop */
    bool required;
    const char *fallback; /* value when the option is not given; shown in help; NULL: none */
    bool hidden;          /* works, but help and completion do not show it */
    bool many;            /* may be repeated: all values are kept, in order */
    const char *also;     /* what other tools call it: works, but is not shown; words; NULL */
};

#define OPTIONS_END                                                                                \
    { .name = NULL }

/* How far options and arguments may mix. */
#define OPTIONS_ANYWHERE SIZE_MAX /* in any order, until "--" */
/* A number N instead: behind the Nth argument come options, and what follows them is taken word for
 * word ("ssh NAME WORD…"); one "--" between them is dropped. 0: options come first. */

struct options {
    const struct option_spec *specs;
    char **values; /* per spec: the value; "" for a flag; NULL: not given */
    char ***lists; /* per spec that may be repeated: all its values, then NULL; NULL: not given */
    char **arguments;
    size_t argument_count;
    bool help;
};

/* words: NULL-terminated. Fails with ERROR_USAGE and nothing to free. */
bool options_parse(const struct option_spec *specs, char **words, size_t free_arguments,
                   struct options *parsed, struct error *error);

/* Which argument -n NAME and --name NAME give, unless the specs have an option of that name or
 * letter. */
enum options_named {
    OPTIONS_NOT_NAMED,
    OPTIONS_NAMED_FIRST,    /* the first, wherever they stand: it is a name */
    OPTIONS_NAMED_IN_PLACE, /* the next: the second is a name, too */
};

struct options_rules {
    const struct option_spec *specs;
    size_t free_arguments;
    enum options_named named;
    /* What is not in the specs is looked for here and kept here: parsed before; NULL. */
    struct options *globals;
};
bool options_parse_rules(const struct options_rules *rules, char **words, struct options *parsed,
                         struct error *error);
void options_done(struct options *parsed);

/* NULL when not given, without regard to the fallback. The name must be in the specs. */
char *options_value(const struct options *parsed, const char *name);
/* All values in the order given, NULL-terminated; never NULL itself. For specs with `many`. */
char *const *options_values(const struct options *parsed, const char *name);
/* Whether the first `length` bytes of word are among the words, between blanks; NULL: none. */
bool options_has_word(const char *words, const char *word, size_t length);
const struct option_spec *options_find(const struct option_spec *specs, const char *name,
                                       size_t length);
