#include "home/access/host_variables.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/name.h"

#include <jansson.h>
#include <string.h>

/* How a guest is reached is pgsup's to say: another host, key or configuration would take what was
 * meant for the guest somewhere else, and most of Ansible's own variables name what it runs on this
 * computer. These are about the guest alone. */
static const char *const own_of_ansible[] = {
    "ansible_user",
    "ansible_password",
    "ansible_become",
    "ansible_become_user",
    "ansible_become_method",
    "ansible_become_flags",
    "ansible_become_password",
    "ansible_become_pass",
    "ansible_shell_type",
    "ansible_remote_tmp",
    "ansible_timeout",
    "ansible_pipelining",
    "ansible_ssh_pipelining",
};

static bool is_about_guest(const char *name) {
    size_t length = strlen(name), ending = strlen("_interpreter");
    for (size_t i = 0; i < sizeof own_of_ansible / sizeof *own_of_ansible; i++)
        if (strcmp(name, own_of_ansible[i]) == 0)
            return true;
    return length > ending && strcmp(name + length - ending, "_interpreter") == 0;
}

static bool is_given_by_pgsup(const char *name) {
    return strcmp(name, "inventory_hostname") == 0 || strncmp(name, "pgsup_", 6) == 0 ||
           (strncmp(name, "ansible_", 8) == 0 && !is_about_guest(name));
}

static bool check_name(const char *name, struct error *error) {
    if (!name_is_word(name)) {
        scoped(alloc_release) char *shown = name_printable(name, strlen(name), 80);
        return error_set(error, ERROR_INVALID,
                         "\"%s\" is not a name of a variable to Ansible: use NAME=VALUE, with a "
                         "name of at most 63 letters, digits and \"_\", and no digit first",
                         shown);
    }
    return !is_given_by_pgsup(name) ||
           error_set(error, ERROR_INVALID,
                     "the variable %s cannot be set: how guests are reached, and what Ansible "
                     "runs on this computer for that, is set by pgsup itself",
                     name);
}

static bool check_value(const char *name, const char *value, struct error *error) {
    if (strlen(value) > HOST_VARIABLES_VALUE_MAX_BYTES)
        return error_set(error, ERROR_INVALID,
                         "the value of %s is too long: at most %u bytes, or put it into a file of "
                         "variables beside the playbook",
                         name, HOST_VARIABLES_VALUE_MAX_BYTES);
    scoped(alloc_release) char *safe = name_safe(value);
    return strcmp(safe, value) == 0 ||
           error_set(error, ERROR_INVALID,
                     "the value of %s must be one line of UTF-8 text without control characters",
                     name);
}

static size_t find_variable(const struct strv *pairs, const char *name) {
    size_t i = 0;
    while (i < pairs->count && strcmp(pairs->items[i], name) != 0)
        i += 2;
    return i;
}

static bool put(struct strv *pairs, const char *word, struct error *error) {
    size_t length = strcspn(word, "=");
    scoped(alloc_release) char *name = alloc_slice(word, length);
    if (!check_name(name, error))
        return false;
    if (!word[length])
        return error_set(error, ERROR_INVALID, "the variable %s has no value: use %s=VALUE", name,
                         name);
    const char *value = word + length + 1;
    if (!check_value(name, value, error))
        return false;
    size_t at = find_variable(pairs, name);
    if (at < pairs->count) {
        alloc_replace(&pairs->items[at + 1], alloc_string(value));
        return true;
    }
    strv_push(pairs, name);
    strv_push(pairs, value);
    return pairs->count / 2 <= HOST_VARIABLES_MAX ||
           error_set(error, ERROR_INVALID, "an instance can have %u variables, not more",
                     HOST_VARIABLES_MAX);
}

/* A pair whose name is NULL is left out. */
static void store_pairs(const struct strv *pairs, char **stored) {
    struct buffer text = {0};
    for (size_t i = 0; i < pairs->count; i += 2)
        if (pairs->items[i])
            buffer_printf(&text, "%s=%s\n", pairs->items[i], pairs->items[i + 1]);
    bool any = text.length > 0;
    char *lines = buffer_take(&text);
    alloc_replace(stored, any ? lines : NULL);
    if (!any)
        alloc_release(&lines);
}

bool host_variables_set(char **stored, char *const *given, struct error *error) {
    scoped(strv_done) struct strv pairs = {0};
    host_variables_list(*stored, &pairs);
    for (; *given; given++)
        if (!put(&pairs, *given, error))
            return false;
    store_pairs(&pairs, stored);
    return true;
}

static bool take_away(struct strv *pairs, const char *name, struct error *error) {
    for (size_t i = 0; i < pairs->count; i += 2) {
        if (!pairs->items[i] || strcmp(pairs->items[i], name) != 0)
            continue;
        alloc_replace(&pairs->items[i], NULL);
        return true;
    }
    scoped(alloc_release) char *shown = name_printable(name, strlen(name), 80);
    return error_set(error, ERROR_NOT_FOUND, "there is no variable \"%s\" to remove", shown);
}

bool host_variables_remove(char **stored, char *const *names, struct error *error) {
    scoped(strv_done) struct strv pairs = {0};
    host_variables_list(*stored, &pairs);
    for (; *names; names++)
        if (!take_away(&pairs, *names, error))
            return false;
    store_pairs(&pairs, stored);
    return true;
}

bool host_variables_has_template(const char *value) {
    return strstr(value, "{{") || strstr(value, "{%") || strstr(value, "{#");
}

void host_variables_list(const char *stored, struct strv *pairs) {
    for (const char *line = stored; line && *line;) {
        size_t name = strcspn(line, "="), length = strcspn(line, "\n");
        strv_take(pairs, alloc_slice(line, name));
        strv_take(pairs, alloc_slice(line + name + 1, length - name - 1));
        line += length + (line[length] == '\n');
    }
}

char *host_variables_json(const char *value) {
    bool structured = *value == '[' || *value == '{';
    json_t *json = structured ? json_loads(value, 0, NULL) : NULL;
    if (!json)
        json = json_string(value);
    char *text = json_dumps(json, JSON_ENCODE_ANY);
    json_decref(json);
    return text;
}
