#include "fake_machine.h"

#include "base/alloc.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#define POWERDOWN_MS 20

/* --- what is said --- */

static void say(struct fake_monitor *monitor, json_t *message) {
    char *text = json_dumps(message, JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
    buffer_printf(&monitor->output, "%s\r\n", text);
    free(text);
    json_decref(message);
}

static void emit(struct fake_machine *machine, const char *name, json_t *data) {
    struct timeval now;
    gettimeofday(&now, NULL);
    json_t *event = json_pack("{s:{s:I,s:I},s:s}", "timestamp", "seconds", (json_int_t)now.tv_sec,
                              "microseconds", (json_int_t)now.tv_usec, "event", name);
    if (data)
        json_object_set_new(event, "data", data);
    for (int i = 0; i < FAKE_MONITORS; i++)
        if (machine->monitors[i].negotiated)
            say(&machine->monitors[i], json_incref(event));
    json_decref(event);
}

static void end(struct fake_machine *machine, bool guest, const char *reason) {
    emit(machine, "SHUTDOWN", json_pack("{s:b,s:s}", "guest", guest, "reason", reason));
    machine->ending = true;
}

void fake_machine_greet(struct fake_machine *machine, struct fake_monitor *monitor) {
    if (machine->faults.exit_before_greeting || machine->faults.exit_after_greeting) {
        machine->ending = true;
        machine->status = 1;
    }
    if (machine->faults.no_greeting || machine->faults.exit_before_greeting)
        return;
    say(monitor, json_pack("{s:{s:{s:{s:i,s:i,s:i},s:s},s:[s]}}", "QMP", "version", "qemu", "micro",
                           22, "minor", 2, "major", 7, "package", "fake", "capabilities", "oob"));
}

/* --- commands: each gives the value to return, or NULL with the sentence of the error --- */

typedef json_t *command(struct fake_machine *machine, const char **error);

static json_t *query_status(struct fake_machine *machine, const char **error) {
    (void)error;
    const char *halted = machine->stopped_as ? machine->stopped_as : "paused";
    const char *status = machine->running ? "running" : machine->prelaunch ? "prelaunch" : halted;
    return json_pack("{s:s,s:b,s:b}", "status", status, "singlestep", 0, "running",
                     machine->running);
}

static json_t *query_name(struct fake_machine *machine, const char **error) {
    (void)error;
    return machine->name ? json_pack("{s:s}", "name", machine->name) : json_object();
}

static json_t *query_uuid(struct fake_machine *machine, const char **error) {
    (void)error;
    return json_pack("{s:s}", "UUID",
                     machine->uuid ? machine->uuid : "00000000-0000-0000-0000-000000000000");
}

static json_t *query_version(struct fake_machine *machine, const char **error) {
    (void)machine, (void)error;
    return json_pack("{s:{s:i,s:i,s:i},s:s}", "qemu", "micro", 22, "minor", 2, "major", 7,
                     "package", "fake");
}

static json_t *query_block(struct fake_machine *machine, const char **error) {
    (void)machine, (void)error;
    return json_pack("[{s:s,s:s,s:b,s:b,s:s,s:s}]", "io-status", "ok", "device", "", "locked", 0,
                     "removable", 0, "qdev", "/machine/peripheral/vda/virtio-backend", "type",
                     "unknown");
}

static json_t *query_chardev(struct fake_machine *machine, const char **error) {
    (void)machine, (void)error;
    return json_array();
}

static json_t *query_jobs(struct fake_machine *machine, const char **error) {
    (void)machine, (void)error;
    return json_array();
}

static json_t *stop(struct fake_machine *machine, const char **error) {
    (void)error;
    if (machine->running)
        emit(machine, "STOP", NULL);
    machine->running = machine->prelaunch = false;
    return json_object();
}

/* A press of the power button while the guest does not run is delivered when it does. */
static json_t *cont(struct fake_machine *machine, const char **error) {
    if (machine->stopped_as && strcmp(machine->stopped_as, "internal-error") == 0) {
        *error = "Resetting the Virtual Machine is required";
        return NULL;
    }
    if (!machine->running)
        emit(machine, "RESUME", NULL);
    alloc_replace(&machine->stopped_as, NULL);
    machine->running = true;
    machine->prelaunch = false;
    return json_object();
}

static json_t *system_powerdown(struct fake_machine *machine, const char **error) {
    (void)error;
    emit(machine, "POWERDOWN", NULL);
    machine->pressed = !machine->faults.ignore_powerdown;
    return json_object();
}

static json_t *system_reset(struct fake_machine *machine, const char **error) {
    (void)error;
    emit(machine, "RESET", json_pack("{s:b,s:s}", "guest", 0, "reason", "host-qmp-system-reset"));
    machine->prelaunch = !machine->running;
    alloc_replace(&machine->stopped_as, NULL);
    return json_object();
}

static json_t *quit(struct fake_machine *machine, const char **error) {
    (void)error;
    if (!machine->faults.ignore_quit)
        end(machine, false, "host-qmp-quit");
    return json_object();
}

/* The descriptor that came with it: fake_qemu.c has it. */
static json_t *getfd(struct fake_machine *machine, const char **error) {
    (void)machine;
    (void)error;
    return json_object();
}

static json_t *qmp_capabilities(struct fake_machine *machine, const char **error) {
    (void)machine;
    *error = "Capabilities negotiation is already complete, command ignored";
    return NULL;
}

static const struct {
    const char *name;
    command *run;
    const char *argument; /* NULL: it has none */
} commands[] = {
    {"cont", cont, NULL},
    {"getfd", getfd, "fdname"},
    {"qmp_capabilities", qmp_capabilities, NULL},
    {"query-block", query_block, NULL},
    {"query-chardev", query_chardev, NULL},
    {"query-jobs", query_jobs, NULL},
    {"query-name", query_name, NULL},
    {"query-status", query_status, NULL},
    {"query-uuid", query_uuid, NULL},
    {"query-version", query_version, NULL},
    {"quit", quit, NULL},
    {"stop", stop, NULL},
    {"system_powerdown", system_powerdown, NULL},
    {"system_reset", system_reset, NULL},
};

/* --- answers --- */

static json_t *with_id(json_t *message, json_t *id) {
    if (id)
        json_object_set(message, "id", id);
    return message;
}

static json_t *error_of(json_t *id, const char *class, const char *text) {
    json_t *message = with_id(json_object(), id);
    json_object_set_new(message, "error", json_pack("{s:s,s:s}", "class", class, "desc", text));
    return message;
}

static void say_long_line(struct fake_monitor *monitor, long bytes) {
    buffer_puts(&monitor->output, "{\"event\": \"");
    static const char run[] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    for (long left = bytes; left > 0; left -= (long)sizeof run - 1)
        buffer_append(&monitor->output, run, left < 64 ? (size_t)left : sizeof run - 1);
    buffer_puts(&monitor->output, "\"}\r\n");
}

/* Is this the reply, to this command, at which something goes wrong? */
static bool is_time(const struct fake_machine *machine, const char *name) {
    const struct fake_faults *faults = &machine->faults;
    const char *victim = faults->exit_mid_reply;
    if (victim)
        return !victim[0] || strcmp(victim, name) == 0;
    return faults->garbage_after < 0 || machine->answers > faults->garbage_after;
}

/* Returns whether something was said instead of the message. */
static bool misbehave(struct fake_machine *machine, struct fake_monitor *monitor, json_t *message) {
    const struct fake_faults *faults = &machine->faults;
    machine->misbehaved = true;
    if (faults->wrong_id)
        json_object_set_new(message, "id", json_integer(987654321));
    if (faults->duplicate_reply)
        say(monitor, json_incref(message));
    if (faults->exit_mid_reply) {
        buffer_puts(&monitor->output, "{\"return\": {\"sta");
        machine->ending = true;
        machine->status = 1;
    } else if (faults->garbage_after >= 0) {
        buffer_puts(&monitor->output, "\x1b[2J*** stack smashing detected ***\r\n");
    } else if (faults->long_line_bytes > 0) {
        say_long_line(monitor, faults->long_line_bytes);
    } else {
        return false;
    }
    return true;
}

static void answer(struct fake_machine *machine, struct fake_monitor *monitor, const char *name,
                   json_t *message) {
    machine->answers++;
    if (!machine->misbehaved && is_time(machine, name) && misbehave(machine, monitor, message))
        json_decref(message);
    else
        say(monitor, message);
    machine->hanging =
        machine->faults.hang_after >= 0 && machine->answers >= machine->faults.hang_after;
}

static json_t *run(struct fake_machine *machine, const char *name, json_t *request) {
    json_t *id = json_object_get(request, "id");
    const char *first =
        json_object_iter_key(json_object_iter(json_object_get(request, "arguments")));
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) != 0)
            continue;
        if (first && (!commands[i].argument || strcmp(first, commands[i].argument) != 0)) {
            scoped(alloc_release) char *text = alloc_printf("Parameter '%s' is unexpected", first);
            return error_of(id, "GenericError", text);
        }
        const char *error = NULL;
        json_t *value = commands[i].run(machine, &error);
        return value ? with_id(json_pack("{s:o}", "return", value), id)
                     : error_of(id, "CommandNotFound", error);
    }
    scoped(alloc_release) char *text = alloc_printf("The command %s has not been found", name);
    return error_of(id, "CommandNotFound", text);
}

