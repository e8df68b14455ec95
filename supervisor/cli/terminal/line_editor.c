#include "line_editor.h"

#include "base/alloc.h"

#include <string.h>

#define CONTROL(letter) ((letter)-0x40)
#define DELETE          0x7F

const char *line_editor_text(const struct line_editor *editor) {
    return editor->text.data ? editor->text.data : "";
}

void line_editor_show(const struct line_editor *editor, struct buffer *shown) {
    buffer_printf(shown, "\r%s%s\033[K", editor->prompt, line_editor_text(editor));
    if (editor->cursor < editor->text.length)
        buffer_printf(shown, "\033[%zuD", editor->text.length - editor->cursor);
}

static void set_text(struct line_editor *editor, const char *text) {
    buffer_clear(&editor->text);
    buffer_puts(&editor->text, text);
    editor->cursor = editor->text.length;
}

/* Replaces `removed` bytes before the cursor. */
static void replace_before(struct line_editor *editor, size_t removed, const char *text) {
    scoped(alloc_release) char *after = alloc_string(line_editor_text(editor) + editor->cursor);
    size_t kept = editor->cursor - removed;
    scoped(alloc_release) char *before = alloc_slice(line_editor_text(editor), kept);
    buffer_clear(&editor->text);
    buffer_puts(&editor->text, before);
    buffer_puts(&editor->text, text);
    editor->cursor = editor->text.length;
    buffer_puts(&editor->text, after);
}

static size_t word_before(const struct line_editor *editor) {
    const char *text = line_editor_text(editor);
    size_t start = editor->cursor;
    while (start > 0 && text[start - 1] == ' ')
        start--;
    while (start > 0 && text[start - 1] != ' ')
        start--;
    return editor->cursor - start;
}

static void recall(struct line_editor *editor, int step) {
    size_t count = editor->history.count;
    if ((step < 0 && editor->recalled == 0) || (step > 0 && editor->recalled >= count))
        return;
    editor->recalled += (size_t)step;
    set_text(editor, editor->recalled < count ? editor->history.items[editor->recalled] : "");
}

/* --- completion --- */

static size_t common_length(const char *one, const char *other) {
    size_t length = 0;
    while (one[length] && one[length] == other[length])
        length++;
    return length;
}

static void complete(struct line_editor *editor, struct buffer *shown) {
    scoped(alloc_release) char *typed = alloc_slice(line_editor_text(editor), editor->cursor);
    size_t found = 0, common = 0;
    const char *first = NULL;
    struct buffer list = {0};
    for (size_t i = 0; i < editor->words.count && !strchr(typed, ' '); i++) {
        const char *word = editor->words.items[i];
        if (strncmp(word, typed, strlen(typed)) != 0)
            continue;
        size_t shared = first ? common_length(first, word) : strlen(word);
        common = !first || shared < common ? shared : common;
        first = first ? first : word;
        buffer_printf(&list, "%s%s", found++ ? "  " : "", word);
    }
    if (found > 1 && common == strlen(typed))
        buffer_printf(shown, "\r\n%s\r\n", list.data);
    if (found > 0) {
        scoped(alloc_release) char *text =
            alloc_printf("%.*s%s", (int)common, first, found == 1 ? " " : "");
        replace_before(editor, strlen(typed), text);
    }
    buffer_done(&list);
}

/* --- keys --- */

static void move_by_escape(struct line_editor *editor, char final) {
    bool delete = final == '~' && editor->escape[2] == '3';
    if (final == 'A' || final == 'B')
        recall(editor, final == 'A' ? -1 : 1);
    else if (final == 'C' && editor->cursor < editor->text.length)
        editor->cursor++;
    else if (final == 'D' && editor->cursor > 0)
        editor->cursor--;
    else if (final == 'H' || (final == '~' && editor->escape[2] == '1'))
        editor->cursor = 0;
    else if (final == 'F' || (final == '~' && editor->escape[2] == '4'))
        editor->cursor = editor->text.length;
    else if (delete &&editor->cursor < editor->text.length) {
        editor->cursor++;
        replace_before(editor, 1, "");
    }
}

/* ESC [ … or ESC O …, up to the final byte. */
static void feed_escape(struct line_editor *editor, char key) {
    editor->escape[editor->escape_length++] = key;
    bool opens = editor->escape_length == 2 && (key == '[' || key == 'O');
    bool goes_on = editor->escape_length > 2 && key < 0x40 &&
                   editor->escape_length < sizeof editor->escape - 1;
    if (opens || goes_on)
        return;
    if (editor->escape_length > 2)
        move_by_escape(editor, key);
    editor->escape_length = 0;
}

static void edit(struct line_editor *editor, char key, struct buffer *shown) {
    char text[2] = {key, '\0'};
    if ((key == DELETE || key == '\b') && editor->cursor > 0)
        replace_before(editor, 1, "");
    else if (key == CONTROL('U'))
        replace_before(editor, editor->cursor, "");
    else if (key == CONTROL('W'))
        replace_before(editor, word_before(editor), "");
    else if (key == CONTROL('C'))
        set_text(editor, "");
    else if (key == CONTROL('E'))
        editor->cursor = editor->text.length;
    else if (key == CONTROL('P') || key == CONTROL('N'))
        recall(editor, key == CONTROL('P') ? -1 : 1);
    else if (key == '\t')
        complete(editor, shown);
    else if (key >= ' ' && key < DELETE && editor->text.length < LINE_EDITOR_LIMIT)
        replace_before(editor, 0, text);
}

static void remember(struct line_editor *editor) {
    const char *text = line_editor_text(editor);
    size_t count = editor->history.count;
    if (*text && count < LINE_EDITOR_HISTORY_LIMIT &&
        (!count || strcmp(editor->history.items[count - 1], text) != 0))
        strv_push(&editor->history, text);
    editor->recalled = editor->history.count;
}

enum line_event line_editor_feed(struct line_editor *editor, char key, struct buffer *shown) {
    bool prefix = editor->prefix;
    editor->prefix = key == CONTROL('A');
    if ((prefix && (key == 'c' || key == 'C')) || key == CONTROL(']') ||
        (key == CONTROL('D') && editor->text.length == 0))
        return LINE_EOF;
    if (key == '\r' || key == '\n') {
        buffer_puts(shown, "\r\n");
        remember(editor);
        return LINE_ENTERED;
    }
    if (editor->escape_length > 0)
        feed_escape(editor, key);
    else if (key == '\033')
        editor->escape[editor->escape_length++] = key;
    else
        edit(editor, key, shown);
    line_editor_show(editor, shown);
    return LINE_NOTHING;
}

void line_editor_next(struct line_editor *editor, struct buffer *shown) {
    set_text(editor, "");
    editor->recalled = editor->history.count;
    line_editor_show(editor, shown);
}

void line_editor_done(struct line_editor *editor) {
    buffer_done(&editor->text);
    strv_done(&editor->words);
    strv_done(&editor->history);
}
