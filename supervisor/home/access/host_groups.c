#include "home/access/host_groups.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/name.h"

#include <string.h>

static bool has_a_meaning(const char *name) {
    static const char *const taken[] = {"all", "ungrouped", "_meta"};
    static const char *const prefixes[] = {"image_", "network_", "state_", "group_"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        if (strcmp(name, taken[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static bool check_group(const char *name, struct error *error) {
    if (!name_is_word(name)) {
        scoped(alloc_release) char *shown = name_printable(name, strlen(name), 80);
        return error_set(error, ERROR_INVALID,
                         "\"%s\" is not a name of a group to Ansible: use at most 63 letters, "
                         "digits and \"_\", and no digit first",
                         shown);
    }
    return !has_a_meaning(name) ||
           error_set(error, ERROR_INVALID,
                     "\"%s\" cannot be a group of your own: all, ungrouped, and what begins with "
                     "image_, network_, state_ or group_ have a meaning already",
                     name);
}

static bool has(const struct strv *names, const char *name) {
    for (size_t i = 0; i < names->count; i++)
        if (strcmp(names->items[i], name) == 0)
            return true;
    return false;
}

static bool add_words(const char *words, struct strv *names, struct error *error) {
    for (const char *word = words; *word;) {
        size_t length = strcspn(word, ",");
        scoped(alloc_release) char *name = alloc_slice(word, length);
        if (!check_group(name, error))
            return false;
        if (!has(names, name))
            strv_push(names, name);
        word += length;
        if (*word && !*++word)
            return check_group("", error);
    }
    return names->count <= HOST_GROUPS_MAX ||
           error_set(error, ERROR_INVALID, "an instance can be in %u groups, not in %zu",
                     HOST_GROUPS_MAX, names->count);
}

bool host_groups_set(char **stored, char *const *given, struct error *error) {
    scoped(strv_done) struct strv names = {0};
    struct buffer text = {0};
    for (; *given; given++)
        if (!add_words(*given, &names, error))
            return false;
    for (size_t i = 0; i < names.count; i++)
        buffer_printf(&text, "%s%s", i ? "," : "", names.items[i]);
    alloc_replace(stored, names.count ? buffer_take(&text) : NULL);
    return true;
}

void host_groups_list(const char *stored, struct strv *names) {
    for (const char *word = stored; word && *word;) {
        size_t length = strcspn(word, ",");
        strv_take(names, alloc_slice(word, length));
        word += length + (word[length] == ',');
    }
}
