/* Whether cloud-init can create the users and groups of a user's own document. It stops at the
 * first that it cannot create, and pgsup's accounts come behind them. What depends on the guest,
 * such as the programs that it has, is not known here. Pure. */
#pragma once

#include "base/error.h"
#include "cloudinit/yaml_tree.h"

#include <stdbool.h>

/* users is a list. groups: the document's other key; NULL: it has none. */
bool own_user_check_all(const struct yaml_tree *tree, const yaml_node_t *users,
                        const yaml_node_t *groups, struct error *error);
bool own_user_check_groups(const struct yaml_tree *tree, const yaml_node_t *groups,
                           struct error *error);

/* The value of a key, which may be written with "-" in place of "_". */
const yaml_node_t *own_user_find(const struct yaml_tree *tree, const yaml_node_t *user,
                                 const char *key);
