/* KubeVirt: staging/src/kubevirt.io/api/core/v1/types.go and schema.go. The seed is a Secret that
 * becomes a drive with the label of NoCloud's: cloudInitNoCloud would give the guest another
 * instance-id, and so a second first boot. */
#include "home/moving/kubevirt_machine.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "cloudinit/seed_document.h"
#include "cloudinit/yaml_writer.h"
#include "machine/core/spec.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void begin_map(struct yaml_writer *writer, const char *key) {
    yaml_writer_plain(writer, key);
    yaml_writer_begin_map(writer);
}
static void begin_list(struct yaml_writer *writer, const char *key) {
    yaml_writer_plain(writer, key);
    yaml_writer_begin_list(writer);
}
static void empty_map(struct yaml_writer *writer, const char *key) {
    begin_map(writer, key);
    yaml_writer_end_map(writer);
}
static void number_pair(struct yaml_writer *writer, const char *key, uint64_t number) {
    scoped(alloc_release) char *text = alloc_printf("%" PRIu64, number);
    yaml_writer_plain(writer, key);
    yaml_writer_plain(writer, text);
}

static void begin_object(struct yaml_writer *writer, const char *version, const char *kind,
                         const char *name) {
    yaml_writer_begin(writer, "");
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "apiVersion", version);
    yaml_writer_text_pair(writer, "kind", kind);
    begin_map(writer, "metadata");
    yaml_writer_text_pair(writer, "name", name);
    yaml_writer_end_map(writer);
}

bool kubevirt_machine_write_seed(const struct export_form *form, struct buffer *text,
                                 struct error *error) {
    struct yaml_writer writer;
    scoped(alloc_release) char *name = alloc_printf("%s-seed", form->facts->instance.name);
    begin_object(&writer, "v1", "Secret", name);
    begin_map(&writer, "data");
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        scoped(buffer_done) struct buffer encoded = {0};
        base64_append(form->documents[i], strlen(form->documents[i]), &encoded);
        yaml_writer_plain(&writer, seed_document_name((enum seed_document)i));
        if (encoded.length)
            yaml_writer_lines(&writer, encoded.data);
        else
            yaml_writer_text(&writer, "");
    }
    yaml_writer_end_map(&writer);
    yaml_writer_end_map(&writer);
    return yaml_writer_finish(&writer, "seed.yaml", text, error);
}

static void write_disk(struct yaml_writer *writer, const char *name, const char *serial,
                       unsigned boot) {
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "name", name);
    if (boot)
        number_pair(writer, "bootOrder", boot);
    if (serial)
        yaml_writer_text_pair(writer, "serial", serial);
    begin_map(writer, "disk");
    yaml_writer_text_pair(writer, "bus", "virtio");
    yaml_writer_end_map(writer);
    yaml_writer_end_map(writer);
}

static void write_disks(struct yaml_writer *writer, const struct store_disks *disks) {
    begin_list(writer, "disks");
    write_disk(writer, "os", NULL, 1);
    write_disk(writer, "seed", NULL, 0);
    for (size_t i = 0; i < disks->count; i++) {
        scoped(alloc_release) char *name = alloc_printf("disk-%s", disks->items[i].name);
        write_disk(writer, name, disks->items[i].name, 0);
    }
    yaml_writer_end_list(writer);
}

/* The first card is behind the network of its pod; the others need networks of Multus. */
static void write_card(struct yaml_writer *writer, const char *mac, int position) {
    scoped(alloc_release) char *name = alloc_printf("net%d", position);
    scoped(alloc_release) char *address =
        alloc_printf("0000:00:%02x.0", spec_nic_slot((unsigned)position));
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "name", name);
    yaml_writer_text_pair(writer, "model", "virtio");
    yaml_writer_text_pair(writer, "macAddress", mac);
    yaml_writer_text_pair(writer, "pciAddress", address);
    empty_map(writer, position ? "bridge" : "masquerade");
    yaml_writer_end_map(writer);
}

static void write_cards(struct yaml_writer *writer, const struct instance_facts *facts) {
    begin_list(writer, "interfaces");
    write_card(writer, facts->instance.mac, 0);
    for (size_t i = 0; i < facts->nics.count; i++)
        write_card(writer, facts->nics.items[i].mac, facts->nics.items[i].position);
    yaml_writer_end_list(writer);
}

static void write_devices(struct yaml_writer *writer, const struct instance_facts *facts) {
    begin_map(writer, "devices");
    yaml_writer_flag_pair(writer, "autoattachGraphicsDevice", false);
    yaml_writer_flag_pair(writer, "autoattachMemBalloon", false);
    write_disks(writer, &facts->disks);
    write_cards(writer, facts);
    empty_map(writer, "rng");
    yaml_writer_end_map(writer);
}

