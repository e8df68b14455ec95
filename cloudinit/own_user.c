#include "cloudinit/own_user.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cloudinit/yaml_values.h"

#include <string.h>
#include <strings.h>

enum { NAME_MAX_BYTES = 32, SHOWN_BYTES = 40, KEY_BYTES = 32 };

#define CONSEQUENCE ", so that cloud-init would create neither that nor pgsup's accounts"

struct users {
    const struct yaml_tree *tree;
    const yaml_node_t *list, *groups;
    struct yaml_values values;
};

/* --- values --- */

const yaml_node_t *own_user_find(const struct yaml_tree *tree, const yaml_node_t *user,
                                 const char *key) {
    char dashed[KEY_BYTES];
    size_t length = strlen(key);
    const yaml_node_t *found = yaml_tree_find(tree, user, key);
    if (found || length >= sizeof dashed)
        return found;
    for (size_t i = 0; i <= length; i++)
        dashed[i] = key[i] == '_' ? '-' : key[i];
    return yaml_tree_find(tree, user, dashed);
}

static enum yaml_tag type_of(const struct users *users, const yaml_node_t *node) {
    const char *text = yaml_tree_text(node);
    enum yaml_tag tag = text ? yaml_values_tag((const char *)node->tag) : YAML_TAG_OTHER;
    if (text && tag == YAML_TAG_STR && node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        return yaml_values_resolve(&users->values, text, node->data.scalar.length);
    return tag;
}

static bool is_true(const struct users *users, const yaml_node_t *node) {
    return type_of(users, node) == YAML_TAG_BOOL && strchr("tTyYoO", *yaml_tree_text(node)) &&
           strcasecmp(yaml_tree_text(node), "off") != 0;
}

static bool refuse_value(const yaml_node_t *node, const char *what, const char *why,
                         struct error *error) {
    const char *text = yaml_tree_text(node);
    scoped(alloc_release) char *shown =
        name_printable(text ? text : "", text ? strlen(text) : 0, SHOWN_BYTES);
    return error_set(error, ERROR_INVALID, "line %zu: the %s \"%s\" %s" CONSEQUENCE,
                     node->start_mark.line + 1, what, shown, why);
}

/* --- names --- */

/* What useradd(8) and groupadd(8) of no system take. */
static bool is_name(const char *text, size_t length) {
    if (length == 0 || length > NAME_MAX_BYTES || strchr("-+~", *text))
        return false;
    for (size_t i = 0; i < length; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == ':' || text[i] == 0x7f)
            return false;
    return true;
}

/* "bob,eve": cloud-init takes no blanks away here. */
static bool check_names(const yaml_node_t *node, struct error *error) {
    const char *text = yaml_tree_text(node);
    for (size_t length;; text += length + 1) {
        length = strcspn(text, ",");
        if (length > 0 && !is_name(text, length))
            return refuse_value(node, "user", "has a name that no system accepts", error);
        if (!text[length])
            return true;
    }
}

/* "a, b": here it does. */
static bool check_group_words(const yaml_node_t *node, struct error *error) {
    for (const char *text = yaml_tree_text(node); *text;) {
        size_t length = strcspn(text, ","), lead = strspn(text, " \t");
        const char *next = text + length + (text[length] == ',');
        size_t end = length;
        while (end > lead && strchr(" \t", text[end - 1]))
            end--;
        if (lead < length && !is_name(text + lead, end - lead))
            return refuse_value(node, "group", "has a name that no system accepts", error);
        text = next;
    }
    return true;
}

/* --- groups --- */

static bool is_group(const struct users *users, const yaml_node_t *node, struct error *error) {
    return type_of(users, node) == YAML_TAG_STR ||
           refuse_value(node, "group", "is not a name", error);
}

/* In a list each is one group. */
static bool check_listed_group(const struct users *users, const yaml_node_t *node,
                               struct error *error) {
    if (!is_group(users, node, error))
        return false;
    if (strchr(yaml_tree_text(node), ','))
        return refuse_value(node, "group", "has a comma in its name", error);
    return check_group_words(node, error);
}

static bool check_members(const struct users *users, const yaml_node_t *members,
                          struct error *error) {
    const yaml_node_t *item;
    for (size_t i = 0; (item = yaml_tree_item(users->tree, members, i)); i++)
        if (type_of(users, item) != YAML_TAG_STR)
            return refuse_value(item, "member of a group", "is not a name", error);
    return members->type == YAML_SEQUENCE_NODE || type_of(users, members) == YAML_TAG_STR ||
           refuse_value(members, "list of a group's members", "is none", error);
}

static bool check_group_map(const struct users *users, const yaml_node_t *map,
                            struct error *error) {
    const yaml_node_t *members;
    for (size_t i = 0; (members = yaml_tree_value(users->tree, map, i)); i++)
        if (!check_members(users, members, error))
            return false;
    return true;
}

/* One that groupadd(8) refuses is passed over. */
static bool check_groups(const struct users *users, const yaml_node_t *groups,
                         struct error *error) {
    const yaml_node_t *item;
    if (groups->type == YAML_MAPPING_NODE)
        return check_group_map(users, groups, error);
    if (groups->type == YAML_SCALAR_NODE)
        return is_group(users, groups, error);
    for (size_t i = 0; (item = yaml_tree_item(users->tree, groups, i)); i++)
        if (!(item->type == YAML_MAPPING_NODE ? check_group_map(users, item, error)
                                              : is_group(users, item, error)))
            return false;
    return true;
}

bool own_user_check_groups(const struct yaml_tree *tree, const yaml_node_t *groups,
                           struct error *error) {
    struct users users = {.tree = tree};
    yaml_values_init(&users.values);
    bool good = !groups || check_groups(&users, groups, error);
    yaml_values_done(&users.values);
    return good;
}

static bool check_user_groups(const struct users *users, const yaml_node_t *groups,
                              struct error *error) {
    const yaml_node_t *item;
    if (!groups || type_of(users, groups) == YAML_TAG_NULL)
        return true;
    if (groups->type == YAML_SCALAR_NODE)
        return is_group(users, groups, error) && check_group_words(groups, error);
    for (size_t i = 0; (item = yaml_tree_item(users->tree, groups, i)); i++)
        if (!check_listed_group(users, item, error))
            return false;
    return true;
}

static bool names_group(const char *words, const char *name) {
    size_t length = strlen(name);
    while (words && *words) {
        words += strspn(words, ", \t");
        size_t word = strcspn(words, ", \t");
        if (word == length && strncmp(words, name, length) == 0)
            return true;
        words += word;
    }
    return false;
}

static bool has_group(const struct yaml_tree *tree, const yaml_node_t *groups, const char *name) {
    const yaml_node_t *item;
    for (size_t i = 0; groups && (item = yaml_tree_item(tree, groups, i)); i++)
        if (has_group(tree, item, name))
            return true;
    for (size_t i = 0; groups && (item = yaml_tree_key(tree, groups, i)); i++)
        if (names_group(yaml_tree_text(item), name))
            return true;
    return names_group(yaml_tree_text(groups), name);
}

/* useradd(8) makes a group of the user's name, unless it is told not to. */
static bool group_exists(const struct users *users, const yaml_node_t *user, const char *name) {
    /* Those of Debian's base-passwd that are no users' too. */
    static const char of_system[] =
        "adm tty disk kmem dialout fax voice cdrom floppy tape sudo audio "
        "dip operator src shadow utmp video sasl plugdev staff users "
        "nogroup";
    const yaml_node_t *each;
    if (is_true(users, own_user_find(users->tree, user, "no_user_group")) ||
        own_user_find(users->tree, user, "primary_group"))
        return false;
    if (names_group(of_system, name) || has_group(users->tree, users->groups, name))
        return true;
    for (size_t i = 0; (each = yaml_tree_item(users->tree, users->list, i)); i++) {
        if (has_group(users->tree, own_user_find(users->tree, each, "groups"), name))
            return true;
        if (each == user)
            break;
    }
    return false;
}

/* --- one user --- */

static bool is_path(const char *text) {
    return *text == '/';
}

static bool is_days(const char *text) {
    return strcmp(text, "-1") == 0 || (*text && text[strspn(text, "0123456789")] == 0);
}

static bool is_date(const char *text) {
    return is_days(text) || (strlen(text) == 10 && text[4] == '-' && text[7] == '-' &&
                             text[strspn(text, "0123456789-")] == 0);
}

static bool is_comment(const char *text) {
    return !strpbrk(text, ":\n");
}

/* useradd(8). cloud-init omits what is no text, or empty. */
static const struct {
    const char *key;
    bool (*fits)(const char *text);
    const char *why;
} texts[] = {
    {"shell", is_path, "is not an absolute path"},
    {"homedir", is_path, "is not an absolute path"},
    {"inactive", is_days, "is not a number of days"},
    {"expiredate", is_date, "is not a date such as 2030-12-31"},
    {"gecos", is_comment, "has a colon or a second line in it"},
};

static bool check_texts(const struct users *users, const yaml_node_t *user, struct error *error) {
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        const yaml_node_t *node = own_user_find(users->tree, user, texts[i].key);
        if (node && type_of(users, node) == YAML_TAG_STR && *yaml_tree_text(node) &&
            !texts[i].fits(yaml_tree_text(node)))
            return refuse_value(node, texts[i].key, texts[i].why, error);
    }
    return true;
}