static void negotiate(struct fake_machine *machine, struct fake_monitor *monitor, const char *name,
                      json_t *request) {
    json_t *id = json_object_get(request, "id");
    if (strcmp(name, "qmp_capabilities") != 0) {
        say(monitor, error_of(id, "CommandNotFound",
                              "Expecting capabilities negotiation with 'qmp_capabilities'"));
        return;
    }
    monitor->negotiated = true;
    say(monitor, with_id(json_pack("{s:{}}", "return"), id));
    for (long i = 0; i < machine->faults.event_storm; i++)
        emit(machine, "RTC_CHANGE", json_pack("{s:i}", "offset", (int)i));
    machine->hanging = machine->faults.hang_after == 0;
}

static bool unanswered(const struct fake_machine *machine, const char *name) {
    for (size_t i = 0; i < machine->faults.no_reply.count; i++)
        if (strcmp(machine->faults.no_reply.items[i], name) == 0)
            return true;
    return false;
}

static void on_request(struct fake_machine *machine, struct fake_monitor *monitor,
                       json_t *request) {
    const char *name = json_string_value(json_object_get(request, "execute"));
    if (machine->faults.tell_commands && name)
        fprintf(stderr, "told to %s\n", name);
    if (!json_is_object(request))
        answer(machine, monitor, "",
               error_of(NULL, "GenericError", "QMP input must be a JSON object"));
    else if (!name)
        answer(machine, monitor, "",
               error_of(json_object_get(request, "id"), "GenericError",
                        "QMP input lacks member 'execute'"));
    else if (unanswered(machine, name))
        return;
    else if (!monitor->negotiated)
        negotiate(machine, monitor, name, request);
    else
        answer(machine, monitor, name, run(machine, name, request));
}

