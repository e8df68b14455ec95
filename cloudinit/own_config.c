#include "own_config.h"

#include "cloudinit/document_check.h"
#include "cloudinit/document_kind.h"
#include "cloudinit/mime.h"
#include "cloudinit/own_user.h"
#include "cloudinit/yaml_tree.h"

#include <string.h>
#include <strings.h>

struct judge {
    const struct own_config_facts *facts;
    struct strv *remarks;
    const struct yaml_tree *tree;
};

/* --- names --- */

static bool is_account(const struct judge *judge, const char *name, size_t length) {
    const struct strv *accounts = judge->facts->accounts;
    for (size_t i = 0; i < accounts->count; i++)
        if (strlen(accounts->items[i]) == length && strncmp(accounts->items[i], name, length) == 0)
            return true;
    return false;
}

static bool refuse_group(const char *name, size_t length, struct error *error) {
    return error_set(error, ERROR_INVALID,
                     "the group \"%.*s\" has the name of one of pgsup's accounts, which "
                     "cloud-init then cannot create: give the group another name",
                     (int)length, name);
}

/* "a, b" */
static bool check_words(const struct judge *judge, const char *words, struct error *error) {
    while (words && *words) {
        words += strspn(words, ", \t");
        size_t length = strcspn(words, ", \t");
        if (is_account(judge, words, length))
            return refuse_group(words, length, error);
        words += length;
    }
    return true;
}

/* A text, a list of texts and mappings, or a mapping: the keys are the groups. */
static bool check_groups(const struct judge *judge, const yaml_node_t *node, struct error *error) {
    const struct yaml_tree *tree = judge->tree;
    const yaml_node_t *item;
    if (!node)
        return true;
    for (size_t i = 0; (item = yaml_tree_item(tree, node, i)); i++)
        if (!check_groups(judge, item, error))
            return false;
    for (size_t i = 0; (item = yaml_tree_key(tree, node, i)); i++)
        if (!check_words(judge, yaml_tree_text(item), error))
            return false;
    return check_words(judge, yaml_tree_text(node), error);
}

/* --- users --- */

/* The first of two entries with one name counts, key by key. */
static void remark_account(const struct judge *judge, const yaml_node_t *user, const char *name) {
    static const char *const ways_in[] = {"ssh_authorized_keys",
                                          "hashed_passwd",
                                          "passwd",
                                          "plain_text_passwd",
                                          "lock_passwd",
                                          "sudo",
                                          "shell",
                                          "inactive",
                                          "expiredate",
                                          "no_create_home",
                                          "system",
                                          "homedir",
                                          "uid",
                                          "ssh_redirect_user"};
    for (size_t i = 0; i < sizeof ways_in / sizeof *ways_in; i++)
        if (own_user_find(judge->tree, user, ways_in[i]))
            strv_pushf(judge->remarks, "its %s of the user \"%s\" replaces that of pgsup",
                       ways_in[i], name);
}

static bool check_user(const struct judge *judge, const yaml_node_t *user, struct error *error) {
    const struct yaml_tree *tree = judge->tree;
    const char *name = yaml_tree_text(yaml_tree_find(tree, user, "name"));
    if (name && is_account(judge, name, strlen(name)))
        remark_account(judge, user, name);
    return check_groups(judge, yaml_tree_find(tree, user, "groups"), error) &&
           check_groups(judge, own_user_find(tree, user, "primary_group"), error);
}

static bool check_users(const struct judge *judge, const yaml_node_t *users,
                        const yaml_node_t *groups, struct error *error) {
    const yaml_node_t *user;
    if (users->type != YAML_SEQUENCE_NODE)
        return error_set(error, ERROR_INVALID,
                         "line %zu: \"users\" is not a list, so that pgsup's accounts cannot be "
                         "added to it: write \"- name: …\" for each user",
                         users->start_mark.line + 1);
    for (size_t i = 0; (user = yaml_tree_item(judge->tree, users, i)); i++)
        if (!check_user(judge, user, error))
            return false;
    return own_user_check_all(judge->tree, users, groups, error);
}