static bool check_uid(const struct users *users, const yaml_node_t *user, struct error *error) {
    const yaml_node_t *uid = own_user_find(users->tree, user, "uid"), *each;
    const char *text = yaml_tree_text(uid);
    if (!uid)
        return true;
    if (!text || !is_days(text) || strspn(text, "0-") > 0)
        return refuse_value(uid, "uid", "is not a number above 0", error);
    for (size_t i = 0; (each = yaml_tree_item(users->tree, users->list, i)) && each != user; i++) {
        const char *other = yaml_tree_text(own_user_find(users->tree, each, "uid"));
        if (other && strcmp(text, other) == 0)
            return refuse_value(uid, "uid", "is that of another user too", error);
    }
    return true;
}

static bool check_sudo(const struct users *users, const yaml_node_t *user, struct error *error) {
    const yaml_node_t *sudo = own_user_find(users->tree, user, "sudo");
    enum yaml_tag type = sudo ? type_of(users, sudo) : YAML_TAG_NULL;
    return type == YAML_TAG_NULL || type == YAML_TAG_STR || sudo->type == YAML_SEQUENCE_NODE ||
           (type == YAML_TAG_BOOL && !is_true(users, sudo)) ||
           refuse_value(sudo, "sudo",
                        "is neither a rule such as 'ALL=(ALL) NOPASSWD:ALL' nor a list of them",
                        error);
}

