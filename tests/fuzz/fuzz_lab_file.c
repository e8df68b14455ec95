/* A lab file, from whoever wrote it: read to its end or refused by a sentence, within the limits.
 */
#include "home/lab/lab_file.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct lab lab = {0};
    struct error error = {0};
    bool good = lab_file_parse("lab.yaml", (const char *)data, size, &lab, &error);
    if (good != (error.code == ERROR_NONE) || (!good && !*error.text) ||
        lab.instance_count > LAB_INSTANCES_MAX)
        abort();
    lab_done(&lab);
    return 0;
}
