/* The small grammars of names and numbers that people and guests write: labels, addresses, sizes.
 * Pure. The parsers say what was wrong in one sentence that starts with the value in quotes. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NAME_LABEL_MAX 63 /* RFC 1123 */

/* Instance and cloud names: RFC 1123 label in lower case, [a-z0-9] and '-' inside, at most 63. */
bool name_check_label(const char *what, const char *text, struct error *error);
/* A label that an instance may have: not one that means something else to Ansible or to hosts(5).
 */
bool name_check_instance(const char *text, struct error *error);

uint32_t name_hash(const char *name); /* FNV-1a; for tables, of what no stranger chose */

/* Names of groups and variables to Ansible: letters, digits and '_', no digit first, at most 63. */
bool name_is_word(const char *text);

/* Dotted IPv4 to host byte order; no leading zeros, nothing after the last number. */
bool name_parse_ip4(const char *text, uint32_t *address);
void name_format_ip4(uint32_t address, char text[16]);
bool name_parse_netmask(const char *text, unsigned *prefix_length); /* 255.255.255.0 -> 24 */

/* "52:54:00:12:34:56", digits of either case; formatted in lower case. */
bool name_parse_mac(const char *text, uint8_t mac[6]);
void name_format_mac(const uint8_t mac[6], char text[18]);

/* "4G", "1.5g", "512 MiB", "4GB", "1073741824": bytes. Powers of 1024. */
bool name_parse_size(const char *text, uint64_t *bytes);
void name_format_size(uint64_t bytes, char text[32]);       /* "4 GiB", "111.1 MiB" */
void name_format_size_short(uint64_t bytes, char text[32]); /* "4G", "111.1M", for a table */
const char *name_plural(uint64_t count); /* "" or "s": of one there is one file, of others files */
char *name_put_number(uint64_t number, char *text); /* in decimal, at most 21 bytes; its end */
void name_upper(const char *word, char *text, size_t size); /* ASCII letters */
bool name_parse_number(const char *text, uint64_t low, uint64_t high, uint64_t *number);

/* What every line that is printed goes through at last: control characters, also those that change
 * the direction of text (U+202E …), and anything outside UTF-8 become \xNN. What is safe stays as
 * it is. Caller frees. */
char *name_safe(const char *text);
/* Appended; returns its width in characters. */
size_t name_put_safe(struct buffer *out, const char *text);
/* Of the character at text, if it changes the order or the lines of what is around it; 0. */
uint32_t name_hidden_control(const char *text);
/* Text from a guest or a file made safe as soon as it comes: likewise, as do characters that
 * cannot be seen; a backslash becomes two; cut after limit bytes with "...". Caller frees. */
char *name_printable(const char *text, size_t length, size_t limit);
