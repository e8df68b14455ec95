/* Everything that decides what hardware a guest sees, as plain data. Pure. Strings are borrowed
 * from the caller that fills it: home/instance/plan.c, from the store and the host. */
#pragma once

#include "base/transport.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum spec_arch { SPEC_AARCH64, SPEC_X86_64 };
enum spec_accel { SPEC_HVF, SPEC_KVM, SPEC_TCG };

/* The system that has a kind of network. */
enum spec_system { SPEC_ANY_SYSTEM, SPEC_LINUX, SPEC_MACOS };

/* What a kind of network is attached to on the host. */
enum spec_attachment {
    SPEC_ATTACH_NOTHING,
    SPEC_ATTACH_INTERFACE,   /* one that exists, always */
    SPEC_ATTACH_HELPER,      /* a program; it bridges to an interface if one is given */
    SPEC_ATTACH_HELPER_ONLY, /* a program that takes no interface */
    SPEC_ATTACH_SOCKET,      /* of a daemon, by its path */
    SPEC_ATTACH_GROUP,       /* "239.1.2.3:45678": a multicast group and a port */
    SPEC_ATTACH_PEER,        /* a socket of its own, and that of the one other card */
};

/* How a guest's network card reaches the world. QEMU: qapi/net.json, NetClientDriver.
 * Columns as in struct spec_network_traits.
 *   user           slirp: ports are forwarded
 *   bridge         qemu-bridge-helper
 *   tap            a tap device that exists
 *   vmnet-*        Apple's vmnet, used by QEMU itself
 *   socket         a daemon uses vmnet; QEMU connects to its socket
 *   multicast      datagrams on the loopback interface, guest to guest; nothing else is there
 *   pair           datagrams between sockets in a folder of the user, guest to guest, of two
 *   vmnet-helper   a program for each card uses vmnet: shared or bridged; -host: host */
#define SPEC_NETWORKS(X)                                                                           \
    X(SPEC_NET_USER, "user", SPEC_ANY_SYSTEM, SPEC_ATTACH_NOTHING, 0, 0, 0)                        \
    X(SPEC_NET_BRIDGE, "bridge", SPEC_LINUX, SPEC_ATTACH_INTERFACE, 0, 1, 0)                       \
    X(SPEC_NET_TAP, "tap", SPEC_LINUX, SPEC_ATTACH_INTERFACE, 0, 1, 0)                             \
    X(SPEC_NET_VMNET_BRIDGED, "vmnet-bridged", SPEC_MACOS, SPEC_ATTACH_INTERFACE, 1, 1, 0)         \
    X(SPEC_NET_VMNET_SHARED, "vmnet-shared", SPEC_MACOS, SPEC_ATTACH_NOTHING, 1, 1, 1)             \
    X(SPEC_NET_VMNET_HOST, "vmnet-host", SPEC_MACOS, SPEC_ATTACH_NOTHING, 1, 1, 1)                 \
    X(SPEC_NET_SOCKET, "socket", SPEC_ANY_SYSTEM, SPEC_ATTACH_SOCKET, 0, 1, 1)                     \
    X(SPEC_NET_VMNET_HELPER, "vmnet-helper", SPEC_ANY_SYSTEM, SPEC_ATTACH_HELPER, 0, 1, 1)         \
    X(SPEC_NET_VMNET_HELPER_HOST, "vmnet-helper-host", SPEC_ANY_SYSTEM, SPEC_ATTACH_HELPER_ONLY,   \
      0, 1, 1)                                                                                     \
    X(SPEC_NET_MULTICAST, "multicast", SPEC_ANY_SYSTEM, SPEC_ATTACH_GROUP, 0, 1, 0)                \
    X(SPEC_NET_PAIR, "pair", SPEC_LINUX, SPEC_ATTACH_PEER, 0, 1, 0)
#define SPEC_NETWORK_ENUM(name, ...) name,
enum spec_network { SPEC_NETWORKS(SPEC_NETWORK_ENUM) SPEC_NETWORK_COUNT };
#undef SPEC_NETWORK_ENUM

struct spec_network_traits {
    const char *word;
    enum spec_system system;
    enum spec_attachment attachment;
    bool needs_root;            /* QEMU must run as root */
    bool own_addresses;         /* guests are reached at addresses of their own, not at ports */
    bool appears_with_first_vm; /* the host has no address in it before */
};

#define SPEC_NETDEV "net0" /* QEMU's id of what is behind the first card */

