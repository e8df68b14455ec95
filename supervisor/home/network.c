#include "home/network.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/host.h"
#include "base/name.h"

#include <string.h>

static char *network_words(void) { /* caller frees */
    struct buffer words = {0};
    for (int i = 0; i < SPEC_NETWORK_COUNT; i++)
        buffer_printf(&words, "%s%s", i ? ", " : "", spec_network_word((enum spec_network)i));
    return buffer_take(&words);
}

static bool is_vmnet(const char *word) {
    return strncmp(word, "vmnet-", strlen("vmnet-")) == 0;
}

bool network_kind_check(const char *word, enum spec_network *kind, struct error *error) {
    const char *bridged = host_bridged_network();
    if (!spec_network_from_word(word, kind)) {
        scoped(alloc_release) char *words = network_words();
        scoped(alloc_release) char *shown = name_printable(word, strlen(word), 40);
        return error_set(error, ERROR_INVALID, "\"%s\" is not a kind of network: use one of %s",
                         shown, words);
    }
    if (*kind != SPEC_NET_USER && is_vmnet(word) != is_vmnet(bridged))
        return error_set(error, ERROR_INVALID,
                         "the network %s does not exist on this system: use user or %s", word,
                         bridged);
    return true;
}

static bool interface_exists(const char *name, const char *list) {
    size_t length = strlen(name);
    while (length && *list) {
        size_t word = strcspn(list, ",");
        if (word == length && strncmp(list, name, length) == 0)
            return true;
        list += word;
        list += strspn(list, ", ");
    }
    return false;
}

bool network_interface_check(enum spec_network kind, const char *option, const char *interface,
                             struct error *error) {
    bool wants = kind == SPEC_NET_BRIDGE || kind == SPEC_NET_TAP || kind == SPEC_NET_VMNET_BRIDGED;
    const char *word = spec_network_word(kind);
    if (!interface)
        return !wants || error_set(error, ERROR_INVALID, "the network %s needs %s", word, option);
    if (!wants)
        return error_set(error, ERROR_INVALID,
                         "%s does not go together with the network %s: leave it out", option, word);
    scoped(alloc_release) char *list = host_interfaces();
    if (interface_exists(interface, list))
        return true;
    scoped(alloc_release) char *shown = name_printable(interface, strlen(interface), 40);
    return error_set(error, ERROR_INVALID, "this host has no interface \"%s\" for %s: it has %s",
                     shown, option, list);
}
