#include "alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *memory) {
    if (!memory) {
        static const char text[] = "pgsup: out of memory\n";
        fwrite(text, 1, sizeof text - 1, stderr);
        abort();
    }
    return memory;
}

void *alloc_zero(size_t size) {
    return checked(calloc(1, size ? size : 1));
}

void *alloc_resize(void *memory, size_t size) {
    return checked(realloc(memory, size ? size : 1));
}

char *alloc_string(const char *text) {
    return text ? checked(strdup(text)) : NULL;
}

char *alloc_slice(const char *text, size_t length) {
    char *copy = alloc_zero(length + 1);
    if (length)
        memcpy(copy, text, length);
    return copy;
}

char *alloc_printf(const char *format, ...) {
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return checked(length < 0 ? NULL : text);
}

void alloc_release(void *pointer_to_pointer) {
    void **slot = pointer_to_pointer;
    free(*slot);
    *slot = NULL;
}

void alloc_replace(char **slot, char *text) {
    free(*slot);
    *slot = text;
}
