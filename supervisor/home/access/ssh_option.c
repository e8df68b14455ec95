#include "home/access/ssh_option.h"

#include "base/buffer.h"

/* ssh_config(5): arguments in double quotes, TOKENS. */
char *ssh_option_path(const char *key, const char *path) {
    struct buffer option = {0};
    buffer_printf(&option, "%s=\"", key);
    for (; *path; path++) {
        if (*path == '"' || *path == '\\')
            buffer_putc(&option, '\\');
        if (*path == '%')
            buffer_putc(&option, '%');
        buffer_putc(&option, *path);
    }
    buffer_putc(&option, '"');
    return buffer_take(&option);
}
