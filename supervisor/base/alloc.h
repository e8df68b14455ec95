/* Small allocations that cannot fail: on exhaustion the process aborts with a sentence. VMs are
 * separate processes in their own sessions and survive that; the next `pgsup up` adopts them.
 *
 * Also the cleanup helpers for synchronous code:
 *     scoped(alloc_release) char *path = alloc_printf("%s/%s", dir, name);
 */
#pragma once

#include <stddef.h>

#define scoped(release) __attribute__((cleanup(release)))

void *alloc_zero(size_t size);                 /* owned by the caller; free() */
void *alloc_resize(void *memory, size_t size); /* like realloc */
char *alloc_string(const char *text);          /* copy; NULL gives NULL */
char *alloc_slice(const char *text, size_t length);
char *alloc_printf(const char *format, ...) __attribute__((format(printf, 1, 2)));

void alloc_release(void *pointer_to_pointer); /* for scoped(): frees *pointer, sets it NULL */
void alloc_replace(char **slot, char *text);  /* frees the old value, takes ownership of text */
