#include "home/lab/lab_plan.h"

#include "base/alloc.h"
#include "home/change/create.h"
#include "home/lab/lab_compare.h"
#include "home/network/home_network.h"
#include "store/network_table.h"
#include "store/transaction.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = {
    [LAB_ADD_NETWORK] = "create network",
    [LAB_CREATE] = "create",
    [LAB_CHANGE] = "change",
    [LAB_PRUNE] = "prune",
    [LAB_PRUNE_NETWORK] = "prune network",
    [LAB_NOTE] = "note",
};

const char *lab_step_word(enum lab_step_kind kind) {
    return words[kind];
}

static void add_step(struct lab_plan *plan, enum lab_step_kind kind, size_t index, const char *name,
                     const char *detail) {
    plan->steps = alloc_resize(plan->steps, (plan->count + 1) * sizeof *plan->steps);
    plan->steps[plan->count++] =
        (struct lab_step){kind, alloc_string(name), alloc_string(detail), index};
    plan->due += kind != LAB_NOTE;
}

void lab_plan_done(struct lab_plan *plan) {
    for (size_t i = 0; i < plan->count; i++) {
        free(plan->steps[i].name);
        free(plan->steps[i].detail);
    }
    free(plan->steps);
    *plan = (struct lab_plan){0};
}

/* --- networks --- */

struct home_network_options lab_plan_network(const struct lab_network *network) {
    return (struct home_network_options){
        .name = network->name,
        .kind = lab_text(&network->values[LAB_NETWORK_KIND]),
        .interface = lab_text(&network->values[LAB_NETWORK_HOST_IF]),
        .subnet = lab_text(&network->values[LAB_NETWORK_SUBNET]),
        .domain = lab_text(&network->values[LAB_NETWORK_DOMAIN]),
    };
}

static bool check_same(const struct lab *lab, const struct lab_value *value, const char *has,
                       struct error *error) {
    const char *wanted = lab_text(value);
    if (!wanted || (has && strcmp(wanted, has) == 0))
        return true;
    error_set(error, ERROR_EXISTS,
              "the network exists with %s: one that exists is not changed, so correct the file, or "
              "remove the network first",
              has ? has : "none");
    return lab_fail_at(lab, value->place, error);
}

static bool plan_network(struct home *home, const struct lab *lab, size_t index,
                         struct lab_plan *plan, struct error *error) {
    const struct lab_network *network = &lab->networks[index];
    const struct home_network_options options = lab_plan_network(network);
    struct store_network has = {0};
    struct error missing = {0};
    bool good;
    if (network_table_get(home->store, network->name, &has, &missing)) {
        good = check_same(lab, &network->values[LAB_NETWORK_SUBNET], has.subnet, error) &&
               check_same(lab, &network->values[LAB_NETWORK_DOMAIN], has.domain, error) &&
               check_same(lab, &network->values[LAB_NETWORK_KIND], has.kind, error);
    } else if (missing.code != ERROR_NOT_FOUND) {
        good = error_copy(error, &missing);
    } else {
        good = home_network_add(home->store, &options, &has, error) ||
               lab_fail_at(lab, network->place, error);
        if (good)
            add_step(plan, LAB_ADD_NETWORK, index, network->name, has.subnet);
    }
    store_network_done(&has);
    return good;
}

/* --- instances --- */

static bool rehearse_disks(const struct lab *lab, const struct lab_value *disks,
                           struct error *error) {
    char *const *each = lab_list(disks);
    for (; each && *each; each++) {
        uint64_t bytes;
        if (!definition_parse_disk(strchr(*each, '=') + 1, &bytes, error))
            return lab_fail_at(lab, disks->place, error);
    }
    return true;
}

/* Tells what the file says of it, so that a person sees what will be made. */
static void describe_new(const struct lab_options *options, struct buffer *detail) {
    const struct instance_create_options *create = &options->create;
    buffer_puts(detail, create->image ? create->image : "the default image");
    if (create->vcpu)
        buffer_printf(detail, ", %s vcpu", create->vcpu);
    if (create->ram)
        buffer_printf(detail, ", %s ram", create->ram);
    for (size_t i = 0; i < options->nics.count; i++)
        buffer_printf(detail, ", card %s", options->nics.items[i]);
}

