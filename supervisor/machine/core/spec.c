#include "machine/core/spec.h"

#include "base/alloc.h"
#include "base/word_set.h"

#include <string.h>

#define NIC_SLOT     0x10u /* of the first card; QEMU counts up from 1 for the other devices */
#define USER_NETWORK 2u    /* of the first card: 10.0.2.0/24 */

#define SPEC_NETWORK_ROW(name, ...) [name] = {__VA_ARGS__},
static const struct spec_network_traits networks[] = {SPEC_NETWORKS(SPEC_NETWORK_ROW)};
#undef SPEC_NETWORK_ROW

static const char *const arch_words[] = {[SPEC_AARCH64] = "aarch64", [SPEC_X86_64] = "x86_64"};
static const char *const accel_words[] = {
    [SPEC_HVF] = "hvf", [SPEC_KVM] = "kvm", [SPEC_TCG] = "tcg"};

static const struct word_set arch_set = WORD_SET(arch_words);
static const struct word_set accel_set = WORD_SET(accel_words);

bool spec_needs_root(const struct spec *spec) {
    for (size_t i = 0; i < spec->nic_count; i++)
        if (spec_network_traits(spec->nics[i].network)->needs_root)
            return true;
    return false;
}

bool spec_qemu_is_since(const struct spec_qemu *qemu, unsigned major, unsigned minor) {
    const struct spec_version *version = &qemu->version;
    return version->major > major || (version->major == major && version->minor >= minor);
}

unsigned spec_nic_slot(unsigned position) {
    return NIC_SLOT + position;
}

char *spec_nic_guest_name(unsigned position) {
    return alloc_printf("enp0s%u", spec_nic_slot(position));
}

char *spec_nic_user_network(unsigned position) {
    return alloc_printf("10.0.%u.0/24", USER_NETWORK + position);
}

const struct spec_network_traits *spec_network_traits(enum spec_network network) {
    return &networks[network];
}

bool spec_network_has_helper(enum spec_network network) {
    enum spec_attachment attachment = networks[network].attachment;
    return attachment == SPEC_ATTACH_HELPER || attachment == SPEC_ATTACH_HELPER_ONLY;
}

enum spec_vmnet spec_network_vmnet(enum spec_network network, const char *interface) {
    switch (network) {
    case SPEC_NET_VMNET_BRIDGED: return SPEC_VMNET_BRIDGED;
    case SPEC_NET_VMNET_SHARED: return SPEC_VMNET_SHARED;
    case SPEC_NET_VMNET_HELPER: return interface ? SPEC_VMNET_BRIDGED : SPEC_VMNET_SHARED;
    case SPEC_NET_VMNET_HOST:
    case SPEC_NET_VMNET_HELPER_HOST: return SPEC_VMNET_HOST;
    default: return SPEC_VMNET_NONE;
    }
}

const char *spec_network_word(enum spec_network network) {
    return networks[network].word;
}

bool spec_network_from_word(const char *word, enum spec_network *network) {
    for (int i = 0; word && i < SPEC_NETWORK_COUNT; i++)
        if (strcmp(networks[i].word, word) == 0) {
            *network = (enum spec_network)i;
            return true;
        }
    return false;
}

const char *spec_machine_alias(enum spec_arch arch) {
    return arch == SPEC_AARCH64 ? "virt" : "q35";
}

const char *spec_machine(const struct spec *spec) {
    return spec->machine ? spec->machine : spec_machine_alias(spec->arch);
}

const char *spec_arch_word(enum spec_arch arch) {
    return arch_words[arch];
}

bool spec_arch_from_word(const char *word, enum spec_arch *arch) {
    int found;
    if (!word_set_find(&arch_set, word, &found))
        return false;
    *arch = (enum spec_arch)found;
    return true;
}

const char *spec_accel_word(enum spec_accel accel) {
    return accel_words[accel];
}

bool spec_accel_from_word(const char *word, enum spec_accel *accel) {
    int found;
    if (!word_set_find(&accel_set, word, &found))
        return false;
    *accel = (enum spec_accel)found;
    return true;
}
