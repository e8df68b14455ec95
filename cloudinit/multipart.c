#include "multipart.h"

#include "base/base64.h"
#include "base/secret.h"
#include "cloudinit/document_kind.h"

#include <ctype.h>

/* Blanks before the headers would end them. */
static void append_as_is(const struct buffer *content, struct buffer *text) {
    size_t blank = 0;
    while (blank < content->length && isspace((unsigned char)content->data[blank]))
        blank++;
    buffer_append(text, content->data + blank, content->length - blank);
    buffer_puts(text, "\n");
}

static void append_part(const struct buffer *content, const char *boundary, struct buffer *text) {
    buffer_printf(text, "--%s\n", boundary);
    if (document_kind_is_mime(content->data, content->length)) {
        append_as_is(content, text);
        return;
    }
    buffer_puts(text, "Content-Type: text/plain; charset=\"utf-8\"\n"
                      "Content-Transfer-Encoding: base64\n\n");
    base64_append(content->data, content->length, text);
}

void multipart_combine(const struct buffer *first, const struct buffer *second,
                       struct buffer *text) {
    char boundary[SECRET_SHA256_SIZE]; /* digest of both parts, so neither contains it */
    struct buffer both = {0};
    buffer_append(&both, first->data, first->length);
    buffer_append(&both, second->data, second->length);
    secret_sha256(both.data, both.length, boundary);
    buffer_done(&both);
    buffer_printf(text, "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"%s\"\n\n",
                  boundary);
    append_part(first, boundary, text);
    append_part(second, boundary, text);
    buffer_printf(text, "--%s--\n", boundary);
}
