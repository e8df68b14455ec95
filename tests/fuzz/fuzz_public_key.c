/* A file that someone gave as a public key. What is accepted is one line "type base64" that parses
 * to itself; what is refused comes with a sentence of printable text. */
#include "base/alloc.h"
#include "cloudinit/public_key.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition) {
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct error error = {0};
    scoped(alloc_release) char *key =
        public_key_parse((const char *)data, size, PUBLIC_KEY_OF_USER, &error);
    require((key == NULL) == (error.text[0] != 0));
    require(strcspn(error.text, "\n\r\x1B") == strlen(error.text));
    scoped(alloc_release) char *host_key =
        public_key_parse((const char *)data, size, PUBLIC_KEY_OF_HOST, NULL);
    if (!key) {
        require(!host_key);
        return 0;
    }
    require(strlen(key) <= PUBLIC_KEY_LIMIT_BYTES);
    require(strchr(key, ' ') && strchr(key, ' ') == strrchr(key, ' '));
    require(strcspn(key, "\n\r\t\"*,") == strlen(key));
    require(!host_key || strcmp(key, host_key) == 0);
    scoped(alloc_release) char *again =
        public_key_parse(key, strlen(key), PUBLIC_KEY_OF_USER, NULL);
    require(again && strcmp(again, key) == 0);
    return 0;
}
