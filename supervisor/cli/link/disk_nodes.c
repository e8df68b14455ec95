#include "disk_nodes.h"

#include "base/alloc.h"

#include <string.h>

json_t *disk_nodes_list(struct offline *offline, struct error *error) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "flat", json_true());
    return offline_command(offline, "query-named-block-nodes", arguments, error);
}

static bool has_node(const json_t *nodes, const char *name) {
    size_t index;
    json_t *node;
    json_array_foreach((json_t *)nodes, index, node) {
        const char *text = json_string_value(json_object_get(node, "node-name"));
        if (text && strcmp(text, name) == 0)
            return true;
    }
    return false;
}

char *disk_nodes_find(const json_t *nodes, const char *name) {
    scoped(alloc_release) char *real = alloc_printf("real-%s", name);
    if (has_node(nodes, real))
        return alloc_string(real);
    return has_node(nodes, name) ? alloc_string(name) : NULL;
}
