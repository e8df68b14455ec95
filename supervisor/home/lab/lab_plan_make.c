#include "home/lab/lab_plan_make.h"

#include "base/alloc.h"
#include "base/interrupt.h"
#include "home/lab/lab_claims.h"
#include "home/lab/lab_cloud.h"
#include "home/lab/lab_plan_images.h"
#include "home/lab/lab_plan_instances.h"
#include "home/lab/lab_plan_networks.h"
#include "home/lab/lab_plan_prune.h"
#include "store/transaction.h"

static bool plan_cloud(struct home *home, const struct lab *lab, struct lab_plan *plan,
                       struct error *error) {
    scoped(buffer_done) struct buffer detail = {0}, notes = {0};
    if (!lab->cloud)
        return true;
    if (!lab_cloud_compare(home, lab, &detail, &notes, error))
        return false;
    if (notes.length)
        lab_plan_add(plan, LAB_NOTE, 0, "the cloud", notes.data);
    if (detail.length)
        lab_plan_add(plan, LAB_SET_CLOUD, 0, "the cloud", detail.data);
    return true;
}

static bool plan_all(struct home *home, const struct lab *lab, enum lab_prune prune,
                     struct lab_plan *plan, struct error *error) {
    bool good = plan_cloud(home, lab, plan, error);
    for (size_t i = 0; good && i < lab->image_count; i++)
        good = lab_plan_image(home, lab, i, plan, error);
    for (size_t i = 0; good && i < lab->network_count; i++)
        good = lab_plan_network(home, lab, i, plan, error);
    for (size_t i = 0; good && i < lab->instance_count; i++)
        good = lab_plan_release(home, lab, i, plan, error);
    for (size_t i = 0; good && i < lab->instance_count; i++)
        good = lab_plan_instance(home, lab, i, plan, error);
    return good && (prune == LAB_KEEP || lab_plan_prune(home, lab, plan, error));
}

/* Before the transaction, in which others cannot write. */
static bool ask_documents(struct home *home, const struct lab *lab, struct lab_plan *plan,
                          struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < lab->instance_count; i++) {
        struct lab_options options = {.lab = lab, .instance = &lab->instances[i]};
        good = interrupt_check(error) && lab_options_ask(home, &options, &plan->asked, error);
        lab_options_done(&options);
    }
    return good;
}

bool lab_plan_make(struct home *home, const struct lab *lab, enum lab_prune prune,
                   struct lab_plan *plan, struct error *error) {
    bool good = ask_documents(home, lab, plan, error) && store_begin(home->store, error);
    if (good) {
        lab_claims_make(lab, home->store);
        good = plan_all(home, lab, prune, plan, error);
        lab_claims_end(home->store);
        store_rollback(home->store);
    }
    if (!good)
        lab_plan_done(plan);
    return good;
}
