/* INSTANCEDIR/ansible.log: what the last run of ansible-playbook said, and what it counted: the
 * lines of its PLAY RECAP, "test : ok=4 changed=3 unreachable=0 failed=0 …", that its default
 * output ends with. */
#pragma once

#include "home/home.h"
#include "store/instance_table.h"

#include <stdbool.h>
#include <stddef.h>

struct ansible_recap { /* summed up over the hosts */
    unsigned ok, changed, unreachable, failed;
};

char *ansible_log_path(const struct home *home, const char *name); /* caller frees */

/* False: no log yet, or its output has another format. */
bool ansible_log_recap(const struct home *home, const char *name, struct ansible_recap *recap);
/* The same for the text of a log. Pure. */
bool ansible_log_parse(const char *text, struct ansible_recap *recap);
