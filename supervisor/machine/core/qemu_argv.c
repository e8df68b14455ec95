#include "machine/core/qemu_argv.h"

#include "base/alloc.h"
#include "base/buffer.h"

#include <inttypes.h>
#include <string.h>

#define DISK_SLOT 0x18u /* of the first extra disk; slots of network cards end before it */

#define FIRMWARE_NODE "firmware0"

/* In key=value options a comma ends a value unless it is doubled. An undoubled one would not only
 * cut a path short: what follows would be taken as further options. */
static void append_escaped(struct buffer *option, const char *value) {
    for (; *value; value++) {
        buffer_putc(option, *value);
        if (*value == ',')
            buffer_putc(option, ',');
    }
}

static void append_property(struct buffer *option, const char *key, const char *value) {
    buffer_printf(option, ",%s=", key);
    append_escaped(option, value);
}

/* A PC's processor has it or not; on aarch64 it is a part of the board. */
static bool is_nested_arm(const struct spec *spec) {
    return spec->nested && spec->arch == SPEC_AARCH64;
}

static void push_pair(struct strv *argv, const char *option, const char *value) {
    strv_push(argv, option);
    strv_push(argv, value);
}

/* Moves the text into the vector and leaves the buffer empty. */
static void push_built(struct strv *argv, const char *option, struct buffer *value) {
    strv_push(argv, option);
    strv_take(argv, buffer_take(value));
}

static void push_identity(const struct spec *spec, struct strv *argv) {
    struct buffer name = {0};
    strv_push(argv, spec->program);
    strv_push(argv, "-no-user-config");
    strv_push(argv, "-nodefaults");
    push_pair(argv, "-display", "none");
    buffer_puts(&name, "guest=");
    append_escaped(&name, spec->name);
    buffer_puts(&name, ",debug-threads=on");
    push_built(argv, "-name", &name);
    push_pair(argv, "-uuid", spec->uuid);
}

/* Hardware virtualisation gives the guest the host's processor. Emulation of "max" on aarch64 pays
 * for pointer authentication in software; cortex-a72 is as new as the guests need. hvf lends its
 * EL2 without counters only. */
static const char *cpu_model(const struct spec *spec) {
    if (spec->accel == SPEC_HVF && is_nested_arm(spec))
        return "host,pmu=off";
    if (spec->accel != SPEC_TCG)
        return "host";
    return spec->arch == SPEC_AARCH64 ? "cortex-a72" : "max";
}

/* QEMU's docs/system/arm/virt.rst: the GIC that "virt" has by itself takes 8 processors, except
 * with kvm, which takes the host's; with EL2 it must be the third. */
static const char *gic_version(const struct spec *spec) {
    bool many = spec->vcpu > 8 && spec->accel != SPEC_KVM;
    return spec->arch == SPEC_AARCH64 && (many || spec->nested) ? ",gic-version=3" : "";
}

/* On a PC as a flash chip of its size: -bios takes only whole 64 KiB, which edk2's x86_64 code of
 * 4 MiB builds is not (QEMU: hw/i386/x86.c, x86_bios_rom_init). Variables are volatile both ways.
 */
static void push_firmware(const struct spec *spec, struct strv *argv) {
    if (spec->arch == SPEC_AARCH64) {
        push_pair(argv, "-bios", spec->firmware);
        return;
    }
    struct buffer node = {0};
    buffer_puts(&node, "driver=raw,node-name=" FIRMWARE_NODE ",read-only=on,file.driver=file");
    append_property(&node, "file.filename", spec->firmware);
    push_built(argv, "-blockdev", &node);
}

static void push_board(const struct spec *spec, struct strv *argv) {
    bool flash = spec->arch != SPEC_AARCH64;
    strv_push(argv, "-machine");
    strv_pushf(argv, "%s%s%s%s", spec_machine(spec), gic_version(spec),
               flash ? ",pflash0=" FIRMWARE_NODE : "",
               is_nested_arm(spec) ? ",virtualization=on" : "");
    push_pair(argv, "-accel",
              spec->accel == SPEC_HVF && is_nested_arm(spec) ? "hvf,kernel-irqchip=on"
                                                             : spec_accel_word(spec->accel));
    push_pair(argv, "-cpu", cpu_model(spec));
    strv_push(argv, "-smp");
    strv_pushf(argv, "%u", spec->vcpu);
    strv_push(argv, "-m");
    strv_pushf(argv, "%" PRIu64, spec->ram_mib);
    push_firmware(spec, argv);
    /* Without it edk2 waits five seconds for a key before it boots. */
    push_pair(argv, "-boot", "menu=on,splash-time=0");
}

