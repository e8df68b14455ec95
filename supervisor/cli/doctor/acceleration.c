#include "cli/doctor/acceleration.h"

#include "base/account.h"
#include "base/alloc.h"
#include "base/name.h"
#include "base/platform.h"
#include "cli/doctor/mac_answers.h"
#include "host/accelerator.h"
#include "host/kvm_guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SLOW "guests are emulated, many times slower"

static void deny_kvm(const struct surroundings *surroundings, struct finding *finding) {
    scoped(alloc_release) char *user = account_name(geteuid());
    finding_warn(finding, "%s may not be opened by this user, so " SLOW ": log in anew after",
                 surroundings->kvm);
    finding_mend_by_root(finding, "usermod", "-aG", "kvm", user ? user : "USER");
}

/* Guests of another architecture are emulated whatever kvm can do. */
void acceleration_kvm(const struct surroundings *surroundings, struct finding *finding) {
    const char *own = platform_architecture();
    struct error error = {0};
    bool suits = strcmp(own, spec_arch_word(surroundings->arch)) == 0;
    if (!suits)
        finding_ok(finding, "%s guests are emulated (tcg) on this %s computer",
                   spec_arch_word(surroundings->arch), own);
    else if (access(surroundings->kvm, F_OK) < 0) {
        finding_warn(finding,
                     "there is no %s, so " SLOW ": virtualisation is off in the firmware, the "
                     "module is not loaded, or this computer is a VM itself",
                     surroundings->kvm);
        finding_mend_by_root(finding, "modprobe", "kvm");
    } else if (access(surroundings->kvm, R_OK | W_OK) < 0) {
        deny_kvm(surroundings, finding);
    } else if (kvm_guest_try(surroundings->kvm, &error)) {
        finding_ok(finding, "%s ran a guest of two instructions", surroundings->kvm);
    } else {
        finding_warn(finding, "%s opens, but %s, so " SLOW, surroundings->kvm, error.text);
    }
}

void acceleration_variable(const struct surroundings *surroundings, struct finding *finding) {
    const char *word = getenv(ACCELERATOR_VARIABLE);
    struct error error = {0};
    (void)surroundings;
    if (!word || !*word) {
        finding_ok(finding, "the best one is chosen at each start");
    } else if (accelerator_check(word, &error)) {
        finding_ok(finding, "%s, by " ACCELERATOR_VARIABLE, word);
    } else {
        finding_fail(finding, ACCELERATOR_VARIABLE ": %s", error.text);
        finding_mend(finding, "unset", ACCELERATOR_VARIABLE);
    }
}

void acceleration_hvf(const struct surroundings *surroundings, struct finding *finding) {
    const char *const support[] = {"sysctl", "-n", "kern.hv_support", NULL};
    const char *const inside[] = {"sysctl", "-n", "kern.hv_vmm_present", NULL};
    const char *const accel[] = {surroundings->qemu, "-accel", "help", NULL};
    scoped(alloc_release) char *has = surroundings_ask(support);
    scoped(alloc_release) char *vm = surroundings_ask(inside);
    scoped(alloc_release) char *list = surroundings->qemu ? surroundings_ask(accel) : NULL;
    if (vm && atoi(vm) == 1) {
        finding_warn(finding, "this Mac is a VM itself and has no hvf, so " SLOW);
    } else if (!has || atoi(has) != 1) {
        finding_warn(finding, "this Mac offers no hvf (kern.hv_support), so " SLOW);
    } else if (surroundings->qemu && (!list || !strstr(list, "hvf"))) {
        finding_warn(finding, "%s was built without hvf, so " SLOW, surroundings->qemu);
        finding_mend(finding, "brew", "reinstall", "qemu");
    } else {
        finding_ok(finding, "hvf is there");
    }
}

void acceleration_signature(const struct surroundings *surroundings, struct finding *finding) {
    const char *const verify[] = {"codesign", "--verify", surroundings->qemu, NULL};
    const char *const show[] = {"codesign", "-d", "--entitlements", "-", surroundings->qemu, NULL};
    scoped(alloc_release) char *valid = surroundings_ask(verify);
    scoped(alloc_release) char *entitlements = surroundings_ask(show);
    if (!valid)
        finding_fail(finding, "the signature of %s is not valid: macOS ends it at once",
                     surroundings->qemu);
    else if (!mac_answers_may_use_hvf(entitlements))
        finding_fail(finding,
                     "%s is not signed with com.apple.security.hypervisor, which hvf wants",
                     surroundings->qemu);
    else
        finding_ok(finding, "%s is signed for hvf", surroundings->qemu);
    if (finding->verdict != VERDICT_OK)
        finding_mend(finding, "brew", "reinstall", "qemu");
}
