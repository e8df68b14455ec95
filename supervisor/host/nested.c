#include "host/nested.h"

#include "base/alloc.h"
#include "base/platform.h"

#include <stdlib.h>
#include <string.h>

#define MACOS_SINCE 26
#define CHIP_SINCE  3
#define CHIP        "Apple M"

/* lima-vm/lima#5443; on 15.7 QEMU aborts with HV_BAD_ARGUMENT (2026-09). */
static const char *obstacle_of_hvf(const struct nested_facts *facts) {
    const char *chip = facts->processor ? strstr(facts->processor, CHIP) : NULL;
    if (!spec_qemu_is_since(&facts->qemu, 11, 1))
        return "with hvf it needs QEMU 11.1 or later";
    if (facts->macos < MACOS_SINCE)
        return "with hvf it needs macOS 26 or later";
    if (!chip || strtol(chip + strlen(CHIP), NULL, 10) < CHIP_SINCE)
        return "with hvf it needs an Apple M3 or later";
    return NULL;
}

/* Linux: Documentation/virt/kvm/x86/running-nested-guests.rst. */
static const char *obstacle_of_kvm(const struct nested_facts *facts) {
    if (!facts->kvm)
        return "KVM of this computer does not say that it can "
               "(/sys/module/kvm*/parameters/nested is not there)";
    return *facts->kvm == 'Y' || *facts->kvm == '1'
               ? NULL
               : "KVM of this computer has it off (/sys/module/kvm*/parameters/nested; its "
                 "module's option nested=1 turns it on)";
}

const char *nested_obstacle(const struct nested_facts *facts) {
    switch (facts->accel) {
    case SPEC_HVF: return obstacle_of_hvf(facts);
    case SPEC_KVM: return obstacle_of_kvm(facts);
    case SPEC_TCG: break;
    }
    return NULL;
}

bool nested_check(enum spec_accel accel, const struct spec_qemu *qemu, struct error *error) {
    scoped(alloc_release) char *processor = platform_processor_name();
    scoped(alloc_release) char *kvm = platform_kvm_nested();
    const struct nested_facts facts = {accel, *qemu, platform_macos_version(), processor, kvm};
    const char *obstacle = nested_obstacle(&facts);
    return !obstacle || error_set(error, ERROR_WRONG_STATE,
                                  "nested virtualization is not available: %s; omit --nested, or "
                                  "emulate it (--accel tcg)",
                                  obstacle);
}
