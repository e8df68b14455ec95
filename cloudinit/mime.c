#include "mime.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct slice {
    const char *text, *end;
};

struct walk {
    mime_function *function;
    void *context;
    unsigned count;
};

struct headers {
    char type[MIME_WORD_SIZE], boundary[MIME_WORD_SIZE], encoding[MIME_WORD_SIZE];
};

/* Without its line end. */
static struct slice take_line(struct slice *rest) {
    struct slice line = {rest->text, rest->text};
    while (line.end < rest->end && *line.end != '\n')
        line.end++;
    rest->text = line.end < rest->end ? line.end + 1 : line.end;
    if (line.end > line.text && line.end[-1] == '\r')
        line.end--;
    return line;
}

static size_t length_of(struct slice slice) {
    return (size_t)(slice.end - slice.text);
}

/* The length of "Name:", 0 for a line that is no header. */
static size_t name_length(struct slice line) {
    const char *at = line.text;
    while (at<line.end && * at> ' ' && *at != 0x7F && *at != ':')
        at++;
    return at < line.end && *at == ':' ? (size_t)(at - line.text) + 1 : 0;
}

/* A word, or what is in quotation marks; what is longer counts as none. */
static void take_value(struct slice value, const char *ends, char word[MIME_WORD_SIZE]) {
    size_t length = 0;
    while (value.text < value.end && isspace((unsigned char)*value.text))
        value.text++;
    if (value.text < value.end && *value.text == '"') {
        value.text++;
        ends = "\"";
    }
    word[0] = '\0';
    while (value.text + length < value.end && value.text[length] &&
           !strchr(ends, value.text[length]))
        if (++length >= MIME_WORD_SIZE)
            return;
    memcpy(word, value.text, length);
    word[length] = '\0';
}

static void to_lower(char *word) {
    for (; *word; word++)
        *word = (char)tolower((unsigned char)*word);
}

static void take_boundary(struct slice value, char boundary[MIME_WORD_SIZE]) {
    static const char name[] = "boundary=";
    for (; length_of(value) > strlen(name); value.text++)
        if (strncasecmp(value.text, name, strlen(name)) == 0 && strchr("; \t", value.text[-1])) {
            value.text += strlen(name);
            take_value(value, "; \t", boundary);
            return;
        }
}

static void take_header(struct slice line, struct headers *headers) {
    size_t name = name_length(line);
    struct slice value = {line.text + name, line.end};
    if (strncasecmp(line.text, "content-type:", name) == 0) {
        take_value(value, "; \t", headers->type);
        take_boundary(value, headers->boundary);
        to_lower(headers->type);
    } else if (strncasecmp(line.text, "content-transfer-encoding:", name) == 0) {
        take_value(value, "; \t", headers->encoding);
        to_lower(headers->encoding);
    }
}

/* Up to the first empty line, or one that is no header: that one is of the body. */
static void take_headers(struct slice *rest, struct headers *headers) {
    struct buffer folded = {0};
    for (;;) {
        struct slice before = *rest, line = take_line(rest);
        bool more = length_of(line) > 0 && (*line.text == ' ' || *line.text == '\t');
        if (!more && folded.length > 0)
            take_header((struct slice){folded.data, folded.data + folded.length}, headers);
        if (!more)
            folded.length = 0;
        if (length_of(line) == 0 || (!more && name_length(line) == 0)) {
            if (length_of(line) > 0)
                *rest = before;
            break;
        }
        buffer_append(&folded, line.text, length_of(line));
    }
    buffer_done(&folded);
}

