#include "home/lab/lab_work.h"

#include "base/alloc.h"
#include "base/interrupt.h"
#include "home/change/create.h"
#include "home/change/creations.h"
#include "home/change/remove.h"
#include "home/lab/lab_change.h"
#include "home/lab/lab_claims.h"
#include "home/lab/lab_cloud.h"
#include "home/lab/lab_compare.h"
#include "home/lab/lab_plan_networks.h"
#include "home/lab/lab_release.h"
#include "store/launch_table.h"

#include <stdlib.h>
#include <string.h>

static void tell_user(const struct lab_work *work, const char *name, const char *sentence) {
    if (sentence && work->notice)
        work->notice(name, sentence, work->context);
}

static void tell_network(const struct lab_work *work, const struct lab_options *options) {
    const char *name = options->instance->name;
    struct store_instance instance = {0};
    if (!options->own.texts[SEED_NETWORK_CONFIG].length ||
        !instance_table_get(work->home->store, name, &instance, &(struct error){0}))
        return;
    const char *remark = user_document_network_remark(&instance);
    scoped(alloc_release) char *sentence =
        remark ? alloc_printf("network-config: %s", remark) : NULL;
    tell_user(work, name, sentence);
    store_instance_done(&instance);
}

struct progress {
    const struct lab_work *work;
    enum stage { STAGE_TO_DO, STAGE_BEGUN, STAGE_DONE } * stages; /* of each step */
    struct lab_options *options;                                  /* of each that is created */
    struct lab_fetches *fetches;
    struct creations *creations;
    size_t *begun; /* the steps of the creations, in their order */
    size_t begun_count, ended_count;
    size_t done_count;
};

/* --- new instances --- */

static bool begin(struct progress *progress, size_t step, struct error *error) {
    const struct lab_work *work = progress->work;
    struct lab_options *options = &progress->options[step];
    lab_options_done(options);
    *options = (struct lab_options){
        .lab = work->lab, .instance = &work->lab->instances[work->plan->steps[step].index]};
    if (!lab_options_fill(work->home, NULL, options, error) ||
        !creations_begin(progress->creations, &options->create, error))
        return false;
    progress->stages[step] = STAGE_BEGUN;
    progress->begun[progress->begun_count++] = step;
    return true;
}

static bool create(struct progress *progress, size_t step, struct error *error) {
    const struct lab_work *work = progress->work;
    const char *name = work->plan->steps[step].name;
    const struct lab_options *options = &progress->options[step];
    struct home_edit edit = {.home = work->home, .instance = name};
    bool good = creations_end(progress->creations, NULL, error) &&
                lab_change_complete(&edit, options, error);
    tell_user(work, name, edit.notice);
    if (good)
        tell_network(work, options);
    alloc_release(&edit.notice);
    return good;
}

/* --- changes --- */

static bool was_launched(const struct lab_work *work, const char *name) {
    struct store_instance instance = {0};
    struct store_launch last = {0};
    struct error ignored = {0};
    bool found = instance_table_get(work->home->store, name, &instance, &ignored) &&
                 launch_table_last(work->home->store, instance.id, &last, &ignored);
    store_launch_done(&last);
    store_instance_done(&instance);
    return found;
}

/* What the step does not bring about in a guest that has booted before. */
static void tell_change(const struct lab_work *work, const struct lab_difference *difference,
                        const char *name) {
    const char *what = difference->documents          ? "reads its documents when"
                       : difference->added_nics.count ? "keeps its addresses until"
                                                      : NULL;
    if (!what || !was_launched(work, name))
        return;
    scoped(alloc_release) char *sentence =
        alloc_printf("its guest %s cloud-init runs again (`pgsup instance set %s "
                     "--rerun-cloud-init`)",
                     what, name);
    tell_user(work, name, sentence);
}

static bool change(const struct lab_work *work, const struct lab_instance *instance,
                   struct error *error) {
    struct lab_options options = {.lab = work->lab, .instance = instance};
    struct lab_difference difference = {0};
    struct home_edit edit = {.home = work->home, .instance = instance->name};
    bool good = lab_compare(work->home, &options, &difference, error) &&
                lab_change_apply(&edit, &options, &difference, error);
    tell_user(work, instance->name, edit.notice);
    if (good)
        tell_change(work, &difference, instance->name);
    if (good && difference.documents)
        tell_network(work, &options);
    alloc_release(&edit.notice);
    lab_difference_done(&difference);
    lab_options_done(&options);
    return good;
}

static bool is_changed_too(const struct lab_plan *plan, size_t instance) {
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == LAB_CHANGE && plan->steps[i].index == instance)
            return true;
    return false;
}

