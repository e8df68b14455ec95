/* Checks of the programs that pgsup runs: check.h. */
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/surroundings.h"

void programs_qemu(const struct surroundings *surroundings, struct finding *finding);
void programs_qemu_version(const struct surroundings *surroundings, struct finding *finding);
void programs_qemu_img(const struct surroundings *surroundings, struct finding *finding);
void programs_firmware(const struct surroundings *surroundings, struct finding *finding);
void programs_mtools(const struct surroundings *surroundings, struct finding *finding);
void programs_ssh(const struct surroundings *surroundings, struct finding *finding);
void programs_fetch(const struct surroundings *surroundings, struct finding *finding);
void programs_ansible(const struct surroundings *surroundings, struct finding *finding);
void programs_nsupdate(const struct surroundings *surroundings, struct finding *finding);
