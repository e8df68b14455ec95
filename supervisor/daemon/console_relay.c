#include "console_relay.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/name.h"
#include "machine/core/lifecycle.h"
#include "machine/vm_console.h"

#include <stdlib.h>
#include <string.h>

struct console_viewer {
    struct console_viewer *next;
    struct vm *vm;
    struct call *call;
    char *who;
    bool writes;
};

static void send_output(struct console_viewer *viewer, const char *data, size_t length,
                        bool replay) {
    struct buffer text = {0};
    json_t *body = json_object();
    base64_append(data, length, &text);
    json_object_set_new(body, "data", json_string(text.data ? text.data : ""));
    if (replay)
        json_object_set_new(body, "replay", json_true());
    call_progress(viewer->call, "console", body);
    buffer_done(&text);
}

static void viewer_free(struct console_viewer *viewer) {
    free(viewer->who);
    free(viewer);
}

static struct console_viewer *unlink_viewer(struct console_relay *relay,
                                            struct console_viewer **slot) {
    struct console_viewer *viewer = *slot;
    *slot = viewer->next;
    relay->count--;
    return viewer;
}

static struct console_viewer *find_writer(struct console_relay *relay, const struct vm *vm) {
    struct console_viewer *viewer = relay->first;
    while (viewer && (viewer->vm != vm || !viewer->writes))
        viewer = viewer->next;
    return viewer;
}

static bool make_room_to_write(struct console_relay *relay, struct vm *vm,
                               const struct console_request *request, const char *who,
                               struct error *error) {
    struct console_viewer *writer = find_writer(relay, vm);
    if (!writer)
        return true;
    if (!request->take)
        return error_set(error, ERROR_WRONG_STATE,
                         "%s types into the console of %s: `pgsup console %s --read-only` watches, "
                         "--take takes it over",
                         writer->who, vm->name, vm->name);
    writer->writes = false;
    json_t *body = json_object();
    json_object_set_new(body, "who", json_string(who));
    call_progress(writer->call, "console-taken", body);
    return true;
}

static bool check_reachable(const struct console_relay *relay, const struct vm *vm,
                            struct error *error) {
    if (!lifecycle_has_process(vm->state))
        return error_set(error, ERROR_WRONG_STATE,
                         "%s does not run: `pgsup start %s --console` starts it with its console",
                         vm->name, vm->name);
    return relay->count < CONSOLE_VIEWERS_LIMIT ||
           error_set(error, ERROR_FAILED, "all the %u consoles of the supervisor are in use",
                     CONSOLE_VIEWERS_LIMIT);
}

bool console_relay_add(struct console_relay *relay, struct vm *vm, struct call *call,
                       const struct console_request *request, struct error *error) {
    const char *given = request->who ? request->who : "somebody";
    scoped(alloc_release) char *who = name_printable(given, strlen(given), CONSOLE_WHO_BYTES);
    if (!check_reachable(relay, vm, error) ||
        (request->write && !make_room_to_write(relay, vm, request, who, error)))
        return false;
    struct console_viewer *viewer = alloc_zero(sizeof *viewer);
    *viewer = (struct console_viewer){relay->first, vm, call, who, request->write};
    who = NULL;
    relay->first = viewer;
    relay->count++;
    struct buffer recent = vm_console_recent(vm);
    send_output(viewer, recent.data, recent.length, true);
    buffer_done(&recent);
    return true;
}

bool console_relay_input(struct console_relay *relay, const struct call *call, const char *text,
                         struct error *error) {
    struct console_viewer *viewer = relay->first;
    struct buffer bytes = {0};
    while (viewer && (!viewer->writes || !call_shares_client(viewer->call, call)))
        viewer = viewer->next;
    if (!viewer)
        return error_set(error, ERROR_WRONG_STATE, "this client does not type into a console");
    bool good = base64_decode(text, &bytes) || error_set(error, ERROR_USAGE, "not Base64");
    if (good && bytes.length && !vm_console_write(viewer->vm, bytes.data, bytes.length))
        good = error_set(error, ERROR_FAILED, "%s does not read its console", viewer->vm->name);
    buffer_done(&bytes);
    return good;
}

static void end_unread(struct console_viewer *viewer) {
    struct error error = {0};
    error_set(&error, ERROR_FAILED,
              "the console of %s was not read for too long: `pgsup console %s` attaches again",
              viewer->vm->name, viewer->vm->name);
    call_error(viewer->call, &error);
    viewer_free(viewer);
}

void console_relay_output(struct console_relay *relay, const struct vm *vm, const char *data,
                          size_t length) {
    for (struct console_viewer **slot = &relay->first; *slot;) {
        struct console_viewer *viewer = *slot;
        bool unread = call_unread_bytes(viewer->call) > CONSOLE_UNREAD_BYTES;
        if (viewer->vm == vm && unread) {
            end_unread(unlink_viewer(relay, slot));
            continue;
        }
        if (viewer->vm == vm)
            send_output(viewer, data, length, false);
        slot = &viewer->next;
    }
}

void console_relay_changed(struct console_relay *relay, const struct vm *vm) {
    struct console_viewer **slot = &relay->first;
    while (*slot && !lifecycle_has_process(vm->state)) {
        if ((*slot)->vm != vm) {
            slot = &(*slot)->next;
            continue;
        }
        struct console_viewer *viewer = unlink_viewer(relay, slot);
        json_t *body = json_object();
        json_object_set_new(body, "state", json_string(lifecycle_state_word(vm->state)));
        json_object_set_new(body, "reason", vm->reason ? json_string(vm->reason) : json_null());
        call_result(viewer->call, body);
        viewer_free(viewer);
    }
}

void console_relay_gone(struct console_relay *relay, const struct call *call) {
    for (struct console_viewer **slot = &relay->first; *slot; slot = &(*slot)->next) {
        if ((*slot)->call != call)
            continue;
        viewer_free(unlink_viewer(relay, slot));
        return;
    }
}
