/* Reads user-data documents, each ended by a NUL, from stdin, and writes a line for each: "ok", or
 * why document_check() refuses it. For tests that compare it with another reader. */
#include "base/buffer.h"
#include "cloudinit/document_check.h"

#include <stdio.h>
#include <string.h>

static void check(const struct buffer *text) {
    struct error error = {0};
    bool good = document_check(SEED_USER_DATA, text->data ? text->data : "", text->length, &error);
    puts(good ? "ok" : error.text);
}

int main(void) {
    struct buffer text = {0};
    for (int byte; (byte = getchar()) != EOF;) {
        char character = (char)byte;
        if (byte) {
            buffer_append(&text, &character, 1);
            continue;
        }
        check(&text);
        text.length = 0;
    }
    buffer_done(&text);
    return 0;
}
