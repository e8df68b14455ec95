/* Why a guest is not heard of, in order; and what macOS's firewall says. */
#include "base/platform.h"
#include "host/firewall.h"
#include "host/network.h"
#include "host/silence_causes.h"
#include "scratch.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>

/* Each word in the text, in this order, and no further cause. */
static void check_order(const struct silence_facts *facts, const char *const *words) {
    scoped(alloc_release) char *text = silence_causes_text(facts);
    const char *at = text;
    int count = 0;
    for (; words[count]; count++) {
        scoped(alloc_release) char *number = alloc_printf("%d. ", count + 1);
        at = strstr(at, number);
        CHECK(at != NULL);
        const char *word = strstr(at, words[count]), *next = strstr(at, "; ");
        CHECK(word && (!next || word < next || !words[count + 1] || strstr(word, "; ")));
        at = word;
    }
    scoped(alloc_release) char *more = alloc_printf("; %d. ", count + 1);
    CHECK(!strstr(text, more));
}

#define ORDER(...) ((const char *const[]){__VA_ARGS__, NULL})

TEST(bridged) {
    struct silence_facts facts = {
        .network = SPEC_NET_VMNET_BRIDGED, .interface = "vlan1", .interface_kind = INTERFACE_VLAN};
    check_order(&facts, ORDER("VLAN", "no DHCP server", "content filter", "the guest itself"));
    facts.is_static = true;
    check_order(&facts, ORDER("VLAN", "content filter", "the guest itself"));
    facts = (struct silence_facts){.network = SPEC_NET_VMNET_HELPER,
                                   .interface = "en0",
                                   .interface_kind = INTERFACE_WIFI,
                                   .dhcp_server = FIREWALL_ASKS};
    check_order(&facts, ORDER("Wi-Fi", "no DHCP server", "content filter", "the guest itself"));
}

TEST(shared) {
    struct silence_facts facts = {.network = SPEC_NET_VMNET_SHARED, .dhcp_server = FIREWALL_ASKS};
    check_order(&facts, ORDER("/usr/libexec/bootpd", "content filter", "the guest itself"));
    facts.dhcp_server = FIREWALL_ALLOWS;
    check_order(&facts, ORDER("content filter", "the guest itself"));
    facts.is_static = true;
    check_order(&facts, ORDER("its address is static", "content filter", "the guest itself"));
    facts = (struct silence_facts){
        .network = SPEC_NET_SOCKET, .interface = "/run/vmnet", .dhcp_server = FIREWALL_BLOCKS};
    check_order(&facts, ORDER("bootpd", "daemon", "content filter", "the guest itself"));
}

TEST(on_linux) {
    struct silence_facts facts = {.network = SPEC_NET_BRIDGE, .interface = "br0"};
    check_order(&facts, ORDER("no DHCP server", "bridge-nf-call-iptables", "the guest itself"));
    facts = (struct silence_facts){.network = SPEC_NET_USER};
    scoped(alloc_release) char *none = silence_causes_text(&facts);
    CHECK_STRING(none, "");
}

TEST(interfaces_of_this_host) {
    CHECK_INT(interface_find_kind("lo"), INTERFACE_OTHER);
    CHECK_INT(interface_find_kind("no/../such"), INTERFACE_OTHER);
    CHECK_INT(interface_find_kind(""), INTERFACE_OTHER);
}

