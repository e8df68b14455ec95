/* Publishes the names and addresses of instances, after a command that changed them: writes
 * PATH/hosts and updates the DNS. Failing is not the command's failure: a supervisor tries again,
 * or else the next command that changes a name. */
#pragma once

#include "base/strv.h"
#include "home/home.h"

/* Adds one sentence to warnings for each of the two that failed. */
void publish_names(struct home *home, struct strv *warnings);
