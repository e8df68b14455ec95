/* The server side of one HTTP/1.1 connection, without I/O, over llhttp. Knows no socket and no
 * routes.
 *
 * Order: http_new(); http_feed() the bytes read; while http_next() returns a request, answer it
 * with http_respond(); write http_output(), then call http_next() again; close when all is written
 * and http_closing(). This file answers a request that breaks a limit or the grammar (400, 408,
 * 413, 414, 417, 431, 501, 505) and closes the connection. Pipelined requests are returned one at a
 * time, in order. The limits here and in http_limits.h bound the memory of a connection.
 */
#pragma once

#include "base/buffer.h"
#include "cloudinit/http_limits.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HTTP_INPUT_LIMIT_BYTES  65536u  /* pipelined bytes not yet returned */
#define HTTP_OUTPUT_LIMIT_BYTES 262144u /* no further request is returned beyond this */

struct http_request {
    const char *method; /* "GET" */
    const char *target; /* as sent, "/seed/…/meta-data?x" */
    const char *agent;  /* User-Agent, "" if none; raw bytes of the peer */
    const char *body;   /* NUL-terminated for convenience; may hold NULs */
    size_t body_length;
};

struct http_connection; /* opaque */

struct http_connection *http_new(void);
void http_free(struct http_connection *connection);

void http_feed(struct http_connection *connection, const void *data, size_t length);
/* The request did not come in time: 408 if it is half read. The connection closes in any case,
 * after the answer to a request that the caller has. */
void http_idle(struct http_connection *connection);
/* The request stays valid until http_respond(). */
bool http_next(struct http_connection *connection, struct http_request *request);
/* Methods for the Allow field of the next response, "GET, HEAD": a 405 must name them. */
void http_allow(struct http_connection *connection, const char *methods);
/* HEAD is handled here (no body). type may be NULL for text/plain. */
void http_respond(struct http_connection *connection, int status, const char *type,
                  const void *body, size_t length);
enum http_stage {
    HTTP_STAGE_HEAD, /* of the next request, of which nothing may have come yet */
    HTTP_STAGE_BODY,
    HTTP_STAGE_ANSWER, /* is due or not yet taken from http_output() */
};
enum http_stage http_stage(const struct http_connection *connection);
struct buffer *http_output(struct http_connection *connection);
bool http_closing(const struct http_connection *connection);
