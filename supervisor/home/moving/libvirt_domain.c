/* The values are those of machine/core/qemu_argv.c, so that the guest finds the hardware that it
 * knows: the slots of cards, the serial numbers of disks, the port of the agent. */
#include "home/moving/libvirt_domain.h"

#include "base/alloc.h"
#include "home/moving/xml_writer.h"
#include "machine/core/spec.h"

#include <inttypes.h>
#include <string.h>

#define PROCESSORS_MANY 8 /* more need the third GIC: qemu_argv.c */

static enum spec_arch arch_of(const struct export_form *form) {
    enum spec_arch arch = SPEC_AARCH64;
    spec_arch_from_word(form->facts->instance.arch, &arch);
    return arch;
}

/* libvirt keeps what it does not know: libvirt_read.c finds it there again. */
static void write_metadata(struct xml_writer *writer, const struct store_instance *instance) {
    if (!instance->ip4)
        return;
    xml_writer_begin(writer, "metadata");
    xml_writer_begin(writer, "pgsup:instance");
    xml_writer_attribute(writer, "xmlns:pgsup", "urn:pgsup:instance");
    xml_writer_attribute(writer, "ip4", "%s", instance->ip4);
    xml_writer_end(writer);
    xml_writer_end(writer);
}

static void write_identity(struct xml_writer *writer, const struct store_instance *instance) {
    scoped(alloc_release) char *vcpu = alloc_printf("%" PRIu64, instance->vcpu);
    scoped(alloc_release) char *ram = alloc_printf("%" PRIu64, instance->ram_mib);
    xml_writer_text(writer, "name", instance->name);
    xml_writer_text(writer, "uuid", instance->uuid);
    write_metadata(writer, instance);
    xml_writer_begin(writer, "memory");
    xml_writer_attribute(writer, "unit", "MiB");
    xml_writer_end_text(writer, ram);
    xml_writer_text(writer, "vcpu", vcpu);
}

/* libvirt chooses a firmware of the host that it runs on. */
static void write_boot(struct xml_writer *writer, const struct export_form *form) {
    const struct store_instance *instance = &form->facts->instance;
    const char *machine = instance->machine;
    xml_writer_begin(writer, "os");
    xml_writer_attribute(writer, "firmware", "efi");
    xml_writer_begin(writer, "type");
    xml_writer_attribute(writer, "arch", "%s", instance->arch);
    xml_writer_attribute(writer, "machine", "%s",
                         machine ? machine : spec_machine_alias(arch_of(form)));
    xml_writer_end_text(writer, "hvm");
    xml_writer_begin(writer, "firmware");
    xml_writer_begin(writer, "feature");
    xml_writer_attribute(writer, "enabled", "no");
    xml_writer_attribute(writer, "name", "secure-boot");
    xml_writer_end(writer);
    xml_writer_end(writer);
    xml_writer_end(writer);
}

static void write_processor(struct xml_writer *writer, const struct export_form *form) {
    bool arm = arch_of(form) == SPEC_AARCH64;
    xml_writer_begin(writer, "features");
    xml_writer_begin(writer, "acpi");
    xml_writer_end(writer);
    if (arm && (form->facts->instance.vcpu > PROCESSORS_MANY || form->facts->instance.nested))
        xml_writer_empty(writer, "gic", "version", "3");
    xml_writer_end(writer);
    xml_writer_begin(writer, "cpu");
    xml_writer_attribute(writer, "mode", "%s",
                         !form->emulated ? "host-passthrough"
                         : arm           ? "custom"
                                         : "maximum");
    if (form->emulated && arm) {
        xml_writer_attribute(writer, "match", "exact");
        xml_writer_text(writer, "model", "cortex-a72");
    }
    xml_writer_end(writer);
    xml_writer_empty(writer, "clock", "offset", "utc");
}

struct drive {
    const char *format, *file, *serial; /* serial: NULL: none */
    bool read_only, boots;
};

/* letter: of the name that libvirt wants to call it by. */
static void write_drive(struct xml_writer *writer, const struct export_form *form,
                        const struct drive *drive, char letter) {
    xml_writer_begin(writer, "disk");
    xml_writer_attribute(writer, "type", "file");
    xml_writer_attribute(writer, "device", "disk");
    xml_writer_begin(writer, "driver");
    xml_writer_attribute(writer, "name", "qemu");
    xml_writer_attribute(writer, "type", "%s", drive->format);
    if (!drive->read_only)
        xml_writer_attribute(writer, "discard", "unmap");
    xml_writer_end(writer);
    xml_writer_begin(writer, "source");
    xml_writer_attribute(writer, "file", "%s/%s", form->folder, drive->file);
    xml_writer_end(writer);
    xml_writer_begin(writer, "target");
    xml_writer_attribute(writer, "dev", "vd%c", letter);
    xml_writer_attribute(writer, "bus", "virtio");
    xml_writer_end(writer);
    if (drive->read_only) {
        xml_writer_begin(writer, "readonly");
        xml_writer_end(writer);
    }
    if (drive->serial)
        xml_writer_text(writer, "serial", drive->serial);
    if (drive->boots)
        xml_writer_empty(writer, "boot", "order", "1");
    xml_writer_end(writer);
}

