#include "home/instance/plan.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "base/strv.h"
#include "home/access/ansible.h"
#include "home/access/endpoint.h"
#include "home/cloud/subnet.h"
#include "home/generated.h"
#include "home/images/image.h"
#include "home/instance/plan_arguments.h"
#include "home/layout.h"
#include "home/network/members.h"
#include "home/seed/seed.h"
#include "home/seed/seed_include.h"
#include "host/accelerator.h"
#include "host/firmware.h"
#include "host/nested.h"
#include "host/network.h"
#include "host/port.h"
#include "host/program.h"
#include "host/qemu_program.h"
#include "machine/core/smbios.h"
#include "machine/core/vm_script.h"

#include <stdlib.h>
#include <string.h>

#define SEED_SOURCE "nocloud-net" /* what every cloud-init takes that can be seeded by HTTP */

/* Strings that the spec points to; the list of them becomes the plan's. */
static const char *own(struct strv *owned, char *text) {
    strv_take(owned, text);
    return text;
}

static bool fill_hardware(const struct home *home, const struct store_instance *instance,
                          struct spec *spec, struct strv *owned, struct error *error) {
    scoped(alloc_release) char *notes = alloc_printf("%s/" QEMU_PROGRAM_NOTES, home->run);
    if (!spec_arch_from_word(instance->arch, &spec->arch))
        return error_set(error, ERROR_INVALID, "\"%s\" is not a known architecture",
                         instance->arch);
    scoped(alloc_release) char *name = alloc_printf("qemu-system-%s", instance->arch);
    char *program = program_find(name, error);
    if (!program)
        return false;
    spec->program = own(owned, program);
    qemu_program_inspect(program, notes, &spec->qemu);
    char *firmware = firmware_find(spec->arch, error);
    if (!firmware)
        return false;
    spec->firmware = own(owned, firmware);
    spec->vcpu = (unsigned)instance->vcpu;
    spec->ram_mib = instance->ram_mib;
    spec->nested = instance->nested;
    if (instance->machine)
        spec->machine = own(owned, alloc_string(instance->machine));
    return accelerator_choose(instance->accel, spec->arch, spec->program, &spec->accel, error) &&
           (!spec->nested || nested_check(spec->accel, &spec->qemu, error));
}

static void fill_identity(const struct home *home, const struct instance_facts *facts,
                          struct spec *spec, struct strv *owned) {
    const struct store_instance *instance = &facts->instance;
    const char *source = facts->image.seed_source;
    spec->name = own(owned, alloc_string(instance->name));
    spec->uuid = own(owned, alloc_string(instance->uuid));
    spec->instance_id = own(owned, alloc_string(instance->instance_id));
    spec->disk = own(owned, layout_os_disk(home, instance->name));
    spec->seed_source = own(owned, alloc_string(source && *source ? source : SEED_SOURCE));
}

/* Of the two ways to the seed only one: a guest that is told both takes its network from neither.
 */
static void fill_seed(const struct home *home, const struct instance_facts *facts,
                      struct spec *spec, struct strv *owned) {
    enum store_seed seed = facts->instance.seed;
    scoped(alloc_release) char *url = seed_url(&facts->cloud, &facts->instance);
    if (url && seed == STORE_SEED_HTTP) {
        spec->seed_url = own(owned, alloc_string(url));
        spec->smbios = own(owned, layout_file(home, facts->instance.name, LAYOUT_SMBIOS));
    } else if (url && seed == STORE_SEED_BOTH)
        spec->seed_drive = own(owned, seed_include_path(home, &facts->instance));
    else
        spec->seed_drive = own(owned, seed_image_path(home, &facts->instance));
}

/* SSH first, and then what was asked for. */
static void fill_forwards(const struct instance_facts *facts, const char *guest_address,
                          struct instance_plan *plan, struct strv *owned) {
    size_t count = facts->forwards.count;
    plan->forwards = alloc_zero((count + 1) * sizeof *plan->forwards);
    plan->forwards[0] = (struct spec_forward){PORT_LOOPBACK, facts->instance.ssh_port,
                                              guest_address, ENDPOINT_SSH_PORT, TRANSPORT_TCP};
    for (size_t i = 0; i < count; i++) {
        const struct store_forward *each = &facts->forwards.items[i];
        plan->forwards[i + 1] =
            (struct spec_forward){own(owned, alloc_string(each->host_address)), each->host_port,
                                  guest_address, each->guest_port, each->transport};
    }
    plan->spec.forwards = plan->forwards;
    plan->spec.forward_count = count + 1;
}

