/* Parses one HTTP request from bytes through llhttp into fields. Only http.c uses it. Knows no
 * connection and no response.
 *
 * message_feed() consumes bytes up to the end of the request and returns their number; the rest
 * belongs to the next request. This file collects the head up to its empty line, so that folded
 * fields, bare CR or LF and control bytes are rejected by every version and mode of llhttp, and so
 * that the result does not depend on how the bytes were split. Afterwards phase is COMPLETE, or
 * BROKEN with an HTTP status and a sentence. message_reset() prepares for the next request.
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
    bool expects_continue; /* "100 Continue" is due; the sender clears this */

    /* private */
    llhttp_t parser;
    struct buffer head;         /* bytes of the head read so far */
    struct buffer field, value; /* the header field that llhttp is parsing */
    size_t body_missing;        /* of a body with Content-Length */
    size_t framing_bytes;       /* of a chunked body: bytes that are not data */
    char framing_last;
    unsigned host_count, agent_count, length_count;
    bool skipped_line, headers_complete, message_complete, transfer_coded;
};

void message_init(struct message *message);
void message_reset(struct message *message);
void message_done(struct message *message);

size_t message_feed(struct message *message, const char *data, size_t length);
bool message_begun(const struct message *message);           /* at least one byte was read */
bool message_is_head_request(const struct message *message); /* true for broken ones as well */
