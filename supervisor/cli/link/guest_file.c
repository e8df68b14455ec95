#include "guest_file.h"

#include "base/alloc.h"
#include "base/base64.h"

#include <string.h>

static json_t *of_handle(json_int_t handle) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "handle", json_integer(handle));
    return arguments;
}

bool guest_file_open(struct agent_talk *talk, const char *path, const char *mode,
                     json_int_t *handle, struct error *error) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "path", json_string(path));
    json_object_set_new(arguments, "mode", json_string(mode));
    json_t *answer = agent_talk_ask(talk, "guest-file-open", arguments, error);
    bool good = json_is_integer(answer) ||
                error_set(error, ERROR_FAILED, "the guest agent tells no handle of a file");
    if (good)
        *handle = json_integer_value(answer);
    json_decref(answer);
    return good;
}

bool guest_file_read(struct agent_talk *talk, json_int_t handle, size_t limit_bytes,
                     struct buffer *bytes, struct error *error) {
    json_t *arguments = of_handle(handle);
    json_object_set_new(arguments, "count", json_integer((json_int_t)limit_bytes));
    size_t before = bytes->length;
    json_t *answer = agent_talk_ask(talk, "guest-file-read", arguments, error);
    const char *text = json_string_value(json_object_get(answer, "buf-b64"));
    bool good =
        answer && (!text || base64_decode(text, bytes)) && bytes->length - before <= limit_bytes;
    json_decref(answer);
    return good || error_set(error, ERROR_FAILED, "the guest agent read a file in a wrong way");
}

bool guest_file_write(struct agent_talk *talk, json_int_t handle, const struct buffer *bytes,
                      struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    json_t *arguments = of_handle(handle);
    base64_append(bytes->data, bytes->length, &text);
    json_object_set_new(arguments, "buf-b64", json_string(text.data));
    json_t *answer = agent_talk_ask(talk, "guest-file-write", arguments, error);
    json_int_t count = json_integer_value(json_object_get(answer, "count"));
    bool good = answer && count >= 0 && (size_t)count == bytes->length;
    json_decref(answer);
    return good || error_set(error, ERROR_FAILED, "the guest agent wrote a file in a wrong way");
}

bool guest_file_close(struct agent_talk *talk, json_int_t handle, struct error *error) {
    json_t *answer = agent_talk_ask(talk, "guest-file-close", of_handle(handle), error);
    json_decref(answer);
    return answer;
}

bool guest_file_clear(struct agent_talk *talk, const char *path, struct error *error) {
    json_int_t handle = 0;
    return guest_file_open(talk, path, "w", &handle, error) &&
           guest_file_close(talk, handle, error);
}

int guest_file_exists(struct agent_talk *talk, const char *path, struct error *error) {
    struct error problem = {0};
    json_int_t handle = 0;
    if (guest_file_open(talk, path, "r", &handle, &problem))
        return guest_file_close(talk, handle, error) ? 1 : -1;
    if (strstr(problem.text, "No such file"))
        return 0;
    error_copy(error, &problem);
    return -1;
}
