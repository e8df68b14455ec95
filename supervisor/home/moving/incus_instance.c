/* Incus: doc/reference/image_format.md, doc/reference/devices_disk.md, devices_nic.md and
 * instance_options.md. All values are strings there. */
#include "home/moving/incus_instance.h"

#include "base/alloc.h"
#include "cloudinit/yaml_writer.h"
#include "machine/core/spec.h"

#include <inttypes.h>

static void number_pair(struct yaml_writer *writer, const char *key, uint64_t number,
                        const char *unit) {
    scoped(alloc_release) char *text = alloc_printf("%" PRIu64 "%s", number, unit);
    yaml_writer_text_pair(writer, key, text);
}

bool incus_instance_write_metadata(const struct export_form *form, struct buffer *text,
                                   struct error *error) {
    const struct store_instance *instance = &form->facts->instance;
    struct yaml_writer writer;
    scoped(alloc_release) char *created =
        alloc_printf("%" PRId64, (int64_t)(instance->created_ms / 1000));
    yaml_writer_begin(&writer, "");
    yaml_writer_begin_map(&writer);
    yaml_writer_text_pair(&writer, "architecture", instance->arch);
    yaml_writer_plain(&writer, "creation_date");
    yaml_writer_plain(&writer, created);
    yaml_writer_plain(&writer, "properties");
    yaml_writer_begin_map(&writer);
    yaml_writer_text_pair(&writer, "description", instance->name);
    yaml_writer_text_pair(&writer, "os", instance->image);
    yaml_writer_end_map(&writer);
    yaml_writer_end_map(&writer);
    return yaml_writer_finish(&writer, "metadata.yaml", text, error);
}

static void begin_device(struct yaml_writer *writer, const char *name, const char *type) {
    yaml_writer_text(writer, name);
    yaml_writer_begin_map(writer);
    yaml_writer_text_pair(writer, "type", type);
}

static void write_file(struct yaml_writer *writer, const struct export_form *form, const char *name,
                       const char *file) {
    scoped(alloc_release) char *path = alloc_printf("%s/%s", form->folder, file);
    begin_device(writer, name, "disk");
    yaml_writer_text_pair(writer, "source", path);
    yaml_writer_text_pair(writer, "io.bus", "virtio-blk");
}

static void write_disks(struct yaml_writer *writer, const struct export_form *form) {
    const struct store_disks *disks = &form->facts->disks;
    begin_device(writer, "root", "disk");
    yaml_writer_text_pair(writer, "path", "/");
    yaml_writer_text_pair(writer, "pool", "default");
    number_pair(writer, "size", form->facts->instance.disk_bytes, "");
    yaml_writer_text_pair(writer, "io.bus", "virtio-blk");
    yaml_writer_end_map(writer);
    write_file(writer, form, "seed", EXPORT_FORM_SEED);
    yaml_writer_text_pair(writer, "readonly", "true");
    yaml_writer_end_map(writer);
    for (size_t i = 0; i < disks->count; i++) {
        scoped(alloc_release) char *name = alloc_printf("disk-%s", disks->items[i].name);
        scoped(alloc_release) char *file = export_form_raw_disk(disks->items[i].name);
        write_file(writer, form, name, file);
        yaml_writer_end_map(writer);
    }
}

static void write_card(struct yaml_writer *writer, const char *kind, const struct store_nic *nic) {
    enum spec_network network = SPEC_NET_USER;
    scoped(alloc_release) char *name = alloc_printf("eth%d", nic->position);
    spec_network_from_word(kind, &network);
    begin_device(writer, name, "nic");
    if (network == SPEC_NET_BRIDGE && nic->interface) {
        yaml_writer_text_pair(writer, "nictype", "bridged");
        yaml_writer_text_pair(writer, "parent", nic->interface);
    } else
        yaml_writer_text_pair(writer, "network", "incusbr0");
    yaml_writer_text_pair(writer, "hwaddr", nic->mac);
    yaml_writer_end_map(writer);
}

static void write_cards(struct yaml_writer *writer, const struct instance_facts *facts) {
    const struct store_nic first = {.interface = facts->cloud.interface,
                                    .mac = facts->instance.mac};
    write_card(writer, facts->cloud.network, &first);
    for (size_t i = 0; i < facts->nics.count; i++)
        write_card(writer, facts->nics.items[i].kind, &facts->nics.items[i]);
}

bool incus_instance_write(const struct export_form *form, struct buffer *text,
                          struct error *error) {
    const struct store_instance *instance = &form->facts->instance;
    struct yaml_writer writer;
    yaml_writer_begin(&writer, "");
    yaml_writer_begin_map(&writer);
    yaml_writer_text_pair(&writer, "description", "from pgsup");
    yaml_writer_plain(&writer, "config");
    yaml_writer_begin_map(&writer);
    number_pair(&writer, "limits.cpu", instance->vcpu, "");
    number_pair(&writer, "limits.memory", instance->ram_mib, "MiB");
    yaml_writer_text_pair(&writer, "security.secureboot", "false");
    yaml_writer_text_pair(&writer, "boot.autostart", instance->autostart ? "true" : "false");
    yaml_writer_end_map(&writer);
    yaml_writer_plain(&writer, "devices");
    yaml_writer_begin_map(&writer);
    write_disks(&writer, form);
    write_cards(&writer, form->facts);
    yaml_writer_end_map(&writer);
    yaml_writer_end_map(&writer);
    return yaml_writer_finish(&writer, "instance.yaml", text, error);
}
