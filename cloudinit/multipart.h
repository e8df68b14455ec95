/* Combines two documents of one kind into one MIME multi-part document, in order, which cloud-init
 * reads. Pure; the same two documents always give the same text.
 *
 * Parts are base64, because cloud-init drops a part that holds a byte outside ASCII, and
 * text/plain, which makes cloud-init detect the kind by the beginning of the part. A first document
 * that is MIME itself is a part as it is. */
#pragma once

#include "base/buffer.h"

void multipart_combine(const struct buffer *first, const struct buffer *second,
                       struct buffer *text);
