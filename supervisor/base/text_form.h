/* What editors and web pages put into text where nobody sees it: byte order marks, UTF-16, no-break
 * and zero-width spaces, typographic quotes. Pure; no text need end in a NUL. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define TEXT_FORM_BOM       "\xEF\xBB\xBF" /* of UTF-8 */
#define TEXT_FORM_BOM_BYTES 3u

bool text_form_has_bom(const char *text, size_t length);
/* Removes it, where what follows has a certain meaning. */
void text_form_strip_bom(struct buffer *text);

/* Fails for UTF-16 and UTF-32, with and without a byte order mark: "it is UTF-16 text: …". */
bool text_form_check(const char *text, size_t length, struct error *error);
/* Fails for the byte order mark of UTF-8 as well: "it begins with a byte order mark: …". */
bool text_form_check_no_bom(const char *text, size_t length, struct error *error);

/* Bytes of the character at text if it cannot be seen, or looks like a blank and is none; 0: it is
 * another one. */
size_t text_form_invisible(const char *text, size_t length);
/* Bytes of the quotation mark at text, of any kind; 0: another character. */
size_t text_form_quote(const char *text, size_t length);

/* Bytes of the UTF-8 character at text; 0: there is none, or it is longer than it must be, a
 * surrogate or a control character of U+0080 to U+009F. */
size_t text_form_character(const char *text, size_t length);

/* "a no-break space (U+00A0)" for the character at text; caller frees. */
char *text_form_name(const char *text, size_t length);
