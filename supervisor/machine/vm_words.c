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

void vm_explain(struct vm *vm, const char *format, ...) {
    struct buffer text = {0};
    va_list arguments;
    va_start(arguments, format);
    buffer_vprintf(&text, format, arguments);
    va_end(arguments);
    vm->silent = false;
    vm_tell(vm, STORE_EVENT_REASON, "%s", text.data);
    alloc_replace(&vm->reason, buffer_take(&text));
    alloc_replace(&vm->launch.reason, alloc_string(vm->reason));
    vm->listener->changed(vm->listener->context, vm);
}

void vm_excuse(struct vm *vm, const char *text) {
    vm_tell(vm, STORE_EVENT_NETWORK, "%s", text);
    vm->silent = false;
    alloc_replace(&vm->reason, NULL);
    alloc_replace(&vm->launch.reason, NULL);
    vm->listener->changed(vm->listener->context, vm);
}
