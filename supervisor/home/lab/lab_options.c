#include "home/lab/lab_options.h"

#include "base/alloc.h"
#include "home/access/host_variables.h"
#include "store/cloud_table.h"

#include <string.h>

static const struct {
    enum lab_key key;
    enum seed_document document;
} documents[] = {{LAB_USER_DATA, SEED_USER_DATA},
                 {LAB_VENDOR_DATA, SEED_VENDOR_DATA},
                 {LAB_NETWORK_CONFIG, SEED_NETWORK_CONFIG}};

/* A value of several lines is the document itself, or one that begins as a document does; in one
 * line a network-config is a map, and no path. */
static bool is_inline(enum seed_document document, const char *text) {
    const char *start = text + strspn(text, " \t");
    bool is_map = *start == '{' || strstr(text, ": ") || strstr(text, ":\t");
    return strchr(text, '\n') || *text == '#' || (document == SEED_NETWORK_CONFIG && is_map);
}

static bool read_document(const struct lab *lab, enum seed_document document, const char *text,
                          struct user_documents *own, struct error *error) {
    scoped(alloc_release) char *path = lab_path(lab, text);
    return is_inline(document, text)
               ? user_document_take(document, seed_document_name(document), text, own, error)
               : user_document_read(document, path, own, NULL, error);
}

static bool read_documents(const struct lab *lab, const struct lab_instance *instance,
                           struct user_documents *own, struct error *error) {
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        const struct lab_value *value = &instance->values[documents[i].key];
        if (value->given && !read_document(lab, documents[i].document, lab_text(value), own, error))
            return lab_fail_at(lab, value->place, error);
    }
    return true;
}

bool lab_document_differs(const struct home *home, const struct lab_options *options,
                          enum seed_document document, bool *differs, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, options->instance->name);
    scoped(buffer_done) struct buffer kept = {0};
    const struct buffer *wanted = &options->own.texts[document];
    *differs = false;
    if (!options->own.given[document])
        return true;
    if (!user_document_get(folder, document, &kept, error))
        return false;
    *differs = kept.length != wanted->length ||
               (kept.length && memcmp(kept.data, wanted->data, kept.length) != 0);
    return true;
}

/* "user-data: …"; documents[index] is given. */
static bool ask_one(const struct home *home, const struct lab_options *options, size_t index,
                    struct lab_asked *asked, struct error *error) {
    enum seed_document document = documents[index].document;
    const char *text = lab_text(&options->instance->values[documents[index].key]);
    const char *shown = is_inline(document, text) ? seed_document_name(document) : text;
    scoped(alloc_release) char *id = alloc_printf("%d %s", (int)document, text);
    scoped(alloc_release) char *said = NULL;
    scoped(strv_done) struct strv judged = {0};
    if (strv_has(&asked->documents, id))
        return true;
    strv_push(&asked->documents, id);
    if (!user_document_ask(document, shown, &options->own, &said, error))
        return false;
    if (said)
        strv_push(&asked->remarks, said);
    if (!user_document_judge(home, document, &options->own, &judged, error))
        return error_prefix(error, "%s", shown);
    for (size_t i = 0; i < judged.count; i++)
        strv_pushf(&asked->remarks, "%s: %s", shown, judged.items[i]);
    return true;
}

bool lab_options_ask(const struct home *home, struct lab_options *options, struct lab_asked *asked,
                     struct error *error) {
    const struct lab_value *values = options->instance->values;
    if (!read_documents(options->lab, options->instance, &options->own, error))
        return false;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        bool differs = false;
        if (!lab_document_differs(home, options, documents[i].document, &differs, error))
            return false;
        if (differs && !ask_one(home, options, i, asked, error))
            return lab_fail_at(options->lab, values[documents[i].key].place, error);
    }
    return true;
}

/* The first card is that of the cloud's network, which may be named or not. */
static bool fill_cards(struct home *home, const struct lab_instance *instance, struct strv *nics,
                       struct error *error) {
    struct store_cloud cloud = {0};
    char *const *given = lab_list(&instance->values[LAB_NICS]);
    bool good = cloud_table_get(home->store, &cloud, error);
    for (size_t i = 0; good && given && given[i]; i++)
        if (i > 0 || strcmp(given[i], cloud.network) != 0)
            strv_push(nics, given[i]);
    store_cloud_done(&cloud);
    return good;
}

