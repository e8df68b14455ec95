#include "vm_label.h"

#include <ctype.h>
#include <string.h>

void vm_label(const char *state, char label[VM_LABEL_SIZE]) {
    size_t length = strnlen(state, VM_LABEL_SIZE - 1);
    if (strcmp(state, "ready") == 0 || strcmp(state, "booting") == 0) {
        stpcpy(stpcpy(stpcpy(label, "Running("), state), ")");
        return;
    }
    memcpy(label, state, length);
    label[length] = 0;
    label[0] = (char)toupper((unsigned char)label[0]);
}