/* A guest that panics is paused, so that its state can be examined. */
static void push_panic(struct strv *argv) {
    push_pair(argv, "-action", "panic=pause");
    push_pair(argv, "-device", "pvpanic-pci");
}

/* The id is that of its chardev too. QEMU: docs/about/deprecated.rst, "-mon" (11.1). */
static void push_control_of(const struct spec_qemu *qemu, const char *id, struct strv *argv) {
    strv_push(argv, qemu->monitor_objects ? "-object" : "-mon");
    if (qemu->monitor_objects)
        strv_pushf(argv, "monitor-qmp,id=%s-monitor,chardev=%s", id, id);
    else
        strv_pushf(argv, "chardev=%s,mode=control", id);
}

/* fd: a listening descriptor, where there is no path. */
static void push_monitor(const struct spec_qemu *qemu, const char *id, const char *path, int fd,
                         struct strv *argv) {
    struct buffer chardev = {0};
    buffer_printf(&chardev, "socket,id=%s", id);
    if (path)
        append_property(&chardev, "path", path);
    else
        buffer_printf(&chardev, ",fd=%d", fd);
    buffer_puts(&chardev, ",server=on,wait=off");
    push_built(argv, "-chardev", &chardev);
    push_control_of(qemu, id, argv);
}

static void push_supervised_console(const struct qemu_argv_launch *launch, struct strv *argv) {
    strv_push(argv, "-chardev");
    strv_pushf(argv, "socket,id=console,fd=%d,server=on,wait=off", launch->console_fd);
    push_pair(argv, "-serial", "chardev:console");
}

/* mux=on is what gives the terminal its Ctrl-A keys; signal=off sends Ctrl-C to the guest. */
static void push_terminal_console(const struct spec_qemu *qemu, struct strv *argv) {
    push_pair(argv, "-chardev", "stdio,id=console,mux=on,signal=off");
    push_pair(argv, "-serial", "chardev:console");
    if (qemu->monitor_objects)
        push_pair(argv, "-object", "monitor-hmp,id=console-monitor,chardev=console,readline=on");
    else
        push_pair(argv, "-mon", "chardev=console,mode=readline");
}

/* What QEMU must not do. In vm.sh it may still drop root, or run qemu-bridge-helper. QEMU:
 * qemu-options.hx, -sandbox. */
