#include "home/instance/forward.h"

#include "base/alloc.h"
#include "base/name.h"
#include "base/word_set.h"
#include "home/cloud/subnet.h"
#include "home/instance/port_owners.h"
#include "host/port.h"

#include <stdlib.h>
#include <string.h>

/* --- the words --- */

static bool fail_forward(const char *text, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(text, strlen(text), 60);
    return error_set(error, ERROR_INVALID,
                     "\"%s\" is not a port forward: use HOST:GUEST or ADDRESS:HOST:GUEST, followed "
                     "by /udp for UDP, such as 8080:80",
                     shown);
}

/* Cuts off "/udp" or "/tcp". */
static enum transport cut_transport(char *text) {
    int transport = TRANSPORT_TCP;
    char *slash = strrchr(text, '/');
    if (slash && word_set_find(&transport_words, slash + 1, &transport))
        *slash = 0;
    return (enum transport)transport;
}

static bool parse_port(const char *text, uint16_t *port) {
    uint64_t number;
    if (!name_parse_number(text, 1, UINT16_MAX, &number))
        return false;
    *port = (uint16_t)number;
    return true;
}

/* Cuts the last part off at its colon. */
static char *last_part(char *text) {
    char *colon = strrchr(text, ':');
    if (!colon)
        return NULL;
    *colon = 0;
    return colon + 1;
}

bool forward_parse(const char *text, struct store_forward *forward, struct error *error) {
    scoped(alloc_release) char *copy = alloc_string(text);
    uint32_t address;
    enum transport transport = cut_transport(copy);
    const char *guest = last_part(copy), *host = guest ? last_part(copy) : NULL;
    const char *where = host ? copy : PORT_LOOPBACK;
    if (!guest || !parse_port(guest, &forward->guest_port) ||
        !parse_port(host ? host : copy, &forward->host_port) || !name_parse_ip4(where, &address))
        return fail_forward(text, error);
    alloc_replace(&forward->host_address, alloc_string(where));
    forward->transport = transport;
    return true;
}

char *forward_text(const struct store_forward *forward) {
    bool tcp = forward->transport == TRANSPORT_TCP;
    return alloc_printf("%s:%u:%u%s%s", forward->host_address, forward->host_port,
                        forward->guest_port, tcp ? "" : "/",
                        tcp ? "" : transport_word(forward->transport));
}

/* --- what is asked for --- */

bool forward_parse_all(char *const *texts, const struct store_cloud *cloud,
                       struct store_forwards *forwards, struct error *error) {
    if (texts && *texts && !subnet_is_user(cloud))
        return error_set(
            error, ERROR_INVALID,
            "ports can be forwarded only with user networking: in the network %s guests "
            "have addresses of their own",
            cloud->network);
    for (; texts && *texts; texts++) {
        forwards->items =
            alloc_resize(forwards->items, (forwards->count + 1) * sizeof *forwards->items);
        forwards->items[forwards->count++] = (struct store_forward){0};
        if (!forward_parse(*texts, &forwards->items[forwards->count - 1], error))
            return false;
    }
    return true;
}

static bool check_count(const struct port_owners *owners, const struct store_instance *instance,
                        size_t added, struct error *error) {
    size_t count = added;
    for (size_t i = 0; i < owners->forwards.count; i++)
        count += owners->forwards.items[i].instance == instance->id;
    return count <= FORWARD_MAX ||
           error_set(error, ERROR_INVALID,
                     "an instance has at most %u port forwards: remove one first", FORWARD_MAX);
}

static bool reserve(struct store *store, const struct port_owners *owners,
                    const struct store_forward *forward, struct error *error) {
    const struct port port = {forward->host_address, forward->host_port, forward->transport};
    return port_owners_check(&port, owners, error) && forward_table_add(store, forward, error);
}

bool forward_reserve_all(struct store *store, const struct store_instance *instance,
                         struct store_forwards *forwards, struct error *error) {
    if (forwards->count == 0)
        return true;
    struct port_owners owners = {0};
    if (!port_owners_list(store, &owners, error))
        return false;
    bool good = check_count(&owners, instance, forwards->count, error);
    for (size_t i = 0; good && i < forwards->count; i++) {
        struct store_forward *forward = &forwards->items[i];
        forward->instance = instance->id;
        alloc_replace(&forward->name, alloc_string(instance->name));
        good = reserve(store, &owners, forward, error);
        port_owners_add(&owners, forward);
    }
    port_owners_done(&owners);
    return good;
}
