#include "machine/core/helper_argv.h"

#include <string.h>

/* The same id at every start, so that macOS assigns the same interface to the card. */
static void push_identity(const struct spec *spec, const struct spec_nic *nic, struct strv *argv) {
    strv_push(argv, "--interface-id");
    if (nic->position == 0)
        strv_push(argv, spec->uuid);
    else
        strv_pushf(argv, "%02x%s", nic->position, spec->uuid + strlen("00"));
}

static void push_pair(struct strv *argv, const char *option, const char *value) {
    strv_push(argv, option);
    strv_push(argv, value);
}

static void push_own_network(const struct spec *spec, const struct spec_nic *nic,
                             struct strv *argv) {
    const struct spec_range *range = &spec->ranges[nic->position];
    bool host = nic->network == SPEC_NET_VMNET_HELPER_HOST;
    push_pair(argv, "--operation-mode", host ? "host" : "shared");
    if (!range->first)
        return;
    push_pair(argv, "--start-address", range->first);
    push_pair(argv, "--end-address", range->last);
    push_pair(argv, "--subnet-mask", range->netmask);
}

void helper_argv_build(const struct spec *spec, const struct spec_nic *nic, struct strv *argv) {
    const struct spec_helper *helper = &spec->helper;
    if (helper->sudo) { /* sudo closes descriptors above stderr by default */
        strv_push(argv, helper->sudo);
        strv_push(argv, "--non-interactive");
        strv_pushf(argv, "--close-from=%d", HELPER_ARGV_FD + 1);
    }
    strv_push(argv, helper->program);
    strv_pushf(argv, "--fd=%d", HELPER_ARGV_FD);
    push_identity(spec, nic, argv);
    if (!nic->interface) {
        push_own_network(spec, nic, argv);
        return;
    }
    push_pair(argv, "--operation-mode", "bridged");
    push_pair(argv, "--shared-interface", nic->interface);
}

void helper_argv_build_bridge(const char *program, const struct spec_nic *nic, struct strv *argv) {
    strv_push(argv, program);
    strv_push(argv, "--use-vnet");
    strv_pushf(argv, "--fd=%d", HELPER_ARGV_FD);
    strv_pushf(argv, "--br=%s", nic->interface);
}
