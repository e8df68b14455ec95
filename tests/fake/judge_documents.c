/* Reads documents of a user's own, each ended by a NUL, from stdin; the argument is their kind.
 * Writes a line for each: "ok", "refused: " or "warned: " and what pgsup says. For a test that
 * compares it with cloud-init. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/strv.h"
#include "cloudinit/document_check.h"
#include "cloudinit/own_config.h"
#include "cloudinit/own_network.h"

#include <stdio.h>
#include <string.h>

static enum seed_document kind_of(const char *name) {
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        if (strcmp(seed_document_name((enum seed_document)i), name) == 0)
            return (enum seed_document)i;
    return SEED_USER_DATA;
}

static void judge(enum seed_document document, const struct buffer *text) {
    struct error error = {0};
    scoped(strv_done) struct strv accounts = {0}, remarks = {0};
    strv_push(&accounts, "cloudadmin");
    strv_push(&accounts, "ansible");
    strv_push(&accounts, "anna");
    const struct own_config_facts facts = {document, &accounts};
    const char *data = text->data ? text->data : "";
    bool good = document_check(document, data, text->length, &error) &&
                (document == SEED_NETWORK_CONFIG
                     ? own_network_check(data, text->length, &error)
                     : own_config_check(data, text->length, &facts, &remarks, &error));
    if (!good)
        printf("refused: %s\n", error.text);
    else
        puts(remarks.count ? "warned" : "ok");
    for (size_t i = 0; good && i < remarks.count; i++)
        printf("  %s\n", remarks.items[i]);
    putchar('\0');
}

int main(int argc, char **argv) {
    struct buffer text = {0};
    for (int byte; argc == 2 && (byte = getchar()) != EOF;) {
        char character = (char)byte;
        if (byte) {
            buffer_append(&text, &character, 1);
            continue;
        }
        judge(kind_of(argv[1]), &text);
        text.length = 0;
    }
    buffer_done(&text);
    return 0;
}
