#include "home/lab/lab_plan.h"

#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "home/change/create.h"
#include "home/images/image.h"
#include "home/lab/lab_change.h"
#include "home/lab/lab_claims.h"
#include "home/lab/lab_cloud.h"
#include "home/lab/lab_compare.h"
#include "home/network/home_network.h"
#include "home/network/members.h"
#include "home/running.h"
#include "store/network_table.h"
#include "store/transaction.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

static void add_step(struct lab_plan *plan, enum lab_step_kind kind, size_t index, const char *name,
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

/* --- networks --- */

/* The one that `pgsup cloud create` would have made, had the file not said how it is to be. */
static bool is_lab(const struct lab *lab, const struct lab_entry *network) {
    const char *none = lab->cloud ? lab_text(&lab->cloud->values[LAB_CLOUD_NO_LAB]) : "true";
    return strcmp(network->name, HOME_NETWORK_LAB) == 0 && (!none || strcmp(none, "true") != 0);
}

struct home_network_options lab_plan_network(const struct lab *lab,
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

static bool plan_network(struct home *home, const struct lab *lab, size_t index,
                         struct lab_plan *plan, struct error *error) {
    const struct lab_entry *network = &lab->networks[index];
    const struct home_network_options options = lab_plan_network(lab, network);
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
            add_step(plan, LAB_ADD_NETWORK, index, network->name, has.subnet);
    }
    store_network_done(&has);
    return good;
}

/* --- the cloud --- */

static bool plan_cloud(struct home *home, const struct lab *lab, struct lab_plan *plan,
                       struct error *error) {
    scoped(buffer_done) struct buffer detail = {0}, notes = {0};
    if (!lab->cloud)
        return true;
    if (!lab_cloud_compare(home, lab, &detail, &notes, error))
        return false;
    if (notes.length)
        add_step(plan, LAB_NOTE, 0, "the cloud", notes.data);
    if (detail.length)
        add_step(plan, LAB_SET_CLOUD, 0, "the cloud", detail.data);
    return true;
}

/* --- images --- */

static const char *image_value(const struct lab_entry *image, enum lab_image_key key) {
    return lab_text(&image->values[key]);
}

static bool check_image(const struct lab *lab, const struct lab_entry *image, struct error *error) {
    const char *url = image_value(image, LAB_IMAGE_URL), *file = image_value(image, LAB_IMAGE_FILE);
    const char *sha256 = image_value(image, LAB_IMAGE_SHA256);
    const char *source = image_value(image, LAB_IMAGE_SEED_SOURCE);
    scoped(alloc_release) char *path = file ? lab_path(lab, file) : NULL;
    struct stat status;
    if (url && file)
        return error_set(error, ERROR_INVALID, "url and file exclude each other");
    if (url && !catalogue_is_url(url))
        return error_set(error, ERROR_INVALID, "its url does not begin with http:// or https://");
    if (sha256 && (!url || !catalogue_is_sha256(sha256)))
        return error_set(error, ERROR_INVALID, "sha256 goes with url, and has 64 digits (0-9a-f)");
    if (!file &&
        (source || image_value(image, LAB_IMAGE_SHELL) || image->values[LAB_IMAGE_FORCE].given))
        return error_set(error, ERROR_INVALID, "seed-source, shell and force go with file");
    if (!file && !url && image_value(image, LAB_IMAGE_ARCH))
        return error_set(error, ERROR_INVALID, "arch goes with url or file");
    const struct image_file from = {.arch = image_value(image, LAB_IMAGE_ARCH),
                                    .seed_source = source,
                                    .shell = image_value(image, LAB_IMAGE_SHELL)};
    return (!path || (stat(path, &status) == 0 && !S_ISDIR(status.st_mode)) ||
            error_set(error, ERROR_INVALID, "there is no file %s", path)) &&
           image_check_words(&from, error);
}

/* For the rehearsal only: what is known of it before it is there. */
static bool rehearse_image(struct home *home, const char *name, const struct lab_entry *entry,
                           struct error *error) {
    const char *arch = entry ? image_value(entry, LAB_IMAGE_ARCH) : NULL;
    const char *source = entry ? image_value(entry, LAB_IMAGE_SEED_SOURCE) : NULL;
    struct store_image image = {.name = alloc_string(name),
                                .file = alloc_printf("%s.qcow2", name),
                                .format = alloc_string("qcow2"),
                                .arch = alloc_string(image_choose_arch(arch, "")),
                                .seed_source = alloc_string(source),
                                .sha256 = alloc_string(""),
                                .origin = alloc_string("")};
    bool good = name_check_label("image name", name, error) &&
                image_describe(home, &image, error) && image_table_add(home->store, &image, error);
    store_image_done(&image);
    return good;
}

static bool is_known(struct home *home, const char *name, struct error *error) {
    struct catalogue catalogue = {0};
    if (!image_catalogue(home, &catalogue, error))
        return false;
    scoped(alloc_release) char *names = catalogue_names(&catalogue);
    bool known = catalogue_find(&catalogue, name) != NULL;
    catalogue_done(&catalogue);
    scoped(alloc_release) char *shown = name_printable(name, strlen(name), 60);
    return known || error_set(error, ERROR_NOT_FOUND,
                              "there is no image \"%s\", and none of that name is known: give its "
                              "url or file under \"images\"; known are %s",
                              shown, names);
}

static bool has_image(struct home *home, const char *name, bool *has, struct error *error) {
    struct store_image image = {0};
    struct error missing = {0};
    *has = image_table_get(home->store, name, &image, &missing);
    store_image_done(&image);
    return *has || missing.code == ERROR_NOT_FOUND || error_copy(error, &missing);
}

static bool plan_image(struct home *home, const struct lab *lab, size_t index,
                       struct lab_plan *plan, struct error *error) {
    const struct lab_entry *image = &lab->images[index];
    const char *url = image_value(image, LAB_IMAGE_URL), *file = image_value(image, LAB_IMAGE_FILE);
    bool has = false;
    bool good = check_image(lab, image, error) && has_image(home, image->name, &has, error) &&
                (has || ((url || file || is_known(home, image->name, error)) &&
                         rehearse_image(home, image->name, image, error)));
    if (good && !has)
        add_step(plan, LAB_GET_IMAGE, index, image->name, url ? url : file ? file : "by its name");
    return good || lab_fail_at(lab, image->place, error);
}

static bool check_default(struct home *home, const struct lab *lab,
                          const struct lab_instance *instance, struct error *error) {
    bool has = false;
    if (!has_image(home, CREATE_DEFAULT_IMAGE, &has, error))
        return false;
    if (has)
        return true;
    error_set(error, ERROR_INVALID,
              "%s: it has no image, and " CREATE_DEFAULT_IMAGE ", which it would get, is not in "
              "this home: give its \"image\", or one under \"defaults\"",
              instance->name);
    return lab_fail_at(lab, instance->place, error);
}

/* One that no section names, but that can be downloaded. */
static bool plan_image_of(struct home *home, const struct lab *lab,
                          const struct lab_instance *instance, struct lab_plan *plan,
                          struct error *error) {
    const struct lab_value *value = &instance->values[LAB_IMAGE];
    const char *name = lab_text(value);
    bool has = false;
    if (!name)
        return check_default(home, lab, instance, error);
    bool good = has_image(home, name, &has, error) &&
                (has || (is_known(home, name, error) && rehearse_image(home, name, NULL, error)));
    if (good && !has)
        add_step(plan, LAB_GET_IMAGE, LAB_NOWHERE, name, "by its name");
    return good || lab_fail_at(lab, value->place, error);
}

/* --- instances --- */

static bool fail_instance(const struct lab *lab, const struct lab_instance *instance,
                          struct error *error) {
    error_prefix(error, "%s", instance->name);
    return lab_fail_at(lab, instance->place, error);
}

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

static bool plan_new(struct home *home, const struct lab *lab, size_t index, struct lab_plan *plan,
                     struct error *error) {
    const struct lab_instance *instance = &lab->instances[index];
    struct lab_options options = {.lab = lab, .instance = instance};
    scoped(buffer_done) struct buffer detail = {0};
    bool good = lab_options_fill(home, NULL, &options, error) &&
                plan_image_of(home, lab, instance, plan, error) &&
                (rehearse_new(home, &options, error) || fail_instance(lab, instance, error));
    if (good) {
        describe_new(&options, &detail);
        add_step(plan, LAB_CREATE, index, instance->name, detail.data);
    }
    lab_options_done(&options);
    return good;
}

bool lab_plan_compare(struct home *home, struct lab_options *options,
                      struct lab_difference *difference, struct error *error) {
    const struct lab_instance *instance = options->instance;
    struct instance_facts facts = {0};
    bool good = instance_facts_load(home, instance->name, &facts, error) &&
                lab_options_fill(home, &facts.instance, options, error) &&
                (lab_compare(home, &facts, options, difference, error) ||
                 fail_instance(options->lab, instance, error));
    instance_facts_done(&facts);
    return good;
}

bool lab_plan_release(struct home *home, struct lab_options *options, struct lab_release *release,
                      struct error *error) {
    struct instance_facts facts = {0};
    bool good = instance_facts_load(home, options->instance->name, &facts, error) &&
                lab_options_fill(home, &facts.instance, options, error) &&
                (lab_release_find(home, &facts, options, release, error) ||
                 fail_instance(options->lab, options->instance, error));
    instance_facts_done(&facts);
    return good;
}

static bool tell_running(const struct home *home, const char *name, struct buffer *detail,
                         struct error *error) {
    struct running running = {0};
    bool good = running_find(home->run, name, &running, error);
    if (good && running.name)
        buffer_puts(detail, ", restart needed");
    running_done(&running);
    return good;
}

static bool release_existing(struct home *home, const struct lab *lab, size_t index,
                             struct lab_plan *plan, struct error *error) {
    const struct lab_instance *instance = &lab->instances[index];
    struct lab_options options = {.lab = lab, .instance = instance};
    struct lab_release release = {0};
    struct home_edit edit = {.home = home, .instance = instance->name, .rehearses = true};
    bool good = lab_plan_release(home, &options, &release, error);
    bool any = release.detail.length > 0;
    if (good && any)
        good = (lab_release_apply(&edit, &release, error) || fail_instance(lab, instance, error)) &&
               tell_running(home, instance->name, &release.detail, error);
    if (good && any)
        add_step(plan, LAB_RELEASE, index, instance->name, release.detail.data);
    lab_release_done(&release);
    lab_options_done(&options);
    return good;
}

static bool plan_release(struct home *home, const struct lab *lab, size_t index,
                         struct lab_plan *plan, struct error *error) {
    bool exists;
    if (!instance_table_has(home->store, lab->instances[index].name, &exists, error))
        return false;
    return !exists || release_existing(home, lab, index, plan, error);
}

static bool plan_existing(struct home *home, const struct lab *lab, size_t index,
                          struct lab_plan *plan, struct error *error) {
    const struct lab_instance *instance = &lab->instances[index];
    struct lab_options options = {.lab = lab, .instance = instance};
    struct lab_difference difference = {0};
    struct home_edit edit = {.home = home, .instance = instance->name, .rehearses = true};
    bool good =
        lab_plan_compare(home, &options, &difference, error) &&
        (!difference.detail.length || lab_change_apply(&edit, &options, &difference, error) ||
         fail_instance(lab, instance, error));
    good = good &&
           (!difference.hardware || tell_running(home, instance->name, &difference.detail, error));
    if (good && difference.notes.length)
        add_step(plan, LAB_NOTE, index, instance->name, difference.notes.data);
    if (good && difference.detail.length)
        add_step(plan, LAB_CHANGE, index, instance->name, difference.detail.data);
    lab_difference_done(&difference);
    lab_options_done(&options);
    return good;
}

static bool plan_instance(struct home *home, const struct lab *lab, size_t index,
                          struct lab_plan *plan, struct error *error) {
    struct store_instance has = {0};
    struct error missing = {0};
    if (instance_table_get(home->store, lab->instances[index].name, &has, &missing)) {
        store_instance_done(&has);
        return plan_existing(home, lab, index, plan, error);
    }
    return missing.code == ERROR_NOT_FOUND ? plan_new(home, lab, index, plan, error)
                                           : error_copy(error, &missing);
}

/* --- what is not in the file --- */

static bool names_instance(const struct lab *lab, const char *name) {
    for (size_t i = 0; i < lab->instance_count; i++)
        if (strcmp(lab->instances[i].name, name) == 0)
            return true;
    return false;
}

static bool names_network(const struct lab *lab, const char *name) {
    for (size_t i = 0; i < lab->network_count; i++)
        if (strcmp(lab->networks[i].name, name) == 0)
            return true;
    return false;
}

/* The file gives it cards, and none of this network. */
static bool loses_card(const struct lab *lab, const char *instance, const char *network) {
    for (size_t i = 0; i < lab->instance_count; i++) {
        char *const *nics = lab_list(&lab->instances[i].values[LAB_NICS]);
        if (strcmp(lab->instances[i].name, instance) != 0)
            continue;
        for (; nics && *nics; nics++)
            if (strcspn(*nics, ",") == strlen(network) &&
                strncmp(*nics, network, strlen(network)) == 0)
                return false;
        return lab->instances[i].values[LAB_NICS].given;
    }
    return true; /* it goes too */
}

static bool check_unused(struct home *home, const struct lab *lab,
                         const struct store_network *network, struct error *error) {
    struct store_nics members = {0};
    bool good = members_list(home->store, network->id, &members, error);
    for (size_t i = 0; good && i < members.count; i++)
        if (!loses_card(lab, members.items[i].name, network->name))
            good = error_set(error, ERROR_INVALID,
                             "%s: the network \"%s\" is not in it, but \"%s\" has a card there: "
                             "name it under \"networks\", or give that instance other nics",
                             lab->path, network->name, members.items[i].name);
    store_nics_done(&members);
    return good;
}

static bool plan_prunes(struct home *home, const struct lab *lab, struct lab_plan *plan,
                        struct error *error) {
    struct store_instances instances = {0};
    struct store_networks networks = {0};
    bool good = instance_table_list(home->store, &instances, error) &&
                network_table_list(home->store, &networks, error);
    for (size_t i = 0; good && i < instances.count; i++)
        if (!names_instance(lab, instances.items[i].name))
            add_step(plan, LAB_PRUNE, 0, instances.items[i].name, "to the trash");
    for (size_t i = 0; good && i < networks.count; i++) {
        if (names_network(lab, networks.items[i].name) || networks.items[i].is_lab)
            continue;
        good = check_unused(home, lab, &networks.items[i], error);
        if (good)
            add_step(plan, LAB_PRUNE_NETWORK, 0, networks.items[i].name, networks.items[i].subnet);
    }
    store_instances_done(&instances);
    store_networks_done(&networks);
    return good;
}

static bool plan_all(struct home *home, const struct lab *lab, enum lab_prune prune,
                     struct lab_plan *plan, struct error *error) {
    bool good = plan_cloud(home, lab, plan, error);
    for (size_t i = 0; good && i < lab->image_count; i++)
        good = plan_image(home, lab, i, plan, error);
    for (size_t i = 0; good && i < lab->network_count; i++)
        good = plan_network(home, lab, i, plan, error);
    for (size_t i = 0; good && i < lab->instance_count; i++)
        good = plan_release(home, lab, i, plan, error);
    for (size_t i = 0; good && i < lab->instance_count; i++)
        good = plan_instance(home, lab, i, plan, error);
    return good && (prune == LAB_KEEP || plan_prunes(home, lab, plan, error));
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
