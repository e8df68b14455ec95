/* Checks of what runs guests fast: check.h. */
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/surroundings.h"

void acceleration_kvm(const struct surroundings *surroundings, struct finding *finding);
void acceleration_hvf(const struct surroundings *surroundings, struct finding *finding);
void acceleration_variable(const struct surroundings *surroundings, struct finding *finding);
void acceleration_signature(const struct surroundings *surroundings, struct finding *finding);