/* --- modules --- */

static bool is_module(const char *name, const char *module) {
    if (!name || strlen(name) != strlen(module))
        return false;
    for (; *name; name++, module++)
        if (*name != *module && !(*name == '-' && *module == '_'))
            return false;
    return true;
}

/* A module is its name, a list that begins with it, or a mapping that has it. */
static bool has_module(const struct yaml_tree *tree, const yaml_node_t *list, const char *module) {
    const yaml_node_t *item;
    for (size_t i = 0; list && (item = yaml_tree_item(tree, list, i)); i++) {
        const yaml_node_t *first = yaml_tree_item(tree, item, 0);
        const char *named = yaml_tree_text(yaml_tree_find(tree, item, "mod"));
        if (!named)
            named = yaml_tree_text(yaml_tree_find(tree, item, "name"));
        if (is_module(yaml_tree_text(item), module) || is_module(named, module) ||
            (first && is_module(yaml_tree_text(first), module)))
            return true;
    }
    return false;
}

/* Where cloud-init has the modules without which pgsup cannot reach the guest. */
static const struct {
    const char *list, *module, *why;
} needed[] = {
    {"cloud_init_modules", "users_groups", "pgsup's accounts are not created"},
    {"cloud_init_modules", "ssh", "the guest gets no host keys"},
    {"cloud_final_modules", "phone_home", "the guest never tells pgsup that it is ready"},
};

static bool check_modules(const struct judge *judge, const yaml_node_t *root, struct error *error) {
    static const char *const lists[] = {"cloud_init_modules", "cloud_config_modules",
                                        "cloud_final_modules"};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        bool found = !yaml_tree_find(judge->tree, root, needed[i].list);
        for (size_t j = 0; j < sizeof lists / sizeof *lists; j++)
            found = found || has_module(judge->tree, yaml_tree_find(judge->tree, root, lists[j]),
                                        needed[i].module);
        if (!found)
            return error_set(error, ERROR_INVALID, "its %s lack %s: %s; add it, or omit %s",
                             needed[i].list, needed[i].module, needed[i].why, needed[i].list);
    }
    return true;
}

/* --- a cloud-config --- */

static bool is_true(const char *text) { /* cloudinit/util.py */
    return text && (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0 ||
                    strcasecmp(text, "on") == 0 || strcasecmp(text, "yes") == 0);
}

static bool check_vendor(const struct judge *judge, const yaml_node_t *vendor,
                         struct error *error) {
    const yaml_node_t *enabled = yaml_tree_find(judge->tree, vendor, "enabled");
    if (vendor->type == YAML_MAPPING_NODE && (!enabled || is_true(yaml_tree_text(enabled))))
        return true;
    return error_set(error, ERROR_INVALID,
                     "its vendor_data disables that of pgsup, by which the guest gets its host "
                     "keys and tells its progress: omit it");
}

