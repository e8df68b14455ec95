#include "options.h"

#include "base/alloc.h"
#include "base/nearest.h"

#include <stdlib.h>
#include <string.h>

struct parser {
    struct options *parsed;
    char **words; /* the rest */
    size_t word_count;
    size_t free_arguments;
    enum options_named named;
    size_t named_count; /* arguments that -n gave, and that are the first */
    struct options *globals;
    struct error *error;
};

static size_t count_specs(const struct option_spec *specs) {
    size_t count = 0;
    while (specs && specs[count].name)
        count++;
    return count;
}

bool options_has_word(const char *words, const char *word, size_t length) {
    for (; words && *words; words += strspn(words, " ")) {
        size_t end = strcspn(words, " ");
        if (end == length && strncmp(words, word, length) == 0)
            return true;
        words += end;
    }
    return false;
}

const struct option_spec *options_find(const struct option_spec *specs, const char *name,
                                       size_t length) {
    for (const struct option_spec *spec = specs; spec && spec->name; spec++)
        if (options_has_word(spec->name, name, length) ||
            options_has_word(spec->also, name, length))
            return spec;
    return NULL;
}

static const struct option_spec *find_letter(const struct option_spec *specs, char letter) {
    for (const struct option_spec *spec = specs; spec && spec->name; spec++)
        if (spec->letter == letter || options_has_word(spec->also, &letter, 1))
            return spec;
    return NULL;
}

static void offer_names(struct nearest *nearest, const struct option_spec *specs) {
    for (const struct option_spec *spec = specs; spec && spec->name; spec++)
        if (!spec->hidden)
            nearest_offer(nearest, spec->name);
}

static const struct option_spec *global_specs(const struct parser *parser) {
    return parser->globals ? parser->globals->specs : NULL;
}

static bool unknown_option(const struct parser *parser, const char *word, size_t length) {
    struct nearest nearest;
    nearest_init(&nearest, word, length);
    offer_names(&nearest, parser->parsed->specs);
    offer_names(&nearest, global_specs(parser));
    if (nearest.best)
        return error_set(parser->error, ERROR_USAGE,
                         "unknown option \"--%.*s\": did you mean \"--%s\"?", (int)length, word,
                         nearest.best);
    return error_set(parser->error, ERROR_USAGE, "unknown option \"--%.*s\"", (int)length, word);
}

static void take_argument(struct options *parsed, char *word) {
    parsed->arguments[parsed->argument_count++] = word;
}

/* Before the arguments that were given without it, or as the next one. */
static void take_name(struct parser *parser, char *name) {
    struct options *parsed = parser->parsed;
    if (parser->named == OPTIONS_NAMED_IN_PLACE) {
        take_argument(parsed, name);
        return;
    }
    char **place = parsed->arguments + parser->named_count;
    memmove(place + 1, place, (parsed->argument_count - parser->named_count) * sizeof *place);
    *place = name;
    parsed->argument_count++;
    parser->named_count++;
}

/* What -n and --name are without a spec of their own. */
static const struct option_spec name_spec = {.name = "name", .value = "NAME"};

static bool is_global(const struct parser *parser, const struct option_spec *spec) {
    for (const struct option_spec *each = global_specs(parser); each && each->name; each++)
        if (each == spec)
            return true;
    return false;
}

static void store(struct parser *parser, const struct option_spec *spec, char *value) {
    if (spec == &name_spec) {
        take_name(parser, value);
        return;
    }
    struct options *options = is_global(parser, spec) ? parser->globals : parser->parsed;
    size_t index = (size_t)(spec - options->specs);
    options->values[index] = value;
    if (!spec->many)
        return;
    char ***list = &options->lists[index];
    if (!*list)
        *list = alloc_zero((parser->word_count + 1) * sizeof **list);
    size_t count = 0;
    while ((*list)[count])
        count++;
    (*list)[count] = value;
}

/* The value is the word after the option. */
static bool take_value(struct parser *parser, const struct option_spec *spec) {
    if (!*parser->words)
        return error_set(parser->error, ERROR_USAGE, "option \"--%s\" needs a value (%s)",
                         spec->name, spec->value);
    store(parser, spec, *parser->words++);
    return true;
}

static bool parse_long(struct parser *parser, char *word) {
    char *equals = strchr(word, '=');
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const struct option_spec *spec = options_find(parser->parsed->specs, word, length);
    if (!spec && parser->named && options_has_word(name_spec.name, word, length))
        spec = &name_spec;
    if (!spec)
        spec = options_find(global_specs(parser), word, length);
    if (!spec && length == 4 && strncmp(word, "help", length) == 0 && !equals) {
        parser->parsed->help = true;
        return true;
    }
    if (!spec)
        return unknown_option(parser, word, length);
    if (spec->value && equals)
        store(parser, spec, equals + 1);
    else if (spec->value)
        return take_value(parser, spec);
    else if (equals)
        return error_set(parser->error, ERROR_USAGE, "option \"--%s\" takes no value", spec->name);
    else
        store(parser, spec, word + length); /* "" */
    return true;
}

