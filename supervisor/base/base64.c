#include "base64.h"

#include "base/alloc.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 57u /* give 76 characters */

void base64_append(const void *bytes, size_t length, struct buffer *text) {
    char line[sodium_base64_ENCODED_LEN(LINE_BYTES, sodium_base64_VARIANT_ORIGINAL)];
    for (size_t done = 0; done < length; done += LINE_BYTES) {
        size_t left = length - done;
        sodium_bin2base64(line, sizeof line, (const unsigned char *)bytes + done,
                          left < LINE_BYTES ? left : LINE_BYTES, sodium_base64_VARIANT_ORIGINAL);
        buffer_puts(text, line);
        buffer_putc(text, '\n');
    }
}

bool base64_decode(const char *text, struct buffer *bytes) {
    size_t size = strlen(text), length = 0;
    scoped(alloc_release) char *decoded = alloc_zero(size + 1);
    const char *end = NULL;
    bool good = sodium_base642bin((unsigned char *)decoded, size + 1, text, size, " \r\n\t",
                                  &length, &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
                *end == '\0';
    if (good)
        buffer_append(bytes, decoded, length);
    return good;
}
