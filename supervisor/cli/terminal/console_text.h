/* What a guest or a program has written, made fit for a line of text: escape sequences of terminals
 * removed, control bytes gone. Pure, but for the reading of a file's end. */
#pragma once

#include <stddef.h>

#define CONSOLE_TEXT_TAIL_BYTES 8192u

/* Removes escape sequences and control bytes other than line feeds, in place; what stood before a
 * carriage return in a line is overwritten text and goes too. Gives the new length. */
size_t console_text_strip(char *text, size_t length);

/* Removes what a terminal would answer (device status and attributes, strings that ask): for output
 * that is shown again. In place; gives the new length. */
size_t console_text_replayed(char *text, size_t length);

/* The last line of a text that is not blank and begins with prefix ("": any), printable; "" if
 * there is none. Caller frees. */
char *console_text_last_line(const char *text, size_t length, const char *prefix);
/* The same for the end of a file; "" if it cannot be read. */
char *console_text_last_line_of(const char *path, const char *prefix);
