/* Checks of the home as a folder: check.h. */
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/surroundings.h"

void folders_home(const struct surroundings *surroundings, struct finding *finding);
void folders_owner(const struct surroundings *surroundings, struct finding *finding);
void folders_modes(const struct surroundings *surroundings, struct finding *finding);
void folders_run(const struct surroundings *surroundings, struct finding *finding);
void folders_space(const struct surroundings *surroundings, struct finding *finding);
void folders_store(const struct surroundings *surroundings, struct finding *finding);
void folders_ssh_key(const struct surroundings *surroundings, struct finding *finding);
