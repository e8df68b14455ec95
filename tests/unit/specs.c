#include "specs.h"

#include <string.h>

#define MAC_HOME "/Users/login/var/pgsup"
#define MAC_GUEST                                                                                  \
    .name = "test", .uuid = "1b4e28ba-2fa1-41d2-883f-0016d3cca427", .instance_id = "i-7-test",     \
    .arch = SPEC_AARCH64, .accel = SPEC_HVF, .program = "/opt/homebrew/bin/qemu-system-aarch64",   \
    .firmware = "/opt/homebrew/share/qemu/edk2-aarch64-code.fd", .vcpu = 2, .ram_mib = 2048,       \
    .disk = MAC_HOME "/instances/test/os.qcow2",                                                   \
    .seed_drive = MAC_HOME "/instances/test/cloud-init.img"

#define LINUX_HOME "/home/login/var/pgsup"
#define LINUX_GUEST                                                                                \
    .name = "test", .uuid = "1b4e28ba-2fa1-41d2-883f-0016d3cca427", .instance_id = "i-7-test",     \
    .arch = SPEC_AARCH64, .program = "/usr/bin/qemu-system-aarch64", .qemu = {.sandbox = true},    \
    .firmware = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd", .vcpu = 2, .ram_mib = 2048,             \
    .disk = LINUX_HOME "/instances/test/os.qcow2",                                                 \
    .seed_drive = LINUX_HOME "/instances/test/cloud-init.img"

#define FIRST_MAC "52:54:00:ab:cd:07"

#define SEED_URL(host) "http://" host ":10300/seed/0123456789abcdef0123456789abcdef/"

static const struct spec_forward ssh_forward[] = {{"127.0.0.1", 10022, NULL, 22, TRANSPORT_TCP}};
static const struct spec_forward two_forwards[] = {
    {"127.0.0.1", 10022, "10.0.2.77", 22, TRANSPORT_TCP},
    {"127.0.0.1", 18080, "10.0.2.77", 80, TRANSPORT_TCP}};
static const struct spec_forward many_forwards[] = {{"127.0.0.1", 10022, NULL, 22, TRANSPORT_TCP},
                                                    {"0.0.0.0", 18080, NULL, 80, TRANSPORT_TCP},
                                                    {"192.168.1.5", 5353, NULL, 53, TRANSPORT_UDP}};
static const struct spec_disk two_disks[] = {
    {"data", LINUX_HOME "/instances/test/disk-data.qcow2"},
    {"twenty-characters-xx", LINUX_HOME "/instances/test/disk-twenty-characters-xx.qcow2"}};
static char *const extra[] = {"-device", "virtio-gpu-pci", "-snapshot", NULL};

#define HOSTILE "/tmp/it's, \"odd\" $HOME `id` \\ #1 & été/[*];~!"

