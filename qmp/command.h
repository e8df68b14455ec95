/* The QMP commands that pgsup uses: how long each may take, and their encoding.
 * Source: QEMU's qapi/{control,misc,run-state,block,machine}.json. */
#pragma once

#include <jansson.h>
#include <stdint.h>

#define QMP_DEADLINE_MS     5000u  /* unless the table says more */
#define QMP_DEADLINE_JOB_MS 60000u /* block and migration commands flush first */

uint64_t qmp_command_timeout_ms(const char *command);

/* {"execute": command, "arguments": arguments, "id": id}, one line of ASCII ending in LF; arguments
 * is borrowed, may be NULL. Caller frees. */
char *qmp_command_encode(const char *command, json_t *arguments, uint64_t id);