/* cloud-init prefers user-data, where pgsup has these keys. */
static void remark_unused(const struct judge *judge, const yaml_node_t *root) {
    static const char *const keys[] = {
        "users",        "growpart",       "locale",          "timezone",        "ssh_pwauth",
        "disable_root", "package_update", "package_upgrade", "ssh_genkeytypes", "phone_home"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (yaml_tree_find(judge->tree, root, keys[i]))
            strv_pushf(judge->remarks,
                       "its \"%s\" has no effect, because pgsup's user-data has that key: put it "
                       "into your own user-data",
                       keys[i]);
}

static bool check_user_data(const struct judge *judge, const yaml_node_t *root,
                            struct error *error) {
    const yaml_node_t *users = yaml_tree_find(judge->tree, root, "users");
    const yaml_node_t *vendor = yaml_tree_find(judge->tree, root, "vendor_data");
    if (yaml_tree_find(judge->tree, root, "phone_home"))
        return error_set(error, ERROR_INVALID,
                         "its phone_home replaces that of pgsup, which then never hears that the "
                         "guest is ready: omit it, and use runcmd to tell others");
    return (!users ||
            check_users(judge, users, yaml_tree_find(judge->tree, root, "groups"), error)) &&
           (!vendor || check_vendor(judge, vendor, error));
}

static bool check_config(const char *text, size_t length, struct judge *judge,
                         struct error *error) {
    struct yaml_tree tree;
    if (!document_check(SEED_NETWORK_CONFIG, text, length, error)) /* a mapping, in any form */
        return false;
    if (!yaml_tree_load(&tree, text, length))
        return true; /* empty */
    judge->tree = &tree;
    const yaml_node_t *groups = yaml_tree_find(&tree, tree.root, "groups");
    bool good = check_groups(judge, groups, error) && own_user_check_groups(&tree, groups, error) &&
                check_modules(judge, tree.root, error);
    if (good && judge->facts->document == SEED_USER_DATA)
        good = check_user_data(judge, tree.root, error);
    else if (good)
        remark_unused(judge, tree.root);
    yaml_tree_done(&tree);
    return good;
}

/* --- documents of documents --- */

static bool check_document(const char *text, size_t length, struct judge *judge,
                           struct error *error);

/* An entry without a type is one of the kind that it begins with, else a cloud-config. */
static bool check_entry(const struct yaml_tree *tree, const yaml_node_t *entry, struct judge *judge,
                        struct error *error) {
    const char *text = yaml_tree_text(entry), *type = NULL;
    if (!text) {
        text = yaml_tree_text(yaml_tree_find(tree, entry, "content"));
        type = yaml_tree_text(yaml_tree_find(tree, entry, "type"));
    }
    if (!text)
        return true;
    if ((type && strcmp(type, "text/cloud-config") == 0) ||
        (!type && !document_kind_begins(text, strlen(text), "#")))
        return check_config(text, strlen(text), judge, error);
    return check_document(text, strlen(text), judge, error);
}

static bool check_archive(const char *text, size_t length, struct judge *judge,
                          struct error *error) {
    struct yaml_tree tree;
    const yaml_node_t *entry;
    bool good = document_check(SEED_USER_DATA, text, length, error);
    if (!good || !yaml_tree_load(&tree, text, length))
        return good;
    for (size_t i = 0; good && (entry = yaml_tree_item(&tree, tree.root, i)); i++)
        good = check_entry(&tree, entry, judge, error) ||
               error_prefix(error, "entry %zu of the archive", i + 1);
    yaml_tree_done(&tree);
    return good;
}

static bool check_part(const struct mime_part *part, void *context, struct error *error) {
    static const char *const by_content[] = {"text/plain", "text/x-not-multipart"};
    struct judge *judge = context;
    const char *text = part->content.data ? part->content.data : "";
    bool good = true, judged = strcmp(part->type, "text/cloud-config") == 0;
    if (judged)
        good = check_config(text, part->content.length, judge, error);
    for (size_t i = 0; !judged && i < sizeof by_content / sizeof *by_content; i++)
        if (strcmp(part->type, by_content[i]) == 0)
            good = check_document(text, part->content.length, judge, error);
    if (!judged && strcmp(part->type, "text/cloud-config-archive") == 0)
        good = check_archive(text, part->content.length, judge, error);
    return good || error_prefix(error, "part %u", part->number);
}

static bool check_document(const char *text, size_t length, struct judge *judge,
                           struct error *error) {
    if (document_kind_is_cloud_config(text, length))
        return check_config(text, length, judge, error);
    if (document_kind_begins(text, length, "#cloud-config-archive"))
        return check_archive(text, length, judge, error);
    if (document_kind_is_mime(text, length)) {
        size_t start = document_kind_start(text, length);
        return mime_each(text + start, length - start, check_part, judge, error);
    }
    return true;
}

bool own_config_check(const char *text, size_t length, const struct own_config_facts *facts,
                      struct strv *remarks, struct error *error) {
    struct judge judge = {facts, remarks, NULL};
    return check_document(text, length, &judge, error);
}
