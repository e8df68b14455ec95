#include "yaml_tree.h"

#include <string.h>

enum { MERGE_DEPTH_LIMIT = 8 };

bool yaml_tree_load(struct yaml_tree *tree, const char *text, size_t length) {
    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser))
        return false;
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    bool loaded = yaml_parser_load(&parser, &tree->document);
    yaml_parser_delete(&parser);
    if (!loaded)
        return false;
    tree->root = yaml_document_get_root_node(&tree->document);
    if (!tree->root)
        yaml_document_delete(&tree->document);
    return tree->root != NULL;
}

void yaml_tree_done(struct yaml_tree *tree) {
    yaml_document_delete(&tree->document);
}

/* libyaml does not say that it only reads. */
static const yaml_node_t *node_of(const struct yaml_tree *tree, int index) {
    return yaml_document_get_node((yaml_document_t *)&tree->document, index);
}

const char *yaml_tree_text(const yaml_node_t *node) {
    return node && node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
}

const yaml_node_t *yaml_tree_item(const struct yaml_tree *tree, const yaml_node_t *list,
                                  size_t index) {
    if (!list || list->type != YAML_SEQUENCE_NODE)
        return NULL;
    size_t count = (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
    return index < count ? node_of(tree, list->data.sequence.items.start[index]) : NULL;
}

static const yaml_node_pair_t *pair_of(const yaml_node_t *mapping, size_t index) {
    if (!mapping || mapping->type != YAML_MAPPING_NODE)
        return NULL;
    const yaml_node_pair_t *start = mapping->data.mapping.pairs.start;
    return index < (size_t)(mapping->data.mapping.pairs.top - start) ? start + index : NULL;
}

const yaml_node_t *yaml_tree_key(const struct yaml_tree *tree, const yaml_node_t *mapping,
                                 size_t index) {
    const yaml_node_pair_t *pair = pair_of(mapping, index);
    return pair ? node_of(tree, pair->key) : NULL;
}

const yaml_node_t *yaml_tree_value(const struct yaml_tree *tree, const yaml_node_t *mapping,
                                   size_t index) {
    const yaml_node_pair_t *pair = pair_of(mapping, index);
    return pair ? node_of(tree, pair->value) : NULL;
}

static const yaml_node_t *find_node(const struct yaml_tree *tree, const yaml_node_t *mapping,
                                    const char *key, unsigned depth);

/* In what "<<" names: a mapping, or a list of them of which the first counts. */
static const yaml_node_t *find_merged(const struct yaml_tree *tree, const yaml_node_t *merged,
                                      const char *key, unsigned depth) {
    const yaml_node_t *item, *found = find_node(tree, merged, key, depth);
    for (size_t i = 0; !found && (item = yaml_tree_item(tree, merged, i)); i++)
        found = find_node(tree, item, key, depth);
    return found;
}

static const yaml_node_t *find_node(const struct yaml_tree *tree, const yaml_node_t *mapping,
                                    const char *key, unsigned depth) {
    const yaml_node_t *found = NULL, *merged = NULL, *name;
    for (size_t i = 0; (name = yaml_tree_key(tree, mapping, i)); i++) {
        const char *text = yaml_tree_text(name);
        if (text && strcmp(text, key) == 0)
            found = yaml_tree_value(tree, mapping, i);
        else if (text && strcmp(text, "<<") == 0 &&
                 name->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
            merged = yaml_tree_value(tree, mapping, i);
    }
    return found || !merged || depth >= MERGE_DEPTH_LIMIT
               ? found
               : find_merged(tree, merged, key, depth + 1);
}

const yaml_node_t *yaml_tree_find(const struct yaml_tree *tree, const yaml_node_t *mapping,
                                  const char *key) {
    return find_node(tree, mapping, key, 0);
}
