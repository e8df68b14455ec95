/* The kind of a user-data or vendor-data document, by its first bytes, as cloud-init tells them
 * apart. Pure; the text is borrowed and need not end in a NUL. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

bool document_kind_is_mime(const char *text, size_t length); /* holds other documents */
bool document_kind_is_gzip(const char *text, size_t length);
/* "#cloud-config", whose keys `cloud-init schema` knows. */
bool document_kind_is_cloud_config(const char *text, size_t length);

/* Where the text begins after its leading white space; length if there is nothing else. */
size_t document_kind_start(const char *text, size_t length);
/* True if the text begins with the word there, in either case. */
bool document_kind_begins(const char *text, size_t length, const char *word);