static bool parse_letters(struct parser *parser, char *letters) {
    for (char *letter = letters; *letter; letter++) {
        const struct option_spec *spec = find_letter(parser->parsed->specs, *letter);
        if (!spec && parser->named && *letter == 'n')
            spec = &name_spec;
        if (!spec)
            spec = find_letter(global_specs(parser), *letter);
        if (!spec && *letter == 'h') {
            parser->parsed->help = true;
            return true;
        }
        if (!spec)
            return error_set(parser->error, ERROR_USAGE, "unknown option \"-%c\"", *letter);
        if (!spec->value)
            store(parser, spec, letter + strlen(letter)); /* "" */
        else if (!letter[1])
            return take_value(parser, spec);
        else {
            store(parser, spec, letter + 1);
            return true;
        }
    }
    return true;
}

static void take_the_rest(struct parser *parser) {
    while (*parser->words)
        take_argument(parser->parsed, *parser->words++);
}

/* What web pages and word processors make of "-". */
static bool check_dash(const char *word, struct error *error) {
    static const char *const dashes[] = {"\u2010", "\u2011", "\u2012",
                                         "\u2013", "\u2014", "\u2212"};
    for (size_t i = 0; i < sizeof dashes / sizeof *dashes; i++)
        if (strncmp(word, dashes[i], strlen(dashes[i])) == 0)
            return error_set(
                error, ERROR_USAGE,
                "\"%.60s\" begins with a dash that is not the \"-\" of the keyboard: type "
                "it again",
                word);
    return true;
}

/* One word; after it, or after "--", the rest may be arguments only. */
static bool parse_word(struct parser *parser) {
    char *word = *parser->words++;
    if (strcmp(word, "--") == 0) {
        take_the_rest(parser);
        return true;
    }
    if (word[0] == '-' && word[1] == '-')
        return parse_long(parser, word + 2);
    if (word[0] == '-' && word[1])
        return parse_letters(parser, word + 1);
    if (!check_dash(word, parser->error))
        return false;
    take_argument(parser->parsed, word);
    return true;
}

/* Whether this word and all after it are arguments, whatever they look like: options may still
 * follow the last free argument, as in "ssh NAME -L 80:x:80 ls -l". */
static bool is_verbatim(const struct parser *parser, const char *word) {
    size_t count = parser->parsed->argument_count, free_arguments = parser->free_arguments;
    if (count != free_arguments)
        return count > free_arguments;
    bool ends = free_arguments > 0 && strcmp(word, "--") == 0;
    return ends || word[0] != '-' || !word[1];
}

static bool parse_all(struct parser *parser) {
    struct options *parsed = parser->parsed;
    while (*parser->words && !parsed->help) {
        if (is_verbatim(parser, *parser->words)) {
            if (parser->free_arguments > 0 && strcmp(*parser->words, "--") == 0)
                parser->words++;
            take_the_rest(parser);
        } else if (!parse_word(parser)) {
            options_done(parsed);
            return false;
        }
    }
    return true;
}

bool options_parse_rules(const struct options_rules *rules, char **words, struct options *parsed,
                         struct error *error) {
    size_t word_count = 0, spec_count = count_specs(rules->specs);
    while (words[word_count])
        word_count++;
    *parsed = (struct options){
        .specs = rules->specs,
        .values = alloc_zero((spec_count + 1) * sizeof *parsed->values),
        .lists = alloc_zero((spec_count + 1) * sizeof *parsed->lists),
        .arguments = alloc_zero((word_count + 1) * sizeof *parsed->arguments),
    };
    struct parser parser = {.parsed = parsed,
                            .words = words,
                            .word_count = word_count,
                            .free_arguments = rules->free_arguments,
                            .named = rules->named,
                            .globals = rules->globals,
                            .error = error};
    return parse_all(&parser);
}

bool options_parse(const struct option_spec *specs, char **words, size_t free_arguments,
                   struct options *parsed, struct error *error) {
    const struct options_rules rules = {.specs = specs, .free_arguments = free_arguments};
    return options_parse_rules(&rules, words, parsed, error);
}

void options_done(struct options *parsed) {
    for (size_t i = 0; parsed->lists && i < count_specs(parsed->specs); i++)
        free(parsed->lists[i]);
    free(parsed->lists);
    free(parsed->values);
    free(parsed->arguments);
    *parsed = (struct options){0};
}

char *options_value(const struct options *parsed, const char *name) {
    const struct option_spec *spec = options_find(parsed->specs, name, strlen(name));
    return spec ? parsed->values[spec - parsed->specs] : NULL;
}

char *const *options_values(const struct options *parsed, const char *name) {
    static char *const none[] = {NULL};
    const struct option_spec *spec = options_find(parsed->specs, name, strlen(name));
    char *const *list = spec ? parsed->lists[spec - parsed->specs] : NULL;
    return list ? list : none;
}
