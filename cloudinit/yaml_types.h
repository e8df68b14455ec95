/* Whether PyYAML's SafeLoader, by which cloud-init reads its documents, can construct one that
 * libyaml has parsed. Types are resolved as YAML 1.1 and PyYAML do: a bare 2024-02-30 is a date
 * that does not exist, a bare = has a tag that nothing constructs, << merges mappings only.
 *
 * Source: PyYAML 6.0, resolver.py and constructor.py; tests/unit/check_yaml_types.py compares with
 * PyYAML itself. Knows no cloud-init key. Pure. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

/* Collections in one another: libyaml's cost grows by the square. */
#define YAML_TYPES_DEPTH_LIMIT 128u

/* The text must be one that the document was parsed from. ERROR_INVALID with line and column. */
bool yaml_types_check(yaml_document_t *document, const char *text, size_t length,
                      struct error *error);

/* That no collection is deeper than the limit, and that the text can be parsed: to be asked before
 * it is loaded. */
bool yaml_types_check_depth(const char *text, size_t length, struct error *error);
/* The same for a sentence that names the place in another form: mark is where the problem is. */
bool yaml_types_find_depth(const char *text, size_t length, yaml_mark_t *mark, struct error *error);