static bool plan_new(struct home *home, const struct lab *lab, size_t index, struct lab_plan *plan,
                     struct error *error) {
    const struct lab_instance *instance = &lab->instances[index];
    struct lab_options options = {.lab = lab, .instance = instance};
    scoped(buffer_done) struct buffer detail = {0};
    bool good = lab_options_fill(home, NULL, &options, error) &&
                ((rehearse_disks(lab, &instance->values[LAB_DISKS], error) &&
                  instance_create_rehearse(home, &options.create, error)) ||
                 error_prefix(error, "%s:%zu:%zu: %s", lab->path, instance->place.line,
                              instance->place.column, instance->name));
    if (good) {
        describe_new(&options, &detail);
        add_step(plan, LAB_CREATE, index, instance->name, detail.data);
    }
    lab_options_done(&options);
    return good;
}

bool lab_plan_compare(struct home *home, struct lab_options *options,
                      struct lab_difference *difference, struct error *error) {
    const struct lab_instance *instance = options->instance;
    struct instance_facts facts = {0};
    bool good = instance_facts_load(home, instance->name, &facts, error) &&
                lab_options_fill(home, &facts.instance, options, error) &&
                (lab_compare(home, &facts, options, difference, error) ||
                 error_prefix(error, "%s:%zu:%zu: %s", options->lab->path, instance->place.line,
                              instance->place.column, instance->name));
    instance_facts_done(&facts);
    return good;
}

static bool plan_existing(struct home *home, const struct lab *lab, size_t index,
                          struct lab_plan *plan, struct error *error) {
    const struct lab_instance *instance = &lab->instances[index];
    struct lab_options options = {.lab = lab, .instance = instance};
    struct lab_difference difference = {0};
    bool good = lab_plan_compare(home, &options, &difference, error);
    if (good && difference.notes.length)
        add_step(plan, LAB_NOTE, index, instance->name, difference.notes.data);
    if (good && difference.detail.length)
        add_step(plan, LAB_CHANGE, index, instance->name, difference.detail.data);
    lab_difference_done(&difference);
    lab_options_done(&options);
    return good;
}

static bool plan_instance(struct home *home, const struct lab *lab, size_t index,
                          struct lab_plan *plan, struct error *error) {
    struct store_instance has = {0};
    struct error missing = {0};
    if (instance_table_get(home->store, lab->instances[index].name, &has, &missing)) {
        store_instance_done(&has);
        return plan_existing(home, lab, index, plan, error);
    }
    return missing.code == ERROR_NOT_FOUND ? plan_new(home, lab, index, plan, error)
                                           : error_copy(error, &missing);
}

/* --- what is not in the file --- */

static bool names_instance(const struct lab *lab, const char *name) {
    for (size_t i = 0; i < lab->instance_count; i++)
        if (strcmp(lab->instances[i].name, name) == 0)
            return true;
    return false;
}

static bool names_network(const struct lab *lab, const char *name) {
    for (size_t i = 0; i < lab->network_count; i++)
        if (strcmp(lab->networks[i].name, name) == 0)
            return true;
    return false;
}

static bool plan_prunes(struct home *home, const struct lab *lab, struct lab_plan *plan,
                        struct error *error) {
    struct store_instances instances = {0};
    struct store_networks networks = {0};
    bool good = instance_table_list(home->store, &instances, error) &&
                network_table_list(home->store, &networks, error);
    for (size_t i = 0; good && i < instances.count; i++)
        if (!names_instance(lab, instances.items[i].name))
            add_step(plan, LAB_PRUNE, 0, instances.items[i].name, "to the trash");
    for (size_t i = 0; good && i < networks.count; i++)
        if (!names_network(lab, networks.items[i].name) && !networks.items[i].is_lab)
            add_step(plan, LAB_PRUNE_NETWORK, 0, networks.items[i].name, networks.items[i].subnet);
    store_instances_done(&instances);
    store_networks_done(&networks);
    return good;
}

static bool plan_all(struct home *home, const struct lab *lab, enum lab_prune prune,
                     struct lab_plan *plan, struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < lab->network_count; i++)
        good = plan_network(home, lab, i, plan, error);
    for (size_t i = 0; good && i < lab->instance_count; i++)
        good = plan_instance(home, lab, i, plan, error);
    return good && (prune == LAB_KEEP || plan_prunes(home, lab, plan, error));
}

bool lab_plan_make(struct home *home, const struct lab *lab, enum lab_prune prune,
                   struct lab_plan *plan, struct error *error) {
    if (!store_begin(home->store, error))
        return false;
    bool good = plan_all(home, lab, prune, plan, error);
    store_rollback(home->store);
    if (!good)
        lab_plan_done(plan);
    return good;
}