static void fill_nic(const struct store_nic *row, enum spec_network network, struct spec *spec,
                     struct strv *owned) {
    struct spec_nic *nic = &spec->nics[spec->nic_count++];
    nic->network = network;
    nic->position = (unsigned)row->position;
    nic->mac = own(owned, alloc_string(row->mac));
    if (row->interface)
        nic->interface = own(owned, alloc_string(row->interface));
    if (network == SPEC_NET_USER)
        nic->guest_network = own(owned, spec_nic_user_network(nic->position));
}

/* RUN/pair-5f3a90c1.0 and RUN/pair-5f3a90c1.1: members.h. */
static void fill_pair(const struct home *home, const struct store_nic *row, struct spec *spec,
                      struct strv *owned) {
    struct spec_nic *nic = &spec->nics[spec->nic_count - 1];
    scoped(alloc_release) char *other = members_pair_other(row->interface);
    nic->interface = own(owned, alloc_printf("%s/%s", home->run, row->interface));
    nic->peer = own(owned, alloc_printf("%s/%s", home->run, other));
}

static bool fill_network(const struct instance_facts *facts, struct instance_plan *plan,
                         struct strv *owned, struct error *error) {
    const char *ip4 = facts->instance.ip4;
    enum spec_network network;
    if (!spec_network_from_word(facts->cloud.network, &network))
        return error_set(error, ERROR_INVALID, "\"%s\" is not a known network",
                         facts->cloud.network);
    const struct store_nic first = {.interface = facts->cloud.interface,
                                    .mac = facts->instance.mac};
    fill_nic(&first, network, &plan->spec, owned);
    if (network == SPEC_NET_USER)
        fill_forwards(facts, ip4 ? own(owned, alloc_string(ip4)) : NULL, plan, owned);
    return true;
}

static bool fill_additional_nics(const struct home *home, const struct instance_facts *facts,
                                 struct spec *spec, struct strv *owned, struct error *error) {
    for (size_t i = 0; i < facts->nics.count && i < SPEC_ADDITIONAL_NICS_MAX; i++) {
        enum spec_network network;
        if (!network_kind_check(facts->nics.items[i].kind, &network, error))
            return false;
        fill_nic(&facts->nics.items[i], network, spec, owned);
        if (network == SPEC_NET_PAIR)
            fill_pair(home, &facts->nics.items[i], spec, owned);
    }
    return true;
}

static void fill_disks(const struct home *home, const struct instance_facts *facts,
                       struct instance_plan *plan, struct strv *owned) {
    size_t count = facts->disks.count < SPEC_DISKS_MAX ? facts->disks.count : SPEC_DISKS_MAX;
    for (size_t i = 0; i < count; i++) {
        const char *name = facts->disks.items[i].name;
        plan->disks[i] = (struct spec_disk){
            own(owned, alloc_string(name)),
            own(owned, layout_extra_disk(home, facts->instance.name, name)),
        };
    }
    plan->spec.disks = plan->disks;
    plan->spec.disk_count = count;
}

static bool has_helper(const struct spec *spec) {
    for (size_t i = 0; i < spec->nic_count; i++)
        if (spec_network_has_helper(spec->nics[i].network))
            return true;
    return false;
}

/* The network is that of the host's address, so that guests find the seed server there. */
static void fill_helper_network(const struct subnet *subnet, uint32_t host,
                                struct spec_range *range, struct strv *owned) {
    char text[16];
    name_format_ip4(host, text);
    range->first = own(owned, alloc_string(text));
    name_format_ip4((subnet->network | ~subnet->mask) - 1, text);
    range->last = own(owned, alloc_string(text));
    name_format_ip4(subnet->mask, text);
    range->netmask = own(owned, alloc_string(text));
}