/* Takes one request from the input; false: there is no whole one. QEMU needs no line ends. */
static bool take_request(struct fake_machine *machine, struct fake_monitor *monitor) {
    struct buffer *input = &monitor->input;
    size_t blank = input->length ? strspn(input->data, " \t\r\n") : 0;
    json_error_t problem;
    buffer_consume(input, blank);
    if (input->length == 0)
        return false;
    json_t *request =
        json_loadb(input->data, input->length, JSON_DISABLE_EOF_CHECK | JSON_ALLOW_NUL, &problem);
    if (!request && json_error_code(&problem) == json_error_premature_end_of_input)
        return false;
    if (request) {
        buffer_consume(input, (size_t)problem.position);
        on_request(machine, monitor, request);
    } else {
        const char *line_end = memchr(input->data, '\n', input->length);
        buffer_consume(input, line_end ? (size_t)(line_end - input->data) + 1 : input->length);
        answer(machine, monitor, "",
               error_of(NULL, "GenericError", "JSON parse error, expecting value"));
    }
    json_decref(request);
    return true;
}

/* --- time --- */

/* The guest sees the press once it runs, and takes its time. */
static void power_off(struct fake_machine *machine, uint64_t now_ms) {
    long takes = machine->faults.powerdown_ms ? machine->faults.powerdown_ms : POWERDOWN_MS;
    if (machine->pressed && machine->running && !machine->shutdown_at_ms)
        machine->shutdown_at_ms = now_ms + (uint64_t)takes;
    if (machine->shutdown_at_ms && now_ms >= machine->shutdown_at_ms)
        end(machine, true, "guest-shutdown");
}