static void push_sandbox(const struct spec *spec, enum qemu_argv_style style, struct strv *argv) {
    bool helper = false;
    for (size_t i = 0; i < spec->nic_count; i++)
        helper |= spec->nics[i].network == SPEC_NET_BRIDGE;
    if (!spec->qemu.sandbox || (helper && style == QEMU_ARGV_SCRIPT))
        return;
    push_pair(argv, "-sandbox",
              style == QEMU_ARGV_SCRIPT
                  ? "on,obsolete=deny,spawn=deny,resourcecontrol=deny"
                  : "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
}

static void push_control(const struct spec_qemu *qemu, const struct qemu_argv_launch *launch,
                         struct strv *argv) {
    bool supervised = launch->style == QEMU_ARGV_SUPERVISED;
    if (!launch->run_as)
        push_pair(argv, "-pidfile", launch->pid_file);
    if (supervised) {
        strv_push(argv, "-S");
        push_pair(argv, "-msg", "timestamp=on");
        push_monitor(qemu, "qmp", NULL, launch->qmp_fd, argv);
        push_supervised_console(launch, argv);
    } else {
        push_monitor(qemu, "qmp", launch->qmp_path, -1, argv);
        push_terminal_console(qemu, argv);
    }
    push_monitor(qemu, "spare", launch->run_as ? NULL : launch->second_path, launch->second_fd,
                 argv);
}

/* Nothing, until the real node takes its place. */
static void push_later_node(const char *name, const char *property, struct strv *argv) {
    strv_push(argv, "-blockdev");
    strv_pushf(argv, "driver=null-co,node-name=" QEMU_ARGV_LATER "%s,size=1048576,read-zeroes=on",
               name);
    strv_push(argv, "-blockdev");
    strv_pushf(argv, "driver=raw,node-name=%s,%s,file=" QEMU_ARGV_LATER "%s", name, property, name);
}

static void push_disk_node(const char *name, const char *path,
                           const struct qemu_argv_launch *launch, struct strv *argv) {
    struct buffer node = {0};
    if (launch->run_as) {
        push_later_node(name, "discard=unmap", argv);
        return;
    }
    buffer_printf(&node, "driver=qcow2,node-name=%s,discard=unmap,file.driver=file", name);
    append_property(&node, "file.filename", path);
    buffer_puts(&node, ",file.discard=unmap");
    push_built(argv, "-blockdev", &node);
}

/* No cache option: QEMU's default, writeback, completes a guest's flush only when fsync() has: what
 * a guest was told is safe survives the end of QEMU and of the host's system. A power cut too on
 * Linux, where fsync() empties the drive's cache; on macOS it does not (fsync(2)). Writethrough
 * adds a flush to every single write and changes nothing of this. */
static void push_disk(const struct spec *spec, const struct qemu_argv_launch *launch,
                      struct strv *argv) {
    push_disk_node(QEMU_ARGV_DISK, spec->disk, launch, argv);
    push_pair(argv, "-device", "virtio-blk-pci,id=vda,drive=" QEMU_ARGV_DISK ",bootindex=0");
}

/* Fixed slots, above those that QEMU assigns, so that an additional disk moves no other device. The
 * guest identifies the disks by their serial numbers, as /dev/disk/by-id/virtio-NAME. */
static void push_extra_disks(const struct spec *spec, const struct qemu_argv_launch *launch,
                             struct strv *argv) {
    for (unsigned i = 0; i < spec->disk_count; i++) {
        const struct spec_disk *disk = &spec->disks[i];
        scoped(alloc_release) char *name = alloc_printf("disk-%s", disk->name);
        push_disk_node(name, disk->path, launch, argv);
        strv_push(argv, "-device");
        strv_pushf(argv, "virtio-blk-pci,id=disk-%s,drive=disk-%s,serial=%s,addr=0x%x", disk->name,
                   disk->name, disk->name, DISK_SLOT + i);
    }
}

/* Added after the disk, so that the disk is /dev/vda in the guest. */
static void push_seed_drive(const struct spec *spec, const struct qemu_argv_launch *launch,
                            struct strv *argv) {
    struct buffer node = {0};
    if (launch->run_as) {
        push_later_node(QEMU_ARGV_SEED, "read-only=on", argv);
    } else {
        buffer_puts(&node, "driver=raw,node-name=" QEMU_ARGV_SEED ",read-only=on,file.driver=file");
        append_property(&node, "file.filename", spec->seed_drive);
        push_built(argv, "-blockdev", &node);
    }
    push_pair(argv, "-device", "virtio-blk-pci,id=seed,drive=" QEMU_ARGV_SEED);
}

void qemu_argv_seed(const struct spec *spec, struct buffer *value) {
    buffer_puts(value, "file=");
    append_escaped(value, spec->smbios);
}

/* Root reads no file of the user's, so the launcher writes one. */
static void push_seed_url(const struct spec *spec, const struct qemu_argv_launch *launch,
                          struct strv *argv) {
    struct buffer value = {0};
    if (launch->run_as)
        buffer_puts(&value, "file=" QEMU_ARGV_SEED_FILE);
    else
        qemu_argv_seed(spec, &value);
    push_built(argv, "-smbios", &value);
}

static void push_chassis(const struct spec *spec, struct strv *argv) {
    struct buffer chassis = {0};
    buffer_puts(&chassis, "type=3,manufacturer=pgsup,version=0");
    append_property(&chassis, "serial", spec->instance_id);
    append_property(&chassis, "asset", spec->name);
    append_property(&chassis, "sku", "pgsup");
    push_built(argv, "-smbios", &chassis);
}

/* An image may have a machine-id, from which systemd-networkd makes the identifier for DHCP
 * servers: instances of it would have one lease until cloud-init has fetched a seed over that very
 * network. systemd from 252 on reads this before it configures cards:
 * systemd.system-credentials(7). */
static void push_dhcp_identifier(const struct spec *spec, struct strv *argv) {
    for (size_t i = 0; i < spec->nic_count; i++)
        if (spec->nics[i].network != SPEC_NET_USER) {
            push_pair(argv, "-smbios",
                      "type=11,value=io.systemd.credential:tmpfiles.extra="
                      "f /run/systemd/networkd.conf.d/pgsup.conf 0644 root root - "
                      "[DHCPv4]\\nDUIDType=link-layer\\n");
            return;
        }
}

static void append_forwards(const struct spec *spec, struct buffer *netdev) {
    for (size_t i = 0; i < spec->forward_count; i++) {
        const struct spec_forward *forward = &spec->forwards[i];
        buffer_printf(netdev, ",hostfwd=%s:%s:%u-%s:%u", transport_word(forward->transport),
                      forward->host_address, forward->host_port,
                      forward->guest_address ? forward->guest_address : "", forward->guest_port);
    }
}

/* socket_vmnet uses the format of QEMU's stream: each frame follows its length in 4 bytes,
 * big-endian (QEMU: net/stream.c; lima-vm/socket_vmnet: README). QEMU connects by itself, in vm.sh
 * too, so no descriptor is passed, unless it is root: then it could be led to another socket. */
static const char *netdev_type(enum spec_network network, enum qemu_argv_style style) {
    switch (network) {
    case SPEC_NET_BRIDGE: return style == QEMU_ARGV_SUPERVISED ? "tap" : "bridge";
    case SPEC_NET_SOCKET: return "stream";
    case SPEC_NET_VMNET_HELPER:
    case SPEC_NET_VMNET_HELPER_HOST:
    case SPEC_NET_MULTICAST:
    case SPEC_NET_PAIR: return "dgram";
    default: return spec_network_word(network);
    }
}

/* A daemon that is started again is connected to again. 8.0 counts seconds; 9.2 has the other word,
 * and 10.2 only that one (QEMU: qapi/net.json, NetdevStreamOptions). */
static const char *stream_reconnect(const struct spec_qemu *qemu) {
    if (spec_qemu_is_since(qemu, 9, 2))
        return ",reconnect-ms=500";
    return spec_qemu_is_since(qemu, 8, 0) ? ",reconnect=1" : "";
}

/* Each QEMU sends to all of the group, by the loopback interface only, and no process is between
 * them. Of the local address QEMU takes the interface; the port is the group's (net/dgram.c). */
static void append_group(const char *group, struct buffer *netdev) {
    size_t length = strcspn(group, ":");
    buffer_printf(netdev,
                  ",local.type=inet,local.host=127.0.0.1,local.port=0,remote.type=inet,"
                  "remote.host=%.*s,remote.port=%s",
                  (int)length, group, group[length] ? group + length + 1 : "0");
}

/* Each QEMU makes its own socket, in the place of one that is there, and names the other one in
 * every datagram: what is sent to nobody is lost, and the other may come, go and come back
 * (net/dgram.c). */
static void append_pair(const struct spec_nic *nic, struct buffer *netdev) {
    buffer_puts(netdev, ",local.type=unix");
    append_property(netdev, "local.path", nic->interface);
    buffer_puts(netdev, ",remote.type=unix");
    append_property(netdev, "remote.path", nic->peer);
}

/* launch->helper_fd: the descriptor for the next card that has a helper. */
static void append_network(const struct spec *spec, const struct spec_nic *nic,
                           struct qemu_argv_launch *launch, struct buffer *netdev) {
    switch (nic->network) {
    case SPEC_NET_USER:
        append_property(netdev, "hostname", spec->name);
        if (nic->guest_network)
            append_property(netdev, "net", nic->guest_network);
        break;
    case SPEC_NET_BRIDGE:
        if (launch->style == QEMU_ARGV_SUPERVISED)
            buffer_printf(netdev, ",fd=%d", launch->helper_fd++);
        else
            append_property(netdev, "br", nic->interface);
        break;
    case SPEC_NET_TAP:
        append_property(netdev, "ifname", nic->interface);
        buffer_puts(netdev, ",script=no,downscript=no");
        break;
    case SPEC_NET_VMNET_BRIDGED: append_property(netdev, "ifname", nic->interface); break;
    case SPEC_NET_SOCKET:
        if (launch->run_as) {
            buffer_printf(netdev, ",server=off,addr.type=fd,addr.str=%d", launch->helper_fd++);
            break;
        }
        buffer_puts(netdev, ",server=off,addr.type=unix");
        append_property(netdev, "addr.path", nic->interface);
        buffer_puts(netdev, stream_reconnect(&spec->qemu));
        break;
    case SPEC_NET_VMNET_HELPER:
    case SPEC_NET_VMNET_HELPER_HOST:
        buffer_printf(netdev, ",local.type=fd,local.str=%d", launch->helper_fd++);
        break;
    case SPEC_NET_MULTICAST: append_group(nic->interface, netdev); break;
    case SPEC_NET_PAIR: append_pair(nic, netdev); break;
    case SPEC_NET_VMNET_SHARED:
    case SPEC_NET_VMNET_HOST:
    case SPEC_NETWORK_COUNT: break;
    }
}

/* An empty romfile leaves out the network boot ROM, which would only cost time in the firmware. The
 * slot is fixed, because the guest names its interface after it: cloud-init writes that name down
 * at the first boot, and the guest must find it again in vm.sh, which has a device more. */
static void push_nic(const struct spec_nic *nic, struct buffer *netdev, struct strv *argv) {
    push_built(argv, "-netdev", netdev);
    strv_push(argv, "-device");
    strv_pushf(argv,
               "virtio-net-pci,id=" QEMU_ARGV_CARD "%u,netdev=net%u,mac=%s,romfile=,addr=0x%x",
               nic->position, nic->position, nic->mac, spec_nic_slot(nic->position));
}

static void push_network(const struct spec *spec, const struct qemu_argv_launch *launch,
                         struct strv *argv) {
    struct qemu_argv_launch next = *launch;
    for (size_t i = 0; i < spec->nic_count; i++) {
        const struct spec_nic *nic = &spec->nics[i];
        struct buffer netdev = {0};
        buffer_printf(&netdev, "%s,id=net%u", netdev_type(nic->network, launch->style),
                      nic->position);
        append_network(spec, nic, &next, &netdev);
        if (i == 0 && nic->network == SPEC_NET_USER)
            append_forwards(spec, &netdev);
        push_nic(nic, &netdev, argv);
    }
}

static void push_small_devices(struct strv *argv) {
    push_pair(argv, "-device", "virtio-rng-pci");
    push_pair(argv, "-device", "nec-usb-xhci,id=usb-bus");
    push_pair(argv, "-device", "usb-kbd,bus=usb-bus.0");
}

/* The port has an id because QEMU reports its opening (VSERPORT_CHANGE) only then. */
static void push_agent(const struct qemu_argv_launch *launch, struct strv *argv) {
    struct buffer chardev = {0};
    buffer_puts(&chardev, "socket,id=" QEMU_ARGV_AGENT);
    if (launch->run_as)
        buffer_printf(&chardev, ",fd=%d", launch->agent_fd);
    else
        append_property(&chardev, "path", launch->agent_path);
    buffer_puts(&chardev, ",server=on,wait=off");
    push_built(argv, "-chardev", &chardev);
    push_pair(argv, "-device", "virtio-serial-pci,id=serial0");
    push_pair(argv, "-device",
              "virtserialport,id=" QEMU_ARGV_AGENT ",bus=serial0.0,chardev=" QEMU_ARGV_AGENT
              ",name=org.qemu.guest_agent.0");
}

/* QEMU: docs/about/removed-features.rst, -runas. */
static void push_run_as(const struct spec *spec, const char *run_as, struct strv *argv) {
    bool has = spec_qemu_is_since(&spec->qemu, 9, 1);
    strv_push(argv, has ? "-run-with" : "-runas");
    strv_pushf(argv, "%s%s", has ? "user=" : "", run_as);
}

bool qemu_argv_seeds_by_drive(const struct spec *spec, enum qemu_argv_style style) {
    return spec->seed_drive && (style == QEMU_ARGV_SCRIPT || !spec->seed_url);
}

void qemu_argv_build(const struct spec *spec, const struct qemu_argv_launch *launch,
                     struct strv *argv) {
    push_identity(spec, argv);
    push_board(spec, argv);
    if (!launch->run_as)
        push_sandbox(spec, launch->style, argv);
    push_control(&spec->qemu, launch, argv);
    push_panic(argv);
    push_disk(spec, launch, argv);
    if (qemu_argv_seeds_by_drive(spec, launch->style))
        push_seed_drive(spec, launch, argv);
    else if (spec->seed_url)
        push_seed_url(spec, launch, argv);
    push_extra_disks(spec, launch, argv);
    push_chassis(spec, argv);
    push_dhcp_identifier(spec, argv);
    push_network(spec, launch, argv);
    push_small_devices(argv);
    if (launch->agent_path)
        push_agent(launch, argv);
    if (launch->run_as)
        push_run_as(spec, launch->run_as, argv);
    for (char *const *extra = spec->extra; extra && *extra; extra++)
        strv_push(argv, *extra);
}
