#include "document_kind.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define MIME_BYTES 4096u /* in which cloud-init looks for "mime-version:" */

static bool begins_with(const char *text, size_t length, const char *word) {
    return length >= strlen(word) && strncasecmp(text, word, strlen(word)) == 0;
}

size_t document_kind_start(const char *text, size_t length) {
    size_t start = 0;
    while (start < length && isspace((unsigned char)text[start]))
        start++;
    return start;
}

bool document_kind_begins(const char *text, size_t length, const char *word) {
    size_t start = document_kind_start(text, length);
    return begins_with(text + start, length - start, word);
}

bool document_kind_is_gzip(const char *text, size_t length) {
    return length >= 2 && memcmp(text, "\x1f\x8b", 2) == 0;
}

/* A script may mention MIME. */
bool document_kind_is_mime(const char *text, size_t length) {
    size_t searched = length < MIME_BYTES ? length : MIME_BYTES;
    if (document_kind_begins(text, length, "#"))
        return false;
    for (size_t i = 0; i < searched; i++)
        if (begins_with(text + i, searched - i, "mime-version:"))
            return true;
    return false;
}

bool document_kind_is_cloud_config(const char *text, size_t length) {
    static const char word[] = "#cloud-config";
    size_t end = document_kind_start(text, length) + strlen(word);
    return document_kind_begins(text, length, word) &&
           (end == length || isspace((unsigned char)text[end]));
}
