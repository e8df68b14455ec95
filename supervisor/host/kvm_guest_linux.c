#include "host/kvm_guest.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#define MEMORY_BYTES 0x10000u
#define CODE_ADDRESS 0x10000u /* where the guest's memory begins */
#define KVM_VERSION  12       /* the only one there has been since 2007 */

struct guest { /* of one processor; kernel documentation: virt/kvm/api */
    int kvm, vm, vcpu;
    void *memory;
    struct kvm_run *run;
    size_t run_bytes;
};

#if defined(__x86_64__)
/* mov al, 42; hlt: in real mode, at the beginning of a segment. */
static const uint8_t code[] = {0xB0, 0x2A, 0xF4};
#define EXPECTED_EXIT KVM_EXIT_HLT

static bool set_registers(const struct guest *guest) {
    struct kvm_sregs segments;
    struct kvm_regs registers = {.rip = 0, .rflags = 2};
    if (ioctl(guest->vcpu, KVM_GET_SREGS, &segments) < 0)
        return false;
    segments.cs.base = CODE_ADDRESS;
    segments.cs.selector = CODE_ADDRESS >> 4;
    return ioctl(guest->vcpu, KVM_SET_SREGS, &segments) == 0 &&
           ioctl(guest->vcpu, KVM_SET_REGS, &registers) == 0;
}
#elif defined(__aarch64__)
/* movz x1, #0x10, lsl #16; str wzr, [x1]: where no memory is. */
static const uint32_t code[] = {0xD2A00201, 0xB900003F};
#define EXPECTED_EXIT KVM_EXIT_MMIO

static bool set_registers(const struct guest *guest) {
    struct kvm_vcpu_init init;
    uint64_t start = CODE_ADDRESS;
    struct kvm_one_reg counter = {
        .id = KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE |
              (offsetof(struct kvm_regs, regs.pc) / sizeof(uint32_t)),
        .addr = (uint64_t)(uintptr_t)&start,
    };
    return ioctl(guest->vm, KVM_ARM_PREFERRED_TARGET, &init) == 0 &&
           ioctl(guest->vcpu, KVM_ARM_VCPU_INIT, &init) == 0 &&
           ioctl(guest->vcpu, KVM_SET_ONE_REG, &counter) == 0;
}
#endif

static bool add_memory(struct guest *guest) {
    guest->memory =
        mmap(NULL, MEMORY_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (guest->memory == MAP_FAILED)
        return false;
    memcpy(guest->memory, code, sizeof code);
    const struct kvm_userspace_memory_region region = {
        .guest_phys_addr = CODE_ADDRESS,
        .memory_size = MEMORY_BYTES,
        .userspace_addr = (uint64_t)(uintptr_t)guest->memory,
    };
    return ioctl(guest->vm, KVM_SET_USER_MEMORY_REGION, &region) == 0;
}

static bool add_processor(struct guest *guest) {
    int bytes = ioctl(guest->kvm, KVM_GET_VCPU_MMAP_SIZE, 0);
    guest->vcpu = ioctl(guest->vm, KVM_CREATE_VCPU, 0);
    if (bytes < (int)sizeof *guest->run || guest->vcpu < 0)
        return false;
    guest->run_bytes = (size_t)bytes;
    guest->run = mmap(NULL, guest->run_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, guest->vcpu, 0);
    return guest->run != MAP_FAILED;
}

static bool run_guest(struct guest *guest, struct error *error) {
    if (ioctl(guest->kvm, KVM_GET_API_VERSION, 0) != KVM_VERSION)
        return error_set(error, ERROR_FAILED, "is not the kvm that is known");
    guest->vm = ioctl(guest->kvm, KVM_CREATE_VM, 0);
    if (guest->vm < 0)
        return error_errno(error, "no VM can be created");
    if (!add_memory(guest) || !add_processor(guest) || !set_registers(guest))
        return error_errno(error, "no processor can be created");
    int result;
    while ((result = ioctl(guest->vcpu, KVM_RUN, 0)) < 0 && errno == EINTR)
        continue;
    if (result < 0)
        return error_errno(error, "a guest of two instructions does not run");
    return guest->run->exit_reason == EXPECTED_EXIT ||
           error_set(error, ERROR_FAILED, "a guest of two instructions ended wrong (reason %u)",
                     guest->run->exit_reason);
}

bool kvm_guest_try(const char *device, struct error *error) {
    struct guest guest = {.vm = -1, .vcpu = -1, .memory = MAP_FAILED, .run = MAP_FAILED};
    guest.kvm = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    bool good = guest.kvm >= 0 ? run_guest(&guest, error)
                               : error_errno(error, "cannot be opened after all");
    if (guest.run != MAP_FAILED)
        munmap(guest.run, guest.run_bytes);
    file_release(&guest.vcpu);
    file_release(&guest.vm);
    file_release(&guest.kvm);
    if (guest.memory != MAP_FAILED)
        munmap(guest.memory, MEMORY_BYTES);
    return good;
}
