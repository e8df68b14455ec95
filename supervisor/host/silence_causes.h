/* Why nothing is heard of a guest: the causes that can be meant for its network, the likeliest
 * first, each with what to do. Each is known from reports of others; none is proven by the silence.
 */
#pragma once

#include "base/interface.h"
#include "host/firewall.h"
#include "machine/core/spec.h"

struct silence_facts {
    enum spec_network network;
    const char *interface; /* as in struct spec_nic */
    bool is_static;        /* the guest has its address from its seed, not by DHCP */
    enum interface_kind interface_kind;
    enum firewall dhcp_server; /* what the firewall does to macOS's */
};

/* Asks the host for the last two. Blocking. */
void silence_causes_ask(struct silence_facts *facts);
/* Pure. "1. …; 2. …"; "": none, as for user networking. Caller frees. */
char *silence_causes_text(const struct silence_facts *facts);
