#include "vm_console.h"

#include "machine/console.h"

bool vm_console_write(struct vm *vm, const char *data, size_t length) {
    return console_write(vm->console, data, length);
}

struct buffer vm_console_recent(const struct vm *vm) {
    struct buffer output = {0};
    console_recent(vm->console, &output);
    return output;
}