/* What its user is to be told is told after its own change, if there is one. */
static bool free_for_others(const struct lab_work *work, size_t index, struct error *error) {
    const struct lab_instance *instance = &work->lab->instances[index];
    struct lab_options options = {.lab = work->lab, .instance = instance};
    struct lab_release given_up = {0};
    struct home_edit edit = {.home = work->home, .instance = instance->name};
    bool good = lab_release_find(work->home, &options, &given_up, error) &&
                lab_release_apply(&edit, &given_up, error);
    if (!is_changed_too(work->plan, index))
        tell_user(work, instance->name, edit.notice);
    alloc_release(&edit.notice);
    lab_release_done(&given_up);
    lab_options_done(&options);
    return good;
}

static bool prune_instance(struct home *home, const char *name, struct error *error) {
    struct store_instance instance = {0};
    bool good = instance_table_get(home->store, name, &instance, error) &&
                instance_remove(home, &instance, error);
    store_instance_done(&instance);
    return good;
}

static bool make_network(const struct lab_work *work, size_t index, struct error *error) {
    const struct home_network_options options =
        lab_plan_network_options(work->lab, &work->lab->networks[index]);
    struct store_network made = {0};
    bool good = home_network_create(work->home, &options, &made, error);
    if (good)
        tell_user(work, made.name, home_network_remark(&made));
    store_network_done(&made);
    return good;
}

static bool do_step(struct progress *progress, size_t index, struct error *error) {
    const struct lab_work *work = progress->work;
    const struct lab_step *step = &work->plan->steps[index];
    switch (step->kind) {
    case LAB_SET_CLOUD: return lab_cloud_set(work->home, work->lab, error);
    case LAB_ADD_NETWORK: return make_network(work, step->index, error);
    case LAB_RELEASE: return free_for_others(work, step->index, error);
    case LAB_CREATE: return create(progress, index, error);
    case LAB_CHANGE: return change(work, &work->lab->instances[step->index], error);
    case LAB_PRUNE: return prune_instance(work->home, step->name, error);
    case LAB_PRUNE_NETWORK: return home_network_remove(work->home, step->name, error);
    case LAB_GET_IMAGE: /* by lab_fetches */
    case LAB_NOTE: break;
    }
    return true;
}

/* --- what can be done next --- */

/* One of this kind and name, or of any name if that is NULL, has not come so far. */
static bool is_ahead(const struct progress *progress, enum lab_step_kind kind, const char *name,
                     enum stage least) {
    const struct lab_plan *plan = progress->work->plan;
    for (size_t i = 0; i < plan->count; i++)
        if (plan->steps[i].kind == kind && progress->stages[i] < least &&
            (!name || strcmp(plan->steps[i].name, name) == 0))
            return true;
    return false;
}

/* The instance that this one comes after is there, or has come so far. */
static bool is_after_ready(const struct progress *progress, const struct lab_instance *instance,
                           enum stage least) {
    const char *after = lab_text(&instance->values[LAB_AFTER]);
    return !after || !is_ahead(progress, LAB_CREATE, after, least);
}

static bool is_image_ready(const struct progress *progress, const struct lab_instance *instance) {
    const char *image = lab_text(&instance->values[LAB_IMAGE]);
    return !is_ahead(progress, LAB_GET_IMAGE, image ? image : CREATE_DEFAULT_IMAGE, STAGE_DONE);
}

/* Nothing is given up before all images are here: a download is what fails most often. */
static bool is_ready(const struct progress *progress, size_t index) {
    const struct lab_step *step = &progress->work->plan->steps[index];
    const struct lab_instance *instances = progress->work->lab->instances;
    switch (step->kind) {
    case LAB_GET_IMAGE: return false; /* by lab_fetches */
    case LAB_RELEASE: return !is_ahead(progress, LAB_GET_IMAGE, NULL, STAGE_DONE);
    case LAB_CREATE:
        return !is_ahead(progress, LAB_RELEASE, NULL, STAGE_DONE) &&
               is_image_ready(progress, &instances[step->index]) &&
               is_after_ready(progress, &instances[step->index], STAGE_BEGUN);
    case LAB_CHANGE:
        return !is_ahead(progress, LAB_RELEASE, NULL, STAGE_DONE) &&
               is_after_ready(progress, &instances[step->index], STAGE_DONE);
    case LAB_PRUNE:
    case LAB_PRUNE_NETWORK: return progress->done_count == index; /* they are the last ones */
    case LAB_SET_CLOUD:
    case LAB_ADD_NETWORK:
    case LAB_NOTE: break;
    }
    return true;
}

static size_t find_ready(const struct progress *progress) {
    size_t count = progress->work->plan->count;
    for (size_t i = 0; i < count; i++)
        if (progress->stages[i] == STAGE_TO_DO && is_ready(progress, i))
            return i;
    return LAB_NOWHERE;
}

/* --- all of it --- */

