/* One HTTP request, from bytes through llhttp to fields. Used by http.c alone. Knows no connection
 * and no response.
 *
 * message_feed() takes bytes up to the end of the request and says how many it took; what is left
 * belongs to the next one. The head is read here up to its empty line, so that folded fields, bare
 * CR or LF and control bytes are refused whatever version or mode llhttp was built in, and so that
 * the result cannot depend on how the bytes were cut. Afterwards phase is COMPLETE, or BROKEN with
 * an HTTP status and a sentence. message_reset() makes ready for the next request.
 */
#pragma once

#include "base/buffer.h"

#include <llhttp.h>
#include <stdbool.h>
#include <stddef.h>

enum message_phase {
    MESSAGE_HEAD,
    MESSAGE_BODY,
    MESSAGE_CHUNKS,
    MESSAGE_COMPLETE,
    MESSAGE_BROKEN,
};

struct message {
    enum message_phase phase;
    int status;      /* of BROKEN */
    const char *why; /* of BROKEN: one sentence */
    const char *method;
    struct buffer target, agent, body;
    bool keep_alive;
    bool http_1_0;
    bool expects_continue; /* "100 Continue" is due; whoever sends it clears this */

    /* private */
    llhttp_t parser;
    struct buffer head;         /* bytes of the head read so far */
    struct buffer field, value; /* the header field that llhttp is at */
    size_t body_missing;        /* of a body with Content-Length */
    size_t framing_bytes;       /* of a chunked body: what is not data */
    char framing_last;
    unsigned host_count, agent_count, length_count;
    bool skipped_line, headers_complete, message_complete, transfer_coded;
};

void message_init(struct message *message);
void message_reset(struct message *message);
void message_done(struct message *message);

size_t message_feed(struct message *message, const char *data, size_t length);
bool message_begun(const struct message *message);           /* some byte of it was read */
bool message_is_head_request(const struct message *message); /* true for broken ones as well */
