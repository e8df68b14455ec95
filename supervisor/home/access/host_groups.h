/* The groups of Ansible's inventory that an instance is in by the user's wish, as the store keeps
 * them: "web,db", in the order given, each once; NULL: none. Pure. */
#pragma once

#include "base/error.h"
#include "base/strv.h"

#define HOST_GROUPS_MAX 32u /* of one instance */

/* Replaces what is stored. given: NULL-terminated words, each "NAME" or "NAME,NAME"; only "": none.
 * Fails for a name that is none to Ansible, or that pgsup gives itself. */
bool host_groups_set(char **stored, char *const *given, struct error *error);
void host_groups_list(const char *stored, struct strv *names);
