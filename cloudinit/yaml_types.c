#include "yaml_types.h"

#include "base/alloc.h"
#include "cloudinit/yaml_values.h"

#include <stdlib.h>
#include <string.h>

/* --- events: the tag that each node has for PyYAML --- */

struct tags {
    enum yaml_tag *items; /* in the order of the nodes of the document; owned */
    size_t count, size;
    const struct yaml_values *values;
};

static void add_tag(struct tags *tags, enum yaml_tag tag) {
    if (tags->count == tags->size) {
        tags->size = tags->size ? 2 * tags->size : 64;
        tags->items = alloc_resize(tags->items, tags->size * sizeof *tags->items);
    }
    tags->items[tags->count++] = tag;
}

/* The tag that is written, or NULL: with none and with "!", the value tells. */
static const char *written(const yaml_char_t *tag) {
    return tag && strcmp((const char *)tag, "!") != 0 ? (const char *)tag : NULL;
}

static enum yaml_tag tag_of_scalar(const struct yaml_values *values, const yaml_event_t *event) {
    const char *value = (const char *)event->data.scalar.value;
    const char *tag = written(event->data.scalar.tag);
    if (tag)
        return yaml_values_tag(tag);
    return event->data.scalar.plain_implicit || event->data.scalar.tag
               ? yaml_values_resolve(values, value, event->data.scalar.length)
               : YAML_TAG_STR;
}

/* libyaml's own loader forgets whether a scalar was plain or tagged as a text. */
static void note_tag(struct tags *tags, const yaml_event_t *event) {
    const char *tag;
    switch (event->type) {
    case YAML_SCALAR_EVENT: add_tag(tags, tag_of_scalar(tags->values, event)); break;
    case YAML_SEQUENCE_START_EVENT:
        tag = written(event->data.sequence_start.tag);
        add_tag(tags, tag ? yaml_values_tag(tag) : YAML_TAG_SEQ);
        break;
    case YAML_MAPPING_START_EVENT:
        tag = written(event->data.mapping_start.tag);
        add_tag(tags, tag ? yaml_values_tag(tag) : YAML_TAG_MAP);
        break;
    default: break;
    }
}

static bool too_deep(const yaml_event_t *event, size_t *depth) {
    *depth += event->type == YAML_SEQUENCE_START_EVENT || event->type == YAML_MAPPING_START_EVENT;
    *depth -= event->type == YAML_SEQUENCE_END_EVENT || event->type == YAML_MAPPING_END_EVENT;
    return *depth > YAML_TYPES_DEPTH_LIMIT;
}

/* Goes through the events of the text, to its first document's end or to what cannot be parsed.
 * tags may be NULL. */
static bool read_events(const char *text, size_t length, struct tags *tags, yaml_mark_t *mark,
                        struct error *error) {
    yaml_parser_t parser;
    yaml_event_t event;
    size_t depth = 0;
    bool good = true, more = true;
    if (!yaml_parser_initialize(&parser))
        return error_set(error, ERROR_FAILED, "no memory to read it");
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, length);
    while (good && more && yaml_parser_parse(&parser, &event)) {
        if (too_deep(&event, &depth)) {
            *mark = event.start_mark;
            good = error_set(error, ERROR_INVALID, "more than %u lists and mappings in one another",
                             YAML_TYPES_DEPTH_LIMIT);
        }
        if (tags)
            note_tag(tags, &event);
        more = event.type != YAML_DOCUMENT_END_EVENT && event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
    return good;
}

bool yaml_types_check_depth(const char *text, size_t length, struct error *error) {
    yaml_mark_t mark = {0};
    return read_events(text, length, NULL, &mark, error) ||
           error_prefix(error, "line %zu, column %zu", mark.line + 1, mark.column + 1);
}

bool yaml_types_find_depth(const char *text, size_t length, yaml_mark_t *mark,
                           struct error *error) {
    *mark = (yaml_mark_t){0};
    return read_events(text, length, NULL, mark, error);
}

