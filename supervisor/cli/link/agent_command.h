/* Runs a program in a guest as root, by QEMU's guest agent, where ssh does not work. Blocks, with a
 * timeout. */
#pragma once

#include "base/error.h"
#include "home/home.h"
#include "home/running.h"

#include <stdbool.h>
#include <stdint.h>

/* argv[0] is found in the agent's PATH. False: no agent answers, it may not run programs, or the
 * program ended with another status than 0. */
bool agent_command_run(const struct home *home, const struct running *running,
                       const char *const argv[], uint64_t limit_ms, struct error *error);
