#include "event.h"

#include <string.h>

static const struct {
    const char *name;
    enum qmp_event_kind kind;
} kinds[] = {
    {"SHUTDOWN", QMP_EVENT_SHUTDOWN},
    {"POWERDOWN", QMP_EVENT_POWERDOWN},
    {"RESET", QMP_EVENT_RESET},
    {"STOP", QMP_EVENT_STOP},
    {"RESUME", QMP_EVENT_RESUME},
    {"SUSPEND", QMP_EVENT_SUSPEND},
    {"WAKEUP", QMP_EVENT_WAKEUP},
    {"GUEST_PANICKED", QMP_EVENT_GUEST_PANICKED},
    {"WATCHDOG", QMP_EVENT_WATCHDOG},
    {"BLOCK_IO_ERROR", QMP_EVENT_BLOCK_IO_ERROR},
    {"VSERPORT_CHANGE", QMP_EVENT_VSERPORT_CHANGE},
    {"JOB_STATUS_CHANGE", QMP_EVENT_JOB_STATUS_CHANGE},
};

/* What is too long is cut between characters, so that it stays UTF-8. */
static void copy(char *to, size_t size, json_t *data, const char *key) {
    const char *text = json_string_value(json_object_get(data, key));
    if (!text)
        return;
    size_t length = strnlen(text, size);
    while (length == size || (text[length] & 0xC0) == 0x80)
        length--;
    memcpy(to, text, length);
    to[length] = 0;
}

void qmp_event_decode(const char *name, json_t *data, struct qmp_event *event) {
    *event = (struct qmp_event){.name = name};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            event->kind = kinds[i].kind;
    event->guest = json_is_true(json_object_get(data, "guest"));
    event->nospace = json_is_true(json_object_get(data, "nospace"));
    event->open = json_is_true(json_object_get(data, "open"));
    copy(event->reason, sizeof event->reason, data, "reason");
    copy(event->action, sizeof event->action, data, "action");
    copy(event->device, sizeof event->device, data, "id");
    copy(event->device, sizeof event->device, data, "node-name");
    if (json_string_length(json_object_get(data, "device")) > 0)
        copy(event->device, sizeof event->device, data, "device");
    event->under_job =
        event->kind == QMP_EVENT_BLOCK_IO_ERROR && (!event->device[0] || event->device[0] == '#');
}
