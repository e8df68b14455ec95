/* A seed document as somebody's editor left it; the first byte chooses which of the four. What is
 * accepted as meta-data has an instance-id that can be a part of a path, the same each time; what
 * is refused comes with a sentence of one line. */
#include "cloudinit/document_check.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition) {
    if (!condition)
        abort();
}

static void check_id(const char *text, size_t length) {
    char id[DOCUMENT_CHECK_ID_SIZE] = "", again[DOCUMENT_CHECK_ID_SIZE] = "";
    require(document_check_instance_id(text, length, id, NULL));
    require(memchr(id, 0, sizeof id) != NULL);
    require(id[0] && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id));
    require(document_check_instance_id(text, length, again, NULL) && strcmp(id, again) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = {0};
    if (size == 0)
        return 0;
    enum seed_document document = (enum seed_document)(data[0] % SEED_DOCUMENT_COUNT);
    const char *text = (const char *)data + 1;
    bool good = document_check(document, text, size - 1, &error);
    require(good == (error.code == ERROR_NONE));
    require(memchr(error.text, 0, sizeof error.text) != NULL);
    require(strcspn(error.text, "\n\r\x1B") == strlen(error.text));
    if (good && document == SEED_META_DATA)
        check_id(text, size - 1);
    return 0;
}
