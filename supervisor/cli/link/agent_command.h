/* A program run in a guest by QEMU's guest agent, as root there; blocking, with a deadline. For
 * where ssh does not get through. */
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
