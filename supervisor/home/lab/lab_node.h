/* The nodes of a lab file's YAML document: texts, and maps with those that they merge (<<). Knows
 * no key of a lab file. Errors begin with the place of the node. Nodes and texts are borrowed from
 * the document. */
#pragma once

#include "home/lab/lab.h"

#include <yaml.h>

struct lab_reader { /* borrowed */
    yaml_document_t *document;
    struct lab *lab;
    struct error *error;
    size_t *read; /* maps and pairs, until now */
};

/* Of every node, once and before others: expands !env, and fails for an unknown tag and for a map
 * that is too long or names a key twice. */
bool lab_node_check_all(const struct lab_reader *reader);

struct lab_place lab_node_place(const yaml_node_t *node);
/* False, with the place before the sentence. */
bool lab_node_fail(const struct lab_reader *reader, const yaml_node_t *node, const char *sentence);
const yaml_node_t *lab_node_at(const struct lab_reader *reader, int index);
/* A key, a name or a value; NULL with an error: a list, a map, or a text that holds a NUL. */
const char *lab_node_text(const struct lab_reader *reader, const yaml_node_t *node);
bool lab_node_is_null(const yaml_node_t *node);

typedef bool lab_node_on_pair(const struct lab_reader *reader, const yaml_node_t *key,
                              const yaml_node_t *value, void *context);
/* Visits the map's own pairs, then those that it merges: the first of a key counts. A visit that
 * fails ends it. */
bool lab_node_each_pair(const struct lab_reader *reader, const yaml_node_t *node,
                        lab_node_on_pair *visit, void *context);
