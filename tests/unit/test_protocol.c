#include "control/protocol.h"
#include "test.h"

static struct control_message decode(const char *line, struct error *error) {
    struct control_message message;
    control_decode(line, strlen(line), &message, error);
    return message;
}

TEST(requests_travel_whole) {
    struct buffer line = {0};
    struct error error = {0};
    json_t *body = json_object();
    json_object_set_new(body, "name", json_string("test"));
    json_object_set_new(body, "wait", json_true());
    control_encode_request(&line, 7, "start", body);
    CHECK_STRING(line.data, "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"start\","
                            "\"params\":{\"name\":\"test\",\"wait\":true}}\n");
    struct control_message message = decode(line.data, &error);
    const char *name = NULL, *absent = "default";
    bool wait = false;
    int64_t timeout = 5;
    CHECK_INT(message.kind, CONTROL_REQUEST);
    CHECK_STRING(message.method, "start");
    CHECK(control_get_string(message.body, "name", &name, &error));
    CHECK(control_get_string(message.body, "other", &absent, &error));
    CHECK(control_get_bool(message.body, "wait", &wait, &error) && wait);
    CHECK(control_get_number(message.body, "timeout", (struct control_range){0, 10}, &timeout,
                             &error) &&
          timeout == 5);
    CHECK_STRING(name, "test");
    CHECK_STRING(absent, "default");
    CHECK(
        !control_get_number(message.body, "name", (struct control_range){0, 10}, &timeout, &error));
    CHECK_CONTAINS(error.text, "\"name\" must be a number from 0 to 10");
    control_message_done(&message);
    buffer_done(&line);
}

TEST(errors_keep_their_code_across_the_socket) {
    for (int code = ERROR_FAILED; code < ERROR_CODE_COUNT; code++) {
        struct buffer line = {0};
        struct error sent = {0}, problem = {0};
        error_set(&sent, (enum error_code)code, "because of \"%d\"", code);
        json_t *id = json_integer(3);
        control_encode_error(&line, id, &sent);
        struct control_message message = decode(line.data, &problem);
        CHECK_INT(message.kind, CONTROL_ERROR);
        CHECK_INT(message.error.code, code);
        CHECK_STRING(message.error.text, sent.text);
        control_message_done(&message);
        json_decref(id);
        buffer_done(&line);
    }
}

TEST(what_could_not_be_read_is_answered_without_an_id) {
    struct buffer line = {0};
    struct error sent = {0}, problem = {0};
    error_set(&sent, ERROR_USAGE, "not JSON");
    control_encode_error(&line, NULL, &sent);
    CHECK_CONTAINS(line.data, "\"id\":null");
    struct control_message message = decode(line.data, &problem);
    CHECK_STRING(problem.text, "");
    CHECK_INT(message.kind, CONTROL_ERROR);
    CHECK(!message.id);
    CHECK_STRING(message.error.text, "not JSON");
    control_message_done(&message);
    buffer_done(&line);
}

TEST(an_error_is_one_whatever_its_word) {
    static const char *const words[] = {"\"ok\"", "\"no-such-word\"", "7", "null"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct error problem = {0};
        struct buffer line = {0};
        buffer_printf(&line, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"data\":{\"code\":%s}}}",
                      words[i]);
        struct control_message message = decode(line.data, &problem);
        CHECK_INT(message.kind, CONTROL_ERROR);
        CHECK_INT(message.error.code, ERROR_FAILED);
        CHECK_STRING(message.error.text, "the supervisor gave no reason");
        control_message_done(&message);
        buffer_done(&line);
    }
}

TEST(what_is_not_the_protocol_is_named) {
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"", "not JSON"},
        {"[1,2]", "not a JSON-RPC 2.0 message"},
        {"{\"jsonrpc\":\"1.0\",\"method\":\"x\",\"id\":1}", "not a JSON-RPC 2.0 message"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1}", "neither"},
        {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"x\"}", "\"id\" must be"},
        {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"x\",\"params\":[]}", "must be objects"},
        {"{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\"}", "not JSON"},
        {"{\"jsonrpc\":\"2.0\",\"result\":{}}", "neither"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {0};
        struct control_message message = decode(rows[i].line, &error);
        CHECK_INT(error.code, ERROR_USAGE);
        CHECK_CONTAINS(error.text, rows[i].text);
        control_message_done(&message);
    }
}

TEST(a_string_with_nul_is_refused) {
    struct error error = {0};
    struct control_message message = decode(
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\",\"params\":{\"name\":\"a\\u0000b\"}}",
        &error);
    const char *name = NULL;
    if (error.code == ERROR_NONE)
        CHECK(!control_get_string(message.body, "name", &name, &error));
    CHECK(name == NULL);
    control_message_done(&message);
}

int main(void) {
    return test_run();
}
