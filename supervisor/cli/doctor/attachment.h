/* Checks of what guests' networks are attached to on this computer: check.h. */
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/surroundings.h"

void attachment_network(const struct surroundings *surroundings, struct finding *finding);
void attachment_bridge_helper(const struct surroundings *surroundings, struct finding *finding);
void attachment_bridge_conf(const struct surroundings *surroundings, struct finding *finding);
void attachment_tun(const struct surroundings *surroundings, struct finding *finding);
void attachment_phone_home_port(const struct surroundings *surroundings, struct finding *finding);
void attachment_ports(const struct surroundings *surroundings, struct finding *finding);
