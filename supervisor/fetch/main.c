/* pgsup-fetch: reads one request, gives up what it does not need, and does it. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "fetch/confine.h"
#include "fetch/emit.h"
#include "fetch/extract.h"
#include "fetch/transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define USAGE_STATUS 2

static bool read_request(struct buffer *text) {
    char piece[FETCH_REQUEST_LIMIT_BYTES];
    for (ssize_t got; (got = read(STDIN_FILENO, piece, sizeof piece)) != 0;) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 || text->length + (size_t)got > FETCH_REQUEST_LIMIT_BYTES)
            return false;
        buffer_append(text, piece, (size_t)got);
    }
    return text->length > 0 && strlen(text->data) == text->length;
}

static void run(const struct fetch_request *request) {
    struct error error = {0};
    enum fetch_pieces pieces = FETCH_WHOLE;
    bool good = request->job == FETCH_DOWNLOAD ? transfer_run(request, &pieces, &error)
                : request->job == FETCH_PROBE  ? transfer_probe(request, &error)
                                               : extract_run(request, &error);
    if (good)
        emit_done(pieces);
    else
        emit_error(&error);
}

int main(void) {
    scoped(buffer_done) struct buffer text = {0};
    struct fetch_request request;
    bool started = !isatty(STDIN_FILENO) && fcntl(FETCH_TARGET_FD, F_GETFD) >= 0;
    if (!started || !read_request(&text) || !fetch_request_parse(text.data, &request)) {
        fputs(FETCH_PROGRAM ": this program is started by pgsup: see `pgsup help image download`\n",
              stderr);
        return USAGE_STATUS;
    }
    confine(request.job != FETCH_UNPACK);
    run(&request);
    return EXIT_SUCCESS;
}
