#include "home/lab/lab_file.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/given_file.h"
#include "base/name.h"
#include "base/nearest.h"
#include "home/lab/lab_document.h"
#include "home/lab/lab_node.h"
#include "home/lab/lab_order.h"
#include "home/lab/lab_range.h"

#include <string.h>

enum section {
    SECTION_CLOUD,
    SECTION_NETWORKS,
    SECTION_IMAGES,
    SECTION_DEFAULTS,
    SECTION_INSTANCES,
    SECTION_COUNT
};
static const struct lab_key_row sections[SECTION_COUNT] = {
    [SECTION_CLOUD] = {"cloud", LAB_MAP, ""},
    [SECTION_IMAGES] = {"images", LAB_MAP, ""},
    [SECTION_NETWORKS] = {"networks", LAB_MAP, ""},
    [SECTION_DEFAULTS] = {"defaults", LAB_MAP, ""},
    [SECTION_INSTANCES] = {"instances", LAB_MAP, ""},
};

static char *shown(const char *text) { /* caller frees */
    return name_printable(text, strlen(text), 60);
}

/* What other programs call it. */
static const char *key_meant(const char *text, const struct lab_key_row *rows, size_t count) {
    static const char *const words[][2] = {
        {"cpu", "vcpu"},         {"cpus", "vcpu"},
        {"cores", "vcpu"},       {"memory", "ram"},
        {"mem", "ram"},          {"os", "image"},
        {"depends_on", "after"}, {"depends-on", "after"},
        {"ports", "forwards"},   {"networks", "nics"},
        {"network", "nics"},     {"variables", "vars"},
        {"env", "vars"},         {"machines", "instances"},
        {"vms", "instances"},    {"services", "instances"},
        {"cidr", "subnet"},      {"path", "file"},
        {"checksum", "sha256"},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        for (size_t k = 0; strcmp(words[i][0], text) == 0 && k < count; k++)
            if (strcmp(rows[k].name, words[i][1]) == 0)
                return rows[k].name;
    return NULL;
}

static bool fail_key(const struct lab_reader *reader, const yaml_node_t *node,
                     const struct lab_key_row *rows, size_t count) {
    scoped(alloc_release) char *text = shown((const char *)node->data.scalar.value);
    struct nearest nearest;
    nearest_init(&nearest, (const char *)node->data.scalar.value, node->data.scalar.length);
    for (size_t i = 0; i < count; i++)
        nearest_offer(&nearest, rows[i].name);
    const char *best = key_meant((const char *)node->data.scalar.value, rows, count);
    best = best ? best : nearest.best;
    scoped(alloc_release) char *sentence =
        best ? alloc_printf("\"%s\" is not a key here: did you mean \"%s\"?", text, best)
             : alloc_printf("\"%s\" is not a key here: `pgsup apply --schema` lists them", text);
    return lab_node_fail(reader, node, sentence);
}

/* --- values --- */

static bool read_flag(const struct lab_reader *reader, const yaml_node_t *node,
                      struct lab_value *value) {
    static const char *const words[][2] = {{"true", "true"},   {"True", "true"},
                                           {"TRUE", "true"},   {"false", "false"},
                                           {"False", "false"}, {"FALSE", "false"}};
    const char *text = lab_node_text(reader, node);
    for (size_t i = 0; text && i < sizeof words / sizeof *words; i++)
        if (strcmp(text, words[i][0]) == 0) {
            strv_push(&value->items, words[i][1]);
            return true;
        }
    if (!text)
        return false;
    scoped(alloc_release) char *told = shown(text);
    scoped(alloc_release) char *sentence =
        alloc_printf("true or false belongs here, not \"%s\"", told);
    return lab_node_fail(reader, node, sentence);
}

static bool read_list(const struct lab_reader *reader, const yaml_node_t *node,
                      struct lab_value *value) {
    if (node->type != YAML_SEQUENCE_NODE)
        return lab_node_fail(reader, node, "a list belongs here: [one, two]");
    const yaml_node_item_t *item = node->data.sequence.items.start;
    if (node->data.sequence.items.top - item > LAB_PAIRS_MAX)
        return lab_node_fail(reader, node, "more than 1024 items in one list");
    for (; item < node->data.sequence.items.top; item++) {
        const char *text = lab_node_text(reader, lab_node_at(reader, *item));
        if (!text)
            return false;
        strv_push(&value->items, text);
    }
    return true;
}

static bool on_entry(const struct lab_reader *reader, const yaml_node_t *key,
                     const yaml_node_t *value, void *context) {
    struct lab_value *map = context;
    const char *name = lab_node_text(reader, key),
               *text = name ? lab_node_text(reader, value) : NULL;
    size_t length = name ? strlen(name) : 0;
    if (!text)
        return false;
    for (size_t i = 0; i < map->items.count; i++)
        if (strncmp(map->items.items[i], name, length) == 0 && map->items.items[i][length] == '=')
            return true; /* merged in, and given before */
    if (map->items.count == LAB_PAIRS_MAX)
        return lab_node_fail(reader, key, "more than 1024 keys in one map, with those merged in");
    strv_pushf(&map->items, "%s=%s", name, text);
    return true;
}

static bool read_value(const struct lab_reader *reader, const yaml_node_t *node, enum lab_type type,
                       struct lab_value *value) {
    value->given = true;
    value->place = lab_node_place(node);
    switch (type) {
    case LAB_TEXT: {
        const char *text = lab_node_text(reader, node);
        if (text && lab_node_is_null(node))
            return lab_node_fail(reader, node, "a value is missing here");
        if (text)
            strv_push(&value->items, text);
        return text != NULL;
    }
    case LAB_FLAG: return read_flag(reader, node, value);
    case LAB_LIST: return read_list(reader, node, value);
    case LAB_MAP: return lab_node_each_pair(reader, node, on_entry, value);
    }
    return false;
}

struct keyed {
    const struct lab_key_row *rows;
    size_t count;
    struct lab_value *values;
};

static bool on_key(const struct lab_reader *reader, const yaml_node_t *key,
                   const yaml_node_t *value, void *context) {
    const struct keyed *keyed = context;
    for (size_t i = 0; i < keyed->count; i++)
        if (strcmp(keyed->rows[i].name, (const char *)key->data.scalar.value) == 0)
            return keyed->values[i].given ||
                   read_value(reader, value, keyed->rows[i].type, &keyed->values[i]);
    return fail_key(reader, key, keyed->rows, keyed->count);
}

/* An empty value is an empty map: "lab:" is a network with all defaults. */
static bool read_keys(const struct lab_reader *reader, const yaml_node_t *node,
                      struct keyed keyed) {
    return lab_node_is_null(node) || lab_node_each_pair(reader, node, on_key, &keyed);
}

/* --- names --- */

static bool add_instance(const struct lab_reader *reader, const yaml_node_t *key, const char *name,
                         const struct lab_value *values) {
    struct lab *lab = reader->lab;
    for (size_t i = 0; i < lab->instance_count; i++)
        if (strcmp(lab->instances[i].name, name) == 0)
            return lab_node_fail(reader, key, "an instance of this name stands here twice");
    if (lab->instance_count == LAB_INSTANCES_MAX)
        return lab_node_fail(reader, key, "more than 1000 instances in one file");
    if (!name_check_instance(name, reader->error))
        return lab_fail_at(lab, lab_node_place(key), reader->error);
    lab->instances =
        alloc_resize(lab->instances, (lab->instance_count + 1) * sizeof *lab->instances);
    struct lab_instance *made = &lab->instances[lab->instance_count++];
    *made = (struct lab_instance){.name = alloc_string(name), .place = lab_node_place(key)};
    for (size_t i = 0; i < LAB_KEY_COUNT; i++)
        lab_value_copy(&values[i], &made->values[i]);
    return true;
}

static bool add_instances(const struct lab_reader *reader, const yaml_node_t *key,
                          const struct lab_value *values) {
    const char *name = (const char *)key->data.scalar.value;
    struct lab_range range;
    const char *problem = lab_range_read(name, &range);
    if (problem)
        return lab_node_fail(reader, key, problem);
    for (uint64_t number = range.first; number <= range.last; number++) {
        scoped(alloc_release) char *each = lab_range_name(&range, name, number);
        if (!add_instance(reader, key, each, values))
            return false;
    }
    return true;
}

static bool on_instance(const struct lab_reader *reader, const yaml_node_t *key,
                        const yaml_node_t *value, void *context) {
    const struct lab_value *defaults = context;
    struct lab_value values[LAB_KEY_COUNT] = {0};
    bool good = read_keys(reader, value, (struct keyed){lab_keys, LAB_KEY_COUNT, values});
    for (size_t i = 0; good && i < LAB_KEY_COUNT; i++)
        if (!values[i].given)
            lab_value_copy(&defaults[i], &values[i]);
    good = good && add_instances(reader, key, values);
    lab_values_done(values, LAB_KEY_COUNT);
    return good;
}

struct entries { /* a section of networks or images */
    struct lab_entry **items;
    size_t *count, most;
    const struct lab_key_row *rows;
    size_t row_count;
    const char *too_many;
};

static bool on_lab_entry(const struct lab_reader *reader, const yaml_node_t *key,
                         const yaml_node_t *value, void *context) {
    const struct entries *entries = context;
    if (*entries->count == entries->most)
        return lab_node_fail(reader, key, entries->too_many);
    *entries->items =
        alloc_resize(*entries->items, (*entries->count + 1) * sizeof **entries->items);
    struct lab_entry *made = &(*entries->items)[(*entries->count)++];
    *made = (struct lab_entry){.name = alloc_string((const char *)key->data.scalar.value),
                               .place = lab_node_place(key),
                               .values = alloc_zero(entries->row_count * sizeof *made->values)};
    return read_keys(reader, value,
                     (struct keyed){entries->rows, entries->row_count, made->values});
}

/* --- the file --- */

static bool on_section(const struct lab_reader *reader, const yaml_node_t *key,
                       const yaml_node_t *value, void *context) {
    const yaml_node_t **found = context;
    for (size_t i = 0; i < SECTION_COUNT; i++)
        if (strcmp(sections[i].name, (const char *)key->data.scalar.value) == 0) {
            if (!found[i])
                found[i] = value;
            return true;
        }
    return fail_key(reader, key, sections, SECTION_COUNT);
}

static bool read_cloud(const struct lab_reader *reader, const yaml_node_t *node) {
    struct lab_entry *cloud = reader->lab->cloud = alloc_zero(sizeof *cloud);
    *cloud = (struct lab_entry){.place = lab_node_place(node),
                                .values = alloc_zero(LAB_CLOUD_KEY_COUNT * sizeof *cloud->values)};
    return read_keys(reader, node,
                     (struct keyed){lab_cloud_keys, LAB_CLOUD_KEY_COUNT, cloud->values});
}

static bool read_sections(const struct lab_reader *reader, const yaml_node_t *root) {
    struct lab *lab = reader->lab;
    struct entries networks = {&lab->networks,   &lab->network_count,   LAB_NETWORKS_MAX,
                               lab_network_keys, LAB_NETWORK_KEY_COUNT, "more than 64 networks"};
    struct entries images = {&lab->images,   &lab->image_count,   LAB_IMAGES_MAX,
                             lab_image_keys, LAB_IMAGE_KEY_COUNT, "more than 64 images"};
    const yaml_node_t *found[SECTION_COUNT] = {NULL};
    struct lab_value defaults[LAB_KEY_COUNT] = {0};
    bool good = lab_node_each_pair(reader, root, on_section, found);
    if (good && found[SECTION_CLOUD])
        good = read_cloud(reader, found[SECTION_CLOUD]);
    if (good && found[SECTION_NETWORKS] && !lab_node_is_null(found[SECTION_NETWORKS]))
        good = lab_node_each_pair(reader, found[SECTION_NETWORKS], on_lab_entry, &networks);
    if (good && found[SECTION_IMAGES] && !lab_node_is_null(found[SECTION_IMAGES]))
        good = lab_node_each_pair(reader, found[SECTION_IMAGES], on_lab_entry, &images);
    if (good && found[SECTION_DEFAULTS])
        good = read_keys(reader, found[SECTION_DEFAULTS],
                         (struct keyed){lab_keys, LAB_KEY_COUNT, defaults});
    if (good && found[SECTION_INSTANCES] && !lab_node_is_null(found[SECTION_INSTANCES]))
        good = lab_node_each_pair(reader, found[SECTION_INSTANCES], on_instance, defaults);
    lab_values_done(defaults, LAB_KEY_COUNT);
    return good && lab_order_sort(reader->lab, reader->error);
}

bool lab_file_parse(const char *path, const char *text, size_t length, struct lab *lab,
                    struct error *error) {
    yaml_document_t document;
    size_t read = 0;
    const struct lab_reader reader = {&document, lab, error, &read};
    lab->path = alloc_string(path);
    bool good = lab_document_load(lab, text, length, &document, error);
    if (good) {
        good = lab_node_check_all(&reader) &&
               read_sections(&reader, yaml_document_get_root_node(&document));
        yaml_document_delete(&document);
    }
    if (!good)
        lab_done(lab);
    return good;
}

bool lab_file_read(const char *path, struct lab *lab, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    const struct given_file file = {"lab file", path, LAB_FILE_LIMIT_BYTES, GIVEN_FILE_STRIP};
    return given_file_read(&file, &text, NULL, error) &&
           lab_file_parse(given_file_shown(path), text.data ? text.data : "", text.length, lab,
                          error);
}
