/* Goal: without --network a cloud on a Mac gets what needs no root where that is there, and a
 * sentence that says why; on Linux it is as before, without a word. */
#include "host/network_choice.h"
#include "test.h"

static const struct {
    const char *name;
    struct network_facts facts;
    enum spec_network network;
    const char *why; /* a part of it; NULL: none */
} cases[] = {
    {"Linux", {0}, SPEC_NET_USER, NULL},
    {"Linux, bridged", {.interface = true}, SPEC_NET_BRIDGE, NULL},
    {"26, bridged",
     {.macos = true, .helper = true, .interface = true},
     SPEC_NET_VMNET_HELPER,
     "without root"},
    {"26, bridged, no helper",
     {.macos = true, .interface = true},
     SPEC_NET_VMNET_BRIDGED,
     "not installed"},
    {"15, bridged",
     {.macos = true, .wants_root = true, .helper = true, .interface = true},
     SPEC_NET_VMNET_HELPER,
     "sudo rule"},
    {"15, bridged, no helper",
     {.macos = true, .wants_root = true, .interface = true},
     SPEC_NET_VMNET_BRIDGED,
     "only root"},
    {"15, bridged, a socket",
     {.macos = true, .wants_root = true, .socket = true, .interface = true},
     SPEC_NET_VMNET_BRIDGED,
     "`sudo pgsup up`"},
    {"26", {.macos = true, .helper = true}, SPEC_NET_USER, "--network vmnet-helper"},
    {"26, both",
     {.macos = true, .helper = true, .socket = true},
     SPEC_NET_USER,
     "--network vmnet-helper"},
    {"26, nothing", {.macos = true}, SPEC_NET_USER, "`pgsup help mac`"},
    {"15, a socket",
     {.macos = true, .wants_root = true, .socket = true},
     SPEC_NET_USER,
     "--network socket"},
    {"15, a helper",
     {.macos = true, .wants_root = true, .helper = true},
     SPEC_NET_USER,
     "`pgsup help mac`"},
    {"15, nothing", {.macos = true, .wants_root = true}, SPEC_NET_USER, "`pgsup help mac`"},
};

TEST(what_is_chosen_and_why) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct network_choice choice = network_choose(&cases[i].facts);
        bool told = cases[i].why ? choice.why && strstr(choice.why, cases[i].why) : !choice.why;
        CHECK_INT(choice.network, cases[i].network);
        CHECK(told);
        if (choice.network != cases[i].network || !told)
            fprintf(stderr, "%s: %s\n", cases[i].name, choice.why ? choice.why : "(no word)");
    }
}

int main(void) {
    return test_run();
}
