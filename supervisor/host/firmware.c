#include "host/firmware.h"

#include "base/alloc.h"
#include "base/platform.h"

#include <stddef.h>
#include <unistd.h>

#define NAMES_MAX 6

/* Best first. QEMU_EFI.fd is 2 MiB and starts quicker with -bios than the images that are padded to
 * the 64 MiB of a flash chip. */
static const char *const names[][NAMES_MAX] = {
    [SPEC_AARCH64] = {"QEMU_EFI.fd", "AAVMF_CODE.fd", "edk2-aarch64-code.fd"},
    [SPEC_X86_64] = {"OVMF.fd", "OVMF_CODE_4M.fd", "OVMF_CODE.4m.fd", "OVMF_CODE.fd",
                     "edk2-x86_64-code.fd"},
};

static char *find_name(const char *name) {
    for (const char *const *folder = platform_firmware_folders(); *folder; folder++) {
        char *path = alloc_printf("%s/%s", *folder, name);
        if (access(path, R_OK) == 0)
            return path;
        alloc_release(&path);
    }
    return NULL;
}

char *firmware_find(enum spec_arch arch, struct error *error) {
    for (size_t i = 0; i < NAMES_MAX && names[arch][i]; i++) {
        char *path = find_name(names[arch][i]);
        if (path)
            return path;
    }
    scoped(alloc_release) char *program = alloc_printf("qemu-system-%s", spec_arch_word(arch));
    error_set(error, ERROR_NOT_FOUND, "no UEFI firmware for %s guests (%s) is installed: %s %s",
              spec_arch_word(arch), names[arch][0], platform_install_hint(),
              platform_package_of(program));
    return NULL;
}
