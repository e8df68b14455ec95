#include "home/change/home_edit.h"

#include "base/alloc.h"
#include "home/generated.h"
#include "home/instance/regenerate.h"
#include "store/transaction.h"

static bool rehearse(struct home_edit *edit, const struct home_edit_change *change,
                     struct error *error) {
    struct instance_facts facts = {0};
    bool good = instance_facts_load(edit->home, edit->instance, &facts, error) &&
                change->apply(edit->home, &facts, change->context, error);
    instance_facts_done(&facts);
    return good;
}

bool home_edit(struct home_edit *edit, const struct home_edit_change *change, struct error *error) {
    if (edit->rehearses)
        return rehearse(edit, change, error);
    struct store *store = edit->home->store;
    struct instance_facts facts = {0};
    struct generated generated = {.home = edit->home};
    if (!store_begin(store, error))
        return false;
    bool good = instance_facts_load(edit->home, edit->instance, &facts, error) &&
                change->apply(edit->home, &facts, change->context, error) &&
                instance_regenerate(&generated, edit->instance, error) &&
                store_commit(store, error);
    if (!good && change->undo)
        change->undo(edit->home, change->context);
    if (!good)
        instance_regenerate_undo(&generated, edit->instance);
    if (generated.notice)
        alloc_replace(&edit->notice, generated.notice);
    generated.notice = NULL;
    generated_done(&generated);
    instance_facts_done(&facts);
    return good;
}
