/* A backup as commands print it. */
#pragma once

#include "cli/invocation.h"
#include "home/backup/backup_manifest.h"

#include <jansson.h>
#include <stdint.h>

/* bytes: of its files. problem: NULL, or why the manifest is empty. Caller owns. */
json_t *backup_output_row(const char *folder, const struct backup_manifest *manifest,
                          uint64_t bytes, const char *problem);
uint64_t backup_output_bytes(const struct backup_manifest *manifest);
/* "stopped", or in which moment of the guest it was taken. */
const char *backup_output_moment(enum backup_moment moment);
void backup_output_made(const struct invocation *invocation, const char *folder,
                        const struct backup_manifest *manifest);
