#include "host/network_choice.h"

#include <stddef.h>

enum answer { NO, YES, ANY };

/* The first row that fits is the choice. */
static const struct {
    enum answer macos, wants_root, helper, socket, interface;
    struct network_choice choice;
} rows[] = {
    {NO, ANY, ANY, ANY, YES, {SPEC_NET_BRIDGE, NULL}},
    {NO, ANY, ANY, ANY, NO, {SPEC_NET_USER, NULL}},
    {YES, NO, YES, ANY, YES, {SPEC_NET_VMNET_HELPER, "vmnet-helper bridges without root"}},
    {YES,
     YES,
     YES,
     ANY,
     YES,
     {SPEC_NET_VMNET_HELPER, "vmnet-helper bridges by its sudo rule, so that QEMU is never root"}},
    {YES,
     NO,
     NO,
     ANY,
     YES,
     {SPEC_NET_VMNET_BRIDGED, "vmnet-helper, which bridges without root, is not installed; so QEMU "
                              "is started by `sudo pgsup up`"}},
    {YES,
     YES,
     NO,
     ANY,
     YES,
     {SPEC_NET_VMNET_BRIDGED, "this macOS lets only root bridge, and vmnet-helper with its sudo "
                              "rule is not installed; so QEMU is started by `sudo pgsup up`"}},
    {YES,
     NO,
     YES,
     ANY,
     NO,
     {SPEC_NET_USER, "needs nothing, guests are reached at forwarded ports; --network vmnet-helper "
                     "gives them addresses of their own, without root"}},
    {YES,
     ANY,
     ANY,
     YES,
     NO,
     {SPEC_NET_USER, "needs nothing, guests are reached at forwarded ports; --network socket gives "
                     "them addresses of their own, without root"}},
    {YES,
     ANY,
     ANY,
     ANY,
     NO,
     {SPEC_NET_USER, "needs nothing, guests are reached at forwarded ports; for addresses of their "
                     "own see `pgsup help mac`"}},
};

static bool fits(enum answer wanted, bool fact) {
    return wanted == ANY || (wanted == YES) == fact;
}

struct network_choice network_choose(const struct network_facts *facts) {
    size_t i = 0;
    while (i + 1 < sizeof rows / sizeof *rows &&
           !(fits(rows[i].macos, facts->macos) && fits(rows[i].wants_root, facts->wants_root) &&
             fits(rows[i].helper, facts->helper) && fits(rows[i].socket, facts->socket) &&
             fits(rows[i].interface, facts->interface)))
        i++;
    return rows[i].choice;
}