static void write_drives(struct xml_writer *writer, const struct export_form *form) {
    const struct store_disks *disks = &form->facts->disks;
    const struct drive first = {"qcow2", EXPORT_FORM_DISK, NULL, false, true};
    const struct drive seed = {"raw", EXPORT_FORM_SEED, NULL, true, false};
    write_drive(writer, form, &first, 'a');
    write_drive(writer, form, &seed, 'b');
    for (size_t i = 0; i < disks->count && i < SPEC_DISKS_MAX; i++) {
        scoped(alloc_release) char *file = export_form_extra_disk(disks->items[i].name);
        const struct drive drive = {"qcow2", file, disks->items[i].name, false, false};
        write_drive(writer, form, &drive, (char)('c' + i));
    }
}

/* What macOS has is nowhere else: libvirt's own network comes nearest. A network of guests alone
 * stays on this host (loopback); libvirt's multicast would not, so that such a card leads nowhere.
 */
static void write_link(struct xml_writer *writer, enum spec_network network,
                       const char *interface) {
    bool bridge = network == SPEC_NET_BRIDGE && interface;
    bool user =
        network == SPEC_NET_USER || network == SPEC_NET_MULTICAST || network == SPEC_NET_PAIR;
    xml_writer_begin(writer, "interface");
    xml_writer_attribute(writer, "type", user ? "user" : bridge ? "bridge" : "network");
    if (!user)
        xml_writer_empty(writer, "source", bridge ? "bridge" : "network",
                         bridge ? interface : "default");
}

static void write_card(struct xml_writer *writer, const char *kind, const struct store_nic *nic) {
    enum spec_network network = SPEC_NET_USER;
    spec_network_from_word(kind, &network);
    write_link(writer, network, nic->interface);
    xml_writer_empty(writer, "mac", "address", nic->mac);
    xml_writer_empty(writer, "model", "type", "virtio");
    xml_writer_begin(writer, "rom");
    xml_writer_attribute(writer, "enabled", "no");
    xml_writer_end(writer);
    xml_writer_begin(writer, "address");
    xml_writer_attribute(writer, "type", "pci");
    xml_writer_attribute(writer, "domain", "0x0000");
    xml_writer_attribute(writer, "bus", "0x00");
    xml_writer_attribute(writer, "slot", "0x%02x", spec_nic_slot((unsigned)nic->position));
    xml_writer_attribute(writer, "function", "0x0");
    xml_writer_end(writer);
    xml_writer_end(writer);
}

static void write_cards(struct xml_writer *writer, const struct instance_facts *facts) {
    const struct store_nic first = {.interface = facts->cloud.interface,
                                    .mac = facts->instance.mac};
    write_card(writer, facts->cloud.network, &first);
    for (size_t i = 0; i < facts->nics.count && i < SPEC_ADDITIONAL_NICS_MAX; i++)
        write_card(writer, facts->nics.items[i].kind, &facts->nics.items[i]);
}

static void write_ports(struct xml_writer *writer) {
    xml_writer_empty(writer, "serial", "type", "pty");
    xml_writer_begin(writer, "console");
    xml_writer_attribute(writer, "type", "pty");
    xml_writer_end(writer);
    xml_writer_begin(writer, "channel");
    xml_writer_attribute(writer, "type", "unix");
    xml_writer_begin(writer, "target");
    xml_writer_attribute(writer, "type", "virtio");
    xml_writer_attribute(writer, "name", "org.qemu.guest_agent.0");
    xml_writer_end(writer);
    xml_writer_end(writer);
    xml_writer_empty(writer, "memballoon", "model", "none");
    xml_writer_begin(writer, "rng");
    xml_writer_attribute(writer, "model", "virtio");
    xml_writer_begin(writer, "backend");
    xml_writer_attribute(writer, "model", "random");
    xml_writer_end_text(writer, "/dev/urandom");
    xml_writer_end(writer);
}

bool libvirt_domain_write(const struct export_form *form, struct buffer *text,
                          struct error *error) {
    struct xml_writer writer = {0};
    xml_writer_begin(&writer, "domain");
    xml_writer_attribute(&writer, "type", form->emulated ? "qemu" : "kvm");
    write_identity(&writer, &form->facts->instance);
    write_boot(&writer, form);
    write_processor(&writer, form);
    xml_writer_begin(&writer, "devices");
    write_drives(&writer, form);
    write_cards(&writer, form->facts);
    write_ports(&writer);
    xml_writer_end(&writer);
    xml_writer_end(&writer);
    return xml_writer_finish(&writer, "the domain", text, error);
}