static int digit_of(char c) {
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static void decode_base64(struct slice body, struct buffer *content) {
    unsigned bits = 0, count = 0;
    for (; body.text < body.end && *body.text != '='; body.text++) {
        int digit = digit_of(*body.text);
        if (digit < 0)
            continue;
        bits = (bits << 6 | (unsigned)digit) & 0xFFFFFF;
        count += 6;
        if (count >= 8) {
            count -= 8;
            buffer_putc(content, (char)(bits >> count & 0xFF));
        }
    }
}

static void decode_quoted(struct slice body, struct buffer *content) {
    while (body.text < body.end) {
        char c = *body.text++;
        size_t left = length_of(body);
        if (c == '=' && left >= 2 && isxdigit((unsigned char)body.text[0]) &&
            isxdigit((unsigned char)body.text[1])) {
            c = (char)strtoul((char[]){body.text[0], body.text[1], '\0'}, NULL, 16);
            body.text += 2;
        } else if (c == '=' && left >= 1 && (*body.text == '\n' || *body.text == '\r')) {
            take_line(&body);
            continue;
        }
        buffer_putc(content, c);
    }
}

static bool give(struct slice body, const struct headers *headers, struct walk *walk,
                 struct error *error) {
    struct mime_part part = {.number = ++walk->count};
    if (part.number > MIME_PARTS_LIMIT)
        return error_set(error, ERROR_INVALID, "it has more than %u parts", MIME_PARTS_LIMIT);
    strcpy(part.type, headers->type[0] ? headers->type : "text/plain");
    if (strcmp(headers->encoding, "base64") == 0)
        decode_base64(body, &part.content);
    else if (strcmp(headers->encoding, "quoted-printable") == 0)
        decode_quoted(body, &part.content);
    else
        buffer_append(&part.content, body.text, length_of(body));
    bool good = walk->function(&part, walk->context, error);
    buffer_done(&part.content);
    return good;
}

/* "--BOUNDARY", and "--BOUNDARY--" for the last one. */
static bool is_boundary(struct slice line, const char *boundary, bool *last) {
    size_t length = strlen(boundary);
    while (line.end > line.text && isspace((unsigned char)line.end[-1]))
        line.end--;
    if (length_of(line) < length + 2 || strncmp(line.text, "--", 2) != 0 ||
        strncmp(line.text + 2, boundary, length) != 0)
        return false;
    line.text += 2 + length;
    *last = length_of(line) == 2 && strncmp(line.text, "--", 2) == 0;
    return *last || length_of(line) == 0;
}

static bool walk_entity(struct slice text, unsigned depth, struct walk *walk, struct error *error);

static bool walk_parts(struct slice body, const char *boundary, unsigned depth, struct walk *walk,
                       struct error *error) {
    struct slice part = {NULL, NULL};
    bool last = false, good = true;
    while (good && !last && body.text < body.end) {
        const char *start = body.text;
        if (!is_boundary(take_line(&body), boundary, &last))
            continue;
        part.end = start;
        if (part.text)
            good = walk_entity(part, depth + 1, walk, error);
        part.text = last ? NULL : body.text;
    }
    part.end = body.end;
    if (good && part.text) /* one that is not closed ends with the document */
        good = walk_entity(part, depth + 1, walk, error);
    return good;
}

static bool has_boundary(struct slice body, const char *boundary) {
    bool last;
    while (boundary[0] && body.text < body.end)
        if (is_boundary(take_line(&body), boundary, &last))
            return true;
    return false;
}

static bool walk_entity(struct slice text, unsigned depth, struct walk *walk, struct error *error) {
    struct headers headers = {"", "", ""};
    if (depth > MIME_DEPTH_LIMIT)
        return error_set(error, ERROR_INVALID, "its parts are more than %u deep", MIME_DEPTH_LIMIT);
    take_headers(&text, &headers);
    if (strncmp(headers.type, "multipart/", strlen("multipart/")) != 0)
        return give(text, &headers, walk, error);
    if (!headers.boundary[0])
        return error_set(error, ERROR_INVALID,
                         "it is %s, but its Content-Type names no boundary: cloud-init ignores it",
                         headers.type);
    return has_boundary(text, headers.boundary)
               ? walk_parts(text, headers.boundary, depth, walk, error)
               : error_set(error, ERROR_INVALID,
                           "it is %s, but no line \"--%s\" begins a part: cloud-init ignores it",
                           headers.type, headers.boundary);
}

bool mime_each(const char *text, size_t length, mime_function *function, void *context,
               struct error *error) {
    struct walk walk = {function, context, 0};
    return walk_entity((struct slice){text, text + length}, 0, &walk, error);
}
