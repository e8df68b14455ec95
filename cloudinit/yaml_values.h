/* Single values as PyYAML's SafeLoader takes them: which type a bare one has (YAML 1.1 as in
 * resolver.py) and whether one of that type can be constructed (constructor.py). Pure. */
#pragma once

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

#define YAML_VALUES_PATTERNS 9u

/* The patterns, compiled once for a whole document, which may hold a million values. */
struct yaml_values {
    regex_t patterns[YAML_VALUES_PATTERNS];
};
void yaml_values_init(struct yaml_values *values);
void yaml_values_done(struct yaml_values *values);

enum yaml_tag {
    YAML_TAG_OTHER, /* none that SafeLoader constructs */
    YAML_TAG_NULL,
    YAML_TAG_BOOL,
    YAML_TAG_INT,
    YAML_TAG_FLOAT,
    YAML_TAG_BINARY,
    YAML_TAG_TIMESTAMP,
    YAML_TAG_STR,
    YAML_TAG_OMAP,
    YAML_TAG_PAIRS,
    YAML_TAG_SET,
    YAML_TAG_SEQ,
    YAML_TAG_MAP,
    YAML_TAG_MERGE,
    YAML_TAG_VALUE,
    YAML_TAG_COUNT,
};

enum yaml_tag yaml_values_tag(const char *tag); /* "tag:yaml.org,2002:int" */
enum yaml_tag yaml_values_resolve(const struct yaml_values *values, const char *value,
                                  size_t length);
bool yaml_values_is_collection(enum yaml_tag tag); /* one that cannot be a key */

/* Why a value of that type cannot be constructed, for a sentence; NULL: it can. */
const char *yaml_values_problem(const struct yaml_values *values, enum yaml_tag tag,
                                const char *value, size_t length);
