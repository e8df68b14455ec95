#include "host/silence_causes.h"

#include "base/alloc.h"
#include "base/buffer.h"

static enum spec_vmnet vmnet_of(const struct silence_facts *facts) {
    return spec_network_vmnet(facts->network, facts->interface);
}

static bool is_vmnet(const struct silence_facts *facts) {
    return vmnet_of(facts) != SPEC_VMNET_NONE;
}

static bool is_bridged_by_macos(const struct silence_facts *facts) {
    return vmnet_of(facts) == SPEC_VMNET_BRIDGED;
}

static bool is_bridged_by_linux(const struct silence_facts *facts) {
    return facts->network == SPEC_NET_BRIDGE || facts->network == SPEC_NET_TAP;
}

static bool is_socket(const struct silence_facts *facts) {
    return facts->network == SPEC_NET_SOCKET;
}

/* macOS gives the addresses. */
static bool is_shared(const struct silence_facts *facts) {
    return is_socket(facts) || (is_vmnet(facts) && !is_bridged_by_macos(facts));
}

static bool is_vlan(const struct silence_facts *facts) {
    return is_bridged_by_macos(facts) && facts->interface_kind == INTERFACE_VLAN;
}

static bool is_wifi(const struct silence_facts *facts) {
    return is_bridged_by_macos(facts) && facts->interface_kind == INTERFACE_WIFI;
}

static bool is_static_where_macos_leases(const struct silence_facts *facts) {
    return is_shared(facts) && facts->is_static;
}

static bool is_dhcp_blocked(const struct silence_facts *facts) {
    return is_shared(facts) && !facts->is_static &&
           (facts->dhcp_server == FIREWALL_BLOCKS || facts->dhcp_server == FIREWALL_ASKS);
}

static bool wants_other_dhcp(const struct silence_facts *facts) {
    return !facts->is_static && (is_bridged_by_macos(facts) || is_bridged_by_linux(facts));
}

static bool may_be_filtered(const struct silence_facts *facts) {
    return is_vmnet(facts) || is_socket(facts);
}

static bool has_network(const struct silence_facts *facts) {
    return facts->network != SPEC_NET_USER;
}

/* In the order in which they are told. */
static const struct cause {
    bool (*applies)(const struct silence_facts *facts);
    const char *sentence;
} causes[] = {
    {is_vlan, "its interface is a VLAN, whose frames macOS may hand to guests with their tag "
              "(utmapp/UTM 3902, 4639): bridge to an interface without a tag, or use a shared "
              "network"},
    {is_wifi, "its interface is Wi-Fi, on which guests often get no address: bridge to a wired "
              "one, or use a shared network"},
    {is_static_where_macos_leases,
     "its address is static, and macOS may drop packets from an address that its own DHCP server "
     "did not give: try one above the end of the DHCP range, or DHCP (--ip \"\")"},
    {is_dhcp_blocked, "the application firewall is on and does not let in " FIREWALL_DHCP_SERVER
                      ", macOS's DHCP server: `pgsup help mac` has the two commands that do"},
    {is_socket, "the daemon behind its socket was started again, and QEMU before 8.0 does not "
                "connect again: stop the guest and start it"},
    {wants_other_dhcp, "no DHCP server answers on that network: give the guest an address (--ip)"},
    {is_bridged_by_linux, "nothing leads from the bridge into the network, or the host's firewall "
                          "drops what crosses it (net.bridge.bridge-nf-call-iptables)"},
    {may_be_filtered, "a VPN or the content filter of security software takes its packets: `log "
                      "show --last 3m --predicate 'eventMessage CONTAINS \"data dropped\"'`"},
    {has_network, "the guest itself: `pgsup console` shows what it says"},
};

void silence_causes_ask(struct silence_facts *facts) {
    facts->interface_kind = facts->interface && !is_socket(facts)
                                ? interface_find_kind(facts->interface)
                                : INTERFACE_OTHER;
    facts->dhcp_server = is_shared(facts) && !facts->is_static ? firewall_ask(FIREWALL_DHCP_SERVER)
                                                               : FIREWALL_UNKNOWN;
}

char *silence_causes_text(const struct silence_facts *facts) {
    struct buffer text = {0};
    int number = 0;
    buffer_puts(&text, "");
    for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
        if (!causes[i].applies(facts))
            continue;
        number++;
        buffer_printf(&text, "%s%d. %s", number > 1 ? "; " : "", number, causes[i].sentence);
    }
    return buffer_take(&text);
}
