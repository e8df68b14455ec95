#include "markdown.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define MAX_COLUMNS  8
#define CODE_INDENT  4
#define LINK_SCHEMES "https://"

struct reader {
    markdown_writer *write;
    struct buffer *out;
    enum markdown_kind before;
    enum markdown_kind kind; /* of what has been joined so far */
    struct buffer joined;
    char *headings[MAX_COLUMNS]; /* of the table that is being read */
    size_t heading_count;
    size_t empty_lines; /* among verbatim ones, not yet written */
    bool fenced;        /* between two lines of three backticks */
};

static void write_block(struct reader *reader, enum markdown_kind kind, const char *text,
                        const char *rest) {
    struct markdown_block block = {kind, reader->before, text, rest};
    reader->write(reader->out, &block);
    reader->before = kind;
}

/* [words](address) is written as "words (address)", or as the words if it is no address of the web.
 */
static const char *write_link(struct buffer *words, const char *text) {
    const char *middle = strstr(text, "](");
    const char *end = middle ? strchr(middle, ')') : NULL;
    if (!end) {
        buffer_putc(words, *text);
        return text + 1;
    }
    buffer_append(words, text + 1, (size_t)(middle - text - 1));
    if (strncmp(middle + 2, LINK_SCHEMES, strlen(LINK_SCHEMES)) == 0)
        buffer_printf(words, " (%.*s)", (int)(end - middle - 2), middle + 2);
    return end + 1;
}

static char *plain_words(const char *text, size_t length) {
    scoped(alloc_release) char *line = alloc_slice(text, length);
    struct buffer words = {0};
    bool code = false;
    for (const char *at = line; *at;) {
        code ^= *at == '`';
        if (!code && strncmp(at, "**", 2) == 0)
            at += 2;
        else if (!code && *at == '[')
            at = write_link(&words, at);
        else
            buffer_putc(&words, *at++);
    }
    return buffer_take(&words);
}

static void finish_joined(struct reader *reader) {
    if (reader->joined.length > 0) {
        scoped(alloc_release) char *words = plain_words(reader->joined.data, reader->joined.length);
        write_block(reader, reader->kind, words, NULL);
    }
    buffer_clear(&reader->joined);
}

static void join(struct reader *reader, const char *text, size_t length) {
    while (length > 0 && *text == ' ') {
        text++;
        length--;
    }
    buffer_puts(&reader->joined, reader->joined.length > 0 ? " " : "");
    buffer_append(&reader->joined, text, length);
}

/* --- tables --- */

static void end_table(struct reader *reader) {
    while (reader->heading_count > 0)
        free(reader->headings[--reader->heading_count]);
}

/* In a cell "\|" is a bar, also inside of `code`. Caller frees. */
static char *cell_words(const char *text, size_t length) {
    char *words = plain_words(text, length), *to = words;
    for (const char *at = words; *at; at++)
        if (*at != '\\' || at[1] != '|')
            *to++ = *at;
    *to = '\0';
    return words;
}

/* Splits "| a | b |" at its bars, outside of `code`. Caller frees the cells. */
static size_t read_cells(const char *line, size_t length, char **cells) {
    const char *end = line + length, *begin = line + 1;
    size_t count = 0;
    bool code = false;
    for (const char *at = begin; at < end && count < MAX_COLUMNS; at++) {
        code ^= *at == '`';
        if (*at != '|' || at[-1] == '\\' || code)
            continue;
        const char *last = at;
        while (begin < last && *begin == ' ')
            begin++;
        while (last > begin && last[-1] == ' ')
            last--;
        cells[count++] = cell_words(begin, (size_t)(last - begin));
        begin = at + 1;
    }
    return count;
}

static void write_row(struct reader *reader, char *const *cells, size_t count) {
    struct buffer rest = {0};
    for (size_t i = 1; i < count; i++) {
        if (!*cells[i])
            continue;
        if (rest.length > 0)
            buffer_puts(&rest, "; ");
        if (count > 2 && i < reader->heading_count)
            buffer_printf(&rest, "%s: ", reader->headings[i]);
        buffer_puts(&rest, cells[i]);
    }
    write_block(reader, MARKDOWN_ROW, count > 0 ? cells[0] : "", rest.data ? rest.data : "");
    buffer_done(&rest);
}

static void read_row(struct reader *reader, const char *line, size_t length) {
    char *cells[MAX_COLUMNS];
    size_t count = read_cells(line, length, cells);
    finish_joined(reader);
    if (reader->heading_count == 0) {
        memcpy(reader->headings, cells, count * sizeof *cells);
        reader->heading_count = count;
        return;
    }
    if (count > 0 && strspn(cells[0], "-:") < strlen(cells[0]))
        write_row(reader, cells, count);
    while (count > 0)
        free(cells[--count]);
}

/* --- lines --- */

static void read_verbatim(struct reader *reader, const char *line, size_t length) {
    finish_joined(reader);
    end_table(reader);
    for (; reader->empty_lines > 0; reader->empty_lines--)
        if (reader->before == MARKDOWN_VERBATIM)
            write_block(reader, MARKDOWN_VERBATIM, "", NULL);
    scoped(alloc_release) char *text = alloc_slice(line, length);
    write_block(reader, MARKDOWN_VERBATIM, text, NULL);
}

static void read_words(struct reader *reader, const char *line, size_t length) {
    bool heading = length > 2 && strncmp(line, "##", 2) == 0;
    bool item = length > 1 && strncmp(line, "- ", 2) == 0;
    if (heading || item || reader->joined.length == 0) {
        finish_joined(reader);
        reader->kind = heading ? MARKDOWN_HEADING : item ? MARKDOWN_ITEM : MARKDOWN_PARAGRAPH;
    }
    size_t mark = heading ? strspn(line, "# ") : item ? 2 : 0;
    join(reader, line + mark, length - mark);
    if (heading)
        finish_joined(reader);
}

static void read_line(struct reader *reader, const char *line, size_t length) {
    bool fence = length >= 3 && strncmp(line, "```", 3) == 0;
    if (fence || reader->fenced) {
        reader->fenced ^= fence;
        if (!fence)
            read_verbatim(reader, line, length);
        return;
    }
    if (length == 0 || *line != '|')
        end_table(reader);
    bool inside = reader->kind == MARKDOWN_ITEM && reader->joined.length > 0;
    if (length == 0) {
        finish_joined(reader);
        reader->empty_lines++;
        return;
    }
    if (length > CODE_INDENT && strncmp(line, "    ", CODE_INDENT) == 0 && !inside)
        read_verbatim(reader, line + CODE_INDENT, length - CODE_INDENT);
    else if (*line == '|')
        read_row(reader, line, length);
    else if (strncmp(line, "# ", 2) != 0)
        read_words(reader, line, length);
    reader->empty_lines = 0;
}

void markdown_each(const char *text, markdown_writer *write, struct buffer *out) {
    struct reader reader = {.write = write, .out = out, .before = MARKDOWN_HEADING};
    while (*text) {
        size_t length = strcspn(text, "\n");
        read_line(&reader, text, length);
        text += length;
        text += *text == '\n';
    }
    finish_joined(&reader);
    end_table(&reader);
    buffer_done(&reader.joined);
}

char *markdown_title(const char *text) {
    while (*text && strncmp(text, "# ", 2) != 0) {
        text += strcspn(text, "\n");
        text += *text == '\n';
    }
    return *text ? alloc_slice(text + 2, strcspn(text + 2, "\n")) : alloc_string("");
}
