/* The disk image that is packed in FETCH_SOURCE_FD, into FETCH_TARGET_FD, which is empty: what
 * home/images/unpack.h promises, done with libarchive. */
#pragma once

#include "base/error.h"
#include "fetch/wire/fetch_wire.h"

bool extract_run(const struct fetch_request *request, struct error *error);
