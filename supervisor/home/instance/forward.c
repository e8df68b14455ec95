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

/* --- by its host side --- */

struct host_side {
    char *address; /* NULL: any */
    uint16_t port;
    int transport; /* -1: any */
};

/* False: the text is something else. The address is to be freed in any case. */
static bool parse_host_side(const char *text, struct host_side *side) {
    scoped(alloc_release) char *copy = alloc_string(text);
    char *slash = strrchr(copy, '/');
    uint32_t address;
    side->transport = -1;
    if (slash && word_set_find(&transport_words, slash + 1, &side->transport))
        *slash = 0;
    const char *port = last_part(copy);
    if (port && !name_parse_ip4(copy, &address))
        return false;
    side->address = port ? alloc_string(copy) : NULL;
    return parse_port(port ? port : copy, &side->port);
}

static bool is_at(const struct store_forward *forward, const struct host_side *side) {
    return forward->host_port == side->port &&
           (!side->address || strcmp(forward->host_address, side->address) == 0) &&
           (side->transport < 0 || forward->transport == (enum transport)side->transport);
}

static char *refuse_two(const char *instance, const char *text, const struct store_forward *one,
                        const struct store_forward *two, struct error *error) {
    scoped(alloc_release) char *first = forward_text(one), *second = forward_text(two);
    error_set(error, ERROR_INVALID,
              "\"%s\" has more than one port forward %s: give one of them as a whole, %s or %s",
              instance, text, first, second);
    return NULL;
}

static char *find_at(const struct store_forwards *forwards, const char *instance, const char *text,
                     const struct host_side *side, struct error *error) {
    const struct store_forward *found = NULL;
    for (size_t i = 0; i < forwards->count; i++) {
        if (!is_at(&forwards->items[i], side))
            continue;
        if (found)
            return refuse_two(instance, text, found, &forwards->items[i], error);
        found = &forwards->items[i];
    }
    if (!found)
        forward_fail_absent(instance, text, error);
    return found ? forward_text(found) : NULL;
}

char *forward_name(const struct store_forwards *forwards, const char *instance, const char *text,
                   struct error *error) {
    struct host_side side = {0};
    char *name = parse_host_side(text, &side) ? find_at(forwards, instance, text, &side, error)
                                              : alloc_string(text);
    free(side.address);
    return name;
}

bool forward_fail_absent(const char *instance, const char *text, struct error *error) {
    return error_set(error, ERROR_NOT_FOUND,
                     "\"%s\" has no port forward %s: `pgsup forward list %s` shows its forwards",
                     instance, text, instance);
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
