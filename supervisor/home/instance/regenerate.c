#include "home/instance/regenerate.h"

#include "home/facts.h"
#include "home/generated.h"
#include "home/instance/plan.h"
#include "store/transaction.h"

bool instance_regenerate(struct home *home, const char *name, struct error *error) {
    struct instance_facts facts = {0};
    struct instance_plan plan = {0};
    bool good = instance_facts_load(home, name, &facts, error) &&
                instance_plan_write(home, &facts, &plan, error);
    instance_plan_done(&plan);
    instance_facts_done(&facts);
    return good;
}

void instance_regenerate_undo(struct home *home, const char *name) {
    struct store_instance instance = {0};
    store_rollback(home->store);
    if (home->recorded.count == 0 || !store_begin(home->store, NULL))
        return;
    if (instance_table_get(home->store, name, &instance, NULL)) {
        generated_settle(home, &instance);
        instance_regenerate(home, name, NULL);
    }
    if (!store_commit(home->store, NULL))
        store_rollback(home->store);
    store_instance_done(&instance);
}
