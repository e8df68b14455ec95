#include "console_keys.h"

#define KEY_PREFIX '\x01' /* Ctrl-A */
#define KEY_LEAVE  '\x1D' /* Ctrl-] */

static enum console_action feed_key(struct console_keys *keys, char key, struct buffer *typed) {
    bool prefix = keys->prefix;
    keys->prefix = false;
    if (prefix && (key == 'c' || key == 'C'))
        return CONSOLE_ACTION_MONITOR;
    if (!prefix && key == KEY_PREFIX) {
        keys->prefix = true;
        return CONSOLE_ACTION_NONE;
    }
    if (prefix)
        buffer_putc(typed, KEY_PREFIX);
    if (key == KEY_LEAVE)
        return CONSOLE_ACTION_LEAVE;
    if (!prefix || key != KEY_PREFIX)
        buffer_putc(typed, key);
    return CONSOLE_ACTION_NONE;
}

enum console_action console_keys_feed(struct console_keys *keys, const char *bytes, size_t *length,
                                      struct buffer *typed) {
    enum console_action action = CONSOLE_ACTION_NONE;
    size_t at = 0;
    while (at < *length && action == CONSOLE_ACTION_NONE)
        action = feed_key(keys, bytes[at++], typed);
    *length = at;
    return action;
}
