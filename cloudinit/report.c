#include "report.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#define MODULE_PREFIX "config-" /* of a module's name: cloudinit/config/modules.py */

static const char *const stage_names[] = {
    [REPORT_INIT_LOCAL] = "init-local",
    [REPORT_INIT_NETWORK] = "init-network",
    [REPORT_MODULES_CONFIG] = "modules-config",
    [REPORT_MODULES_FINAL] = "modules-final",
    [REPORT_OTHER] = NULL,
};

const char *report_stage_name(enum report_stage stage) {
    return stage_names[stage];
}

/* C0, DEL, and C1 in UTF-8, which some terminals interpret too. */
static bool has_control(const char *text) {
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c < 0x20 || *c == 0x7F || (c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0))
            return true;
    return false;
}

/* text is borrowed from the object. */
static bool take_text(json_t *object, const char *key, size_t size, const char **text,
                      struct error *error) {
    *text = json_string_value(json_object_get(object, key));
    if (!*text)
        return error_set(error, ERROR_INVALID, "the event has no text \"%s\"", key);
    if (strlen(*text) >= size)
        return error_set(error, ERROR_INVALID, "the event's %s is longer than %zu bytes", key,
                         size - 1);
    return !has_control(*text) ||
           error_set(error, ERROR_INVALID, "the event's %s holds a control character", key);
}

static bool is_word(const char *text) {
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr("-_.", *text))
            return false;
    return true;
}

static enum report_stage find_stage(const char *name, size_t length) {
    for (int i = 0; i < REPORT_OTHER; i++)
        if (strlen(stage_names[i]) == length && strncmp(stage_names[i], name, length) == 0)
            return (enum report_stage)i;
    return REPORT_OTHER;
}

/* "STAGE" or "STAGE/config-MODULE". */
static bool take_name(const char *name, struct report *report, struct error *error) {
    size_t length = strcspn(name, "/");
    const char *step = name[length] ? name + length + 1 : NULL;
    report->stage = find_stage(name, length);
    if (!step || report->stage == REPORT_OTHER)
        return true;
    if (strncmp(step, MODULE_PREFIX, strlen(MODULE_PREFIX)) != 0 || strchr(step, '/')) {
        report->stage = REPORT_OTHER;
        return true;
    }
    const char *module = step + strlen(MODULE_PREFIX);
    if (!module[0] || strlen(module) >= sizeof report->module || !is_word(module))
        return error_set(error, ERROR_INVALID,
                         "a module of the event has no name of 1 to %zu letters, digits, '-', '_' "
                         "and '.'",
                         sizeof report->module - 1);
    snprintf(report->module, sizeof report->module, "%s", module);
    return true;
}

static bool take_result(json_t *object, struct report *report, struct error *error) {
    static const char *const words[] = {
        [REPORT_SUCCESS] = "SUCCESS", [REPORT_WARNING] = "WARN", [REPORT_FAILURE] = "FAIL"};
    const char *type = json_string_value(json_object_get(object, "event_type"));
    const char *result = json_string_value(json_object_get(object, "result"));
    if (type && strcmp(type, "start") == 0) {
        report->result = REPORT_BEGAN;
        return true;
    }
    if (!type || strcmp(type, "finish") != 0)
        return error_set(error, ERROR_INVALID, "the event neither starts nor finishes anything");
    for (int i = REPORT_SUCCESS; result && i <= REPORT_FAILURE; i++)
        if (strcmp(words[i], result) == 0) {
            report->result = (enum report_result)i;
            return true;
        }
    return error_set(error, ERROR_INVALID, "cloud-init has no such result");
}

static bool take_event(json_t *object, struct report *report, struct error *error) {
    const char *name, *description;
    if (!take_text(object, "name", REPORT_NAME_SIZE, &name, error) ||
        !take_text(object, "description", REPORT_DESCRIPTION_SIZE, &description, error) ||
        !take_name(name, report, error) || !take_result(object, report, error))
        return false;
    snprintf(report->description, sizeof report->description, "%s", description);
    return true;
}

bool report_parse(const char *body, size_t length, struct report *report, struct error *error) {
    *report = (struct report){.stage = REPORT_OTHER};
    if (length > REPORT_LIMIT_BYTES)
        return error_set(error, ERROR_INVALID, "the event is longer than %u bytes",
                         REPORT_LIMIT_BYTES);
    json_t *object = json_loadb(body, length, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_is_object(object)
                    ? take_event(object, report, error)
                    : error_set(error, ERROR_INVALID, "the event is not one JSON object");
    json_decref(object);
    if (!good)
        *report = (struct report){.stage = REPORT_OTHER};
    return good;
}
