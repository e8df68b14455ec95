/* Two documents of one kind as the one that cloud-init reads: MIME multi-part, in which the first
 * stands before the second. Pure; the same two always give the same text.
 *
 * Parts are base64, because cloud-init drops a part with any other byte than ASCII in it, and
 * text/plain, which makes it look at how the part begins. A first document that is MIME itself
 * stands there as it is. */
#pragma once

#include "base/buffer.h"

void multipart_combine(const struct buffer *first, const struct buffer *second,
                       struct buffer *text);
