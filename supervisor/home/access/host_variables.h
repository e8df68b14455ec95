/* The variables that Ansible is to have for an instance by the user's wish, as the store keeps
 * them: "name=value" lines in the order in which they were set first; NULL: none. Pure. */
#pragma once

#include "base/error.h"
#include "base/strv.h"

#define HOST_VARIABLES_MAX             64u /* of one instance */
#define HOST_VARIABLES_VALUE_MAX_BYTES 4096u

/* given: NULL-terminated "NAME=VALUE" words, which replace those of the same names. A value is one
 * line of text. Fails for a name that is none to Ansible, or that pgsup gives itself. */
bool host_variables_set(char **stored, char *const *given, struct error *error);
/* Fails for a name that has no value. */
bool host_variables_remove(char **stored, char *const *names, struct error *error);
/* Ansible evaluates it, on this computer: a lookup in it may run any program. */
bool host_variables_has_template(const char *value);
/* name, value, name, … */
void host_variables_list(const char *stored, struct strv *pairs);
/* What Ansible is given for a value, as JSON, which YAML reads too: a list or an object in JSON as
 * such, any other value as a string. Caller frees. */
char *host_variables_json(const char *value);
