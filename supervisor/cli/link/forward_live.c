#include "forward_live.h"

#include "base/alloc.h"
#include "base/name.h"
#include "cli/link/offline.h"
#include "home/instance/forward.h"
#include "home/running.h"
#include "machine/core/spec.h"

#include <stdlib.h>
#include <string.h>

struct forward_live {
    struct offline *offline;
    const struct store_instance *instance; /* borrowed */
};

struct forward_live *forward_live_open(const struct home *home,
                                       const struct store_instance *instance, struct error *error) {
    struct running running = {0};
    struct offline *offline = NULL;
    if (running_find(home->run, instance->name, &running, error) && running.name)
        offline = offline_open(home, &running, error);
    running_done(&running);
    if (!offline)
        return NULL;
    struct forward_live *live = alloc_zero(sizeof *live);
    *live = (struct forward_live){offline, instance};
    return live;
}

void forward_live_close(struct forward_live *live) {
    if (live)
        offline_close(live->offline);
    free(live);
}

/* The answer of the human monitor without line ends; caller frees. NULL: error set. */
static char *ask_monitor(struct forward_live *live, const char *line, struct error *error) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "command-line", json_string(line));
    json_t *answer = offline_command(live->offline, "human-monitor-command", arguments, error);
    if (!answer)
        return NULL;
    const char *text = json_string_value(answer);
    size_t length = text ? strcspn(text, "\r\n") : 0;
    char *shown = name_printable(text ? text : "", length, 200);
    json_decref(answer);
    return shown;
}

static bool refuse_change(const struct forward_live *live, const char *text, const char *answer,
                          struct error *error) {
    return error_set(error, ERROR_FAILED, "the QEMU of %s does not change the port forward %s: %s",
                     live->instance->name, text, answer);
}

/* QEMU answers nothing on success. */
static bool add_one(struct forward_live *live, const struct store_forward *forward,
                    struct error *error) {
    const char *guest = live->instance->ip4 ? live->instance->ip4 : "";
    scoped(alloc_release) char *text = forward_text(forward);
    scoped(alloc_release) char *line = alloc_printf(
        "hostfwd_add " SPEC_NETDEV " %s:%s:%u-%s:%u", transport_word(forward->transport),
        forward->host_address, forward->host_port, guest, forward->guest_port);
    scoped(alloc_release) char *answer = ask_monitor(live, line, error);
    return answer && (!*answer || refuse_change(live, text, answer, error));
}

/* "host forwarding rule for tcp:127.0.0.1:8080 removed", or "not found". */
static bool remove_one(struct forward_live *live, const struct store_forward *forward,
                       struct error *error) {
    scoped(alloc_release) char *text = forward_text(forward);
    scoped(alloc_release) char *line =
        alloc_printf("hostfwd_remove " SPEC_NETDEV " %s:%s:%u", transport_word(forward->transport),
                     forward->host_address, forward->host_port);
    scoped(alloc_release) char *answer = ask_monitor(live, line, error);
    if (!answer)
        return false;
    return strstr(answer, " removed") || strstr(answer, " not found") ||
           refuse_change(live, text, answer, error);
}

typedef bool change(struct forward_live *live, const struct store_forward *forward,
                    struct error *error);

/* Undoes the first changes if a later one fails. */
static bool change_all(struct forward_live *live, char *const *texts, change *apply, change *undo,
                       struct error *error) {
    struct store_forward forward = {0};
    size_t done = 0;
    while (texts[done] && forward_parse(texts[done], &forward, error) &&
           apply(live, &forward, error))
        done++;
    bool good = !texts[done];
    while (!good && done-- > 0)
        if (forward_parse(texts[done], &forward, NULL))
            undo(live, &forward, NULL);
    store_forward_done(&forward);
    return good;
}

bool forward_live_add(struct forward_live *live, char *const *texts, struct error *error) {
    return change_all(live, texts, add_one, remove_one, error);
}

bool forward_live_remove(struct forward_live *live, char *const *texts, struct error *error) {
    return change_all(live, texts, remove_one, add_one, error);
}
