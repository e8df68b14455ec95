/* Files in a guest, by its agent: opened by root, and each closed by who opened it; an agent that
 * is restarted forgets them. */
#pragma once

#include "cli/link/agent_talk.h"

#include <stddef.h>

/* mode: as fopen(3) has it. */
bool guest_file_open(struct agent_talk *talk, const char *path, const char *mode,
                     json_int_t *handle, struct error *error);
/* Appends what there is, at most limit_bytes. */
bool guest_file_read(struct agent_talk *talk, json_int_t handle, size_t limit_bytes,
                     struct buffer *bytes, struct error *error);
bool guest_file_write(struct agent_talk *talk, json_int_t handle, const struct buffer *bytes,
                      struct error *error);
bool guest_file_close(struct agent_talk *talk, json_int_t handle, struct error *error);

/* It is there afterwards, and empty. */
bool guest_file_clear(struct agent_talk *talk, const char *path, struct error *error);

/* 1: it can be opened, 0: there is none, -1: error set. */
int guest_file_exists(struct agent_talk *talk, const char *path, struct error *error);
