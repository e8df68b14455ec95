#include "home/instance/host_limits.h"

#include "base/buffer.h"
#include "base/name.h"
#include "home/facts.h"
#include "home/instance/lab_nic.h"
#include "machine/core/spec.h"

#include <inttypes.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void compare_processors(const struct store_instance *instance, struct buffer *remarks) {
    long here = sysconf(_SC_NPROCESSORS_ONLN);
    if (here > 0 && instance->vcpu > (uint64_t)here)
        buffer_printf(remarks,
                      "%" PRIu64
                      " virtual processors are more than the %ld of this host: the guest "
                      "will be slower than with %ld\n",
                      instance->vcpu, here, here);
}

static void compare_disks(const struct home *home, const struct instance_facts *facts,
                          struct buffer *remarks) {
    struct statvfs status;
    uint64_t wanted = facts->instance.disk_bytes;
    char wanted_text[32], free_text[32];
    for (size_t i = 0; i < facts->disks.count; i++)
        wanted += facts->disks.items[i].bytes;
    if (statvfs(home->path, &status) < 0)
        return;
    uint64_t available = (uint64_t)status.f_bavail * status.f_frsize;
    if (wanted <= available)
        return;
    name_format_size(wanted, wanted_text);
    name_format_size(available, free_text);
    buffer_printf(remarks,
                  "its disks may grow to %s, but %s has %s left: the guest is paused when that is "
                  "used up\n",
                  wanted_text, home->path, free_text);
}

static bool has_leases_of_macos(const char *kind, const char *interface) {
    enum spec_network network;
    enum spec_vmnet vmnet = spec_network_from_word(kind, &network)
                                ? spec_network_vmnet(network, interface)
                                : SPEC_VMNET_NONE;
    return vmnet == SPEC_VMNET_SHARED || vmnet == SPEC_VMNET_HOST;
}

/* Apple's page on vmnet says so of shared networks; others report that it works, or not. */
static void compare_addresses(const struct instance_facts *facts, struct buffer *remarks) {
    const struct store_instance *instance = &facts->instance;
    bool leased =
        instance->ip4 && has_leases_of_macos(facts->cloud.network, facts->cloud.interface);
    for (size_t i = 0; i < facts->nics.count && !leased; i++)
        leased = facts->nics.items[i].ip4 &&
                 has_leases_of_macos(facts->nics.items[i].kind, facts->nics.items[i].interface);
    if (leased)
        buffer_puts(remarks,
                    "macOS may drop what a guest sends from a static address on a shared or "
                    "host network, and may lease that address to another one: if nothing is "
                    "heard of the guest, use DHCP\n");
}

/* It was left out of it when it was created. */
static void compare_lab(struct store *store, const struct instance_facts *facts,
                        struct buffer *remarks) {
    struct store_network lab = {0};
    bool is_full = false;
    if (lab_nic_is_full(store, &lab, &is_full, NULL) && is_full && !facts->nics.count)
        buffer_printf(remarks, "the network \"%s\" has no place for one more: it is not in it\n",
                      lab.name);
    store_network_done(&lab);
}

char *host_limits_remarks(struct home *home, const char *name) {
    struct instance_facts facts = {0};
    struct buffer remarks = {0};
    if (instance_facts_load(home, name, &facts, NULL)) {
        compare_processors(&facts.instance, &remarks);
        compare_disks(home, &facts, &remarks);
        compare_addresses(&facts, &remarks);
        compare_lab(home->store, &facts, &remarks);
    }
    instance_facts_done(&facts);
    return remarks.length ? buffer_take(&remarks) : NULL;
}
