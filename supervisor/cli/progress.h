/* Shows on stderr, line by line, what a VM goes through while a command waits for it. */
#pragma once

#include <jansson.h>

/* A client_on_progress; context is the invocation. */
void progress_show(void *context, const char *method, json_t *body);
