#include "message.h"

#include "cloudinit/http_limits.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

/* A chunked body within HTTP_BODY_LIMIT_BYTES needs little framing, unless the peer is hostile. */
#define FRAMING_LIMIT_BYTES HTTP_BODY_LIMIT_BYTES
#define KEPT_BYTES          512 /* of each buffer, from one request to the next */
#define CONTINUE_EXPECTED   "100-continue"

/* llhttp and this file both reject requests with these sentences: versions of llhttp differ in
 * which of the two rejects first. */
#define NOT_HTTP       "This is not HTTP/1.1."
#define WRONG_VERSION  "HTTP/1.0 and HTTP/1.1 are spoken here."
#define UNCLEAR_LENGTH "The length of the body is not clear."

/* The first fault counts. Returns -1, by which a callback stops llhttp. */
static int broken(struct message *message, int status, const char *why) {
    if (message->phase != MESSAGE_BROKEN) {
        message->phase = MESSAGE_BROKEN;
        message->status = status;
        message->why = why;
    }
    return -1;
}

static bool is_token_character(unsigned char c) { /* RFC 9110, 5.6.2 */
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c && strchr("!#$%&'*+-.^_`|~", c));
}

static bool is_token(const struct buffer *text) {
    for (size_t i = 0; i < text->length; i++)
        if (!is_token_character((unsigned char)text->data[i]))
            return false;
    return text->length > 0;
}

static bool is_field(const struct message *message, const char *name) {
    return strcasecmp(message->field.data, name) == 0;
}

static bool value_is(const struct message *message, const char *text) {
    return message->value.length == strlen(text) && strcasecmp(message->value.data, text) == 0;
}

/* The current header field is complete. llhttp gets the head in one call, so that every name comes
 * in one piece. */
static int end_field(struct message *message) {
    if (message->field.length == 0)
        return 0;
    while (message->value.length > 0 &&
           strchr(" \t", message->value.data[message->value.length - 1]))
        message->value.data[--message->value.length] = 0;
    if (!is_token(&message->field))
        return broken(message, 400, NOT_HTTP);
    if (is_field(message, "Host"))
        message->host_count++;
    else if (is_field(message, "Content-Length"))
        message->length_count++;
    else if (is_field(message, "User-Agent") && message->agent_count++ == 0)
        buffer_append(&message->agent, message->value.data, message->value.length);
    else if (is_field(message, "Expect") && !value_is(message, CONTINUE_EXPECTED))
        return broken(message, 417, "Only 100-continue can be expected.");
    else if (is_field(message, "Expect"))
        message->expects_continue = true;
    else if (is_field(message, "Transfer-Encoding") &&
             (message->transfer_coded || !value_is(message, "chunked")))
        return broken(message, 400, UNCLEAR_LENGTH);
    else if (is_field(message, "Transfer-Encoding"))
        message->transfer_coded = true;
    return 0;
}

static int on_url(llhttp_t *parser, const char *at, size_t length) {
    struct message *message = parser->data;
    buffer_append(&message->target, at, length);
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *at, size_t length) {
    struct message *message = parser->data;
    if (message->headers_complete)
        return broken(message, 400, "Fields after a chunked body are not taken.");
    if (end_field(message) != 0)
        return -1;
    buffer_clear(&message->field);
    buffer_clear(&message->value);
    buffer_append(&message->field, at, length);
    return 0;
}

static int on_header_value(llhttp_t *parser, const char *at, size_t length) {
    struct message *message = parser->data;
    buffer_append(&message->value, at, length);
    return 0;
}

static int on_headers_complete(llhttp_t *parser) {
    struct message *message = parser->data;
    if (end_field(message) != 0)
        return -1;
    message->headers_complete = true;
    message->method = llhttp_method_name((llhttp_method_t)parser->method);
    message->keep_alive = llhttp_should_keep_alive(parser) && parser->method != HTTP_CONNECT;
    message->http_1_0 = parser->http_minor == 0;
    return 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t length) {
    struct message *message = parser->data;
    if (length > HTTP_BODY_LIMIT_BYTES - message->body.length)
        return broken(message, 413, "The body is too large.");
    buffer_append(&message->body, at, length);
    return 0;
}

