#include "home/seed/seed_carry.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/secret.h"
#include "home/generated.h"
#include "home/layout.h"
#include "home/seed/seed.h"

#include <string.h>

#define INSTANCE_ID_KEY "instance-id:"

static void replace(struct buffer *text, const char *old, const char *new) {
    struct buffer out = {0};
    const char *rest = text->data ? text->data : "";
    for (const char *found; (found = strstr(rest, old)); rest = found + strlen(old)) {
        buffer_append(&out, rest, (size_t)(found - rest));
        buffer_puts(&out, new);
    }
    buffer_puts(&out, rest);
    buffer_done(text);
    *text = out;
}

/* The path of a phone-home first: it may have the token of the seed in it. */
static void replace_secrets(struct buffer *text, const struct store_instance *before,
                            const struct store_instance *after) {
    char old_report[SECRET_TOKEN_SIZE], new_report[SECRET_TOKEN_SIZE];
    scoped(alloc_release) char *old_path = seed_phone_home_path(before);
    scoped(alloc_release) char *new_path = seed_phone_home_path(after);
    seed_report_token(before, old_report);
    seed_report_token(after, new_report);
    replace(text, old_path, new_path);
    replace(text, old_report, new_report);
    replace(text, before->token, after->token);
}

/* Replaces an instance-id that the user wrote into meta-data. */
static void replace_own_id(struct buffer *text, const char *new) {
    struct buffer out = {0};
    for (const char *line = text->data; line && *line;) {
        size_t length = strcspn(line, "\n") + (strchr(line, '\n') != NULL);
        if (strncmp(line, INSTANCE_ID_KEY, strlen(INSTANCE_ID_KEY)) == 0)
            buffer_printf(&out, INSTANCE_ID_KEY " %s\n", new);
        else
            buffer_append(&out, line, length);
        line += length;
    }
    buffer_done(text);
    *text = out;
}

void seed_carry_text(const struct store_instance *before, const struct store_instance *after,
                     enum seed_document document, struct buffer *text) {
    replace_secrets(text, before, after);
    replace(text, before->instance_id, after->instance_id);
    if (document == SEED_META_DATA)
        replace_own_id(text, after->instance_id);
}

bool seed_carry_file(const struct seed_carry *carry, enum seed_document document, const char *from,
                     struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *to =
        alloc_printf("%s/%s", carry->folder, seed_document_name(document));
    if (!file_read(from, SEED_DOCUMENT_LIMIT_BYTES, &text, error))
        return false;
    seed_carry_text(carry->before, carry->after, document, &text);
    return file_write(to, text.data ? text.data : "", text.length, 0600, error);
}

bool seed_carry(const struct seed_carry *carry, enum seed_document document, struct error *error) {
    scoped(alloc_release) char *path =
        alloc_printf(LAYOUT_DOCUMENTS "/%s", seed_document_name(document));
    scoped(alloc_release) char *from = layout_file(carry->home, carry->before->name, path);
    bool edited;
    if (!generated_is_edited(carry->home, carry->before, path, &edited, error))
        return false;
    return !edited || seed_carry_file(carry, document, from, error);
}