const struct spec_case spec_cases[] = {
    {"macos-vmnet-bridged",
     MAC_HOME "/run",
     {MAC_GUEST, .nics = {{SPEC_NET_VMNET_BRIDGED, "vlan1", FIRST_MAC, NULL, 0, NULL}},
      .nic_count = 1}},
    {"macos-vmnet-shared",
     MAC_HOME "/run",
     {MAC_GUEST, .nics = {{SPEC_NET_VMNET_SHARED, NULL, FIRST_MAC, NULL, 0, NULL}}, .nic_count = 1,
      .seed_url = SEED_URL("192.168.64.1"), .seed_source = "nocloud",
      .smbios = MAC_HOME "/instances/test/smbios.bin"}},
    {"macos-vmnet-host",
     MAC_HOME "/run",
     {MAC_GUEST, .nics = {{SPEC_NET_VMNET_HOST, NULL, FIRST_MAC, NULL, 0, NULL}}, .nic_count = 1}},
    {"macos-socket",
     MAC_HOME "/run",
     {MAC_GUEST,
      .nics = {{SPEC_NET_SOCKET, "/opt/homebrew/var/run/socket_vmnet", FIRST_MAC, NULL, 0, NULL}},
      .nic_count = 1}},
    {"macos-socket-qemu-8.0",
     MAC_HOME "/run",
     {MAC_GUEST, .qemu = {{8, 0}, false, false},
      .nics = {{SPEC_NET_SOCKET, "/opt/homebrew/var/run/socket_vmnet", FIRST_MAC, NULL, 0, NULL}},
      .nic_count = 1}},
    {"macos-socket-qemu-9.2",
     MAC_HOME "/run",
     {MAC_GUEST, .qemu = {{9, 2}, false, false},
      .nics = {{SPEC_NET_SOCKET, "/opt/homebrew/var/run/socket_vmnet", FIRST_MAC, NULL, 0, NULL}},
      .nic_count = 1}},
    {"macos-socket-qemu-11.1",
     MAC_HOME "/run",
     {MAC_GUEST, .qemu = {{11, 1}, true, false},
      .nics = {{SPEC_NET_SOCKET, "/opt/homebrew/var/run/socket_vmnet", FIRST_MAC, NULL, 0, NULL}},
      .nic_count = 1}},
    {"macos-nested",
     MAC_HOME "/run",
     {MAC_GUEST, .nested = true, .qemu = {{11, 1}, true, false},
      .nics = {{SPEC_NET_VMNET_SHARED, NULL, FIRST_MAC, NULL, 0, NULL}}, .nic_count = 1}},
    {"macos-vmnet-helper",
     MAC_HOME "/run",
     {MAC_GUEST, .nics = {{SPEC_NET_VMNET_HELPER, NULL, FIRST_MAC, NULL, 0, NULL}}, .nic_count = 1,
      .helper = {"/opt/homebrew/bin/vmnet-helper", NULL,
                 MAC_HOME "/instances/test/vmnet-helper.log"},
      .ranges = {{"192.168.105.1", "192.168.105.254", "255.255.255.0"}}}},
    {"macos-vmnet-helper-host",
     MAC_HOME "/run",
     {MAC_GUEST, .nics = {{SPEC_NET_VMNET_HELPER_HOST, NULL, FIRST_MAC, NULL, 0, NULL}},
      .nic_count = 1,
      .helper = {"/opt/homebrew/opt/vmnet-helper/libexec/vmnet-helper", NULL,
                 MAC_HOME "/instances/test/vmnet-helper.log"},
      .ranges = {{"192.168.105.1", "192.168.105.254", "255.255.255.0"}}}},
    {"macos-vmnet-helpers-by-sudo",
     MAC_HOME "/run",
     {MAC_GUEST,
      .nics = {{SPEC_NET_VMNET_HELPER, "vlan1", FIRST_MAC, NULL, 0, NULL},
               {SPEC_NET_VMNET_SHARED, NULL, "52:54:01:ab:cd:07", NULL, 1, NULL},
               {SPEC_NET_VMNET_HELPER, NULL, "52:54:04:ab:cd:07", NULL, 4, NULL}},
      .nic_count = 3,
      .helper = {"/opt/vmnet-helper/bin/vmnet-helper", "/usr/bin/sudo",
                 MAC_HOME "/instances/test/vmnet-helper.log"}}},
    {"linux-user",
     LINUX_HOME "/run",
     {LINUX_GUEST, .accel = SPEC_TCG,
      .nics = {{SPEC_NET_USER, NULL, FIRST_MAC, "10.0.2.0/24", 0, NULL}}, .nic_count = 1,
      .forwards = ssh_forward, .forward_count = 1, .seed_url = SEED_URL("10.0.2.2"),
      .seed_source = "nocloud-net", .smbios = LINUX_HOME "/instances/test/smbios.bin"}},
    {"linux-user-forwards",
     LINUX_HOME "/run",
     {LINUX_GUEST, .accel = SPEC_KVM,
      .nics = {{SPEC_NET_USER, NULL, FIRST_MAC, "10.0.2.0/24", 0, NULL}}, .nic_count = 1,
      .forwards = many_forwards, .forward_count = 3}},
    {"linux-nested",
     LINUX_HOME "/run",
     {LINUX_GUEST, .nested = true, .accel = SPEC_TCG,
      .nics = {{SPEC_NET_USER, NULL, FIRST_MAC, "10.0.2.0/24", 0, NULL}}, .nic_count = 1,
      .forwards = ssh_forward, .forward_count = 1}},
    {"linux-bridge",
     LINUX_HOME "/run",
     {LINUX_GUEST, .accel = SPEC_KVM, .nics = {{SPEC_NET_BRIDGE, "br0", FIRST_MAC, NULL, 0, NULL}},
      .nic_count = 1, .machine = "virt-9.2"}},
    {"linux-several-nics",
     LINUX_HOME "/run",
     {LINUX_GUEST, .accel = SPEC_KVM,
      .nics = {{SPEC_NET_USER, NULL, FIRST_MAC, "10.0.2.0/24", 0, NULL},
               {SPEC_NET_USER, NULL, "52:54:01:ab:cd:07", "10.0.3.0/24", 1, NULL},
               {SPEC_NET_BRIDGE, "br1", "52:54:02:ab:cd:07", NULL, 2, NULL},
               {SPEC_NET_TAP, "tap7", "5a:00:00:00:00:01", NULL, 7, NULL}},
      .nic_count = 4, .forwards = ssh_forward, .forward_count = 1}},
    {"linux-home-networks",
     LINUX_HOME "/run",
     {LINUX_GUEST, .accel = SPEC_KVM,
      .nics = {{SPEC_NET_USER, NULL, FIRST_MAC, "10.0.2.0/24", 0, NULL},
               {SPEC_NET_MULTICAST, "239.71.3.9:41234", "52:54:01:ab:cd:07", NULL, 1, NULL}},
      .nic_count = 2, .forwards = ssh_forward, .forward_count = 1}},
    {"linux-pair",
     LINUX_HOME "/run",
     {LINUX_GUEST, .accel = SPEC_KVM,
      .nics = {{SPEC_NET_USER, NULL, FIRST_MAC, "10.0.2.0/24", 0, NULL},
               {SPEC_NET_PAIR, LINUX_HOME "/run/pair-5f3a90c1.1", "52:54:01:ab:cd:07", NULL, 1,
                LINUX_HOME "/run/pair-5f3a90c1.0"}},
      .nic_count = 2, .forwards = ssh_forward, .forward_count = 1}},
    {"macos-home-networks",
     MAC_HOME "/run",
     {MAC_GUEST,
      .nics = {{SPEC_NET_USER, NULL, FIRST_MAC, "10.0.2.0/24", 0, NULL},
               {SPEC_NET_VMNET_HELPER_HOST, NULL, "52:54:01:ab:cd:07", NULL, 1, NULL},
               {SPEC_NET_MULTICAST, "239.71.3.9:41234", "52:54:02:ab:cd:07", NULL, 2, NULL}},
      .nic_count = 3, .forwards = ssh_forward, .forward_count = 1,
      .helper = {"/opt/homebrew/bin/vmnet-helper", NULL,
                 MAC_HOME "/instances/test/vmnet-helper.log"},
      .ranges = {[1] = {"10.77.0.1", "10.77.0.254", "255.255.255.0"}}}},
    {"macos-several-nics",
     MAC_HOME "/run",
     {MAC_GUEST,
      .nics = {{SPEC_NET_VMNET_BRIDGED, "vlan1", FIRST_MAC, NULL, 0, NULL},
               {SPEC_NET_VMNET_SHARED, NULL, "52:54:01:ab:cd:07", NULL, 1, NULL},
               {SPEC_NET_VMNET_HOST, NULL, "52:54:02:ab:cd:07", NULL, 3, NULL}},
      .nic_count = 3}},
    {"linux-tap",
     LINUX_HOME "/run",
     {LINUX_GUEST, .accel = SPEC_KVM, .nics = {{SPEC_NET_TAP, "tap7", FIRST_MAC, NULL, 0, NULL}},
      .nic_count = 1}},
    {"linux-extra-disks",
     LINUX_HOME "/run",
     {LINUX_GUEST, .accel = SPEC_KVM, .nics = {{SPEC_NET_TAP, "tap7", FIRST_MAC, NULL, 0, NULL}},
      .nic_count = 1, .disks = two_disks, .disk_count = 2}},
    {"linux-many-processors",
     LINUX_HOME "/run",
     {.name = "big",
      .uuid = "6fa459ea-ee8a-4ca4-894e-db77e160355e",
      .instance_id = "i-9-big",
      .arch = SPEC_AARCH64,
      .accel = SPEC_TCG,
      .program = "/usr/bin/qemu-system-aarch64",
      .firmware = "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd",
      .vcpu = 12,
      .ram_mib = 2048,
      .disk = LINUX_HOME "/instances/big/os.qcow2",
      .nics = {{SPEC_NET_USER, NULL, "52:54:00:ab:cd:09", NULL, 0, NULL}},
      .nic_count = 1,
      .forwards = ssh_forward,
      .forward_count = 1}},
    {"x86_64",
     LINUX_HOME "/run",
     {.name = "pc",
      .uuid = "6fa459ea-ee8a-4ca4-894e-db77e160355e",
      .instance_id = "i-8-pc",
      .arch = SPEC_X86_64,
      .accel = SPEC_TCG,
      .program = "/usr/bin/qemu-system-x86_64",
      .firmware = "/usr/share/ovmf/OVMF.fd",
      .vcpu = 1,
      .ram_mib = 1024,
      .disk = LINUX_HOME "/instances/pc/os.qcow2",
      .seed_drive = LINUX_HOME "/instances/pc/cloud-init.img",
      .nics = {{SPEC_NET_USER, NULL, "52:54:00:ab:cd:08", NULL, 0, NULL}},
      .nic_count = 1,
      .forwards = two_forwards,
      .forward_count = 2}},
    {"hostile-paths",
     HOSTILE "/run",
     {.name = "test",
      .uuid = "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
      .instance_id = "i-7-test",
      .arch = SPEC_AARCH64,
      .accel = SPEC_TCG,
      .program = HOSTILE "/qemu-system-aarch64",
      .firmware = HOSTILE "/fw,snapshot=on.fd",
      .vcpu = 2,
      .ram_mib = 512,
      .disk = HOSTILE "/os,,1.qcow2",
      .seed_drive = HOSTILE "/cloud-init,.img",
      .nics = {{SPEC_NET_USER, NULL, "52:54:00:ab:cd:07", NULL, 0, NULL}},
      .nic_count = 1,
      .forwards = ssh_forward,
      .forward_count = 1,
      .extra = extra}},
};
const size_t spec_case_count = sizeof spec_cases / sizeof *spec_cases;

const struct spec_case *spec_case_find(const char *name) {
    for (size_t i = 0; i < spec_case_count; i++)
        if (strcmp(spec_cases[i].name, name) == 0)
            return &spec_cases[i];
    return NULL;
}
