#include "strv.h"

#include "alloc.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The room for `count` strings and the end: a power of two. */
static size_t room_of(size_t count) {
    size_t room = 4;
    while (room < count + 1)
        room *= 2;
    return room;
}

void strv_take(struct strv *list, char *text) {
    if (!list->items || room_of(list->count + 1) != room_of(list->count))
        list->items = alloc_resize(list->items, room_of(list->count + 1) * sizeof *list->items);
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

bool strv_has(const struct strv *list, const char *text) {
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i], text) == 0)
            return true;
    return false;
}

void strv_done(struct strv *list) {
    for (size_t i = 0; i < list->count; i++)
        free(list->items[i]);
    free(list->items);
    *list = (struct strv){0};
}
