/* Golden files: the expected text of something generated, kept in tests/golden and compared whole.
 * UPDATE_GOLDEN=1 in the environment writes them anew; read the difference before committing it. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/file.h"
#include "test.h"

#define GOLDEN_LIMIT_BYTES (1u << 20)

static inline void golden_check(const char *path, const struct buffer *text) {
    const char *actual = text->data ? text->data : "";
    struct error error = {0};
    if (getenv("UPDATE_GOLDEN"))
        CHECK(file_write(path, actual, text->length, 0644, &error));
    struct buffer expected = {0};
    CHECK(file_read(path, GOLDEN_LIMIT_BYTES, &expected, &error));
    CHECK_STRING(error.text, "");
    bool same = expected.length == text->length &&
                memcmp(expected.data ? expected.data : "", actual, text->length) == 0;
    if (!same)
        fprintf(stderr, "%s differs from what is generated now:\n%s\n", path, actual);
    CHECK(same);
    buffer_done(&expected);
}
