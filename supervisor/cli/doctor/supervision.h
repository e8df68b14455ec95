/* Checks of the supervisor, of what former ones left, and of the service: check.h. */
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/surroundings.h"

void supervision_answers(const struct surroundings *surroundings, struct finding *finding);
void supervision_leftovers(const struct surroundings *surroundings, struct finding *finding);
void supervision_descriptors(const struct surroundings *surroundings, struct finding *finding);
void supervision_service(const struct surroundings *surroundings, struct finding *finding);
void supervision_loaded(const struct surroundings *surroundings, struct finding *finding);
void supervision_logout(const struct surroundings *surroundings, struct finding *finding);
void supervision_warnings(const struct surroundings *surroundings, struct finding *finding);
