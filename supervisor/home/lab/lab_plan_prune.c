#include "home/lab/lab_plan_prune.h"

#include "home/network/members.h"
#include "store/network_table.h"

#include <string.h>

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

/* The file gives it cards, and none of this network. */
static bool loses_card(const struct lab *lab, const char *instance, const char *network) {
    for (size_t i = 0; i < lab->instance_count; i++) {
        char *const *nics = lab_list(&lab->instances[i].values[LAB_NICS]);
        if (strcmp(lab->instances[i].name, instance) != 0)
            continue;
        for (; nics && *nics; nics++)
            if (strcspn(*nics, ",") == strlen(network) &&
                strncmp(*nics, network, strlen(network)) == 0)
                return false;
        return lab->instances[i].values[LAB_NICS].given;
    }
    return true; /* it goes too */
}

static bool check_unused(struct home *home, const struct lab *lab,
                         const struct store_network *network, struct error *error) {
    struct store_nics members = {0};
    bool good = members_list(home->store, network->id, &members, error);
    for (size_t i = 0; good && i < members.count; i++)
        if (!loses_card(lab, members.items[i].name, network->name))
            good = error_set(error, ERROR_INVALID,
                             "%s: the network \"%s\" is not in it, but \"%s\" has a card there: "
                             "name it under \"networks\", or give that instance other nics",
                             lab->path, network->name, members.items[i].name);
    store_nics_done(&members);
    return good;
}

bool lab_plan_prune(struct home *home, const struct lab *lab, struct lab_plan *plan,
                    struct error *error) {
    struct store_instances instances = {0};
    struct store_networks networks = {0};
    bool good = instance_table_list(home->store, &instances, error) &&
                network_table_list(home->store, &networks, error);
    for (size_t i = 0; good && i < instances.count; i++)
        if (!names_instance(lab, instances.items[i].name))
            lab_plan_add(plan, LAB_PRUNE, 0, instances.items[i].name, "to the trash");
    for (size_t i = 0; good && i < networks.count; i++) {
        if (names_network(lab, networks.items[i].name) || networks.items[i].is_lab)
            continue;
        good = check_unused(home, lab, &networks.items[i], error);
        if (good)
            lab_plan_add(plan, LAB_PRUNE_NETWORK, 0, networks.items[i].name,
                         networks.items[i].subnet);
    }
    store_instances_done(&instances);
    store_networks_done(&networks);
    return good;
}
