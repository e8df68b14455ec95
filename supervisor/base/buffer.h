/* A growable run of bytes. {0} is an empty buffer; data is NULL or ends with a NUL that length does
 * not count. It grows without asking: whoever feeds it from outside checks a named limit first. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

struct buffer {
    char *data; /* owned */
    size_t length;
    size_t capacity;
};

/* Room for so many bytes behind those that are there, for a caller that raises length by what it
 * writes, and puts a NUL there if it needs one. */
char *buffer_room(struct buffer *buffer, size_t length);
void buffer_append(struct buffer *buffer, const void *data, size_t length);
void buffer_puts(struct buffer *buffer, const char *text);
void buffer_putc(struct buffer *buffer, char character);
void buffer_printf(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void buffer_vprintf(struct buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
void buffer_consume(struct buffer *buffer, size_t length); /* drops bytes from the front */
void buffer_clear(struct buffer *buffer);                  /* keeps the memory */
char *buffer_take(struct buffer *buffer);                  /* "" if empty; caller frees */
void buffer_done(struct buffer *buffer);
