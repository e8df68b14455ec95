#include "yaml_values.h"

#include "base/alloc.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define STANDARD         "tag:yaml.org,2002:"
#define INT_DIGITS_LIMIT 4300 /* Python from 3.10.7 on: sys.int_info.default_max_str_digits */

enum yaml_tag yaml_values_tag(const char *tag) {
    static const char *const names[YAML_TAG_COUNT] = {
        [YAML_TAG_NULL] = "null",
        [YAML_TAG_BOOL] = "bool",
        [YAML_TAG_INT] = "int",
        [YAML_TAG_FLOAT] = "float",
        [YAML_TAG_BINARY] = "binary",
        [YAML_TAG_STR] = "str",
        [YAML_TAG_TIMESTAMP] = "timestamp",
        [YAML_TAG_OMAP] = "omap",
        [YAML_TAG_PAIRS] = "pairs",
        [YAML_TAG_SET] = "set",
        [YAML_TAG_SEQ] = "seq",
        [YAML_TAG_MAP] = "map",
        [YAML_TAG_MERGE] = "merge",
        [YAML_TAG_VALUE] = "value",
    };
    if (strncmp(tag, STANDARD, strlen(STANDARD)) != 0)
        return YAML_TAG_OTHER;
    for (int i = 0; i < YAML_TAG_COUNT; i++)
        if (names[i] && strcmp(tag + strlen(STANDARD), names[i]) == 0)
            return (enum yaml_tag)i;
    return YAML_TAG_OTHER;
}

bool yaml_values_is_collection(enum yaml_tag tag) {
    return tag == YAML_TAG_OMAP || tag == YAML_TAG_PAIRS || tag == YAML_TAG_SET ||
           tag == YAML_TAG_SEQ || tag == YAML_TAG_MAP;
}

/* --- patterns: POSIX extended, in the order in which PyYAML tries them --- */

#define DIGITS_60 "(:[0-5]?[0-9])+"
#define TIME                                                                                       \
    "([Tt]|[ \t]+)[0-9][0-9]?:[0-9][0-9]:[0-9][0-9](\\.[0-9]*)?"                                   \
    "([ \t]*(Z|[-+][0-9][0-9]?(:[0-9][0-9])?))?"

static const struct {
    enum yaml_tag tag;
    const char *pattern;
} patterns[] = {
    {YAML_TAG_BOOL,
     "^(yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$"},
    {YAML_TAG_FLOAT, "^([-+]?[0-9][0-9_]*\\.[0-9_]*([eE][-+][0-9]+)?"
                     "|\\.[0-9][0-9_]*([eE][-+][0-9]+)?"
                     "|[-+]?[0-9][0-9_]*" DIGITS_60 "\\.[0-9_]*"
                     "|[-+]?\\.(inf|Inf|INF)|\\.(nan|NaN|NAN))$"},
    {YAML_TAG_INT, "^([-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+"
                   "|[-+]?[1-9][0-9_]*" DIGITS_60 ")$"},
    {YAML_TAG_MERGE, "^<<$"},
    {YAML_TAG_NULL, "^(~|null|Null|NULL|)$"},
    {YAML_TAG_TIMESTAMP, "^([0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}" TIME ")$"},
    {YAML_TAG_VALUE, "^=$"},
    {YAML_TAG_OTHER, "^[!&*]$"},
};

/* The last one is what the constructor of dates takes. */
#define TIMESTAMP_PATTERN (YAML_VALUES_PATTERNS - 1)
static const char timestamp_pattern[] = "^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(" TIME ")?$";
_Static_assert(sizeof patterns / sizeof *patterns == TIMESTAMP_PATTERN, "one regex_t for each");

void yaml_values_init(struct yaml_values *values) {
    for (size_t i = 0; i < YAML_VALUES_PATTERNS; i++) {
        const char *pattern = i < TIMESTAMP_PATTERN ? patterns[i].pattern : timestamp_pattern;
        if (regcomp(&values->patterns[i], pattern, REG_EXTENDED | REG_NOSUB) != 0)
            abort(); /* a pattern above is wrong, or no memory is left */
    }
}

void yaml_values_done(struct yaml_values *values) {
    for (size_t i = 0; i < YAML_VALUES_PATTERNS; i++)
        regfree(&values->patterns[i]);
}

static bool matches(const struct yaml_values *values, size_t pattern, const char *value) {
    return regexec(&values->patterns[pattern], value, 0, NULL, 0) == 0;
}

/* Python's $ stands before a last newline too. */
static void cut_newline(char *value, size_t length) {
    if (length > 0 && value[length - 1] == '\n')
        value[length - 1] = 0;
}

enum yaml_tag yaml_values_resolve(const struct yaml_values *values, const char *value,
                                  size_t length) {
    /* Most values begin with a letter that begins none of these. */
    if (strlen(value) != length || (*value && !strchr("yYnNtTfFoO-+0123456789.<~=!&*", *value)))
        return YAML_TAG_STR;
    scoped(alloc_release) char *copy = alloc_string(value);
    cut_newline(copy, length);
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (matches(values, i, copy))
            return patterns[i].tag;
    return YAML_TAG_STR;
}

/* --- constructors --- */

static const char *skip_space(const char *text) {
    return text + strspn(text, " \t\n\r\v\f");
}

static bool ends(const char *text) {
    return *skip_space(text) == 0;
}

/* Python's int(text, base), of ASCII text without underscores. */
static bool is_python_int(const char *text, int base) {
    static const char all[] = "0123456789abcdef";
    text = skip_space(text);
    text += *text == '-' || *text == '+';
    char letter = base == 2 ? 'b' : base == 8 ? 'o' : 'x';
    if (base != 10 && text[0] == '0' && tolower((unsigned char)text[1]) == letter)
        text += 2;
    size_t digits = 0;
    while (text[digits]) {
        const char *digit = strchr(all, tolower((unsigned char)text[digits]));
        if (!digit || digit - all >= base)
            break;
        digits++;
    }
    return digits > 0 && (base != 10 || digits <= INT_DIGITS_LIMIT) && ends(text + digits);
}

