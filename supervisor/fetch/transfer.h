/* One download over HTTP(S) into FETCH_TARGET_FD: what home/images/download.h promises, done with
 * libcurl. */
#pragma once

#include "base/error.h"
#include "fetch/wire/fetch_wire.h"

#define TRANSFER_CONNECT_LIMIT_S   30L
#define TRANSFER_STALL_LIMIT_S     60L   /* this long below … */
#define TRANSFER_STALL_BYTES_PER_S 1024L /* … this, and it is given up */
#define TRANSFER_REDIRECT_LIMIT    10L
#define TRANSFER_TRIES             8    /* of one call, when the connection breaks */
#define TRANSFER_PAUSE_MS          500u /* before the second try; each time twice as long */

/* pieces: set in every case. */
bool transfer_run(const struct fetch_request *request, enum fetch_pieces *pieces,
                  struct error *error);
/* Whether it can be had: its size is emitted, and nothing fetched. */
bool transfer_probe(const struct fetch_request *request, struct error *error);
