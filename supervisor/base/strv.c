#include "strv.h"

#include "alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void strv_take(struct strv *list, char *text) {
    list->items = alloc_resize(list->items, (list->count + 2) * sizeof *list->items);
    list->items[list->count++] = text;
    list->items[list->count] = NULL;
}

void strv_push(struct strv *list, const char *text) {
    strv_take(list, alloc_string(text));
}

void strv_pushf(struct strv *list, const char *format, ...) {
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    strv_take(list, length < 0 ? alloc_string("") : text);
}

void strv_done(struct strv *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strv){0};
}
