/* Arguments that a supervisor which somebody took over asks the launcher to start QEMU with, one a
 * line. What is allowed names no file but firmware, and drops root. */
#include "launcher/grammar.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM       "/usr/bin/qemu-system-aarch64"
#define ARGUMENTS_MAX 64

static void require(bool condition) {
    if (!condition)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct identity user = {.uid = 501, .gid = 20};
    char *text = malloc(size + 1), *argv[ARGUMENTS_MAX + 1] = {PROGRAM}, *save = NULL;
    size_t count = 1;
    bool drops = false;
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = 0;
    for (char *each = strtok_r(text, "\n", &save); each && count < ARGUMENTS_MAX;
         each = strtok_r(NULL, "\n", &save))
        argv[count++] = each;
    if (grammar_allows(argv, &user)) {
        for (size_t i = 1; i < count; i++) {
            drops |= strcmp(argv[i], "501:20") == 0 || strcmp(argv[i], "user=501:20") == 0;
            require(!strstr(argv[i], "..") || !strchr(argv[i], '/'));
            require(!strstr(argv[i], "path="));
        }
        require(drops);
    }
    free(text);
    return 0;
}
