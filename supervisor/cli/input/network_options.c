#include "network_options.h"

#include <stdio.h>

struct network_settings network_options_read(const struct invocation *invocation) {
    return (struct network_settings){
        .kind = invocation_option(invocation, "network"),
        .interface = invocation_option(invocation, "host-if"),
        .host_ip4 = invocation_option(invocation, "host-ip4"),
        .host_nm4 = invocation_option(invocation, "host-nm4"),
        .host_gw4 = invocation_option(invocation, "host-gw4"),
        .host_ns4 = invocation_option(invocation, "host-ns4"),
    };
}

void network_options_report(const char *found) {
    if (found)
        puts(found);
}
