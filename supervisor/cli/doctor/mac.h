/* Checks of what macOS denies, and of what is known not to work on it: check.h. */
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/surroundings.h"

void mac_version(const struct surroundings *surroundings, struct finding *finding);
void mac_firewall(const struct surroundings *surroundings, struct finding *finding);
void mac_bootpd(const struct surroundings *surroundings, struct finding *finding);
void mac_local_network(const struct surroundings *surroundings, struct finding *finding);
void mac_protected_folder(const struct surroundings *surroundings, struct finding *finding);
void mac_leases(const struct surroundings *surroundings, struct finding *finding);
void mac_bridging(const struct surroundings *surroundings, struct finding *finding);
void mac_helper_sudo(const struct surroundings *surroundings, struct finding *finding);
void mac_processors(const struct surroundings *surroundings, struct finding *finding);
void mac_firmware_package(const struct surroundings *surroundings, struct finding *finding);