static bool has_variable(char *const *given, const char *name) {
    size_t length = strlen(name);
    for (; *given; given++)
        if (strncmp(*given, name, length) == 0 && (*given)[length] == '=')
            return true;
    return false;
}

static void find_removed(const struct store_instance *existing, char *const *given,
                         struct strv *removed) {
    scoped(strv_done) struct strv pairs = {0};
    host_variables_list(existing->variables, &pairs);
    for (size_t i = 0; i + 1 < pairs.count; i += 2)
        if (!has_variable(given, pairs.items[i]))
            strv_push(removed, pairs.items[i]);
}

static bool is_set_already(const struct store_instance *existing, const char *word) {
    scoped(strv_done) struct strv pairs = {0};
    size_t length = strcspn(word, "=");
    host_variables_list(existing ? existing->variables : NULL, &pairs);
    for (size_t i = 0; i + 1 < pairs.count; i += 2)
        if (strlen(pairs.items[i]) == length && strncmp(pairs.items[i], word, length) == 0)
            return strcmp(pairs.items[i + 1], word + length + 1) == 0;
    return false;
}

/* A lab file may come from elsewhere, and runs nothing on this computer. */
static bool check_templates(const struct lab_options *options,
                            const struct store_instance *existing, struct error *error) {
    const struct lab_value *value = &options->instance->values[LAB_VARS];
    char *const *given = lab_list(value);
    for (; given && *given; given++) {
        if (!host_variables_has_template(*given) || is_set_already(existing, *given))
            continue;
        error_set(error, ERROR_INVALID,
                  "the variable %.*s has a template, which Ansible evaluates on this computer: a "
                  "lab file cannot set one; `pgsup instance set %s --var NAME=VALUE` can",
                  (int)strcspn(*given, "="), *given, options->instance->name);
        return lab_fail_at(options->lab, value->place, error);
    }
    return true;
}

static void fill_ansible(const struct lab_instance *instance, const struct store_instance *existing,
                         struct lab_options *options, struct ansible_options *ansible) {
    static char nothing[] = "";
    static char *const none[] = {nothing, NULL};
    char *const *groups = lab_list(&instance->values[LAB_GROUPS]);
    const char *provision = lab_text(&instance->values[LAB_PROVISION]);
    ansible->groups = groups && !groups[0] ? none : groups;
    ansible->variables = lab_list(&instance->values[LAB_VARS]);
    if (existing && ansible->variables)
        find_removed(existing, ansible->variables, &options->removed_variables);
    if (options->removed_variables.count)
        ansible->removed_variables = options->removed_variables.items;
    if (provision)
        ansible->playbook =
            strcmp(provision, "true") == 0 ? ANSIBLE_PLAYBOOK_RUNS : ANSIBLE_PLAYBOOK_HELD;
}

static void fill_startup(const struct lab_instance *instance, struct startup_options *startup) {
    const char *autostart = lab_text(&instance->values[LAB_AUTOSTART]);
    startup->restart = lab_text(&instance->values[LAB_RESTART]);
    startup->after = lab_text(&instance->values[LAB_AFTER]);
    if (autostart)
        startup->autostart =
            strcmp(autostart, "true") == 0 ? STARTUP_AUTOSTART_ON : STARTUP_AUTOSTART_OFF;
}

static bool is_true(const struct lab_value *value) {
    return value->given && strcmp(lab_text(value), "true") == 0;
}

