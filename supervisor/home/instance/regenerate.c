#include "home/instance/regenerate.h"

#include "base/alloc.h"
#include "home/facts.h"
#include "home/generated.h"
#include "home/instance/plan.h"
#include "home/snapshot/suspension.h"
#include "store/transaction.h"

/* A suspended guest knows the hardware that it had. */
static void tell_suspended(struct generated *generated, const char *name, const struct spec *spec) {
    scoped(alloc_release) char *remark = suspension_remark(generated->home, name, spec);
    const char *before = generated->notice;
    if (remark)
        alloc_replace(&generated->notice,
                      alloc_printf("%s%s%s", before ? before : "", before ? "; " : "", remark));
}

bool instance_regenerate(struct generated *generated, const char *name, struct error *error) {
    struct instance_facts facts = {0};
    struct instance_plan plan = {0};
    bool good = instance_facts_load(generated->home, name, &facts, error);
    generated->facts = &facts;
    good = good && instance_plan_write(generated, &plan, error);
    if (good)
        tell_suspended(generated, name, &plan.spec);
    generated->facts = NULL;
    instance_plan_done(&plan);
    instance_facts_done(&facts);
    return good;
}

void instance_regenerate_undo(struct generated *generated, const char *name) {
    struct store *store = generated->home->store;
    struct store_instance instance = {0};
    store_rollback(store);
    if (generated->recorded.count == 0 || !store_begin(store, NULL))
        return;
    if (instance_table_get(store, name, &instance, NULL)) {
        generated_settle(generated, instance.id);
        instance_regenerate(generated, name, NULL);
    }
    if (!store_commit(store, NULL))
        store_rollback(store);
    store_instance_done(&instance);
}

bool instance_regenerate_now(struct home *home, const char *name, char **notice,
                             struct error *error) {
    struct generated generated = {.home = home};
    bool good = instance_regenerate(&generated, name, error);
    *notice = generated.notice;
    generated.notice = NULL;
    generated_done(&generated);
    return good;
}
