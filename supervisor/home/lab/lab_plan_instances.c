#include "home/lab/lab_plan_instances.h"

#include "base/alloc.h"
#include "home/change/create.h"
#include "home/lab/lab_change.h"
#include "home/lab/lab_compare.h"
#include "home/lab/lab_plan_images.h"
#include "home/lab/lab_release.h"
#include "home/running.h"

/* --- new ones --- */

static bool rehearse_new(struct home *home, const struct lab_options *options,
                         struct error *error) {
    const struct lab_instance *instance = options->instance;
    struct home_edit edit = {.home = home, .instance = instance->name, .rehearses = true};
    return instance_create_rehearse(home, &options->create, error) &&
           lab_change_complete(&edit, options, error);
}

/* Tells what the file says of it, so that a person sees what will be made. */
static void describe_new(const struct lab_options *options, struct buffer *detail) {
    const struct instance_create_options *create = &options->create;
    buffer_puts(detail, create->image ? create->image : "the default image");
    if (create->vcpu)
        buffer_printf(detail, ", %s vcpu", create->vcpu);
    if (create->ram)
        buffer_printf(detail, ", %s ram", create->ram);
    for (size_t i = 0; i < options->nics.count; i++)
        buffer_printf(detail, ", card %s", options->nics.items[i]);
}

static bool create_new(struct home *home, const struct lab *lab, size_t index,
                       struct lab_plan *plan, struct error *error) {
    const struct lab_instance *instance = &lab->instances[index];
    struct lab_options options = {.lab = lab, .instance = instance};
    scoped(buffer_done) struct buffer detail = {0};
    bool good = lab_options_fill(home, NULL, &options, error) &&
                lab_plan_image_of(home, lab, instance, plan, error) &&
                (rehearse_new(home, &options, error) || lab_options_fail(&options, error));
    if (good) {
        describe_new(&options, &detail);
        lab_plan_add(plan, LAB_CREATE, index, instance->name, detail.data);
    }
    lab_options_done(&options);
    return good;
}

/* --- those that exist --- */

static bool tell_running(const struct home *home, const char *name, struct buffer *detail,
                         struct error *error) {
    struct running running = {0};
    bool good = running_find(home->run, name, &running, error);
    if (good && running.name)
        buffer_puts(detail, ", restart needed");
    running_done(&running);
    return good;
}

/* Adds the step unless there is nothing to tell. */
static void add_if_any(struct lab_plan *plan, enum lab_step_kind kind, size_t index,
                       const char *name, const struct buffer *detail) {
    if (detail->length)
        lab_plan_add(plan, kind, index, name, detail->data);
}

static bool release_existing(struct home *home, const struct lab *lab, size_t index,
                             struct lab_plan *plan, struct error *error) {
    const char *name = lab->instances[index].name;
    struct lab_options options = {.lab = lab, .instance = &lab->instances[index]};
    struct lab_release release = {0};
    struct home_edit edit = {.home = home, .instance = name, .rehearses = true};
    bool good = lab_release_find(home, &options, &release, error);
    if (good && release.detail.length)
        good = (lab_release_apply(&edit, &release, error) || lab_options_fail(&options, error)) &&
               tell_running(home, name, &release.detail, error);
    if (good)
        add_if_any(plan, LAB_RELEASE, index, name, &release.detail);
    lab_release_done(&release);
    lab_options_done(&options);
    return good;
}

static bool change_existing(struct home *home, const struct lab *lab, size_t index,
                            struct lab_plan *plan, struct error *error) {
    const char *name = lab->instances[index].name;
    struct lab_options options = {.lab = lab, .instance = &lab->instances[index]};
    struct lab_difference difference = {0};
    struct home_edit edit = {.home = home, .instance = name, .rehearses = true};
    bool good = lab_compare(home, &options, &difference, error);
    if (good && difference.detail.length)
        good = lab_change_apply(&edit, &options, &difference, error) ||
               lab_options_fail(&options, error);
    if (good && difference.hardware)
        good = tell_running(home, name, &difference.detail, error);
    if (good) {
        add_if_any(plan, LAB_NOTE, index, name, &difference.notes);
        add_if_any(plan, LAB_CHANGE, index, name, &difference.detail);
    }
    lab_difference_done(&difference);
    lab_options_done(&options);
    return good;
}

/* --- each --- */

bool lab_plan_release(struct home *home, const struct lab *lab, size_t index, struct lab_plan *plan,
                      struct error *error) {
    bool exists;
    if (!instance_table_has(home->store, lab->instances[index].name, &exists, error))
        return false;
    return !exists || release_existing(home, lab, index, plan, error);
}

bool lab_plan_instance(struct home *home, const struct lab *lab, size_t index,
                       struct lab_plan *plan, struct error *error) {
    bool exists;
    if (!instance_table_has(home->store, lab->instances[index].name, &exists, error))
        return false;
    return exists ? change_existing(home, lab, index, plan, error)
                  : create_new(home, lab, index, plan, error);
}
