/* The methods of the control protocol, one row each. A method finds its VM, gives the lifecycle an
 * input and adds a waiter that answers the call. */
#pragma once

#include "daemon/request.h"

void methods_dispatch(struct request_context *context, struct call *call, const char *method,
                      json_t *params);
void methods_gone(struct request_context *context, struct call *call);
void methods_close(struct request_context *context); /* drops what goes on without a client */