static void fill_helper_networks(const struct instance_facts *facts, struct spec *spec,
                                 struct strv *owned) {
    struct subnet subnet = {0};
    uint32_t host = 0;
    bool known = facts->cloud.host_ip4 && name_parse_ip4(facts->cloud.host_ip4, &host) &&
                 subnet_of_cloud(&facts->cloud, &subnet);
    if (known && spec_network_has_helper(spec->nics[0].network))
        fill_helper_network(&subnet, host, &spec->ranges[0], owned);
    for (size_t i = 0; i < facts->nics.count && i + 1 < spec->nic_count; i++) {
        const struct store_nic *row = &facts->nics.items[i];
        const struct spec_nic *nic = &spec->nics[i + 1];
        if (row->network && spec_network_has_helper(nic->network) &&
            subnet_of_address(row->ip4, &subnet))
            fill_helper_network(&subnet, subnet.network + 1, &spec->ranges[nic->position], owned);
    }
}

static bool fill_helper(const struct instance_facts *facts, struct instance_plan *plan,
                        struct strv *owned, struct error *error) {
    struct spec_helper *helper = &plan->spec.helper;
    if (!has_helper(&plan->spec))
        return true;
    char *program = network_helper(error);
    if (!program)
        return false;
    helper->program = own(owned, program);
    if (platform_vmnet_wants_root()) {
        char *sudo = program_find("sudo", error);
        if (!sudo)
            return false;
        helper->sudo = own(owned, sudo);
    }
    helper->log = own(owned, alloc_printf("%s/" LAYOUT_HELPER_LOG, plan->folder));
    fill_helper_networks(facts, &plan->spec, owned);
    return true;
}

/* The arguments come last in the list, so that its end serves as their vector. */
static bool fill_plan(const struct home *home, const struct instance_facts *facts,
                      struct instance_plan *plan, struct strv *owned, struct error *error) {
    if (!fill_hardware(home, &facts->instance, &plan->spec, owned, error) ||
        !fill_network(facts, plan, owned, error) ||
        !fill_additional_nics(home, facts, &plan->spec, owned, error) ||
        !fill_helper(facts, plan, owned, error))
        return false;
    fill_identity(home, facts, &plan->spec, owned);
    fill_seed(home, facts, &plan->spec, owned);
    fill_disks(home, facts, plan, owned);
    size_t first = owned->count;
    if (!plan_arguments_read(plan->folder, owned, error))
        return false;
    if (owned->count > first)
        plan->spec.extra = owned->items + first;
    return true;
}

static bool write_smbios(const struct spec *spec, struct error *error) {
    scoped(buffer_done) struct buffer blob = {0};
    if (!spec->seed_url)
        return true;
    smbios_system(spec, &blob);
    return file_keep(spec->smbios, blob.data, blob.length, 0600, error);
}

/* vm.sh has no server to count on, so it always takes the drive with all of the seed; the URL is
 * for its comment. */
static bool write_script(struct generated *generated, const struct spec *supervised,
                         struct error *error) {
    const struct store_instance *instance = &generated->facts->instance;
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *drive = seed_image_path(generated->home, instance);
    scoped(alloc_release) char *qemu_img = program_find("qemu-img", NULL);
    struct spec spec = *supervised;
    spec.seed_drive = drive;
    vm_script_render(&spec, &(struct vm_script_host){generated->home->run, qemu_img}, &text);
    const struct generated_file file = {LAYOUT_SCRIPT, text.data, text.length, 0700};
    enum generated_result result = generated_write(generated, &file, error);
    if (result == GENERATED_KEPT)
        alloc_replace(
            &generated->notice,
            alloc_printf(
                "vm.sh of \"%s\" was edited, so it is kept; the current version is vm.sh.new "
                "in the same folder",
                instance->name));
    return result != GENERATED_FAILED;
}

bool instance_plan_write(struct generated *generated, struct instance_plan *plan,
                         struct error *error) {
    struct strv owned = {0};
    const struct home *home = generated->home;
    const struct instance_facts *facts = generated->facts;
    *plan = (struct instance_plan){.folder = home_instance_folder(home, facts->instance.name)};
    bool good = fill_plan(home, facts, plan, &owned, error);
    plan->owned = owned.items;
    if (good && seed_write(generated, error) && ansible_refresh(generated, error) &&
        write_smbios(&plan->spec, error) && write_script(generated, &plan->spec, error))
        return true;
    instance_plan_done(plan);
    return false;
}

void instance_plan_done(struct instance_plan *plan) {
    for (char **text = plan->owned; text && *text; text++)
        free(*text);
    free(plan->owned);
    free(plan->forwards);
    free(plan->folder);
    free(plan->notice);
    suspension_wake_done(&plan->wake);
    *plan = (struct instance_plan){0};
}