/* --- nodes: what PyYAML's constructors take --- */

struct check {
    yaml_document_t *document;
    const struct yaml_values *values;
    const enum yaml_tag *tags;
    bool *constructed, *flattened; /* of each node: what an alias names is looked at once */
    struct error *error;
};

static size_t index_of(const struct check *check, const yaml_node_t *node) {
    return (size_t)(node - check->document->nodes.start);
}

static enum yaml_tag tag_of(const struct check *check, const yaml_node_t *node) {
    return check->tags[index_of(check, node)];
}

static yaml_node_t *node_of(const struct check *check, int item) {
    return yaml_document_get_node(check->document, item);
}

static bool yaml_types_refuse(const struct check *check, const yaml_node_t *node,
                              const char *what) {
    return error_set(check->error, ERROR_INVALID, "line %zu, column %zu: %s",
                     node->start_mark.line + 1, node->start_mark.column + 1, what);
}

/* PyYAML takes a mapping for a scalar when it has a key "=", whose value counts. */
static const yaml_node_t *scalar_in(const struct check *check, const yaml_node_t *node) {
    for (unsigned depth = 0; node->type == YAML_MAPPING_NODE && depth < YAML_TYPES_DEPTH_LIMIT;
         depth++) {
        const yaml_node_t *found = NULL;
        for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
             !found && pair < node->data.mapping.pairs.top; pair++)
            if (tag_of(check, node_of(check, pair->key)) == YAML_TAG_VALUE)
                found = node_of(check, pair->value);
        if (!found)
            return NULL;
        node = found;
    }
    return node->type == YAML_SCALAR_NODE ? node : NULL;
}

static bool check_scalar(const struct check *check, const yaml_node_t *node) {
    /* Its constructor looks at the node itself once more. */
    bool itself = tag_of(check, node) == YAML_TAG_TIMESTAMP && node->type != YAML_SCALAR_NODE;
    const yaml_node_t *scalar = itself ? NULL : scalar_in(check, node);
    if (!scalar)
        return yaml_types_refuse(check, node, "a tag for single values before a list or a mapping");
    const char *problem =
        yaml_values_problem(check->values, tag_of(check, node),
                            (const char *)scalar->data.scalar.value, scalar->data.scalar.length);
    return !problem || yaml_types_refuse(check, node, problem);
}

static bool check_node(const struct check *check, const yaml_node_t *node);

/* Mappings that << names are taken apart, not constructed: their own tags do not count. */
static bool flatten(const struct check *check, const yaml_node_t *node);

static bool merge(const struct check *check, const yaml_node_t *value) {
    if (value->type == YAML_MAPPING_NODE)
        return flatten(check, value);
    bool good = value->type == YAML_SEQUENCE_NODE;
    for (const yaml_node_item_t *item = good ? value->data.sequence.items.start : NULL;
         good && item < value->data.sequence.items.top; item++) {
        const yaml_node_t *part = node_of(check, *item);
        good = part->type == YAML_MAPPING_NODE;
        if (good && !flatten(check, part))
            return false;
    }
    return good || yaml_types_refuse(
                       check, value,
                       "what << merges is neither a mapping nor a list of mappings: quote the <<");
}

static bool check_key(const struct check *check, const yaml_node_t *key) {
    if (tag_of(check, key) == YAML_TAG_VALUE) { /* in a mapping it is a text from then on */
        check->constructed[index_of(check, key)] = true;
        return scalar_in(check, key) ||
               yaml_types_refuse(check, key, "a key that is not a single value");
    }
    if (key->type != YAML_SCALAR_NODE && yaml_values_is_collection(tag_of(check, key)))
        return yaml_types_refuse(check, key, "a key that is not a single value");
    return check_node(check, key);
}