void fake_machine_work(struct fake_machine *machine, uint64_t now_ms) {
    for (int i = 0; i < FAKE_MONITORS; i++) {
        struct fake_monitor *monitor = &machine->monitors[i];
        if (machine->faults.no_greeting)
            buffer_clear(&monitor->input);
        while (!machine->ending && !machine->hanging && monitor->input.length > 0) {
            if (!monitor->due_ms)
                monitor->due_ms = now_ms + (uint64_t)machine->faults.slow_ms;
            if (now_ms < monitor->due_ms)
                break;
            monitor->due_ms = 0;
            if (!take_request(machine, monitor))
                break;
        }
    }
    if (!machine->ending && !machine->hanging)
        power_off(machine, now_ms);
}

uint64_t fake_machine_due_ms(const struct fake_machine *machine) {
    uint64_t due_ms = machine->shutdown_at_ms ? machine->shutdown_at_ms : UINT64_MAX;
    for (int i = 0; i < FAKE_MONITORS; i++)
        if (machine->monitors[i].due_ms && machine->monitors[i].due_ms < due_ms)
            due_ms = machine->monitors[i].due_ms;
    return machine->hanging ? UINT64_MAX : due_ms;
}

void fake_machine_signal(struct fake_machine *machine) {
    if (!machine->hanging && !machine->faults.ignore_sigterm)
        end(machine, false, "host-signal");
}

static void stop_as(struct fake_machine *machine) {
    if (machine->faults.stop_text)
        fprintf(stderr, "%s\n", machine->faults.stop_text);
    machine->running = false;
    alloc_replace(&machine->stopped_as, alloc_string(machine->faults.stop_as));
    if (machine->faults.stop_node)
        emit(machine, "BLOCK_IO_ERROR",
             json_pack("{ss ss ss ss ss sb}", "device", "", "node-name", machine->faults.stop_node,
                       "operation", "write", "action", "stop", "reason", "No space left on device",
                       "nospace", 1));
    emit(machine, "STOP", NULL);
}

void fake_machine_behave_anew(struct fake_machine *machine) {
    if (!fake_faults_read(&machine->faults))
        machine->ending = true, machine->status = 2;
    machine->answers = 0;
    machine->hanging = machine->misbehaved = false;
    if (machine->faults.stop_as && machine->running)
        stop_as(machine);
}

void fake_machine_leave(struct fake_monitor *monitor) {
    buffer_done(&monitor->input);
    buffer_done(&monitor->output);
    *monitor = (struct fake_monitor){0};
}

void fake_machine_done(struct fake_machine *machine) {
    for (int i = 0; i < FAKE_MONITORS; i++)
        fake_machine_leave(&machine->monitors[i]);
    fake_faults_done(&machine->faults);
    free(machine->stopped_as);
    free(machine->name);
    free(machine->uuid);
}
