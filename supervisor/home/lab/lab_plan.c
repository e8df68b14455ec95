#include "home/lab/lab_plan.h"

#include "base/alloc.h"

#include <stdlib.h>

static const char *const words[] = {
    [LAB_SET_CLOUD] = "change",
    [LAB_GET_IMAGE] = "get image",
    [LAB_ADD_NETWORK] = "create network",
    [LAB_RELEASE] = "free",
    [LAB_CREATE] = "create",
    [LAB_CHANGE] = "change",
    [LAB_PRUNE] = "prune",
    [LAB_PRUNE_NETWORK] = "prune network",
    [LAB_NOTE] = "note",
};

const char *lab_step_word(enum lab_step_kind kind) {
    return words[kind];
}

void lab_plan_add(struct lab_plan *plan, enum lab_step_kind kind, size_t index, const char *name,
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
    strv_done(&plan->asked.documents);
    strv_done(&plan->asked.remarks);
    *plan = (struct lab_plan){0};
}
