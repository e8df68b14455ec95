#include "create_compare.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cli/link/instance_rows.h"
#include "home/instance/forward.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum form { NUMBER, MEMORY, SIZE, WORD, ON, OFF, GROUPS, VARIABLES, FORWARDS, UNSEEN };

/* The options, and the keys of `pgsup info --json`. */
static const struct row {
    const char *option, *key;
    enum form form;
} rows[] = {
    {"vcpu", "vcpu", NUMBER},
    {"ram", "ram_bytes", MEMORY},
    {"size", "disk_bytes", SIZE},
    {"ip", "ip4", WORD},
    {"package-upgrade", "package_upgrade", ON},
    {"no-package-upgrade", "package_upgrade", OFF},
    {"seed", "seed", WORD},
    {"host-keys", "host_keys", WORD},
    {"ssh-port", "ssh_port", NUMBER},
    {"forward", "forwards", FORWARDS},
    {"accel", "accel", WORD},
    {"nested", "nested", ON},
    {"restart", "restart", WORD},
    {"autostart", "autostart", ON},
    {"after", "after", WORD},
    {"group", "groups", GROUPS},
    {"var", "variables", VARIABLES},
    {"nic", NULL, UNSEEN},
    {"no-lab", NULL, UNSEEN},
    {"user-data", NULL, UNSEEN},
    {"vendor-data", NULL, UNSEEN},
    {"network-config", NULL, UNSEEN},
    {"no-provision", NULL, UNSEEN},
};

static bool is_size(const char *given, json_int_t bytes, bool memory) {
    uint64_t wanted = 0;
    bool in_mib = memory && given[strspn(given, "0123456789")] == '\0';
    if (!name_parse_size(given, &wanted))
        return false;
    return bytes >= 0 && (in_mib ? wanted << 20 : wanted) == (uint64_t)bytes;
}

static bool is_number(const char *given, json_int_t has) {
    uint64_t wanted = 0;
    return name_parse_number(given, 0, UINT32_MAX, &wanted) && (json_int_t)wanted == has;
}

static bool has_text(const json_t *list, const char *text) {
    size_t index;
    const json_t *each;
    json_array_foreach(list, index, each) {
        if (strcmp(json_string_value(each), text) == 0)
            return true;
    }
    return false;
}

static bool has_groups(const json_t *list, const char *given) {
    scoped(alloc_release) char *names = alloc_string(given);
    char *save = NULL;
    for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save))
        if (!has_text(list, name))
            return false;
    return true;
}

static bool has_variable(const json_t *variables, const char *given) {
    const char *equals = strchr(given, '=');
    scoped(alloc_release) char *name = alloc_slice(given, equals ? (size_t)(equals - given) : 0);
    const char *value = json_string_value(json_object_get(variables, name));
    return value && equals && strcmp(value, equals + 1) == 0;
}

static bool has_forward(const json_t *list, const char *given) {
    struct store_forward forward = {0};
    struct error ignored = {0};
    bool parsed = forward_parse(given, &forward, &ignored);
    scoped(alloc_release) char *text = parsed ? forward_text(&forward) : NULL;
    store_forward_done(&forward);
    return text && has_text(list, text);
}

static bool is_as_given(const struct row *row, const json_t *value, const char *given) {
    const char *word = json_string_value(value);
    switch (row->form) {
    case NUMBER: return is_number(given, json_integer_value(value));
    case MEMORY: return is_size(given, json_integer_value(value), true);
    case SIZE: return is_size(given, json_integer_value(value), false);
    case WORD: return word && strcmp(word, given) == 0;
    case ON: return json_is_true(value);
    case OFF: return json_is_false(value);
    case GROUPS: return has_groups(value, given);
    case VARIABLES: return has_variable(value, given);
    case FORWARDS: return has_forward(value, given);
    default: return true;
    }
}

static void tell_value(const struct row *row, const json_t *value, struct buffer *text) {
    char size[32];
    if (row->form == MEMORY || row->form == SIZE) {
        name_format_size_short((uint64_t)json_integer_value(value), size);
        buffer_printf(text, "%s", size);
    } else if (json_is_string(value))
        buffer_puts(text, json_string_value(value));
    else if (json_is_integer(value))
        buffer_printf(text, "%lld", (long long)json_integer_value(value));
    else
        buffer_puts(text, json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "not");
}

static void compare_given(const struct row *row, const json_t *value, const char *given,
                          struct buffer *differences) {
    if (is_as_given(row, value, given))
        return;
    buffer_printf(differences, "%s--%s", differences->length ? ", " : "", row->option);
    if (row->form != ON && row->form != OFF)
        buffer_printf(differences, " %.80s", given);
    buffer_puts(differences, " (it has ");
    tell_value(row, value, differences);
    buffer_puts(differences, ")");
}

static void compare_row(const struct invocation *invocation, const struct row *row,
                        const json_t *object, struct buffer *differences) {
    const json_t *value = json_object_get(object, row->key);
    bool many = row->form >= GROUPS;
    if (!many)
        compare_given(row, value, invocation_option(invocation, row->option), differences);
    for (char *const *each = many ? invocation_values(invocation, row->option) : NULL;
         each && *each; each++)
        compare_given(row, value, *each, differences);
}

static void compare_rows(const struct invocation *invocation, const json_t *object,
                         struct buffer *differences, struct buffer *unseen) {
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (!invocation_given(invocation, rows[i].option))
            continue;
        if (rows[i].form == UNSEEN)
            buffer_printf(unseen, "%s--%s", unseen->length ? ", " : "", rows[i].option);
        else
            compare_row(invocation, &rows[i], object, differences);
    }
}

bool create_compare(const struct invocation *invocation, struct home *home,
                    const struct store_instance *instance, struct buffer *unseen,
                    struct error *error) {
    scoped(buffer_done) struct buffer differences = {0};
    struct instance_rows all;
    if (!instance_rows_open(home, instance, INSTANCE_ROWS_WHOLE, &all, error))
        return false;
    json_t *object = instance_rows_get(&all, instance);
    compare_rows(invocation, object, &differences, unseen);
    json_decref(object);
    instance_rows_close(&all);
    return differences.length == 0 ||
           error_set(error, ERROR_EXISTS,
                     "instance \"%s\" exists and is not as asked for: %s: change it by `pgsup "
                     "instance set` or `resize`, or choose another name with -n",
                     instance->name, differences.data);
}
