#include "machine/core/spec.h"

#include "base/alloc.h"

#include <string.h>

#define NIC_SLOT     0x10u /* of the first card; QEMU counts up from 1 for the other devices */
#define USER_NETWORK 2u    /* of the first card: 10.0.2.0/24 */

#define SPEC_NETWORK_ROW(name, ...) [name] = {__VA_ARGS__},
static const struct spec_network_traits networks[] = {SPEC_NETWORKS(SPEC_NETWORK_ROW)};
#undef SPEC_NETWORK_ROW

static const char *const arch_words[] = {[SPEC_AARCH64] = "aarch64", [SPEC_X86_64] = "x86_64"};
static const char *const accel_words[] = {
    [SPEC_HVF] = "hvf", [SPEC_KVM] = "kvm", [SPEC_TCG] = "tcg"};

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

static bool find_word(const char *const *words, size_t count, const char *word, size_t *found) {
    for (size_t i = 0; word && i < count; i++)
        if (strcmp(words[i], word) == 0) {
            *found = i;
            return true;
        }
    return false;
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

const char *spec_arch_word(enum spec_arch arch) {
    return arch_words[arch];
}

bool spec_arch_from_word(const char *word, enum spec_arch *arch) {
    size_t found;
    if (!find_word(arch_words, LENGTH(arch_words), word, &found))
        return false;
    *arch = (enum spec_arch)found;
    return true;
}

const char *spec_accel_word(enum spec_accel accel) {
    return accel_words[accel];
}

bool spec_accel_from_word(const char *word, enum spec_accel *accel) {
    size_t found;
    if (!find_word(accel_words, LENGTH(accel_words), word, &found))
        return false;
    *accel = (enum spec_accel)found;
    return true;
}