struct spec_forward { /* user networking only: host address and port to guest port */
    const char *host_address;
    uint16_t host_port;
    const char *guest_address; /* NULL: the one that DHCP gives */
    uint16_t guest_port;
    enum transport transport;
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
    const char *interface; /* bridge, tap, host interface, path of a socket (pair: its own), or
                              group and port; NULL for user, shared, host, and for a helper that is
                              not to bridge */
    const char *mac;
    const char *guest_network; /* user networking: "10.0.2.0/24" */
    unsigned position;         /* 0: the first card; below SPEC_NICS_MAX */
    const char *peer;          /* pair: the path of the other socket */
};

struct spec_helper {     /* of the cards of vmnet-helper: nirs/vmnet-helper, docs/integration.md */
    const char *program; /* absolute; NULL: there is no such card */
    const char *sudo;    /* absolute; NULL: the program needs no root */
    const char *log;     /* its log file */
};

/* The network of a card of vmnet-helper that does not bridge, first being this host; NULL: macOS
 * chooses one. Cards with the same are in one network. */
struct spec_range {
    const char *first, *last, *netmask;
};

struct spec_qemu { /* what differs between versions; all 0: the oldest that is supported */
    struct spec_version {
        unsigned major, minor;
    } version;
    bool monitor_objects; /* monitors are objects: from 11.1 on, which deprecates -mon */
    bool sandbox;         /* it filters its system calls when asked to: on Linux */
};

struct spec {
    const char *name;
    const char *uuid;
    const char *instance_id;
    enum spec_arch arch;
    enum spec_accel accel;
    const char *machine;   /* "virt-7.2", which an alias stood for; NULL: spec_machine_alias() */
    const char *program;   /* absolute path of qemu-system-… */
    struct spec_qemu qemu; /* what that program is */
    const char *firmware;  /* absolute path; its variables are volatile */
    unsigned vcpu;
    uint64_t ram_mib;
    bool nested; /* the guest may run virtual machines of its own */

    const char *disk; /* overlay, qcow2 */
    const struct spec_disk *disks;
    size_t disk_count;       /* at most SPEC_DISKS_MAX */
    const char *seed_drive;  /* raw FAT image, label CIDATA */
    const char *seed_url;    /* "http://…/seed/TOKEN/", NULL when seeded by drive only */
    const char *smbios;      /* the file that tells it to the guest: smbios.h */
    const char *seed_source; /* "nocloud-net" (cloud-init < 24.1) or "nocloud" */

    struct spec_nic nics[SPEC_NICS_MAX]; /* in the order of their positions, from 0 on */
    size_t nic_count;                    /* at least 1 */
    const struct spec_forward *forwards; /* of the first card, with user networking */
    size_t forward_count;
    struct spec_helper helper;
    struct spec_range ranges[SPEC_NICS_MAX]; /* by the position of the card */

    char *const *extra; /* INSTANCEDIR/qemu.args: appended unchanged; NULL or NULL-terminated */
};

/* "virt": what QEMU calls the newest version of the machine; and that, or the version given. */
const char *spec_machine_alias(enum spec_arch arch);
const char *spec_machine(const struct spec *spec);
bool spec_needs_root(const struct spec *spec); /* for one of its cards */
bool spec_qemu_is_since(const struct spec_qemu *qemu, unsigned major, unsigned minor);
unsigned spec_nic_slot(unsigned position); /* on the PCI bus */
/* "enp0s17": the name that systemd's rules give the card, after its slot; caller frees. */
char *spec_nic_guest_name(unsigned position);
/* "10.0.3.0/24": the network that user networking gives to the card; caller frees. */
char *spec_nic_user_network(unsigned position);

const struct spec_network_traits *spec_network_traits(enum spec_network network);
bool spec_network_has_helper(enum spec_network network);
/* How the card uses vmnet, whatever program starts it. */
enum spec_vmnet { SPEC_VMNET_NONE, SPEC_VMNET_BRIDGED, SPEC_VMNET_SHARED, SPEC_VMNET_HOST };
enum spec_vmnet spec_network_vmnet(enum spec_network network, const char *interface);
const char *spec_network_word(enum spec_network network);
bool spec_network_from_word(const char *word, enum spec_network *network);
const char *spec_arch_word(enum spec_arch arch); /* "aarch64" */
bool spec_arch_from_word(const char *word, enum spec_arch *arch);
const char *spec_accel_word(enum spec_accel accel); /* "hvf" */
bool spec_accel_from_word(const char *word, enum spec_accel *accel);
