#include "home/hosts.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "home/instance.h"

#include <errno.h>
#include <unistd.h>

static bool add(struct home *home, const struct store_instance *instance, const char *zone,
                struct buffer *text, struct error *error) {
    struct instance_endpoint endpoint = {0};
    if (!instance_endpoint(home, instance, &endpoint, error))
        return false;
    if (!endpoint.address[0])
        return true;
    buffer_printf(text, "%s %s", endpoint.address, instance->name);
    if (zone)
        buffer_printf(text, " %s.%s", instance->name, zone);
    buffer_printf(text, "\n");
    return true;
}

static bool render(struct home *home, struct buffer *text, struct error *error) {
    struct store_instances instances = {0};
    struct store_cloud cloud = {0};
    bool good = cloud_table_get(home->store, &cloud, error) &&
                instance_table_list(home->store, &instances, error);
    for (size_t i = 0; good && i < instances.count; i++)
        good = add(home, &instances.items[i], cloud.dns_zone, text, error);
    store_instances_done(&instances);
    store_cloud_done(&cloud);
    return good;
}

bool hosts_write(struct home *home, struct error *error) {
    scoped(alloc_release) char *path = home_file(home, "hosts");
    scoped(buffer_done) struct buffer text = {0};
    if (!render(home, &text, error))
        return false;
    if (text.length == 0)
        return unlink(path) == 0 || errno == ENOENT || error_errno(error, "cannot remove %s", path);
    return file_holds(path, text.data, text.length) ||
           (file_write(path, text.data, text.length, 0600, error) && home_give(home, path, error));
}
