#include "http.h"

#include "base/alloc.h"
#include "cloudinit/message.h"

#include <stdlib.h>
#include <string.h>

#define ANSWER_HEAD_BYTES 256

struct http_connection {
    struct message message; /* being read, or with the caller */
    struct buffer input;    /* what follows a complete message; empty otherwise */
    struct buffer output;
    char *allow;
    bool handed_out;
    bool flooded; /* input was dropped: the rest is unusable */
    bool last;    /* close after the next response */
    bool closing;
};

struct http_connection *http_new(void) {
    struct http_connection *connection = alloc_zero(sizeof *connection);
    message_init(&connection->message);
    return connection;
}

void http_free(struct http_connection *connection) {
    if (!connection)
        return;
    message_done(&connection->message);
    buffer_done(&connection->input);
    buffer_done(&connection->output);
    free(connection->allow);
    free(connection);
}

static const char *reason_phrase(int status) {
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {202, "Accepted"},
        {204, "No Content"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {417, "Expectation Failed"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof phrases / sizeof phrases[0]; i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Unknown";
}

static void stop(struct http_connection *connection) {
    connection->closing = true;
    buffer_done(&connection->input);
}

static void put_number(struct buffer *output, size_t number) {
    char digits[24], *first = digits + sizeof digits;
    *--first = 0;
    do
        *--first = (char)('0' + number % 10);
    while (number /= 10);
    buffer_puts(output, first);
}

static void put_length(struct buffer *output, const char *type, size_t length) {
    buffer_puts(output, "Content-Type: ");
    buffer_puts(output, type ? type : "text/plain; charset=utf-8");
    buffer_puts(output, "\r\nContent-Length: ");
    put_number(output, length);
    buffer_puts(output, "\r\n");
}

/* Writes the response to the current message; caller decides about closing first. */
static void write_response(struct http_connection *connection, int status, const char *type,
                           const void *body, size_t length) {
    struct buffer *output = &connection->output;
    buffer_room(output, ANSWER_HEAD_BYTES + length);
    buffer_puts(output, "HTTP/1.1 ");
    put_number(output, (size_t)status);
    buffer_putc(output, ' ');
    buffer_puts(output, reason_phrase(status));
    buffer_puts(output, "\r\n");
    if (status != 204) /* RFC 9110, 8.6: it has no length */
        put_length(output, type, length);
    buffer_puts(output, "Cache-Control: no-store\r\n");
    if (connection->allow)
        buffer_printf(output, "Allow: %s\r\n", connection->allow);
    if (connection->closing)
        buffer_puts(output, "Connection: close\r\n");
    else if (connection->message.http_1_0)
        buffer_puts(output, "Connection: keep-alive\r\n");
    buffer_puts(output, "\r\n");
    if (status != 204 && !message_is_head_request(&connection->message))
        buffer_append(output, body, length);
    alloc_replace(&connection->allow, NULL);
}

/* Answers a request that the caller does not get. */
static void http_refuse(struct http_connection *connection, int status, const char *why) {
    stop(connection);
    scoped(buffer_done) struct buffer body = {0};
    buffer_printf(&body, "%s\n", why);
    write_response(connection, status, NULL, body.data, body.length);
}

/* Parses further; returns the number of consumed bytes. */
static size_t advance(struct http_connection *connection, const char *data, size_t length) {
    struct message *message = &connection->message;
    size_t used = message_feed(message, data, length);
    if (message->expects_continue && message->phase != MESSAGE_BROKEN) {
        message->expects_continue = false;
        buffer_puts(&connection->output, "HTTP/1.1 100 Continue\r\n\r\n");
    }
    if (message->phase == MESSAGE_BROKEN)
        http_refuse(connection, message->status, message->why);
    return used;
}

void http_feed(struct http_connection *connection, const void *data, size_t length) {
    if (connection->closing || connection->flooded)
        return;
    size_t used =
        connection->message.phase == MESSAGE_COMPLETE ? 0 : advance(connection, data, length);
    if (connection->closing)
        return;
    length -= used;
    size_t room = HTTP_INPUT_LIMIT_BYTES - connection->input.length;
    connection->flooded = length > room;
    buffer_append(&connection->input, (const char *)data + used,
                  connection->flooded ? room : length);
}

void http_idle(struct http_connection *connection) {
    if (connection->closing)
        return;
    if (connection->handed_out)
        connection->last = true;
    else if (connection->message.phase != MESSAGE_COMPLETE && message_begun(&connection->message))
        http_refuse(connection, 408, "The request did not come in time.");
    else
        stop(connection);
}

bool http_next(struct http_connection *connection, struct http_request *request) {
    const struct message *message = &connection->message;
    if (connection->closing || connection->handed_out || message->phase != MESSAGE_COMPLETE ||
        connection->output.length > HTTP_OUTPUT_LIMIT_BYTES)
        return false;
    connection->handed_out = true;
    *request = (struct http_request){
        .method = message->method,
        .target = message->target.data,
        .agent = message->agent.data,
        .body = message->body.data,
        .body_length = message->body.length,
    };
    return true;
}

void http_allow(struct http_connection *connection, const char *methods) {
    alloc_replace(&connection->allow, alloc_string(methods));
}

void http_respond(struct http_connection *connection, int status, const char *type,
                  const void *body, size_t length) {
    if (!connection->handed_out)
        return;
    connection->handed_out = false;
    if (connection->last || !connection->message.keep_alive)
        stop(connection);
    write_response(connection, status, type, body, length);
    if (connection->closing)
        return;
    message_reset(&connection->message);
    size_t used = advance(connection, connection->input.data, connection->input.length);
    buffer_consume(&connection->input, used);
    if (connection->flooded && !connection->closing && connection->message.phase < MESSAGE_COMPLETE)
        http_refuse(connection, 413, "Too much was sent before the answers were read.");
}

enum http_stage http_stage(const struct http_connection *connection) {
    enum message_phase phase = connection->message.phase;
    if (connection->closing || connection->output.length > 0 || phase >= MESSAGE_COMPLETE)
        return HTTP_STAGE_ANSWER;
    return phase == MESSAGE_HEAD ? HTTP_STAGE_HEAD : HTTP_STAGE_BODY;
}

struct buffer *http_output(struct http_connection *connection) {
    return &connection->output;
}

bool http_closing(const struct http_connection *connection) {
    return connection->closing;
}