static int on_message_complete(llhttp_t *parser) {
    struct message *message = parser->data;
    message->message_complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_header_field,
    .on_header_value = on_header_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

/* Runs llhttp over bytes that all belong to this request. */
static void execute(struct message *message, const char *data, size_t length) {
    llhttp_errno_t result = llhttp_execute(&message->parser, data, length);
    if (message->phase == MESSAGE_BROKEN || result == HPE_OK)
        return;
    if (message->message_complete && (result == HPE_PAUSED || result == HPE_PAUSED_UPGRADE))
        return; /* no Upgrade: the answer is HTTP/1.1 */
    if (result == HPE_INVALID_METHOD)
        broken(message, 501, "The method is unknown.");
    else if (result == HPE_INVALID_VERSION || result == HPE_PAUSED_H2_UPGRADE)
        broken(message, 505, WRONG_VERSION);
    else if (result == HPE_UNEXPECTED_CONTENT_LENGTH || result == HPE_INVALID_CONTENT_LENGTH ||
             result == HPE_INVALID_TRANSFER_ENCODING)
        broken(message, 400, UNCLEAR_LENGTH);
    else
        broken(message, 400, NOT_HTTP);
}

/* "GET /x HTTP/1.1" with single spaces and nothing else: llhttp accepts other protocols too. */
static bool is_plain_request_line(const struct message *message) {
    const char *line = message->head.data;
    const char *end = strstr(line, "\r\n");
    size_t method = strlen(message->method), target = message->target.length;
    if (target == 0 || (size_t)(end - line) != method + target + strlen("  HTTP/1.1") ||
        line[method] != ' ' ||
        strncmp(line + method + 1 + target, " HTTP/1.", strlen(" HTTP/1.")) != 0)
        return false;
    for (size_t i = 0; i < target; i++)
        if (message->target.data[i] <= 0x20 || message->target.data[i] == 0x7F ||
            (unsigned char)message->target.data[i] >= 0x80)
            return false;
    return true;
}

static void check_head(struct message *message) {
    const llhttp_t *parser = &message->parser;
    if (!message->headers_complete && parser->method == HTTP_PRI) /* HTTP/2 with prior knowledge */
        broken(message, 505, WRONG_VERSION);
    else if (!message->headers_complete)
        broken(message, 400, NOT_HTTP);
    else if (parser->http_major != 1 || parser->http_minor > 1)
        broken(message, 505, WRONG_VERSION);
    else if (!is_plain_request_line(message))
        broken(message, 400, NOT_HTTP);
    else if (message->target.length > HTTP_TARGET_LIMIT_BYTES)
        broken(message, 414, "The request target is too long.");
    else if (message->host_count > 1 || (message->host_count == 0 && !message->http_1_0))
        broken(message, 400, "A request names one Host.");
    else if (message->length_count + message->transfer_coded > 1 ||
             (message->transfer_coded && message->http_1_0))
        broken(message, 400, UNCLEAR_LENGTH);
    else if (!message->transfer_coded && parser->content_length > HTTP_BODY_LIMIT_BYTES)
        broken(message, 413, "The body is too large.");
}

static void end_head(struct message *message) {
    llhttp_init(&message->parser, HTTP_REQUEST, &settings);
    message->parser.data = message;
    execute(message, message->head.data, message->head.length);
    if (message->phase == MESSAGE_BROKEN)
        return;
    check_head(message);
    if (message->phase == MESSAGE_BROKEN)
        return;
    message->body_missing = (size_t)message->parser.content_length;
    message->phase = message->message_complete ? MESSAGE_COMPLETE
                     : message->transfer_coded ? MESSAGE_CHUNKS
                                               : MESSAGE_BODY;
    if (message->phase == MESSAGE_COMPLETE || message->http_1_0)
        message->expects_continue = false;
}

static bool is_visible(unsigned char byte) {
    return byte >= 0x20 && byte != 0x7F;
}

/* last: the previous byte, 0 at the start */
static bool is_line_byte(char last, unsigned char byte) {
    if ((last == '\r') != (byte == '\n'))
        return false;
    return byte == '\r' || byte == '\n' || byte == '\t' || is_visible(byte);
}

static void feed_head_byte(struct message *message, char byte) {
    struct buffer *head = &message->head;
    char last = head->length > 0 ? head->data[head->length - 1] : 0;
    if (head->length == HTTP_HEADER_LIMIT_BYTES) {
        if (memchr(head->data, '\n', head->length))
            broken(message, 431, "The header fields are too large.");
        else
            broken(message, 414, "The request target is too long.");
        return;
    }
    if (!is_line_byte(last, (unsigned char)byte)) {
        broken(message, 400, "The head holds a stray control byte.");
        return;
    }
    if (last == '\n' && (byte == ' ' || byte == '\t')) {
        broken(message, 400, "A header field is folded over two lines.");
        return;
    }
    buffer_putc(head, byte);
    if (head->length == 2 && byte == '\n') { /* RFC 9112, 2.2: one empty line is forgiven */
        if (message->skipped_line)
            broken(message, 400, "A request starts with an empty line.");
        message->skipped_line = true;
        buffer_clear(head);
    } else if (head->length >= 4 && memcmp(head->data + head->length - 4, "\r\n\r\n", 4) == 0) {
        end_head(message);
    }
}

/* Eight bytes at once: the lowest that is below a space, or is DEL, leaves its top bit set. */
static bool are_visible(const char *bytes) {
    const uint64_t ones = UINT64_MAX / 255;
    uint64_t eight;
    memcpy(&eight, bytes, sizeof eight);
    uint64_t from_delete = eight ^ (ones * 0x7F);
    uint64_t below_space = (eight - ones * ' ') & ~eight;
    return ((below_space | ((from_delete - ones) & ~from_delete)) & (ones * 0x80)) == 0;
}

/* How many of these bytes follow the head's last one and begin, end and fold no line. */
static size_t plain_length(const struct message *message, const char *data, size_t length) {
    const struct buffer *head = &message->head;
    size_t plain = 0, room = HTTP_HEADER_LIMIT_BYTES - head->length;
    if (head->length == 0 || head->data[head->length - 1] < ' ')
        return 0;
    if (length > room)
        length = room;
    while (length - plain >= sizeof(uint64_t) && are_visible(data + plain))
        plain += sizeof(uint64_t);
    while (plain < length && is_visible((unsigned char)data[plain]))
        plain++;
    return plain;
}

static size_t feed_head(struct message *message, const char *data, size_t length) {
    size_t plain = plain_length(message, data, length);
    if (plain == 0) {
        feed_head_byte(message, data[0]);
        return 1;
    }
    buffer_append(&message->head, data, plain);
    return plain;
}

static size_t feed_body(struct message *message, const char *data, size_t length) {
    if (length > message->body_missing)
        length = message->body_missing;
    execute(message, data, length);
    message->body_missing -= length;
    if (message->phase == MESSAGE_BODY && message->message_complete)
        message->phase = MESSAGE_COMPLETE;
    return length;
}

/* Feeds one byte at a time, to know which bytes are framing and where the body ends. */
static void feed_chunk_byte(struct message *message, char byte) {
    size_t before = message->body.length;
    execute(message, &byte, 1);
    if (message->phase == MESSAGE_BROKEN)
        return;
    if (message->body.length > before) {
        message->framing_last = 0;
        return;
    }
    if (++message->framing_bytes > FRAMING_LIMIT_BYTES)
        broken(message, 413, "The body is cut into too many chunks.");
    else if (!is_line_byte(message->framing_last, (unsigned char)byte))
        broken(message, 400, NOT_HTTP);
    else if (message->message_complete)
        message->phase = MESSAGE_COMPLETE;
    message->framing_last = byte;
}

size_t message_feed(struct message *message, const char *data, size_t length) {
    size_t used = 0;
    while (used < length && message->phase < MESSAGE_COMPLETE) {
        if (message->phase == MESSAGE_BODY)
            used += feed_body(message, data + used, length - used);
        else if (message->phase == MESSAGE_CHUNKS)
            feed_chunk_byte(message, data[used++]);
        else
            used += feed_head(message, data + used, length - used);
    }
    return used;
}

bool message_begun(const struct message *message) {
    return message->phase != MESSAGE_HEAD || message->head.length > 0;
}

bool message_is_head_request(const struct message *message) {
    return message->head.length >= 5 && memcmp(message->head.data, "HEAD ", 5) == 0;
}

static void message_start(struct message *message) {
    *buffer_room(&message->head, KEPT_BYTES - 1) = 0;
    buffer_puts(&message->agent, ""); /* so that data is never NULL */
    buffer_puts(&message->body, "");
}

void message_init(struct message *message) {
    *message = (struct message){.phase = MESSAGE_HEAD};
    message_start(message);
}

static struct buffer emptied(struct buffer *buffer) {
    if (buffer->capacity > KEPT_BYTES)
        buffer_done(buffer);
    else
        buffer_clear(buffer);
    return *buffer;
}

void message_reset(struct message *message) {
    *message = (struct message){
        .phase = MESSAGE_HEAD,
        .target = emptied(&message->target),
        .agent = emptied(&message->agent),
        .body = emptied(&message->body),
        .head = emptied(&message->head),
        .field = emptied(&message->field),
        .value = emptied(&message->value),
    };
    message_start(message);
}

void message_done(struct message *message) {
    buffer_done(&message->target);
    buffer_done(&message->agent);
    buffer_done(&message->body);
    buffer_done(&message->head);
    buffer_done(&message->field);
    buffer_done(&message->value);
}