static void write_firmware(struct yaml_writer *writer, const struct store_instance *instance) {
    begin_map(writer, "features");
    empty_map(writer, "acpi");
    yaml_writer_end_map(writer);
    begin_map(writer, "firmware");
    yaml_writer_text_pair(writer, "uuid", instance->uuid);
    begin_map(writer, "bootloader");
    begin_map(writer, "efi");
    yaml_writer_flag_pair(writer, "secureBoot", false);
    yaml_writer_end_map(writer);
    yaml_writer_end_map(writer);
    yaml_writer_end_map(writer);
}

static void write_domain(struct yaml_writer *writer, const struct instance_facts *facts) {
    const struct store_instance *instance = &facts->instance;
    enum spec_arch arch = SPEC_AARCH64;
    scoped(alloc_release) char *ram = alloc_printf("%" PRIu64 "Mi", instance->ram_mib);
    spec_arch_from_word(instance->arch, &arch);
    begin_map(writer, "domain");
    begin_map(writer, "cpu");
    number_pair(writer, "cores", instance->vcpu);
    yaml_writer_end_map(writer);
    begin_map(writer, "memory");
    yaml_writer_text_pair(writer, "guest", ram);
    yaml_writer_end_map(writer);
    begin_map(writer, "machine");
    yaml_writer_text_pair(writer, "type", spec_machine_alias(arch));
    yaml_writer_end_map(writer);
    write_firmware(writer, instance);
    write_devices(writer, facts);
    yaml_writer_end_map(writer);
}

static void write_networks(struct yaml_writer *writer, const struct store_nics *nics) {
    begin_list(writer, "networks");
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "name", "net0");
    empty_map(writer, "pod");
    yaml_writer_end_map(writer);
    for (size_t i = 0; i < nics->count; i++) {
        scoped(alloc_release) char *name = alloc_printf("net%d", nics->items[i].position);
        yaml_writer_begin_map(writer);
        yaml_writer_text_pair(writer, "name", name);
        begin_map(writer, "multus");
        yaml_writer_text_pair(writer, "networkName", name);
        yaml_writer_end_map(writer);
        yaml_writer_end_map(writer);
    }
    yaml_writer_end_list(writer);
}

static void write_volume(struct yaml_writer *writer, const char *machine, const char *name) {
    scoped(alloc_release) char *volume = alloc_printf("%s-%s", machine, name);
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "name", name);
    begin_map(writer, "dataVolume");
    yaml_writer_text_pair(writer, "name", volume);
    yaml_writer_end_map(writer);
    yaml_writer_end_map(writer);
}

static void write_volumes(struct yaml_writer *writer, const struct instance_facts *facts) {
    const char *machine = facts->instance.name;
    scoped(alloc_release) char *secret = alloc_printf("%s-seed", machine);
    begin_list(writer, "volumes");
    write_volume(writer, machine, "os");
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "name", "seed");
    begin_map(writer, "secret");
    yaml_writer_text_pair(writer, "secretName", secret);
    yaml_writer_text_pair(writer, "volumeLabel", "cidata");
    yaml_writer_end_map(writer);
    yaml_writer_end_map(writer);
    for (size_t i = 0; i < facts->disks.count; i++) {
        scoped(alloc_release) char *name = alloc_printf("disk-%s", facts->disks.items[i].name);
        write_volume(writer, machine, name);
    }
    yaml_writer_end_list(writer);
}

bool kubevirt_machine_write(const struct export_form *form, struct buffer *text,
                            struct error *error) {
    const struct instance_facts *facts = form->facts;
    bool arm = strcmp(facts->instance.arch, "aarch64") == 0;
    struct yaml_writer writer;
    begin_object(&writer, "kubevirt.io/v1", "VirtualMachine", facts->instance.name);
    begin_map(&writer, "spec");
    yaml_writer_text_pair(&writer, "runStrategy", "Halted");
    begin_map(&writer, "template");
    begin_map(&writer, "spec");
    yaml_writer_text_pair(&writer, "architecture", arm ? "arm64" : "amd64");
    number_pair(&writer, "terminationGracePeriodSeconds", 180);
    write_domain(&writer, facts);
    write_networks(&writer, &facts->nics);
    write_volumes(&writer, facts);
    for (int i = 0; i < 4; i++)
        yaml_writer_end_map(&writer);
    return yaml_writer_finish(&writer, "vm.yaml", text, error);
}
