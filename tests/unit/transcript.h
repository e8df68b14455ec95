/* What transcripts (tests/transcripts/) have in common. */
#pragma once

#include "base/buffer.h"
#include "test.h"

/* Appends the bytes of a text in which \r, \n, \t, \\ and \xNN stand for others. */
static inline void transcript_unescape(struct buffer *bytes, const char *text) {
    for (; *text; text++) {
        char hex[3] = {0};
        if (*text != '\\') {
            buffer_putc(bytes, *text);
            continue;
        }
        switch (*++text) {
        case 'r': buffer_putc(bytes, '\r'); break;
        case 'n': buffer_putc(bytes, '\n'); break;
        case 't': buffer_putc(bytes, '\t'); break;
        case '\\': buffer_putc(bytes, '\\'); break;
        case 'x':
            memcpy(hex, text + 1, 2);
            buffer_putc(bytes, (char)strtol(hex, NULL, 16));
            text += 2;
            break;
        default: fprintf(stderr, "bad escape \\%c\n", *text); exit(2);
        }
    }
}
