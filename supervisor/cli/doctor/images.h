/* Checks of images, disks and folders of instances: check.h. */
#pragma once

#include "cli/doctor/finding.h"
#include "cli/doctor/surroundings.h"

void images_files(const struct surroundings *surroundings, struct finding *finding);
void images_disks(const struct surroundings *surroundings, struct finding *finding);
void images_folders(const struct surroundings *surroundings, struct finding *finding);
