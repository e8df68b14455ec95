#include "vm_words.h"

#include "base/alloc.h"
#include "base/buffer.h"

#include <stdarg.h>

void vm_set_reason(struct vm *vm, const char *text) {
    alloc_replace(&vm->reason, alloc_string(text));
}

void vm_tell(struct vm *vm, enum store_event_kind kind, const char *format, ...) {
    struct buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    vm->listener->event(vm->listener->context, vm, kind, text.data);
    buffer_done(&text);
}