TEST(what_the_firewall_says) {
    static const char apps[] = "Total number of apps = 2 \n\n1 :  /usr/libexec/bootpd \n"
                               "             (Allow incoming connections) \n\n"
                               "2 :  /opt/homebrew/Cellar/pgsup/0.1/bin/pgsup \n"
                               "     ( Block incoming connections ) \n\n"
                               "3 :  /opt/homebrew/Cellar/pgsup/0.2/bin/pgsup \n"
                               "     ( Allow incoming connections ) \n";
    CHECK_INT(firewall_read_state("Firewall is enabled. (State = 1)\n"), FIREWALL_ASKS);
    CHECK_INT(firewall_read_state("Firewall is disabled. (State = 0)\n"), FIREWALL_OFF);
    CHECK_INT(firewall_read_state("Firewall is blocking all (State = 2)\n"), FIREWALL_BLOCKS);
    CHECK_INT(firewall_read_state("State = "), FIREWALL_UNKNOWN);
    CHECK_INT(firewall_read_state(""), FIREWALL_UNKNOWN);
    CHECK_INT(firewall_read_apps(apps, "/usr/libexec/bootpd"), FIREWALL_ALLOWS);
    CHECK_INT(firewall_read_apps(apps, "/opt/homebrew/Cellar/pgsup/0.1/bin/pgsup"),
              FIREWALL_BLOCKS);
    CHECK_INT(firewall_read_apps(apps, "/opt/homebrew/Cellar/pgsup/0.2/bin/pgsup"),
              FIREWALL_ALLOWS);
    CHECK_INT(firewall_read_apps(apps, "/opt/homebrew/Cellar/pgsup/0.3/bin/pgsup"), FIREWALL_ASKS);
    CHECK_INT(firewall_read_apps(apps, "/opt/homebrew/Cellar/pgsup/0.1/bin/pg"), FIREWALL_ASKS);
    CHECK_INT(firewall_read_apps(apps, "/libexec/bootpd"), FIREWALL_ASKS);
    CHECK_INT(firewall_read_apps("", "/usr/libexec/bootpd"), FIREWALL_ASKS);
}

static void check_tool(const char *script, enum firewall expected) {
    scoped(alloc_release) char *tool = scratch_path("socketfilterfw");
    scratch_write(tool, script, strlen(script), 0700);
    CHECK_INT(firewall_ask("/usr/libexec/bootpd"), expected);
}

TEST(its_tool_is_asked) {
    setenv("PATH", scratch(), 1);
    CHECK_INT(firewall_ask("/usr/libexec/bootpd"), FIREWALL_UNKNOWN);
    check_tool("#!/bin/sh\necho '(State = 0)'\n", FIREWALL_OFF);
    check_tool("#!/bin/sh\ncase $1 in --getglobalstate) echo '(State = 1)' ;; "
               "--listapps) echo '1 :  /usr/libexec/bootpd '; echo '( Allow incoming ) ' ;; esac\n",
               FIREWALL_ALLOWS);
    check_tool("#!/bin/sh\ncase $1 in --getglobalstate) echo '(State = 1)' ;; esac\n",
               FIREWALL_ASKS);
    check_tool("#!/bin/sh\nexit 1\n", FIREWALL_UNKNOWN);
}

/* As QEMU on macOS refuses, of which nothing but its message is here. */
TEST(qemu_tells_what_macos_bridges_to) {
    static const char script[] =
        "#!/bin/sh\necho \"qemu: -netdev $7: unsupported ifname 'x', expected one of [ en0 en1 ]\" "
        ">&2\nexit 1\n";
    scoped(alloc_release) char *name = alloc_printf("qemu-system-%s", platform_architecture());
    scoped(alloc_release) char *qemu = scratch_path(name);
    struct error error = {0};
    setenv("PATH", scratch(), 1);
    scratch_write(qemu, script, strlen(script), 0700);
    CHECK(!network_interface_check(SPEC_NET_VMNET_BRIDGED, "--host-if", "lo", &error));
    CHECK_CONTAINS(error.text, "does not bridge to the interface \"lo\"");
    CHECK_CONTAINS(error.text, "it offers  en0 en1");
    static const char listed[] = "#!/bin/sh\necho \"expected one of [ en0 lo ]\"; exit 1\n";
    static const char odd[] = "#!/bin/sh\necho something else; exit 1\n";
    error = (struct error){0};
    scratch_write(qemu, listed, strlen(listed), 0700);
    CHECK(network_interface_check(SPEC_NET_VMNET_BRIDGED, "--host-if", "lo", &error));
    scratch_write(qemu, odd, strlen(odd), 0700);
    CHECK(network_interface_check(SPEC_NET_VMNET_BRIDGED, "--host-if", "lo", &error));
}

int main(void) {
    return test_run();
}
