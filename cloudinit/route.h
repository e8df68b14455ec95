/* Maps a request target to a document or an action. Pure. Paths:
 *     GET, HEAD  /seed/TOKEN/{meta-data,user-data,vendor-data,network-config}
 *     POST       /phone-home/TOKEN[/INSTANCE-ID]
 *     POST       /seed/TOKEN/phone-home[/INSTANCE-ID]   of instances that have one token for all
 *     POST       /report/NAME/TOKEN
 * Another method on a known path is 405, another path 404. A query ("?…") is ignored, and %XX in
 * the path is not decoded: tokens and ids are [a-z0-9-]. */
#pragma once

#include "base/name.h"
#include "base/secret.h"
#include "cloudinit/seed_document.h"

#include <stdbool.h>

enum route_kind {
    ROUTE_DOCUMENT,
    ROUTE_PHONE_HOME,
    ROUTE_REPORT,
    ROUTE_METHOD_NOT_ALLOWED,
    ROUTE_NOT_FOUND,
};

/* What the token in the path is to be compared with. */
enum route_secret { ROUTE_SECRET_SEED, ROUTE_SECRET_PHONE_HOME, ROUTE_SECRET_REPORT };

struct route {
    enum route_kind kind;
    enum seed_document document;
    enum route_secret secret;
    char token[SECRET_TOKEN_SIZE];
    char instance_id[128];         /* of a phone-home path; "" if absent */
    char name[NAME_LABEL_MAX + 1]; /* of a report path; else "" */
    const char *allow;             /* of METHOD_NOT_ALLOWED: "GET, HEAD", for http_allow() */
};

struct route route_parse(const char *method, const char *target);
