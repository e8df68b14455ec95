/* Where the files of an instance are: every name in INSTANCEDIR, once. Those of the home are in
 * home.h. */
#pragma once

#include "home/home.h"

#define LAYOUT_OS_DISK       "os.qcow2"
#define LAYOUT_SCRIPT        "vm.sh"
#define LAYOUT_ARGUMENTS     "qemu.args"
#define LAYOUT_DOCUMENTS     "cloud-init" /* a folder: what each is called is cloudinit's */
#define LAYOUT_SEED_DRIVE    "cloud-init.img"
#define LAYOUT_INCLUDE_DRIVE "cloud-init-include.img"
#define LAYOUT_SMBIOS        "smbios.bin"
#define LAYOUT_HARDWARE      ".hardware" /* home/instance/hardware_note.h */
#define LAYOUT_HOST_KEYS     "host-keys" /* a folder */
#define LAYOUT_KNOWN_HOSTS   "known_hosts"
#define LAYOUT_INVENTORY     "inventory.yaml"
#define LAYOUT_ANSIBLE_CFG   "ansible.cfg"
#define LAYOUT_PLAYBOOK      "deploy.yaml"
#define LAYOUT_REQUIREMENTS  "requirements.yml"
#define LAYOUT_ANSIBLE_LOG   "ansible.log"
#define LAYOUT_QEMU_LOG      "qemu.log"
#define LAYOUT_CONSOLE_LOG   "console.log"
#define LAYOUT_HELPER_LOG    "vmnet-helper.log"

/* INSTANCEDIR/FILE; caller frees, as all of these. */
char *layout_file(const struct home *home, const char *instance, const char *file);
/* INSTANCEDIR/os.qcow2 */
char *layout_os_disk(const struct home *home, const char *instance);
/* INSTANCEDIR/disk-NAME.qcow2 */
char *layout_extra_disk(const struct home *home, const char *instance, const char *disk);
/* The same in a staged folder, which will become an INSTANCEDIR. */
char *layout_extra_disk_in(const char *folder, const char *disk);
