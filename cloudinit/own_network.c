#include "own_network.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cloudinit/yaml_tree.h"

#include <string.h>

enum { SHOWN_BYTES = 40 };

/* netplan.yaml(5); cloud-init itself knows some of them, and netplan gets all. */
static const char *const sections[] = {
    "ethernets", "bonds",  "bridges",     "vlans",      "wifis",         "tunnels",
    "vrfs",      "modems", "openvswitch", "nm-devices", "dummy-devices", "virtual-ethernets"};
/* cloudinit/net/network_state.py */
static const char *const types[] = {"physical", "loopback", "infiniband", "vlan",
                                    "bond",     "bridge",   "nameserver", "route"};

static bool is_among(const char *word, const char *const *words, size_t count) {
    for (size_t i = 0; word && i < count; i++)
        if (strcmp(word, words[i]) == 0)
            return true;
    return false;
}

static bool fail_word(const yaml_node_t *node, const char *what, const char *instead,
                      struct error *error) {
    const char *text = yaml_tree_text(node);
    scoped(alloc_release) char *shown =
        name_printable(text ? text : "", text ? strlen(text) : 0, SHOWN_BYTES);
    return error_set(error, ERROR_INVALID, "line %zu: \"%s\" is no %s: use %s",
                     node->start_mark.line + 1, shown, what, instead);
}

static bool check_section(const struct yaml_tree *tree, const yaml_node_t *key,
                          const yaml_node_t *section, unsigned *devices, struct error *error) {
    const yaml_node_t *device;
    if (section->type != YAML_MAPPING_NODE)
        return error_set(error, ERROR_INVALID,
                         "line %zu: \"%s\" has no devices: \"name:\" is "
                         "expected below it",
                         key->start_mark.line + 1, yaml_tree_text(key));
    for (size_t i = 0; (device = yaml_tree_value(tree, section, i)); i++, (*devices)++)
        if (device->type != YAML_MAPPING_NODE && strcmp(yaml_tree_text(key), "openvswitch") != 0)
            return error_set(error, ERROR_INVALID, "line %zu: \"key: value\" is expected",
                             device->start_mark.line + 1);
    return true;
}

static bool check_version_2(const struct yaml_tree *tree, const yaml_node_t *root,
                            struct error *error) {
    static const char *const others[] = {"version", "renderer"};
    const yaml_node_t *key;
    unsigned devices = 0;
    for (size_t i = 0; (key = yaml_tree_key(tree, root, i)); i++) {
        if (is_among(yaml_tree_text(key), others, 2))
            continue;
        if (!is_among(yaml_tree_text(key), sections, sizeof sections / sizeof *sections))
            return fail_word(key, "section of version 2", "ethernets, bonds, bridges, vlans …",
                             error);
        if (!check_section(tree, key, yaml_tree_value(tree, root, i), &devices, error))
            return false;
    }
    return devices > 0 || error_set(error, ERROR_INVALID,
                                    "it has no device, below \"ethernets:\" "
                                    "for example");
}

static bool check_version_1(const struct yaml_tree *tree, const yaml_node_t *root,
                            struct error *error) {
    const yaml_node_t *config = yaml_tree_find(tree, root, "config"), *entry;
    if (!yaml_tree_item(tree, config, 0))
        return error_set(error, ERROR_INVALID,
                         "version 1 needs \"config:\" with a list of what is to be configured");
    for (size_t i = 0; (entry = yaml_tree_item(tree, config, i)); i++) {
        const yaml_node_t *type = yaml_tree_find(tree, entry, "type");
        if (!type)
            return error_set(error, ERROR_INVALID, "line %zu: it has no \"type\"",
                             entry->start_mark.line + 1);
        if (!is_among(yaml_tree_text(type), types, sizeof types / sizeof *types))
            return fail_word(type, "type of version 1", "physical, bond, bridge, vlan …", error);
    }
    return true;
}

static bool check_root(const struct yaml_tree *tree, const yaml_node_t *root, struct error *error) {
    const yaml_node_t *version = yaml_tree_find(tree, root, "version");
    const char *config = yaml_tree_text(yaml_tree_find(tree, root, "config"));
    const char *number = yaml_tree_text(version);
    if (config && strcmp(config, "disabled") == 0)
        return true;
    if (!version)
        return error_set(error, ERROR_INVALID,
                         "it has no \"version: 2\", without which cloud-init ignores it");
    bool bare = number && version->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (bare && strcmp(number, "2") == 0)
        return check_version_2(tree, root, error);
    if (bare && strcmp(number, "1") == 0)
        return check_version_1(tree, root, error);
    return fail_word(version, "version that cloud-init knows", "2, bare", error);
}

bool own_network_check(const char *text, size_t length, struct error *error) {
    struct yaml_tree tree;
    if (!yaml_tree_load(&tree, text, length))
        return error_set(error, ERROR_INVALID, "it has no content");
    const yaml_node_t *inner = yaml_tree_find(&tree, tree.root, "network");
    bool good = check_root(&tree, inner ? inner : tree.root, error);
    yaml_tree_done(&tree);
    return good;
}
