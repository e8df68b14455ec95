/* A line on the control socket: a request that the supervisor reads, or an answer that the command
 * line reads. Whatever is accepted says what it is and can be said again; whatever is refused comes
 * with a sentence. */
#include "control/protocol.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition) {
    if (!condition)
        abort();
}

static void check_error(const struct error *error) {
    require(error->code > ERROR_NONE && error->code < ERROR_CODE_COUNT);
    require(memchr(error->text, 0, sizeof error->text) != NULL);
}

/* Each getter gives a value of its type and in its range, or an error. */
static void check_getters(json_t *body) {
    static const char *const keys[] = {"name", "names", "timeout", "force", "data"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct error error = {0};
        const char *text = NULL;
        bool flag = false;
        int64_t number = 5;
        require(control_get_string(body, keys[i], &text, &error) == (error.code == ERROR_NONE));
        error_clear(&error);
        require(control_get_bool(body, keys[i], &flag, &error) == (error.code == ERROR_NONE));
        error_clear(&error);
        require(control_get_number(body, keys[i], (struct control_range){1, 10}, &number, &error) ==
                (error.code == ERROR_NONE));
        require(number >= 1 && number <= 10);
    }
}

/* Written again, it is one line that says the same. */
static void check_again(const struct control_message *message) {
    struct buffer line = {0};
    struct control_message again = {0};
    struct error error = {0};
    if (message->kind == CONTROL_NOTIFICATION)
        control_encode_notification(&line, message->method, json_incref(message->body));
    else if (message->kind == CONTROL_RESULT)
        control_encode_result(&line, message->id, json_incref(message->body));
    else if (message->kind == CONTROL_REQUEST && json_is_integer(message->id))
        control_encode_request(&line, json_integer_value(message->id), message->method,
                               json_incref(message->body));
    if (line.length > 0) {
        require(memchr(line.data, '\n', line.length) == line.data + line.length - 1);
        require(control_decode(line.data, line.length - 1, &again, &error));
        require(again.kind == message->kind && json_equal(again.body, message->body));
        control_message_done(&again);
    }
    buffer_done(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct control_message message = {0};
    struct error error = {0};
    if (!control_decode((const char *)data, size, &message, &error)) {
        check_error(&error);
        control_message_done(&message);
        return 0;
    }
    require(error.code == ERROR_NONE && json_is_object(message.root));
    require((message.body == NULL) == (message.kind == CONTROL_ERROR));
    require(message.id || message.kind == CONTROL_NOTIFICATION || message.kind == CONTROL_ERROR);
    if (message.kind == CONTROL_REQUEST || message.kind == CONTROL_NOTIFICATION)
        require(message.method != NULL);
    if (message.kind == CONTROL_ERROR)
        check_error(&message.error);
    if (json_is_object(message.body))
        check_getters(message.body);
    check_again(&message);
    control_message_done(&message);
    return 0;
}
