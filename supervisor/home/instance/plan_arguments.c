#include "home/instance/plan_arguments.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/text_form.h"
#include "home/layout.h"

#include <string.h>

#define ARGUMENTS_LIMIT_BYTES 16384u
#define ARGUMENTS_MAX         256u

static bool push_argument(char *line, struct strv *arguments, struct error *error) {
    line += strspn(line, " \t");
    size_t length = strlen(line);
    while (length && strchr(" \t\r", line[length - 1]))
        line[--length] = 0;
    if (length == 0 || line[0] == '#')
        return true;
    if (text_form_invisible(line, length)) {
        scoped(alloc_release) char *shown = text_form_name(line, length);
        return error_set(error, ERROR_INVALID, "a line begins with %s: remove it", shown);
    }
    if (arguments->count == ARGUMENTS_MAX)
        return error_set(error, ERROR_INVALID, "more than %u arguments", ARGUMENTS_MAX);
    strv_push(arguments, line);
    return true;
}

static bool split_arguments(struct buffer *text, struct strv *arguments, struct error *error) {
    if (memchr(text->data, 0, text->length))
        return error_set(error, ERROR_INVALID, "it contains a NUL byte, so it is not a text file");
    for (char *line = text->data, *next; line; line = next) {
        next = strchr(line, '\n');
        if (next)
            *next++ = 0;
        if (!push_argument(line, arguments, error))
            return false;
    }
    return true;
}

bool plan_arguments_read(const char *folder, struct strv *arguments, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_ARGUMENTS, folder);
    if (!file_exists(path))
        return true;
    if (!file_read(path, ARGUMENTS_LIMIT_BYTES, &text, error))
        return false;
    text_form_strip_bom(&text);
    return text.length == 0 ||
           (text_form_check(text.data, text.length, error) &&
            split_arguments(&text, arguments, error)) ||
           error_prefix(error, "%s", path);
}
