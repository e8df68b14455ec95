#include "home/catalogue.h"

#include "base/buffer.h"

#include <string.h>

#define UBUNTU(codename, version)                                                                  \
    {                                                                                              \
        [SPEC_AARCH64] = "https://cloud-images.ubuntu.com/releases/" codename                      \
                         "/release/ubuntu-" version "-server-cloudimg-arm64.img",                  \
        [SPEC_X86_64] = "https://cloud-images.ubuntu.com/releases/" codename                       \
                        "/release/ubuntu-" version "-server-cloudimg-amd64.img"                    \
    }
#define DEBIAN(codename, version)                                                                  \
    {                                                                                              \
        [SPEC_AARCH64] = "https://cloud.debian.org/images/cloud/" codename                         \
                         "/latest/debian-" version "-genericcloud-arm64.qcow2",                    \
        [SPEC_X86_64] = "https://cloud.debian.org/images/cloud/" codename                          \
                        "/latest/debian-" version "-genericcloud-amd64.qcow2"                      \
    }
#define ALMALINUX(version)                                                                         \
    {                                                                                              \
        [SPEC_AARCH64] =                                                                           \
            "https://repo.almalinux.org/almalinux/" version                                        \
            "/cloud/aarch64/images/AlmaLinux-" version "-GenericCloud-latest.aarch64.qcow2",       \
        [SPEC_X86_64] =                                                                            \
            "https://repo.almalinux.org/almalinux/" version                                        \
            "/cloud/x86_64/images/AlmaLinux-" version "-GenericCloud-latest.x86_64.qcow2"          \
    }
#define ROCKY(version, variant)                                                                    \
    {                                                                                              \
        [SPEC_AARCH64] = "https://dl.rockylinux.org/pub/rocky/" version                            \
                         "/images/aarch64/Rocky-" variant ".latest.aarch64.qcow2",                 \
        [SPEC_X86_64] = "https://dl.rockylinux.org/pub/rocky/" version                             \
                        "/images/x86_64/Rocky-" variant ".latest.x86_64.qcow2"                     \
    }
#define OPENSUSE(version)                                                                          \
    {                                                                                              \
        [SPEC_AARCH64] = "https://download.opensuse.org/distribution/leap/" version                \
                         "/appliances/Leap-" version "-Minimal-VM.aarch64-Cloud.qcow2",            \
        [SPEC_X86_64] = "https://download.opensuse.org/distribution/leap/" version                 \
                        "/appliances/Leap-" version "-Minimal-VM.x86_64-Cloud.qcow2"               \
    }

static const struct catalogue_image images[] = {
    {"ubuntu-jammy", "Ubuntu 22.04 LTS", "nocloud", UBUNTU("jammy", "22.04")},
    {"ubuntu-noble", "Ubuntu 24.04 LTS", "nocloud", UBUNTU("noble", "24.04")},
    {"ubuntu-resolute", "Ubuntu 26.04 LTS", "nocloud", UBUNTU("resolute", "26.04")},
    {"debian-12", "Debian 12 bookworm", "nocloud-net", DEBIAN("bookworm", "12")},
    {"debian-13", "Debian 13 trixie", "nocloud", DEBIAN("trixie", "13")},
    {"almalinux-9", "AlmaLinux 9", "nocloud", ALMALINUX("9")},
    {"almalinux-10", "AlmaLinux 10", "nocloud", ALMALINUX("10")},
    {"rocky-9", "Rocky Linux 9", "nocloud", ROCKY("9", "9-GenericCloud")},
    {"rocky-10", "Rocky Linux 10", "nocloud", ROCKY("10", "10-GenericCloud-Base")},
    {"opensuse-leap-16", "openSUSE Leap 16.0", "nocloud", OPENSUSE("16.0")},
};
#define IMAGE_COUNT (sizeof images / sizeof *images)

const struct catalogue_image *catalogue_images(size_t *count) {
    *count = IMAGE_COUNT;
    return images;
}

const struct catalogue_image *catalogue_find(const char *name) {
    for (size_t i = 0; i < IMAGE_COUNT; i++)
        if (strcmp(images[i].name, name) == 0)
            return &images[i];
    return NULL;
}

char *catalogue_names(void) {
    struct buffer names = {0};
    for (size_t i = 0; i < IMAGE_COUNT; i++)
        buffer_printf(&names, "%s%s", i ? ", " : "", images[i].name);
    return buffer_take(&names);
}
