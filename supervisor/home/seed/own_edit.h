/* A user's own document that was edited in place is judged when the instance's files are written,
 * as it would have been when it was given: user_document.h. One that is as it was is not judged
 * again. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "cloudinit/seed_document.h"
#include "home/generated.h"

#include <stdbool.h>

/* Remarks are added to the notice, once. The text is borrowed. */
bool own_edit_check(struct generated *generated, enum seed_document document,
                    const struct buffer *text, struct error *error);
