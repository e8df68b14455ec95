/* Bytes that may be any file: whatever is accepted names its other files by text that ends, and
 * says the same when more of the file is read. */
#include "host/qcow2_header.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static void require(bool condition) {
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct qcow2_header header, longer;
    struct error error = {0};
    if (!qcow2_header_parse(data, size, &header, &error)) {
        require(error.code == ERROR_INVALID && error.text[0]);
        return 0;
    }
    require(memchr(header.backing, 0, sizeof header.backing) != NULL);
    require(memchr(header.backing_format, 0, sizeof header.backing_format) != NULL);
    require(header.version == 2 || header.version == 3);
    uint8_t *more = malloc(size + 512);
    require(more != NULL);
    memcpy(more, data, size);
    memset(more + size, 0xff, 512);
    require(qcow2_header_parse(more, size + 512, &longer, &error));
    require(memcmp(&header, &longer, sizeof header) == 0);
    free(more);
    return 0;
}
