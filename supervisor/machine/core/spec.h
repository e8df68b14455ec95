/* Everything that decides how one VM looks to its guest, as plain data. Pure; strings are borrowed
 * from whoever fills it (home/instance_plan.c does, from the store and the host). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum spec_arch { SPEC_AARCH64, SPEC_X86_64 };
enum spec_accel { SPEC_HVF, SPEC_KVM, SPEC_TCG };

/* How a guest's network card reaches the world. QEMU: qapi/net.json, NetClientDriver. */
#define SPEC_NETWORKS(X)                                                                           \
    X(SPEC_NET_USER, "user")                   /* slirp: no rights needed, ports forwarded */      \
    X(SPEC_NET_BRIDGE, "bridge")               /* Linux: qemu-bridge-helper */                     \
    X(SPEC_NET_TAP, "tap")                     /* Linux: a tap device that exists */               \
    X(SPEC_NET_VMNET_BRIDGED, "vmnet-bridged") /* macOS: needs root */                             \
    X(SPEC_NET_VMNET_SHARED, "vmnet-shared")                                                       \
    X(SPEC_NET_VMNET_HOST, "vmnet-host")                                                           \
    X(SPEC_NET_SOCKET, "socket")             /* macOS: a daemon has the rights; its socket */      \
    X(SPEC_NET_VMNET_HELPER, "vmnet-helper") /* macOS: a program for each card has the rights */
#define SPEC_NETWORK_ENUM(name, word) name,
enum spec_network { SPEC_NETWORKS(SPEC_NETWORK_ENUM) SPEC_NETWORK_COUNT };
#undef SPEC_NETWORK_ENUM

#define SPEC_NETDEV "net0" /* QEMU's id of what is behind the first card */

struct spec_forward { /* user networking only: host address and port to guest port */
    const char *host_address;
    uint16_t host_port;
    const char *guest_address; /* NULL: the one that DHCP gives */
    uint16_t guest_port;
    bool udp;
};

/* virtio shows its guest 20 bytes of a serial number (QEMU: virtio_blk.h, VIRTIO_BLK_ID_BYTES). */
#define SPEC_DISK_NAME_MAX 20
#define SPEC_DISKS_MAX     6

struct spec_disk { /* qcow2, besides the one that is booted from */
    const char *name;
    const char *path;
};

#define SPEC_NICS_MAX            8u                  /* each position has a PCI slot of its own */
#define SPEC_ADDITIONAL_NICS_MAX (SPEC_NICS_MAX - 1) /* besides the first card */

struct spec_nic {
    enum spec_network network;
    const char *interface; /* bridge, tap, host interface or path of a socket; NULL for user,
                              shared, host, and for a helper that is not to bridge */
    const char *mac;
    const char *guest_network; /* user networking: "10.0.2.0/24" */
    unsigned position;         /* 0: the first card; below SPEC_NICS_MAX */
};

struct spec_helper {     /* of the cards of vmnet-helper: nirs/vmnet-helper, docs/integration.md */
    const char *program; /* absolute; NULL: there is no such card */
    const char *sudo;    /* absolute; NULL: the program needs no root */
    const char *log;     /* where it says what it does */
    /* The network of the first card, with this host at its beginning; NULL: macOS chooses it. */
    const char *first, *last, *netmask;
};

struct spec {
    const char *name;
    const char *uuid;
    const char *instance_id;
    enum spec_arch arch;
    enum spec_accel accel;
    const char *machine;  /* NULL: "virt" or "q35" */
    const char *program;  /* absolute path of qemu-system-… */
    const char *firmware; /* absolute path; its variables are volatile */
    unsigned vcpu;
    uint64_t ram_mib;

    const char *disk; /* overlay, qcow2 */
    const struct spec_disk *disks;
    size_t disk_count;       /* at most SPEC_DISKS_MAX */
    const char *seed_drive;  /* raw FAT image, label CIDATA */
    const char *seed_url;    /* "http://…/seed/TOKEN/", NULL when seeded by drive only */
    const char *seed_source; /* "nocloud-net" (cloud-init < 24.1) or "nocloud" */

    struct spec_nic nics[SPEC_NICS_MAX]; /* in the order of their positions, from 0 on */
    size_t nic_count;                    /* at least 1 */
    const struct spec_forward *forwards; /* of the first card, with user networking */
    size_t forward_count;
    struct spec_helper helper;

    char *const *extra; /* INSTANCEDIR/qemu.args: appended as they are; NULL or NULL-terminated */
};

unsigned spec_nic_slot(unsigned position); /* on the PCI bus */
/* "enp0s17": the name that systemd's rules give the card, after its slot; caller frees. */
char *spec_nic_guest_name(unsigned position);
/* "10.0.3.0/24": the network that user networking gives to the card; caller frees. */
char *spec_nic_user_network(unsigned position);

const char *spec_network_word(enum spec_network network);
bool spec_network_from_word(const char *word, enum spec_network *network);
const char *spec_arch_word(enum spec_arch arch); /* "aarch64" */
bool spec_arch_from_word(const char *word, enum spec_arch *arch);
const char *spec_accel_word(enum spec_accel accel); /* "hvf" */
bool spec_accel_from_word(const char *word, enum spec_accel *accel);