static bool flatten(const struct check *check, const yaml_node_t *node) {
    bool *flattened = &check->flattened[index_of(check, node)];
    if (*flattened)
        return true;
    *flattened = true;
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start;
         pair < node->data.mapping.pairs.top; pair++) {
        const yaml_node_t *key = node_of(check, pair->key), *value = node_of(check, pair->value);
        bool good = tag_of(check, key) == YAML_TAG_MERGE
                        ? merge(check, value)
                        : check_key(check, key) && check_node(check, value);
        if (!good)
            return false;
    }
    return true;
}

static bool check_list(const struct check *check, const yaml_node_t *node) {
    if (node->type != YAML_SEQUENCE_NODE)
        return yaml_types_refuse(check, node, "a tag for lists before something else");
    for (const yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++)
        if (!check_node(check, node_of(check, *item)))
            return false;
    return true;
}

/* !!omap and !!pairs: a list of mappings of one pair each, whose keys may be anything. */
static bool check_pairs(const struct check *check, const yaml_node_t *node) {
    if (node->type != YAML_SEQUENCE_NODE)
        return yaml_types_refuse(check, node, "a tag for lists of pairs before something else");
    for (const yaml_node_item_t *item = node->data.sequence.items.start;
         item < node->data.sequence.items.top; item++) {
        const yaml_node_t *part = node_of(check, *item);
        if (part->type != YAML_MAPPING_NODE ||
            part->data.mapping.pairs.top - part->data.mapping.pairs.start != 1)
            return yaml_types_refuse(check, part, "a mapping of one pair is expected here");
        const yaml_node_pair_t *pair = part->data.mapping.pairs.start;
        if (!check_node(check, node_of(check, pair->key)) ||
            !check_node(check, node_of(check, pair->value)))
            return false;
    }
    return true;
}

static bool check_map(const struct check *check, const yaml_node_t *node) {
    if (node->type != YAML_MAPPING_NODE)
        return yaml_types_refuse(check, node, "a tag for mappings before something else");
    return flatten(check, node);
}

static bool check_node(const struct check *check, const yaml_node_t *node) {
    bool *constructed = &check->constructed[index_of(check, node)];
    if (*constructed)
        return true;
    *constructed = true;
    switch (tag_of(check, node)) {
    case YAML_TAG_SEQ: return check_list(check, node);
    case YAML_TAG_OMAP:
    case YAML_TAG_PAIRS: return check_pairs(check, node);
    case YAML_TAG_MAP:
    case YAML_TAG_SET: return check_map(check, node);
    case YAML_TAG_VALUE:
        return yaml_types_refuse(check, node, "a = alone has a meaning in YAML: quote it");
    case YAML_TAG_MERGE:
        return yaml_types_refuse(check, node,
                                 "<< has a meaning in YAML, and is no key here: quote it");
    case YAML_TAG_OTHER:
        return yaml_types_refuse(check, node, "a tag that cloud-init does not know");
    default: return check_scalar(check, node);
    }
}

bool yaml_types_check(yaml_document_t *document, const char *text, size_t length,
                      struct error *error) {
    struct yaml_values values;
    struct tags tags = {.values = &values};
    yaml_node_t *root = yaml_document_get_root_node(document);
    size_t nodes = (size_t)(document->nodes.top - document->nodes.start);
    yaml_values_init(&values);
    yaml_mark_t mark = {0};
    bool good = read_events(text, length, &tags, &mark, error);
    if (good && tags.count != nodes)
        good = error_set(error, ERROR_FAILED, "it has %zu nodes and %zu tags", nodes, tags.count);
    if (good && root) {
        scoped(alloc_release) bool *looked_at = alloc_zero(2 * nodes * sizeof(bool));
        const struct check check = {document,  &values,           tags.items,
                                    looked_at, looked_at + nodes, error};
        good = check_node(&check, root);
    }
    free(tags.items);
    yaml_values_done(&values);
    return good;
}
