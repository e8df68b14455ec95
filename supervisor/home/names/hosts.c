#include "home/names/hosts.h"

#include "home/access/endpoint.h"
#include "home/derived.h"
#include "store/cloud_table.h"

#include <stdlib.h>
#include <string.h>

static bool hosts_add_line(struct home *home, const struct store_instance *instance,
                           const char *zone, struct buffer *text, struct error *error) {
    struct endpoint endpoint = {0};
    if (!endpoint_find(home, instance, &endpoint, error))
        return false;
    if (!endpoint.address[0])
        return true;
    buffer_printf(text, "%s %s", endpoint.address, instance->name);
    if (zone)
        buffer_printf(text, " %s.%s", instance->name, zone);
    buffer_printf(text, "\n");
    return true;
}

static int compare_names(const void *left, const void *right) {
    const struct store_instance *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static bool render(struct home *home, struct buffer *text, struct error *error) {
    struct store_instances instances = {0};
    struct store_cloud cloud = {0};
    bool good = cloud_table_get(home->store, &cloud, error) &&
                instance_table_list_brief(home->store, &instances, error);
    if (instances.count)
        qsort(instances.items, instances.count, sizeof *instances.items, compare_names);
    for (size_t i = 0; good && i < instances.count; i++)
        good = hosts_add_line(home, &instances.items[i], cloud.dns_zone, text, error);
    store_instances_done(&instances);
    store_cloud_done(&cloud);
    return good;
}

bool hosts_write(struct home *home, struct error *error) {
    return derived_write(home, "hosts", render, error);
}
