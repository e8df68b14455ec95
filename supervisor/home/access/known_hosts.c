#include "home/access/known_hosts.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "home/access/endpoint.h"
#include "home/derived.h"
#include "home/layout.h"
#include "home/seed/host_keys.h"
#include "store/guest_table.h"

#include <string.h>

#define LIMIT_BYTES (1u << 20) /* of one instance's */

char *known_hosts_keys(struct home *home, const struct store_instance *instance,
                       struct error *error) {
    struct store_guest guest = {0};
    if (host_keys_are_preseeded(instance))
        return host_keys_public(home, instance, error);
    if (!guest_table_get(home->store, instance->id, &guest, error))
        return NULL;
    char *keys = alloc_string(guest.host_keys ? guest.host_keys : "");
    store_guest_done(&guest);
    return keys;
}

static bool add_file(const struct home *home, const char *name, struct buffer *all,
                     struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, name);
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_KNOWN_HOSTS, folder);
    return !file_exists(path) || file_read(path, LIMIT_BYTES, all, error);
}

static bool render(struct home *home, struct buffer *all, struct error *error) {
    struct store_instances instances = {0};
    bool good = instance_table_list(home->store, &instances, error);
    for (size_t i = 0; i < instances.count && good; i++)
        good = add_file(home, instances.items[i].name, all, error);
    store_instances_done(&instances);
    return good;
}

bool known_hosts_collect(struct home *home, struct error *error) {
    return derived_write(home, LAYOUT_KNOWN_HOSTS, render, error);
}

/* With another port than 22 ssh looks for [ADDRESS]:PORT. */
static void write_names(const struct store_instance *instance, const struct endpoint *endpoint,
                        struct buffer *text) {
    buffer_puts(text, instance->instance_id);
    if (endpoint->address[0] && endpoint->port == ENDPOINT_SSH_PORT)
        buffer_printf(text, ",%s", endpoint->address);
    else if (endpoint->address[0])
        buffer_printf(text, ",[%s]:%u", endpoint->address, endpoint->port);
}

bool known_hosts_write(struct home *home, const struct store_instance *instance,
                       const struct endpoint *endpoint, const char *host_keys,
                       struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    for (const char *line = host_keys; line && *line;) {
        size_t length = strcspn(line, "\n");
        write_names(instance, endpoint, &text);
        buffer_printf(&text, " %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_KNOWN_HOSTS, folder);
    return file_write(path, text.data ? text.data : "", text.length, 0600, error) &&
           known_hosts_collect(home, error);
}