static bool is_python_float(const char *text) {
    text = skip_space(text);
    text += *text == '-' || *text == '+';
    static const char *const words[] = {"infinity", "inf", "nan"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strncasecmp(text, words[i], strlen(words[i])) == 0)
            return ends(text + strlen(words[i]));
    size_t whole = strspn(text, "0123456789");
    text += whole;
    size_t fraction = *text == '.' ? strspn(text + 1, "0123456789") : 0;
    text += *text == '.' ? 1 + fraction : 0;
    if (whole + fraction == 0)
        return false;
    if (*text == 'e' || *text == 'E') {
        text += 1 + (text[1] == '-' || text[1] == '+');
        size_t exponent = strspn(text, "0123456789");
        if (exponent == 0)
            return false;
        text += exponent;
    }
    return ends(text);
}

/* Each part between colons, as the sexagesimal numbers have them. */
static bool each_part(char *text, bool (*is_number)(const char *)) {
    for (char *part = text; part;) {
        char *colon = strchr(part, ':');
        if (colon)
            *colon = 0;
        if (!is_number(part))
            return false;
        part = colon ? colon + 1 : NULL;
    }
    return true;
}

static bool is_decimal(const char *text) {
    return is_python_int(text, 10);
}

static bool is_int(char *text) {
    if (!*text)
        return false;
    text += *text == '-' || *text == '+';
    if (strcmp(text, "0") == 0)
        return true;
    if (strncmp(text, "0b", 2) == 0)
        return is_python_int(text + 2, 2);
    if (strncmp(text, "0x", 2) == 0)
        return is_python_int(text + 2, 16);
    if (*text == '0')
        return is_python_int(text, 8);
    return *text && each_part(text, is_decimal);
}

static bool is_float(char *text) {
    if (!*text)
        return false;
    text += *text == '-' || *text == '+';
    return strcasecmp(text, ".inf") == 0 || strcasecmp(text, ".nan") == 0 ||
           each_part(text, is_python_float);
}

static bool is_bool(char *text) {
    static const char *const words[] = {"yes", "no", "true", "false", "on", "off"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasecmp(text, words[i]) == 0)
            return true;
    return false;
}

/* Python's binascii.a2b_base64(): other characters are passed over, padding ends it. */
static bool is_base64(char *text) {
    unsigned place = 0, pads = 0;
    for (; *text; text++) {
        if ((unsigned char)*text >= 0x80)
            return false;
        if (*text == '=' && place >= 2 && place + ++pads >= 4)
            return true;
        if (!isalnum((unsigned char)*text) && *text != '+' && *text != '/')
            continue;
        pads = 0;
        place = (place + 1) % 4;
    }
    return place == 0;
}

static int take_number(const char **text) {
    int number = 0;
    while (isdigit((unsigned char)**text))
        number = 10 * number + *(*text)++ - '0';
    return number;
}

static int next_number(const char **text, const char *before) {
    *text += strspn(*text, before);
    return take_number(text);
}

static bool is_day(int year, int month, int day) {
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
           day <= days[month - 1] + (month == 2 && leap);
}

/* Of a value that has the pattern. */
static bool is_timestamp(char *value) {
    const char *text = value;
    int year = take_number(&text), month = next_number(&text, "-"), day = next_number(&text, "-");
    if (!is_day(year, month, day) || !*text)
        return is_day(year, month, day);
    int hour = next_number(&text, "Tt \t"), minute = next_number(&text, ":");
    int second = next_number(&text, ":");
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    text += strspn(text, " \t");
    int zone_hour = *text == '+' || *text == '-' ? next_number(&text, "+-") : 0;
    int zone_minute = *text == ':' ? next_number(&text, ":") : 0;
    return hour < 24 && minute < 60 && second < 60 && zone_hour * 60 + zone_minute < 24 * 60;
}

static const struct {
    bool (*is_good)(char *value);
    bool without_underscores; /* PyYAML takes them out before it looks */
    const char *problem;
} constructors[YAML_TAG_COUNT] = {
    [YAML_TAG_BOOL] = {is_bool, false, "tagged as a truth value, and none"},
    [YAML_TAG_INT] = {is_int, true, "read as a number, and none: quote it"},
    [YAML_TAG_FLOAT] = {is_float, true, "read as a number, and none: quote it"},
    [YAML_TAG_BINARY] = {is_base64, false, "tagged as binary, and not in base64"},
    [YAML_TAG_TIMESTAMP] = {is_timestamp, false,
                            "read as a date, and there is none such: quote it"},
};

static void take_out_underscores(char *text) {
    char *to = text;
    for (; *text; text++)
        if (*text != '_')
            *to++ = *text;
    *to = 0;
}

const char *yaml_values_problem(const struct yaml_values *values, enum yaml_tag tag,
                                const char *value, size_t length) {
    if (!constructors[tag].is_good)
        return NULL;
    if (strlen(value) != length)
        return constructors[tag].problem; /* a NUL is in it */
    scoped(alloc_release) char *copy = alloc_string(value);
    if (tag == YAML_TAG_TIMESTAMP) {
        cut_newline(copy, length);
        if (!matches(values, TIMESTAMP_PATTERN, copy))
            return constructors[tag].problem;
    }
    if (constructors[tag].without_underscores)
        take_out_underscores(copy);
    return constructors[tag].is_good(copy) ? NULL : constructors[tag].problem;
}
