#include "protocol.h"

#include "base/alloc.h"
#include "base/name.h"

#include <stdlib.h>
#include <string.h>

/* JSON-RPC 2.0, 5.1: -32000 to -32099 are the implementation's own. The word in data decides. */
#define RPC_SERVER_ERROR (-32000)

static bool decode_error(json_t *object, struct error *error) {
    const char *text = json_string_value(json_object_get(object, "message"));
    const char *word = json_string_value(json_object_get(json_object_get(object, "data"), "code"));
    enum error_code code = ERROR_FAILED;
    if (!word || !error_code_from_word(word, &code) || code == ERROR_NONE)
        code = ERROR_FAILED; /* an error is one, whatever its word */
    error_set(error, code, "%s", text ? text : "the supervisor gave no reason");
    return true;
}

static bool classify(struct control_message *message, struct error *error) {
    json_t *root = message->root, *body;
    message->id = json_object_get(root, "id");
    message->method = json_string_value(json_object_get(root, "method"));
    if (json_is_null(message->id) && json_object_get(root, "error"))
        message->id = NULL; /* the answer to what could not be read: JSON-RPC 2.0, 5 */
    if (message->id && !json_is_integer(message->id) && !json_is_string(message->id))
        return error_set(error, ERROR_USAGE, "the member \"id\" must be a number or a string");
    if (message->method) {
        message->kind = message->id ? CONTROL_REQUEST : CONTROL_NOTIFICATION;
        body = json_object_get(root, "params");
    } else if (json_object_get(root, "error")) {
        message->kind = CONTROL_ERROR;
        return decode_error(json_object_get(root, "error"), &message->error);
    } else {
        message->kind = CONTROL_RESULT;
        body = json_object_get(root, "result");
        if (!body || !message->id)
            return error_set(error, ERROR_USAGE,
                             "neither \"method\" nor \"result\" nor \"error\" in the message");
    }
    if (body && !json_is_object(body))
        return error_set(error, ERROR_USAGE, "\"params\" and \"result\" must be objects");
    if (!body)
        json_object_set_new(root, "params", body = json_object());
    message->body = body;
    return true;
}

bool control_decode(const char *line, size_t length, struct control_message *message,
                    struct error *error) {
    json_error_t problem;
    *message = (struct control_message){0};
    message->root = json_loadb(line, length, JSON_REJECT_DUPLICATES, &problem);
    if (!message->root)
        return error_set(error, ERROR_USAGE, "not JSON: %s", problem.text);
    const char *version = json_string_value(json_object_get(message->root, "jsonrpc"));
    if (!version || strcmp(version, "2.0") != 0)
        return error_set(error, ERROR_USAGE, "not a JSON-RPC 2.0 message");
    return classify(message, error);
}

void control_message_done(struct control_message *message) {
    json_decref(message->root);
    *message = (struct control_message){0};
}

static void put_line(struct buffer *out, json_t *root) {
    char *text = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (!text)
        return;
    buffer_puts(out, text);
    buffer_putc(out, '\n');
    free(text);
}

static json_t *envelope(void) {
    json_t *root = json_object();
    json_object_set_new(root, "jsonrpc", json_string("2.0"));
    return root;
}

void control_encode_request(struct buffer *out, json_int_t id, const char *method, json_t *body) {
    json_t *root = envelope();
    json_object_set_new(root, "id", json_integer(id));
    json_object_set_new(root, "method", json_string(method));
    json_object_set_new(root, "params", body ? body : json_object());
    put_line(out, root);
}

void control_encode_notification(struct buffer *out, const char *method, json_t *body) {
    json_t *root = envelope();
    json_object_set_new(root, "method", json_string(method));
    json_object_set_new(root, "params", body ? body : json_object());
    put_line(out, root);
}

void control_encode_result(struct buffer *out, json_t *id, json_t *body) {
    json_t *root = envelope();
    json_object_set(root, "id", id);
    json_object_set_new(root, "result", body ? body : json_object());
    put_line(out, root);
}

void control_encode_error(struct buffer *out, json_t *id, const struct error *error) {
    json_t *root = envelope(), *object = json_object(), *data = json_object();
    json_object_set_new(data, "code", json_string(error_word(error->code)));
    json_object_set_new(object, "code", json_integer(RPC_SERVER_ERROR - (int)error->code));
    scoped(alloc_release) char *text = name_printable(error->text, strlen(error->text), SIZE_MAX);
    json_t *message = json_string(error->text); /* NULL: bytes that are not UTF-8 */
    json_object_set_new(object, "message", message ? message : json_string(text));
    json_object_set_new(object, "data", data);
    json_object_set_new(root, "error", object);
    if (id)
        json_object_set(root, "id", id);
    else
        json_object_set_new(root, "id", json_null());
    put_line(out, root);
}

bool control_get_string(json_t *body, const char *key, const char **value, struct error *error) {
    json_t *member = json_object_get(body, key);
    if (!member)
        return true;
    if (!json_is_string(member) || strlen(json_string_value(member)) != json_string_length(member))
        return error_set(error, ERROR_USAGE, "\"%s\" must be a string", key);
    *value = json_string_value(member);
    return true;
}

bool control_get_bool(json_t *body, const char *key, bool *value, struct error *error) {
    json_t *member = json_object_get(body, key);
    if (!member)
        return true;
    if (!json_is_boolean(member))
        return error_set(error, ERROR_USAGE, "\"%s\" must be true or false", key);
    *value = json_is_true(member);
    return true;
}

bool control_get_number(json_t *body, const char *key, struct control_range range, int64_t *value,
                        struct error *error) {
    json_t *member = json_object_get(body, key);
    if (!member)
        return true;
    json_int_t number = json_integer_value(member);
    if (!json_is_integer(member) || number < range.low || number > range.high)
        return error_set(error, ERROR_USAGE, "\"%s\" must be a number from %lld to %lld", key,
                         (long long)range.low, (long long)range.high);
    *value = number;
    return true;
}
