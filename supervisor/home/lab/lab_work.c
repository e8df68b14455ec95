#include "home/lab/lab_work.h"

#include "base/alloc.h"
#include "base/interrupt.h"
#include "home/change/creations.h"
#include "home/change/remove.h"
#include "home/images/image.h"
#include "home/images/image_download.h"
#include "home/lab/lab_change.h"
#include "home/lab/lab_claims.h"
#include "home/lab/lab_cloud.h"
#include "store/launch_table.h"

#include <stdlib.h>
#include <string.h>

static void tell_user(const struct lab_work *work, const char *instance, const char *sentence) {
    if (sentence && work->notice)
        work->notice(instance, sentence, work->context);
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

/* --- new instances --- */

struct ahead { /* new instances that are being made, in the order of the steps */
    struct creations *creations;
    struct lab_options *options; /* one for each step */
    size_t next;                 /* the first step that none of them is for */
};

static bool begin(const struct lab_work *work, size_t step, struct ahead *ahead,
                  struct error *error) {
    struct lab_options *options = &ahead->options[step];
    lab_options_done(options);
    *options = (struct lab_options){
        .lab = work->lab, .instance = &work->lab->instances[work->plan->steps[step].index]};
    return lab_options_fill(work->home, NULL, options, error) &&
           creations_begin(ahead->creations, &options->create, error);
}

/* Those that follow: what stands between them may be needed by those behind it. */
static bool begin_ahead(const struct lab_work *work, struct ahead *ahead, struct error *error) {
    const struct lab_plan *plan = work->plan;
    while (!creations_is_full(ahead->creations) && ahead->next < plan->count &&
           plan->steps[ahead->next].kind == LAB_CREATE) {
        struct error failed = {0};
        if (!begin(work, ahead->next, ahead, &failed)) /* those before it are ended first */
            return creations_count(ahead->creations) > 0 || error_copy(error, &failed);
        ahead->next++;
    }
    return true;
}

static bool create(const struct lab_work *work, size_t step, struct ahead *ahead,
                   struct error *error) {
    const struct lab_instance *instance = &work->lab->instances[work->plan->steps[step].index];
    struct home_edit edit = {.home = work->home, .instance = instance->name};
    if (!creations_count(ahead->creations))
        ahead->next = step;
    bool good = begin_ahead(work, ahead, error) && creations_end(ahead->creations, NULL, error) &&
                lab_change_complete(&edit, &ahead->options[step], error);
    tell_user(work, instance->name, edit.notice);
    if (good)
        tell_network(work, &ahead->options[step]);
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
    bool good = lab_plan_compare(work->home, &options, &difference, error) &&
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

static bool prune_instance(struct home *home, const char *name, struct error *error) {
    struct store_instance instance = {0};
    bool good = instance_table_get(home->store, name, &instance, error) &&
                instance_remove(home, &instance, error);
    store_instance_done(&instance);
    return good;
}

static bool fetch_image(const struct lab_work *work, const struct lab_step *step,
                        const struct image_progress *progress, struct error *error) {
    const struct lab_entry *entry =
        step->index == LAB_NOWHERE ? NULL : &work->lab->images[step->index];
    const char *url = entry ? lab_text(&entry->values[LAB_IMAGE_URL]) : NULL;
    const char *file = entry ? lab_text(&entry->values[LAB_IMAGE_FILE]) : NULL;
    scoped(alloc_release) char *path = file ? lab_path(work->lab, file) : NULL;
    if (!url && !file)
        return image_download(work->home, step->name, progress, error);
    const struct lab_value *values = entry->values;
    const char *arch = lab_text(&values[LAB_IMAGE_ARCH]);
    const char *force = lab_text(&values[LAB_IMAGE_FORCE]);
    const struct image_address address = {step->name, url, lab_text(&values[LAB_IMAGE_SHA256]),
                                          arch};
    const struct image_file import = {
        .name = step->name,
        .path = path,
        .arch = arch,
        .seed_source = lab_text(&values[LAB_IMAGE_SEED_SOURCE]),
        .shell = lab_text(&values[LAB_IMAGE_SHELL]),
        .trust = force && strcmp(force, "true") == 0 ? IMAGE_TRUST_RAW : IMAGE_TRUST_NOTHING,
    };
    return url ? image_download_from(work->home, &address, progress, error)
               : image_import(work->home, &import, progress, error);
}

static bool get_image(const struct lab_work *work, const struct lab_step *step,
                      struct error *error) {
    const struct image_progress *progress =
        work->image_begins ? work->image_begins(step->name, work->context) : NULL;
    bool good = fetch_image(work, step, progress, error);
    if (work->image_ends)
        work->image_ends(work->context);
    return good;
}

static bool make_network(const struct lab_work *work, size_t index, struct error *error) {
    const struct home_network_options options =
        lab_plan_network(work->lab, &work->lab->networks[index]);
    struct store_network made = {0};
    bool good = home_network_create(work->home, &options, &made, error);
    store_network_done(&made);
    return good;
}

static bool do_step(const struct lab_work *work, size_t index, struct ahead *ahead,
                    struct error *error) {
    const struct lab *lab = work->lab;
    const struct lab_step *step = &work->plan->steps[index];
    switch (step->kind) {
    case LAB_SET_CLOUD: return lab_cloud_set(work->home, lab, error);
    case LAB_GET_IMAGE: return get_image(work, step, error);
    case LAB_ADD_NETWORK: return make_network(work, step->index, error);
    case LAB_CREATE: return create(work, index, ahead, error);
    case LAB_CHANGE: return change(work, &lab->instances[step->index], error);
    case LAB_PRUNE: return prune_instance(work->home, step->name, error);
    case LAB_PRUNE_NETWORK: return home_network_remove(work->home, step->name, error);
    case LAB_NOTE: break;
    }
    return true;
}

bool lab_work_do(const struct lab_work *work, struct error *error) {
    const struct lab_plan *plan = work->plan;
    struct ahead ahead = {creations_new(work->home),
                          alloc_zero((plan->count + 1) * sizeof *ahead.options), 0};
    bool good = true;
    lab_claims_make(work->lab, work->home->store);
    for (size_t i = 0; good && i < plan->count; i++) {
        const struct lab_step *step = &plan->steps[i];
        good = (interrupt_check(error) && do_step(work, i, &ahead, error)) ||
               error_prefix(error, "%s %s", lab_step_word(step->kind), step->name);
        if (good && work->done)
            work->done(step, work->context);
    }
    creations_free(ahead.creations);
    for (size_t i = 0; i < plan->count; i++)
        lab_options_done(&ahead.options[i]);
    free(ahead.options);
    lab_claims_end(work->home->store);
    return good;
}
