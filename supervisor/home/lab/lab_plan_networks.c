#include "home/lab/lab_plan_networks.h"

#include "store/network_table.h"

#include <string.h>

/* The one that `pgsup cloud create` would have made, had the file not said how it is to be. */
static bool is_lab(const struct lab *lab, const struct lab_entry *network) {
    const char *none = lab->cloud ? lab_text(&lab->cloud->values[LAB_CLOUD_NO_LAB]) : "true";
    return strcmp(network->name, HOME_NETWORK_LAB) == 0 && (!none || strcmp(none, "true") != 0);
}

struct home_network_options lab_plan_network_options(const struct lab *lab,
                                                     const struct lab_entry *network) {
    return (struct home_network_options){
        .name = network->name,
        .is_lab = is_lab(lab, network),
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

bool lab_plan_network(struct home *home, const struct lab *lab, size_t index, struct lab_plan *plan,
                      struct error *error) {
    const struct lab_entry *network = &lab->networks[index];
    const struct home_network_options options = lab_plan_network_options(lab, network);
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
            lab_plan_add(plan, LAB_ADD_NETWORK, index, network->name, has.subnet);
    }
    store_network_done(&has);
    return good;
}
