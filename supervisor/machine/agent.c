#include "agent.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/clock.h"
#include "base/secret.h"
#include "machine/read_buffer.h"
#include "machine/stream.h"
#include "qmp/qga.h"

#include <stdlib.h>
#include <string.h>

#define SCRIPT_POLL_MS 300

struct agent {
    void *owner;
    agent_on_answer *on_answer; /* NULL: answered */
    char *mac;
    struct qga *qga;
    uv_pipe_t pipe;
    uv_timer_t timer, again;
    uv_connect_t connect;
    int open_handles; /* the last close callback frees */
    bool closing;
    bool sets_time, thaws;
    char *script;   /* to be run; NULL: none */
    json_int_t pid; /* of the script in the guest; 0: not yet */
};

static void answer(struct agent *agent, const struct qga_addresses *addresses) {
    agent_on_answer *on_answer = agent->on_answer;
    agent->on_answer = NULL;
    if (on_answer && !agent->closing)
        on_answer(agent->owner, addresses);
}

/* A write that fails later shows to the reader too. */
static void flush(struct agent *agent) {
    struct buffer *output = qga_output(agent->qga);
    if (output->length > 0 && !stream_write((uv_stream_t *)&agent->pipe, output, NULL, NULL))
        answer(agent, NULL);
}

/* qga/qapi-schema.json, guest-exec: its standard input comes in Base64. */
static void send_script(struct agent *agent) {
    scoped(buffer_done) struct buffer input = {0};
    base64_append(agent->script, strlen(agent->script), &input);
    qga_send(agent->qga, "guest-exec",
             json_pack("{sss[s]ss}", "path", "/bin/sh", "arg", "-s", "input-data", input.data));
}

static void on_again(uv_timer_t *timer) {
    struct agent *agent = timer->data;
    qga_send(agent->qga, "guest-exec-status", json_pack("{sI}", "pid", agent->pid));
    flush(agent);
}

/* The process id first, then its status until it has ended. */
static void on_script(struct agent *agent, const json_t *value) {
    const struct qga_addresses none = {0};
    bool ended = json_is_true(json_object_get(value, "exited"));
    if (!agent->pid)
        agent->pid = json_integer_value(json_object_get(value, "pid"));
    if (ended)
        answer(agent, json_integer_value(json_object_get(value, "exitcode")) == 0 ? &none : NULL);
    else
        uv_timer_start(&agent->again, on_again, SCRIPT_POLL_MS, 0);
}

/* guest-set-time takes nanoseconds since 1970. */
static void send_command(struct agent *agent) {
    if (agent->script)
        send_script(agent);
    else if (agent->sets_time)
        qga_send(agent->qga, "guest-set-time",
                 json_pack("{sI}", "time", (json_int_t)(clock_wall_ms() * 1000000)));
    else if (agent->thaws)
        qga_send(agent->qga, "guest-fsfreeze-thaw", NULL);
    else
        qga_send(agent->qga, "guest-network-get-interfaces", NULL);
}

/* An agent that may not tell its addresses is one all the same. */
static void on_item(struct agent *agent, const struct qga_item *item) {
    struct qga_addresses addresses = {0};
    switch (item->kind) {
    case QGA_ITEM_READY: send_command(agent); break;
    case QGA_ITEM_RETURN:
        if (agent->script) {
            on_script(agent, item->value);
            break;
        }
        if (!agent->sets_time && !agent->thaws)
            qga_addresses_decode(item->value, agent->mac, &addresses);
        answer(agent, &addresses);
        break;
    case QGA_ITEM_ERROR:
        answer(agent, agent->sets_time || agent->thaws || agent->script ? NULL : &addresses);
        break;
    case QGA_ITEM_LOST: answer(agent, NULL); break;
    }
}

static void agent_on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer) {
    struct agent *agent = stream->data;
    struct qga_item item;
    if (length > 0)
        qga_feed(agent->qga, buffer->base, (size_t)length);
    else if (length < 0)
        answer(agent, NULL);
    while (!agent->closing && qga_next(agent->qga, &item))
        on_item(agent, &item);
    if (!agent->closing)
        flush(agent);
}

static void agent_on_connected(uv_connect_t *request, int status) {
    struct agent *agent = request->data;
    if (agent->closing)
        return;
    if (status < 0 ||
        uv_read_start((uv_stream_t *)&agent->pipe, read_buffer_allocate, agent_on_read) < 0)
        answer(agent, NULL);
    else
        flush(agent);
}

static void on_timeout(uv_timer_t *timer) {
    answer(timer->data, NULL);
}

static struct agent *agent_open(uv_loop_t *loop, const char *path, void *owner,
                                agent_on_answer *on_answer) {
    struct agent *agent = alloc_zero(sizeof *agent);
    uint32_t id;
    secret_random(&id, sizeof id);
    agent->owner = owner;
    agent->on_answer = on_answer;
    agent->qga = qga_new(id);
    uv_pipe_init(loop, &agent->pipe, 0);
    uv_timer_init(loop, &agent->timer);
    uv_timer_init(loop, &agent->again);
    agent->pipe.data = agent->timer.data = agent->again.data = agent->connect.data = agent;
    agent->open_handles = 3;
    uv_timer_start(&agent->timer, on_timeout, AGENT_TIMEOUT_MS, 0);
    uv_pipe_connect(&agent->connect, &agent->pipe, path, agent_on_connected);
    return agent;
}

struct agent *agent_ask(uv_loop_t *loop, const char *path, const char *mac, void *owner,
                        agent_on_answer *on_answer) {
    struct agent *agent = agent_open(loop, path, owner, on_answer);
    agent->mac = alloc_string(mac);
    return agent;
}

struct agent *agent_set_time(uv_loop_t *loop, const char *path, void *owner,
                             agent_on_answer *on_answer) {
    struct agent *agent = agent_open(loop, path, owner, on_answer);
    agent->sets_time = true;
    return agent;
}

struct agent *agent_thaw(uv_loop_t *loop, const char *path, void *owner,
                         agent_on_answer *on_answer) {
    struct agent *agent = agent_open(loop, path, owner, on_answer);
    agent->thaws = true;
    return agent;
}

struct agent *agent_run_script(uv_loop_t *loop, const char *path, const char *script, void *owner,
                               agent_on_answer *on_answer) {
    struct agent *agent = agent_open(loop, path, owner, on_answer);
    agent->script = alloc_string(script);
    return agent;
}

static void agent_on_closed(uv_handle_t *handle) {
    struct agent *agent = handle->data;
    if (--agent->open_handles > 0)
        return;
    qga_free(agent->qga);
    free(agent->mac);
    free(agent->script);
    free(agent);
}

void agent_close(struct agent *agent) {
    if (!agent || agent->closing)
        return;
    agent->closing = true;
    uv_close((uv_handle_t *)&agent->pipe, agent_on_closed);
    uv_close((uv_handle_t *)&agent->timer, agent_on_closed);
    uv_close((uv_handle_t *)&agent->again, agent_on_closed);
}
