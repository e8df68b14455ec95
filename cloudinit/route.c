#include "route.h"

#include <string.h>

#define SEED_PREFIX       "/seed/"
#define PHONE_HOME_PREFIX "/phone-home/"
#define REPORT_PREFIX     "/report/"

static bool is_word_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Copies a run of [a-z0-9-] and returns the rest of the text; NULL if it is empty or too long. */
static const char *take_word(const char *text, char *word, size_t size) {
    size_t length = 0;
    while (is_word_character(text[length]))
        length++;
    if (length == 0 || length >= size)
        return NULL;
    memcpy(word, text, length);
    word[length] = 0;
    return text + length;
}

static bool at_end(const char *text) {
    return *text == 0 || *text == '?';
}

static struct route allow_only(struct route route, bool allowed, const char *methods) {
    if (!allowed) {
        route.kind = ROUTE_METHOD_NOT_ALLOWED;
        route.allow = methods;
    }
    return route;
}

/* rest: the target after "/phone-home" or after its token */
static struct route phone_home_route(struct route route, const char *method, const char *rest) {
    if (*rest == '/') {
        rest = take_word(rest + 1, route.instance_id, sizeof route.instance_id);
        if (!rest)
            return (struct route){.kind = ROUTE_NOT_FOUND};
    }
    if (!at_end(rest))
        return (struct route){.kind = ROUTE_NOT_FOUND};
    route.kind = ROUTE_PHONE_HOME;
    return allow_only(route, strcmp(method, "POST") == 0, "POST");
}

/* rest: the target after "/report/" */
static struct route report_route(const char *method, const char *rest) {
    struct route route = {.kind = ROUTE_REPORT, .secret = ROUTE_SECRET_REPORT};
    rest = take_word(rest, route.name, sizeof route.name);
    if (rest && *rest == '/')
        rest = take_word(rest + 1, route.token, sizeof route.token);
    else
        rest = NULL;
    if (!rest || !at_end(rest))
        return (struct route){.kind = ROUTE_NOT_FOUND};
    return allow_only(route, strcmp(method, "POST") == 0, "POST");
}

/* rest: the target after "/phone-home/" */
static struct route own_phone_home_route(const char *method, const char *rest) {
    struct route route = {.secret = ROUTE_SECRET_PHONE_HOME};
    rest = take_word(rest, route.token, sizeof route.token);
    return rest ? phone_home_route(route, method, rest) : (struct route){.kind = ROUTE_NOT_FOUND};
}

/* rest: the target after "/seed/" */
static struct route seed_route(const char *method, const char *rest) {
    struct route route = {.kind = ROUTE_NOT_FOUND};
    char name[sizeof "network-config"];
    rest = take_word(rest, route.token, sizeof route.token);
    if (rest && *rest == '/')
        rest = take_word(rest + 1, name, sizeof name);
    else
        rest = NULL;
    if (!rest)
        return (struct route){.kind = ROUTE_NOT_FOUND};
    if (strcmp(name, "phone-home") == 0)
        return phone_home_route(route, method, rest);
    for (int i = 0; i < SEED_DOCUMENT_COUNT && at_end(rest); i++)
        if (strcmp(name, seed_document_name((enum seed_document)i)) == 0) {
            bool reads = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
            route.kind = ROUTE_DOCUMENT;
            route.document = (enum seed_document)i;
            return allow_only(route, reads, "GET, HEAD");
        }
    return (struct route){.kind = ROUTE_NOT_FOUND};
}

struct route route_parse(const char *method, const char *target) {
    if (strncmp(target, SEED_PREFIX, strlen(SEED_PREFIX)) == 0)
        return seed_route(method, target + strlen(SEED_PREFIX));
    if (strncmp(target, PHONE_HOME_PREFIX, strlen(PHONE_HOME_PREFIX)) == 0)
        return own_phone_home_route(method, target + strlen(PHONE_HOME_PREFIX));
    if (strncmp(target, REPORT_PREFIX, strlen(REPORT_PREFIX)) == 0)
        return report_route(method, target + strlen(REPORT_PREFIX));
    return (struct route){.kind = ROUTE_NOT_FOUND};
}