static void fill_create(const struct lab_instance *instance, struct lab_options *options) {
    const struct lab_value *values = instance->values;
    struct instance_create_options *create = &options->create;
    create->name = instance->name;
    create->image = lab_text(&values[LAB_IMAGE]);
    create->vcpu = lab_text(&values[LAB_VCPU]);
    create->ram = lab_text(&values[LAB_RAM]);
    create->disk = lab_text(&values[LAB_SIZE]);
    create->ip4 = lab_text(&values[LAB_IP]);
    create->ssh_port = lab_text(&values[LAB_SSH_PORT]);
    create->seed = lab_text(&values[LAB_SEED]);
    create->nics = options->nics.count ? options->nics.items : NULL;
    create->no_lab = values[LAB_NICS].given;
    create->forwards = lab_list(&values[LAB_FORWARDS]);
    create->host_keys = lab_text(&values[LAB_HOST_KEYS]);
    create->accel = lab_text(&values[LAB_ACCEL]);
    create->nested = is_true(&values[LAB_NESTED]);
    if (values[LAB_PACKAGE_UPGRADE].given)
        create->packages = is_true(&values[LAB_PACKAGE_UPGRADE]) ? INSTANCE_PACKAGES_UPGRADE
                                                                 : INSTANCE_PACKAGES_KEEP;
    create->own = &options->own;
}

static void fill_change(const struct lab_instance *instance, struct lab_options *options) {
    const struct lab_value *values = instance->values;
    struct instance_change_options *change = &options->change;
    change->vcpu = lab_text(&values[LAB_VCPU]);
    change->ram = lab_text(&values[LAB_RAM]);
    change->ip4 = lab_text(&values[LAB_IP]);
    change->ssh_port = lab_text(&values[LAB_SSH_PORT]);
    change->seed = lab_text(&values[LAB_SEED]);
    change->accel = lab_text(&values[LAB_ACCEL]);
    if (values[LAB_NESTED].given)
        change->nested = is_true(&values[LAB_NESTED]) ? INSTANCE_NESTED_ON : INSTANCE_NESTED_OFF;
}

/* Of an instance that exists: a new one gets them when it is there. */
static void fill_schedule(const struct lab_instance *instance, struct lab_options *options) {
    const struct lab_value *values = instance->values;
    const char *folder = lab_text(&values[LAB_BACKUP_TO]);
    if (folder)
        options->backup_to = *folder ? lab_path(options->lab, folder) : alloc_string("");
    options->change.backups =
        (struct backup_period_options){.to = options->backup_to,
                                       .every = lab_text(&values[LAB_BACKUP_EVERY]),
                                       .keep = lab_text(&values[LAB_BACKUP_KEEP])};
    options->change.snapshots =
        (struct snapshot_schedule_options){.every = lab_text(&values[LAB_SNAPSHOT_EVERY]),
                                           .keep = lab_text(&values[LAB_SNAPSHOT_KEEP])};
}

bool lab_options_fill(struct home *home, const struct store_instance *existing,
                      struct lab_options *options, struct error *error) {
    const struct lab *lab = options->lab;
    const struct lab_instance *instance = options->instance;
    if (!check_templates(options, existing, error) ||
        !fill_cards(home, instance, &options->nics, error) ||
        !read_documents(lab, instance, &options->own, error))
        return false;
    fill_create(instance, options);
    fill_change(instance, options);
    fill_schedule(instance, options);
    fill_startup(instance, &options->create.startup);
    fill_ansible(instance, existing, options, &options->create.ansible);
    options->change.startup = options->create.startup;
    options->change.ansible = options->create.ansible;
    return true;
}

bool lab_options_load(struct home *home, struct lab_options *options, struct instance_facts *facts,
                      struct error *error) {
    return instance_facts_load(home, options->instance->name, facts, error) &&
           lab_options_fill(home, &facts->instance, options, error);
}

/* Its own, or that of the value at fault, where the file gives one. */
static struct lab_place place_of_fault(const struct lab_instance *instance, const char *key) {
    for (size_t i = 0; key && i < LAB_KEY_COUNT; i++)
        if (strcmp(lab_keys[i].name, key) == 0 && instance->values[i].given)
            return instance->values[i].place;
    return instance->place;
}

bool lab_options_fail(const struct lab_options *options, struct error *error) {
    struct lab_place place = place_of_fault(options->instance, error->about);
    error_prefix(error, "%s", options->instance->name);
    return error->code != ERROR_FAILED && lab_fail_at(options->lab, place, error);
}

void lab_options_done(struct lab_options *options) {
    strv_done(&options->nics);
    strv_done(&options->removed_variables);
    alloc_release(&options->backup_to);
    user_documents_done(&options->own);
}
