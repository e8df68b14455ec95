#include "home/moving/export_guide.h"

#include "base/alloc.h"
#include "machine/core/spec.h"

#include <inttypes.h>
#include <string.h>

static void guide_libvirt(const struct export_form *form, struct buffer *text) {
    const char *name = form->facts->instance.name;
    buffer_printf(
        text,
        "    virsh define domain.xml\n"
        "    virsh start %s\n"
        "    virsh console %s\n"
        "\n"
        "domain.xml names its files in %s. If the folder is elsewhere, run this first:\n"
        "\n"
        "    sed -i \"s|%s/|$PWD/|\" domain.xml\n"
        "\n"
        "libvirt's system daemon runs QEMU as a user of its own. That user must be able to "
        "read the folder: /var/lib/libvirt/images is such a place. `virsh domifaddr "
        "--source agent %s` shows the guest's address if the guest has an agent.\n",
        name, name, form->folder, form->folder, name);
    buffer_printf(text,
                  "The domain is of type \"%s\"%s. Its machine is %s, so that the guest finds the "
                  "hardware that it knows; if the host's QEMU has no such machine, write \"%s\".\n",
                  form->emulated ? "qemu" : "kvm",
                  form->emulated ? ", which emulates; on a host of the guest's architecture write "
                                   "\"kvm\" and <cpu mode='host-passthrough'/>"
                                 : "",
                  form->facts->instance.machine ? form->facts->instance.machine : "the newest",
                  strcmp(form->facts->instance.arch, "aarch64") == 0 ? "virt" : "q35");
}

static void guide_incus(const struct export_form *form, struct buffer *text) {
    const char *name = form->facts->instance.name;
    buffer_printf(text,
                  "    tar -cf metadata.tar metadata.yaml && incus image import metadata.tar "
                  "disk.qcow2 --alias %s\n"
                  "    incus create %s %s --vm < instance.yaml\n"
                  "    incus start %s\n"
                  "\n"
                  "instance.yaml names seed.img in %s; Incus must be able to read it there. The "
                  "storage pool \"default\" and the network \"incusbr0\" are those that `incus "
                  "admin init` makes. Incus chooses the machine, its UUID and the slots of the "
                  "cards: the first card gets another name in the guest.\n"
                  "pgsup's authors have not run this: it was checked against Incus's "
                  "documentation.\n",
                  name, name, name, name, form->folder);
}

static void upload(const char *machine, const char *volume, const char *file, uint64_t bytes,
                   struct buffer *text) {
    buffer_printf(text, "    virtctl image-upload dv %s-%s --size=%" PRIu64 " --image-path=%s\n",
                  machine, volume, bytes, file);
}

static void guide_kubevirt(const struct export_form *form, struct buffer *text) {
    const struct instance_facts *facts = form->facts;
    const char *name = facts->instance.name;
    upload(name, "os", EXPORT_FORM_DISK, facts->instance.disk_bytes, text);
    for (size_t i = 0; i < facts->disks.count; i++) {
        scoped(alloc_release) char *volume = alloc_printf("disk-%s", facts->disks.items[i].name);
        scoped(alloc_release) char *file = export_form_extra_disk(facts->disks.items[i].name);
        upload(name, volume, file, facts->disks.items[i].bytes, text);
    }
    buffer_printf(text,
                  "    kubectl apply -f seed.yaml -f vm.yaml\n"
                  "    virtctl start %s\n"
                  "\n"
                  "seed.yaml is secret: it holds the guest's host keys and the hash of a password. "
                  "The first card is behind the network of the pod%s. The machine is what the "
                  "cluster's QEMU calls %s.\n"
                  "pgsup's authors have not run this: it was checked against KubeVirt's types.\n",
                  name,
                  facts->nics.count ? "; the others need a NetworkAttachmentDefinition of their "
                                      "name"
                                    : "",
                  strcmp(facts->instance.arch, "aarch64") == 0 ? "virt" : "q35");
}

/* libvirt_domain.c connects a card of a network between guests to nothing. */
static void tell_cards(const struct store_nics *nics, struct buffer *text) {
    for (size_t i = 0; i < nics->count; i++) {
        const struct store_nic *nic = &nics->items[i];
        buffer_printf(text, "- Card %d was in ", nic->position);
        if (nic->network_name)
            buffer_printf(text, "the network %s", nic->network_name);
        else
            buffer_printf(text, "a network of kind %s", nic->kind);
        buffer_puts(text, ": give it a network of this engine that the other members are in.\n");
    }
}

static void tell_network(const struct instance_facts *facts, struct buffer *text) {
    if (facts->instance.ip4)
        buffer_printf(text,
                      "- The guest has the address %s, which must be one of the network there.\n",
                      facts->instance.ip4);
    if (strcmp(facts->cloud.network, "user") == 0) {
        buffer_puts(text, "- No port of the host leads to the guest:");
        if (facts->instance.ssh_port)
            buffer_printf(text, " here it was 127.0.0.1:%u for ssh", facts->instance.ssh_port);
        for (size_t i = 0; i < facts->forwards.count; i++)
            buffer_printf(text, ", %u for %u", facts->forwards.items[i].host_port,
                          facts->forwards.items[i].guest_port);
        buffer_puts(text, ".\n");
    }
    tell_cards(&facts->nics, text);
}

static void tell_rest(const struct export_form *form, struct buffer *text) {
    const struct store_instance *instance = &form->facts->instance;
    buffer_puts(text, "\n## What it does not have with this engine\n\n");
    tell_network(form->facts, text);
    if (form->has_arguments)
        buffer_puts(text, "- Your own arguments for QEMU, qemu.args.\n");
    if (instance->nested)
        buffer_puts(text, "- Virtual machines of its own (--nested): see that engine's manual.\n");
    buffer_puts(text, "- Its snapshots.\n");
    buffer_puts(text, "- A supervisor to phone home to. A guest that has booted under pgsup does "
                      "not try; another one tries for some seconds in its first boot.\n");
}

void export_guide_write(enum export_engine engine, const struct export_form *form,
                        struct buffer *text) {
    static void (*const guides[])(const struct export_form *, struct buffer *) = {
        [EXPORT_LIBVIRT] = guide_libvirt,
        [EXPORT_INCUS] = guide_incus,
        [EXPORT_KUBEVIRT] = guide_kubevirt,
    };
    static const char *const titles[] = {
        [EXPORT_LIBVIRT] = "libvirt", [EXPORT_INCUS] = "Incus", [EXPORT_KUBEVIRT] = "KubeVirt"};
    buffer_printf(
        text,
        "# %s for %s\n"
        "\n"
        "This is the same machine as under pgsup: it keeps its instance-id, SSH host keys and "
        "MAC addresses, so that cloud-init does not begin anew. Run it here or under "
        "pgsup, never both. Let nobody else read this folder: the seed and the disk contain "
        "secrets.\n"
        "\n"
        "## Run it, in this folder\n"
        "\n",
        form->facts->instance.name, titles[engine]);
    guides[engine](form, text);
    tell_rest(form, text);
}
