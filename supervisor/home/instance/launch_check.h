/* Checks what a start needs: the disks, the networks of the cards, and free ports of this host.
 * The error says what is missing. */
#pragma once

#include "base/error.h"
#include "home/facts.h"
#include "home/home.h"

bool launch_check(const struct home *home, const struct instance_facts *facts, struct error *error);
