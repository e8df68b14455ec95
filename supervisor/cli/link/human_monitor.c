#include "human_monitor.h"

#include "base/alloc.h"
#include "cli/link/offline.h"
#include "home/running.h"

#include <ctype.h>
#include <string.h>

#define WORDS_LIMIT 500u

bool human_monitor_open(struct human_monitor *monitor, const struct home *home, const char *name,
                        struct error *error) {
    struct running running = {0};
    *monitor = (struct human_monitor){.editor.prompt = "(qemu) "};
    if (offline_find(home, name, &running, error))
        monitor->offline = offline_open(home, &running, error);
    running_done(&running);
    return monitor->offline != NULL;
}

void human_monitor_close(struct human_monitor *monitor) {
    offline_close(monitor->offline);
    line_editor_done(&monitor->editor);
    *monitor = (struct human_monitor){0};
}

char *human_monitor_run(struct human_monitor *monitor, const char *command, struct error *error) {
    json_t *arguments = json_object();
    json_object_set_new(arguments, "command-line", json_string(command));
    json_t *reply = offline_command(monitor->offline, "human-monitor-command", arguments, error);
    char *text = reply ? alloc_string(json_is_string(reply) ? json_string_value(reply) : "") : NULL;
    json_decref(reply);
    return text;
}

/* Lines of "help": "info [subcommand] -- …", "quit|q  -- …", "x /fmt addr -- …". */
static void add_words(struct strv *words, const char *help) {
    for (const char *line = help; line && words->count < WORDS_LIMIT;) {
        size_t length = 0;
        while (isalnum((unsigned char)line[length]) || line[length] == '_' || line[length] == '-')
            length++;
        if (length > 1)
            strv_take(words, alloc_slice(line, length));
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
}

void human_monitor_begin(struct human_monitor *monitor, struct buffer *shown) {
    scoped(alloc_release) char *help = NULL;
    if (monitor->editor.words.count == 0)
        help = human_monitor_run(monitor, "help", NULL);
    add_words(&monitor->editor.words, help);
    line_editor_next(&monitor->editor, shown);
}

static void show_answer(const char *text, struct buffer *shown) {
    for (; *text; text++) {
        if (*text == '\n')
            buffer_puts(shown, "\r\n");
        else if ((unsigned char)*text >= ' ' || *text == '\t')
            buffer_putc(shown, *text);
    }
}

bool human_monitor_keys(struct human_monitor *monitor, const char *keys, size_t length,
                        struct buffer *shown, struct error *error) {
    for (size_t i = 0; i < length; i++) {
        enum line_event event = line_editor_feed(&monitor->editor, keys[i], shown);
        if (event == LINE_EOF)
            return false;
        if (event != LINE_ENTERED)
            continue;
        const char *command = line_editor_text(&monitor->editor);
        scoped(alloc_release) char *answer =
            *command ? human_monitor_run(monitor, command, error) : alloc_string("");
        if (!answer)
            return false;
        show_answer(answer, shown);
        line_editor_next(&monitor->editor, shown);
    }
    return true;
}
