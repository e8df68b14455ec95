#include "machine/core/spec.h"

#include "base/alloc.h"

#include <string.h>

#define SPEC_NETWORK_WORD(name, word) [name] = word,
static const char *const network_words[] = {SPEC_NETWORKS(SPEC_NETWORK_WORD)};
#undef SPEC_NETWORK_WORD

static const char *const arch_words[] = {[SPEC_AARCH64] = "aarch64", [SPEC_X86_64] = "x86_64"};
static const char *const accel_words[] = {
    [SPEC_HVF] = "hvf", [SPEC_KVM] = "kvm", [SPEC_TCG] = "tcg"};

#define USER_NETWORK 2 /* of the first card: 10.0.2.0/24 */

#define LENGTH(table) (sizeof(table) / sizeof(table)[0])

static bool find_word(const char *const *words, size_t count, const char *word, size_t *found) {
    for (size_t i = 0; word && i < count; i++)
        if (strcmp(words[i], word) == 0) {
            *found = i;
            return true;
        }
    return false;
}

size_t spec_nics(const struct spec *spec, struct spec_nic nics[SPEC_NICS_MAX]) {
    nics[0] = (struct spec_nic){spec->network, spec->interface, spec->mac, spec->guest_network, 0};
    for (size_t i = 0; i < spec->more_nic_count; i++)
        nics[i + 1] = spec->more_nics[i];
    return spec->more_nic_count + 1;
}

const char *spec_network_word(enum spec_network network) {
    return network_words[network];
}

bool spec_network_from_word(const char *word, enum spec_network *network) {
    size_t found;
    if (!find_word(network_words, LENGTH(network_words), word, &found))
        return false;
    *network = (enum spec_network)found;
    return true;
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

char *spec_nic_guest_name(int position) {
    return alloc_printf("enp0s%u", SPEC_NIC_SLOT + (unsigned)position);
}

char *spec_nic_user_network(int position) {
    return alloc_printf("10.0.%d.0/24", USER_NETWORK + position);
}