/* The plan found it free: what another command has taken since then is not a matter of names. */
static void advise_again(struct error *error) {
    const char *advice = strstr(error->text, ": choose another name");
    advice = advice ? advice : strstr(error->text, ": use another one");
    if (error->code != ERROR_EXISTS || !advice)
        return;
    scoped(alloc_release) char *what = alloc_slice(error->text, (size_t)(advice - error->text));
    *error = (struct error){0};
    error_set(error, ERROR_EXISTS,
              "%s: another command has taken that meanwhile; give the same command again", what);
}

static bool finish(struct progress *progress, size_t index, bool good, struct error *error) {
    const struct lab_work *work = progress->work;
    const struct lab_step *step = &work->plan->steps[index];
    if (!good) {
        advise_again(error);
        return error_prefix(error, "%s %s", lab_step_word(step->kind), step->name);
    }
    progress->stages[index] = STAGE_DONE;
    progress->done_count++;
    if (work->done)
        work->done(step, work->context);
    return true;
}

static bool end_creation(struct progress *progress, struct error *error) {
    size_t step = progress->begun[progress->ended_count++];
    return finish(progress, step, do_step(progress, step, error), error);
}

static void begin_fetches(struct progress *progress) {
    const struct lab_plan *plan = progress->work->plan;
    for (size_t i = 0; i < plan->count && !lab_fetches_is_full(progress->fetches); i++)
        if (plan->steps[i].kind == LAB_GET_IMAGE && progress->stages[i] == STAGE_TO_DO) {
            progress->stages[i] = STAGE_BEGUN;
            lab_fetches_begin(progress->fetches, i);
        }
}

static bool take_fetches(struct progress *progress, enum lab_wait wait, struct error *error) {
    size_t step;
    bool good = lab_fetches_take(progress->fetches, wait, &step, error);
    return step == LAB_NOWHERE || finish(progress, step, good, error);
}

/* A creation that cannot begin may be one whose name or address another begun one has taken: those
 * before it are ended first. */
static bool go_on(struct progress *progress, struct error *error) {
    const struct lab_plan *plan = progress->work->plan;
    size_t next = find_ready(progress);
    bool is_new = next != LAB_NOWHERE && plan->steps[next].kind == LAB_CREATE;
    bool has_begun = progress->begun_count > progress->ended_count;
    struct error failed = {0};
    if (is_new && !creations_is_full(progress->creations)) {
        if (begin(progress, next, &failed))
            return true;
        if (!has_begun)
            return finish(progress, next, error_copy(error, &failed), error);
    }
    if (has_begun)
        return end_creation(progress, error);
    return next == LAB_NOWHERE ? take_fetches(progress, LAB_WAIT, error)
                               : finish(progress, next, do_step(progress, next, error), error);
}

static bool do_all(struct progress *progress, struct error *error) {
    bool good = true;
    while (good && progress->done_count < progress->work->plan->count) {
        begin_fetches(progress);
        good = interrupt_check(error) && take_fetches(progress, LAB_LOOK, error) &&
               go_on(progress, error);
    }
    return good;
}

/* Who has given something up, and has not got what the file says instead. */
static void tell_halfway(const struct progress *progress) {
    const struct lab_work *work = progress->work;
    for (size_t i = 0; i < work->plan->count; i++) {
        const struct lab_step *step = &work->plan->steps[i];
        if (step->kind != LAB_RELEASE || progress->stages[i] != STAGE_DONE ||
            !is_ahead(progress, LAB_CHANGE, step->name, STAGE_DONE))
            continue;
        scoped(alloc_release) char *sentence =
            alloc_printf("it has given up %s, and lacks what the file says instead: the same "
                         "`pgsup apply` goes on",
                         step->detail);
        tell_user(work, step->name, sentence);
    }
}

bool lab_work_do(const struct lab_work *work, struct error *error) {
    size_t count = work->plan->count;
    const struct lab_fetches_source source = {work->home, work->lab, work->plan, &work->images};
    struct progress progress = {.work = work,
                                .stages = alloc_zero((count + 1) * sizeof *progress.stages),
                                .options = alloc_zero((count + 1) * sizeof *progress.options),
                                .fetches = lab_fetches_new(&source),
                                .creations = creations_new(work->home),
                                .begun = alloc_zero((count + 1) * sizeof *progress.begun)};
    lab_claims_make(work->lab, work->home->store);
    bool good = do_all(&progress, error);
    if (!good)
        tell_halfway(&progress);
    lab_fetches_free(progress.fetches);
    creations_free(progress.creations);
    for (size_t i = 0; i < count; i++)
        lab_options_done(&progress.options[i]);
    free(progress.options);
    free(progress.stages);
    free(progress.begun);
    lab_claims_end(work->home->store);
    return good;
}
