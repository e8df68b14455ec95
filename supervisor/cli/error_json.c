#include "error_json.h"

#include "base/alloc.h"
#include "base/name.h"

#include <jansson.h>
#include <stdio.h>

void error_json_print(const char *name, const struct error *error) {
    scoped(alloc_release) char *text = name_safe(error->text);
    json_t *object = json_object(), *problem = json_object();
    json_object_set_new(problem, "code", json_string(error_word(error->code)));
    json_object_set_new(problem, "status", json_integer(error_exit_status(error->code)));
    json_object_set_new(problem, "message", json_string(text));
    json_object_set_new(object, "schema", json_integer(1));
    json_object_set_new(object, "name", name ? json_string(name) : json_null());
    json_object_set_new(object, "ok", json_false());
    json_object_set_new(object, "error", problem);
    json_dumpf(object, stdout, JSON_COMPACT);
    putchar('\n');
    fflush(stdout);
    json_decref(object);
}
