#include "base64.h"

#include <sodium.h>

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
