#include "home/lab/lab_environment.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* From behind "${" on: NAME}, or NAME:-INSTEAD}. What follows it; NULL: there is none. */
static const char *add_variable(const char *text, struct buffer *made, const char **problem) {
    size_t length = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    const char *close = strchr(text, '}'), *instead = text + length + 2;
    bool has_instead = text[length] == ':' && text[length + 1] == '-';
    if (!close || !length || (!has_instead && text + length != close)) {
        *problem = "this is not a variable: use ${NAME} or ${NAME:-VALUE}";
        return NULL;
    }
    scoped(alloc_release) char *name = alloc_slice(text, length);
    const char *value = getenv(name);
    if (!value && !has_instead) {
        *problem = "this variable is not in the environment: set it, or use ${NAME:-VALUE}";
        return NULL;
    }
    if (value)
        buffer_puts(made, value);
    else
        buffer_append(made, instead, (size_t)(close - instead));
    return close + 1;
}

bool lab_environment_expand(const char *text, struct lab_environment_text *made) {
    while (text && *text) {
        bool is_variable = text[0] == '$' && text[1] == '{';
        if (!is_variable)
            buffer_putc(&made->text, *text++);
        else
            text = add_variable(text + 2, &made->text, &made->problem);
        if (made->text.length > LAB_ENVIRONMENT_LIMIT_BYTES)
            made->problem = "this text becomes too long", text = NULL;
    }
    return text != NULL;
}
