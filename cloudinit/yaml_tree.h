/* A YAML document to look things up in, as PyYAML would construct it: merge keys (<<) count, the
 * last of a repeated key counts. Caller owns the tree; nodes are borrowed from it. Every function
 * takes a NULL node and one of another kind, and finds nothing in it. Pure. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <yaml.h>

struct yaml_tree {
    yaml_document_t document;
    const yaml_node_t *root;
};

/* False: it has no content, or cannot be parsed; there is no tree then. */
bool yaml_tree_load(struct yaml_tree *tree, const char *text, size_t length);
void yaml_tree_done(struct yaml_tree *tree);

const char *yaml_tree_text(const yaml_node_t *node); /* of a scalar */
const yaml_node_t *yaml_tree_find(const struct yaml_tree *tree, const yaml_node_t *mapping,
                                  const char *key);
const yaml_node_t *yaml_tree_item(const struct yaml_tree *tree, const yaml_node_t *list,
                                  size_t index);
const yaml_node_t *yaml_tree_key(const struct yaml_tree *tree, const yaml_node_t *mapping,
                                 size_t index);
const yaml_node_t *yaml_tree_value(const struct yaml_tree *tree, const yaml_node_t *mapping,
                                   size_t index);
