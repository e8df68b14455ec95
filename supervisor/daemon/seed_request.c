#include "seed_request.h"
#include "base/alloc.h"
#include "base/name.h"
#include "home/seed/seed.h"

#include <string.h>

/* A request whose token is known. */
struct asked {
    const struct seed_request_context *context;
    struct seed_connection *connection;
    const struct store_instance *instance;
    struct seed_entry *entry; /* of a document's token; else NULL */
    const struct route *route;
    const struct http_request *request;
    struct seed_caller from;
};

static void report_refusal(const struct seed_request_context *context,
                           const struct seed_connection *connection, const char *why) {
    context->calls.on_refused(context->calls.context, connection->peer, why);
}

static void answer_document(const struct asked *asked) {
    const struct seed_calls *calls = &asked->context->calls;
    struct error error = {0};
    const struct buffer *content =
        seed_cache_read(asked->context->cache, asked->entry, asked->route->document, &error);
    if (content) {
        http_respond(asked->connection->http, 200, NULL, content->data ? content->data : "",
                     content->length);
        calls->on_document(calls->context, asked->instance, asked->route->document, &asked->from);
    } else {
        seed_connection_respond(asked->connection, 500, "cannot be read now\n");
        report_refusal(asked->context, asked->connection, error.text);
    }
}

/* Whether the form is one of this instance-id. */
static bool is_of_instance(const struct asked *asked, const struct phone_home *form,
                           struct error *error) {
    char id[DOCUMENT_CHECK_ID_SIZE];
    const char *named = asked->route->instance_id;
    if (!seed_instance_id(asked->context->home, asked->instance, id, error))
        return false;
    return (strcmp(form->instance_id, id) == 0 && (!named[0] || strcmp(named, id) == 0)) ||
           error_set(error, ERROR_INVALID, "its instance-id is not that of %s",
                     asked->instance->name);
}

static void answer_phone_home(const struct asked *asked) {
    const struct seed_calls *calls = &asked->context->calls;
    struct phone_home form = {0};
    struct error error = {0};
    if (phone_home_parse(asked->request->body, asked->request->body_length, &form, &error) &&
        is_of_instance(asked, &form, &error)) {
        const struct phone_home_call call = {&form, &asked->from,
                                             seed_connection_defer(asked->connection)};
        calls->on_phone_home(calls->context, asked->instance, &call);
    } else {
        seed_connection_respond(asked->connection, 400, "not a phone-home of this instance\n");
        report_refusal(asked->context, asked->connection, error.text);
    }
    phone_home_done(&form);
}

static void answer_report(const struct asked *asked) {
    const struct seed_calls *calls = &asked->context->calls;
    struct report report;
    struct error error = {0};
    if (!report_parse(asked->request->body, asked->request->body_length, &report, &error)) {
        seed_connection_respond(asked->connection, 400, "not an event of cloud-init\n");
        report_refusal(asked->context, asked->connection, error.text);
    } else if (calls->on_report(calls->context, asked->instance, &report, &asked->from)) {
        seed_connection_respond(asked->connection, 200, "ok\n");
    } else {
        seed_connection_respond(asked->connection, 403, "not from this guest\n");
    }
}

static bool look_up(struct store *store, const struct route *route, struct store_instance *instance,
                    struct error *error) {
    switch (route->secret) {
    case ROUTE_SECRET_SEED:
        return instance_table_get_by_token(store, route->token, instance, error) &&
               (route->kind != ROUTE_PHONE_HOME || !instance->phone_home_token ||
                error_set(error, ERROR_NOT_FOUND, "this token is for reading only"));
    case ROUTE_SECRET_PHONE_HOME:
        return instance_table_get_by_phone_home_token(store, route->token, instance, error);
    case ROUTE_SECRET_REPORT: break;
    }
    char token[SECRET_TOKEN_SIZE];
    if (!instance_table_get(store, route->name, instance, error))
        return false;
    seed_report_token(instance, token);
    return secret_equal(token, route->token) ||
           error_set(error, ERROR_NOT_FOUND, "the token is not that of %s", route->name);
}

static void answer_known(struct asked *asked) {
    const char *sent = asked->request->agent;
    scoped(alloc_release) char *agent = name_printable(sent, strlen(sent), 80);
    asked->from = (struct seed_caller){agent, asked->connection->peer,
                                       asked->connection->guest.ends, &asked->connection->guest};
    asked->connection->guest.now = seed_cache_revision(asked->context->cache);
    if (asked->route->kind == ROUTE_METHOD_NOT_ALLOWED) {
        http_allow(asked->connection->http, asked->route->allow);
        seed_connection_respond(asked->connection, 405, "method not allowed\n");
    } else if (asked->route->kind == ROUTE_DOCUMENT) {
        answer_document(asked);
    } else if (asked->route->kind == ROUTE_REPORT) {
        answer_report(asked);
    } else {
        answer_phone_home(asked);
    }
}

static void answer(struct asked *asked, bool known, const struct error *error) {
    if (error->code != ERROR_NONE && error->code != ERROR_NOT_FOUND) {
        seed_connection_respond(asked->connection, 500, "cannot be looked up now\n");
        report_refusal(asked->context, asked->connection, error->text);
    } else if (!known) { /* the same for an unknown path: guessing reveals nothing */
        seed_connection_refuse(asked->connection);
        report_refusal(asked->context, asked->connection, "unknown seed path");
    } else {
        seed_connection_show_token(asked->connection, asked->instance->id);
        answer_known(asked);
    }
}

void seed_request_answer(const struct seed_request_context *context,
                         struct seed_connection *connection, const struct http_request *request) {
    struct route route = route_parse(request->method, request->target);
    struct asked asked = {
        .context = context, .connection = connection, .route = &route, .request = request};
    struct store_instance instance = {0};
    struct error error = {0};
    if (route.kind == ROUTE_DOCUMENT) {
        asked.entry = seed_cache_find(context->cache, route.token, &error);
        asked.instance = asked.entry ? seed_entry_instance(asked.entry) : NULL;
    } else if (route.kind != ROUTE_NOT_FOUND &&
               look_up(context->home->store, &route, &instance, &error)) {
        asked.instance = &instance;
    }
    answer(&asked, asked.instance != NULL, &error);
    store_instance_done(&instance);
}

void seed_request_settle(struct seed_answer *answer, enum seed_result result) {
    static const struct {
        int status;
        const char *text;
    } answers[] = {
        [SEED_TAKEN] = {200, "ok\n"},
        [SEED_FAILED] = {500, "cannot be recorded now\n"},
        [SEED_REFUSED] = {403, "not from this guest in this boot\n"},
    };
    seed_connection_settle(answer, answers[result].status, answers[result].text);
}
