/* What a VM says of itself: the sentence for its state, and events for its listener. */
#pragma once

#include "machine/vm_object.h"

void vm_set_reason(struct vm *vm, const char *text); /* copied */
void vm_tell(struct vm *vm, enum store_event_kind kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Replaces the reason for the current state by a better sentence, which is an event too. */
void vm_explain(struct vm *vm, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The reason holds no longer; text: why. */
void vm_excuse(struct vm *vm, const char *text);
