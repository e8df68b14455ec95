#include "home/lab/lab_node.h"

#include "base/alloc.h"
#include "home/lab/lab_environment.h"

#include <stdlib.h>
#include <string.h>

#define MERGE_DEPTH_LIMIT 8u
#define READ_MAX          (1u << 18) /* maps and pairs, as often as aliases and merges name them */

struct lab_place lab_node_place(const yaml_node_t *node) {
    return (struct lab_place){node->start_mark.line + 1, node->start_mark.column + 1};
}

bool lab_node_fail(const struct lab_reader *reader, const yaml_node_t *node, const char *sentence) {
    error_set(reader->error, ERROR_INVALID, "%s", sentence);
    return lab_fail_at(reader->lab, lab_node_place(node), reader->error);
}

const yaml_node_t *lab_node_at(const struct lab_reader *reader, int index) {
    return yaml_document_get_node(reader->document, index);
}

const char *lab_node_text(const struct lab_reader *reader, const yaml_node_t *node) {
    const char *text =
        node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : NULL;
    if (!text || strlen(text) != node->data.scalar.length) {
        lab_node_fail(reader, node, "a list or a map stands where a text belongs");
        return NULL;
    }
    return text;
}

bool lab_node_is_null(const yaml_node_t *node) {
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    if (node->type != YAML_SCALAR_NODE || node->data.scalar.style != YAML_PLAIN_SCALAR_STYLE)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp((const char *)node->data.scalar.value, words[i]) == 0)
            return true;
    return false;
}

/* --- maps --- */

static bool is_merge(const yaml_node_t *key) {
    return key->type == YAML_SCALAR_NODE && strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

static bool fail_map(const struct lab_reader *reader, const yaml_node_t *node) {
    const char *text = node->type == YAML_SCALAR_NODE ? (const char *)node->data.scalar.value : "";
    return lab_node_fail(reader, node,
                         strchr(text, ':') ? "a map of keys and values belongs here: a colon is "
                                             "followed by a space there"
                                           : "a map of keys and values belongs here");
}

static bool each_pair(const struct lab_reader *reader, const yaml_node_t *node, unsigned depth,
                      lab_node_on_pair *visit, void *context);

/* What "<<" names: a map, or a list of maps. */
static bool merge(const struct lab_reader *reader, const yaml_node_t *node, unsigned depth,
                  lab_node_on_pair *visit, void *context) {
    if (depth >= MERGE_DEPTH_LIMIT)
        return lab_node_fail(reader, node, "merges (<<) within merges go too deep");
    if (node->type != YAML_SEQUENCE_NODE)
        return each_pair(reader, node, depth + 1, visit, context);
    const yaml_node_item_t *item = node->data.sequence.items.start;
    for (; item < node->data.sequence.items.top; item++)
        if (!each_pair(reader, lab_node_at(reader, *item), depth + 1, visit, context))
            return false;
    return true;
}

/* The map's own pairs come first, then those that it merges: the first of a key counts. */
static bool each_pair(const struct lab_reader *reader, const yaml_node_t *node, unsigned depth,
                      lab_node_on_pair *visit, void *context) {
    if (node->type != YAML_MAPPING_NODE)
        return fail_map(reader, node);
    const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
    const yaml_node_pair_t *top = node->data.mapping.pairs.top;
    const yaml_node_t *merged = NULL;
    *reader->read += 1 + (size_t)(top - pair);
    if (*reader->read > READ_MAX)
        return lab_node_fail(reader, node, "merges (<<) make too many maps of this file");
    for (; pair < top; pair++) {
        const yaml_node_t *key = lab_node_at(reader, pair->key);
        const yaml_node_t *value = lab_node_at(reader, pair->value);
        if (is_merge(key))
            merged = value;
        else if (!visit(reader, key, value, context))
            return false;
    }
    return !merged || merge(reader, merged, depth, visit, context);
}

bool lab_node_each_pair(const struct lab_reader *reader, const yaml_node_t *node,
                        lab_node_on_pair *visit, void *context) {
    return each_pair(reader, node, 0, visit, context);
}

/* --- what is checked once --- */

/* Once for each, however often it is read. */
static bool check_mapping(const struct lab_reader *reader, const yaml_node_t *node) {
    const yaml_node_pair_t *start = node->data.mapping.pairs.start;
    size_t count = (size_t)(node->data.mapping.pairs.top - start);
    if (count > LAB_PAIRS_MAX)
        return lab_node_fail(reader, node, "more than 1024 keys in one map");
    for (size_t i = 0; i < count; i++) {
        const yaml_node_t *key = lab_node_at(reader, start[i].key);
        const char *text = lab_node_text(reader, key);
        for (size_t k = 0; text && k < i; k++)
            if (strcmp((const char *)lab_node_at(reader, start[k].key)->data.scalar.value, text) ==
                0)
                return lab_node_fail(reader, key, "this key stands here twice: remove one");
        if (!text)
            return false;
    }
    return true;
}

static bool expand(const struct lab_reader *reader, yaml_node_t *node) {
    struct lab_environment_text made = {0};
    bool good = lab_environment_expand((const char *)node->data.scalar.value, &made);
    if (good) {
        free(node->data.scalar.value);
        node->data.scalar.length = made.text.length;
        node->data.scalar.value =
            (yaml_char_t *)(made.text.length ? buffer_take(&made.text) : alloc_string(""));
    }
    buffer_done(&made.text);
    return good || lab_node_fail(reader, node, made.problem);
}

/* Tags that YAML itself gives to what has none are known. */
static bool read_tag(const struct lab_reader *reader, yaml_node_t *node) {
    const char *tag = (const char *)node->tag;
    if (!tag || strncmp(tag, "tag:yaml.org,2002:", strlen("tag:yaml.org,2002:")) == 0)
        return true;
    if (strcmp(tag, "!env") != 0)
        return lab_node_fail(reader, node, "this tag is not known: there is !env, and no other");
    return node->type == YAML_SCALAR_NODE ? expand(reader, node)
                                          : lab_node_fail(reader, node, "!env is for a text");
}

bool lab_node_check_all(const struct lab_reader *reader) {
    yaml_node_t *node = reader->document->nodes.start;
    for (; node < reader->document->nodes.top; node++)
        if (!read_tag(reader, node) ||
            (node->type == YAML_MAPPING_NODE && !check_mapping(reader, node)))
            return false;
    return true;
}