static bool check_redirect(const struct users *users, const yaml_node_t *user,
                           struct error *error) {
    const yaml_node_t *redirect = own_user_find(users->tree, user, "ssh_redirect_user");
    const char *text = yaml_tree_text(redirect);
    enum yaml_tag type = redirect ? type_of(users, redirect) : YAML_TAG_NULL;
    if (type == YAML_TAG_NULL || (type == YAML_TAG_BOOL && !is_true(users, redirect)))
        return true;
    if (type != YAML_TAG_BOOL && !(text && strcmp(text, "default") == 0))
        return refuse_value(redirect, "ssh_redirect_user", "is neither true nor default", error);
    return (!own_user_find(users->tree, user, "ssh_authorized_keys") &&
            !own_user_find(users->tree, user, "ssh_import_id")) ||
           refuse_value(redirect, "ssh_redirect_user", "excludes keys of that user", error);
}

/* One without a name is passed over. */
static bool check_map(const struct users *users, const yaml_node_t *user, struct error *error) {
    const yaml_node_t *name = own_user_find(users->tree, user, "name");
    const yaml_node_t *primary = own_user_find(users->tree, user, "primary_group");
    if (!name || type_of(users, name) == YAML_TAG_NULL)
        return true;
    if (!yaml_tree_text(name))
        return refuse_value(name, "name", "is not a text", error);
    if (!*yaml_tree_text(name))
        return refuse_value(name, "name", "is empty", error);
    if (!check_names(name, error) ||
        (primary && yaml_tree_text(primary) && !check_group_words(primary, error)))
        return false;
    if (group_exists(users, user, yaml_tree_text(name)))
        return refuse_value(name, "user",
                            "has the name of a group that exists (set its primary_group)", error);
    return check_user_groups(users, own_user_find(users->tree, user, "groups"), error) &&
           check_texts(users, user, error) && check_uid(users, user, error) &&
           check_sudo(users, user, error) && check_redirect(users, user, error);
}

static bool check_scalar(const struct users *users, const yaml_node_t *user, struct error *error) {
    return check_names(user, error) &&
           (!group_exists(users, user, yaml_tree_text(user)) ||
            refuse_value(user, "user", "has the name of a group that exists", error));
}

/* A list in the list holds names, of any type. */
static bool check_one(const struct users *users, const yaml_node_t *user, struct error *error) {
    const yaml_node_t *item;
    if (user->type == YAML_MAPPING_NODE)
        return check_map(users, user, error);
    if (user->type == YAML_SCALAR_NODE)
        return (type_of(users, user) == YAML_TAG_STR ||
                refuse_value(user, "user", "is not a name", error)) &&
               check_scalar(users, user, error);
    for (size_t i = 0; (item = yaml_tree_item(users->tree, user, i)); i++)
        if (!yaml_tree_text(item) ? !refuse_value(item, "user", "is not a name", error)
                                  : !check_scalar(users, item, error))
            return false;
    return true;
}

bool own_user_check_all(const struct yaml_tree *tree, const yaml_node_t *list,
                        const yaml_node_t *groups, struct error *error) {
    struct users users = {.tree = tree, .list = list, .groups = groups};
    const yaml_node_t *user;
    bool good = true;
    yaml_values_init(&users.values);
    for (size_t i = 0; good && (user = yaml_tree_item(tree, list, i)); i++)
        good = check_one(&users, user, error);
    yaml_values_done(&users.values);
    return good;
}
