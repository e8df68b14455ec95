#include "cli/doctor/check.h"

#include "cli/doctor/acceleration.h"
#include "cli/doctor/attachment.h"
#include "cli/doctor/folders.h"
#include "cli/doctor/images.h"
#include "cli/doctor/mac.h"
#include "cli/doctor/programs.h"
#include "cli/doctor/supervision.h"

#define ALWAYS CHECK_NEEDS_NOTHING
#define MAC    CHECK_NEEDS_MACOS
#define LINUX  CHECK_NEEDS_LINUX
#define HOME   CHECK_NEEDS_HOME
#define STORE  (CHECK_NEEDS_HOME | CHECK_NEEDS_STORE)
#define STILL  (STORE | CHECK_NEEDS_STILLNESS)
#define QEMU   CHECK_NEEDS_QEMU

const struct check check_table[] = {
    /* id, area, what it needs, function, whether --fix runs its command */
    {"qemu", "programs", ALWAYS, programs_qemu, false},
    {"qemu-version", "programs", QEMU, programs_qemu_version, false},
    {"qemu-img", "programs", ALWAYS, programs_qemu_img, false},
    {"firmware", "programs", ALWAYS, programs_firmware, false},
    {"mtools", "programs", ALWAYS, programs_mtools, false},
    {"ssh", "programs", ALWAYS, programs_ssh, false},
    {"fetch", "programs", ALWAYS, programs_fetch, false},
    {"ansible", "programs", ALWAYS, programs_ansible, false},
    {"nsupdate", "programs", STORE, programs_nsupdate, false},

    {"kvm", "accelerator", LINUX, acceleration_kvm, false},
    {"accelerator", "accelerator", ALWAYS, acceleration_variable, false},
    {"hvf", "accelerator", MAC, acceleration_hvf, false},
    {"qemu-signature", "accelerator", MAC | QEMU, acceleration_signature, false},

    {"network", "network", STORE, attachment_network, false},
    {"bridge-helper", "network", LINUX | STORE, attachment_bridge_helper, false},
    {"bridge-conf", "network", LINUX | STORE, attachment_bridge_conf, false},
    {"tun", "network", LINUX | STORE, attachment_tun, false},
    {"phone-home-port", "network", STORE, attachment_phone_home_port, false},
    {"ports", "network", STILL, attachment_ports, false},

    {"macos", "mac", MAC, mac_version, false},
    {"firewall", "mac", MAC, mac_firewall, false},
    {"bootpd", "mac", MAC | STORE, mac_bootpd, false},
    {"local-network", "mac", MAC, mac_local_network, false},
    {"protected-folder", "mac", MAC, mac_protected_folder, false},
    {"leases", "mac", MAC | STORE, mac_leases, false},
    {"bridging", "mac", MAC | STORE, mac_bridging, false},
    {"helper-sudo", "mac", MAC | STORE, mac_helper_sudo, false},
    {"processors", "mac", MAC | STORE, mac_processors, false},
    {"firmware-package", "mac", MAC | QEMU, mac_firmware_package, false},

    {"home", "home", ALWAYS, folders_home, false},
    {"owner", "home", HOME, folders_owner, false},
    {"modes", "home", HOME, folders_modes, true},
    {"run-folder", "home", HOME, folders_run, false},
    {"space", "home", ALWAYS, folders_space, false},
    {"store", "home", HOME, folders_store, false},
    {"ssh-key", "home", STORE, folders_ssh_key, false},
    {"images", "home", STILL, images_files, false},
    {"disks", "home", STILL, images_disks, false},
    {"instances", "home", STILL, images_folders, false},

    {"supervisor", "supervisor", HOME, supervision_answers, false},
    {"leftovers", "supervisor", HOME, supervision_leftovers, true},
    {"descriptors", "supervisor", ALWAYS, supervision_descriptors, false},
    {"service", "supervisor", STORE, supervision_service, true},
    {"service-loaded", "supervisor", STORE, supervision_loaded, false},
    {"logout", "supervisor", LINUX | STORE, supervision_logout, false},
    {"qemu-warnings", "supervisor", STORE, supervision_warnings, false},
    {NULL, NULL, ALWAYS, NULL, false},
};

bool check_applies(const struct check *check, const struct surroundings *surroundings) {
    unsigned has = (surroundings->macos ? CHECK_NEEDS_MACOS : CHECK_NEEDS_LINUX) |
                   (surroundings->has_home ? CHECK_NEEDS_HOME : 0) |
                   (surroundings->has_store ? CHECK_NEEDS_STORE : 0) |
                   (surroundings->qemu ? CHECK_NEEDS_QEMU : 0) | CHECK_NEEDS_STILLNESS;
    return (check->needs & has) == check->needs;
}
