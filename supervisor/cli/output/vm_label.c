#include "vm_label.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

void vm_label(const char *state, char label[VM_LABEL_SIZE]) {
    if (strcmp(state, "ready") == 0 || strcmp(state, "booting") == 0)
        snprintf(label, VM_LABEL_SIZE, "Running(%s)", state);
    else
        snprintf(label, VM_LABEL_SIZE, "%c%s", toupper((unsigned char)state[0]),
                 state[0] ? state + 1 : "");
}
