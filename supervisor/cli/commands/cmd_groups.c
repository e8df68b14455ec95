/* The rows that only hold sub-commands. */
#include "cli/commands/table.h"

const struct command cmd_backup = {
    .path = "backup",
    .summary = "Copies of instances outside of the home, from which they can be made again",
    .section = SECTION_CLOUD,
};

const struct command cmd_cloud = {
    .path = "cloud",
    .summary = "Settings of a cloud home: name, admin password, SSH key, network",
    .section = SECTION_CLOUD,
};

const struct command cmd_forward = {
    .path = "forward",
    .summary = "Ports of this host that are forwarded to guests",
    .section = SECTION_CLOUD,
};

const struct command cmd_image = {
    .path = "image",
    .summary = "Disk images that instances start from",
    .section = SECTION_CLOUD,
};

const struct command cmd_instance = {
    .path = "instance",
    .summary = "Definitions of virtual machines",
    .section = SECTION_CLOUD,
};

const struct command cmd_disk = {
    .path = "disk",
    .summary = "Extra disks of instances",
    .section = SECTION_CLOUD,
};

const struct command cmd_snapshot = {
    .path = "snapshot",
    .summary = "Points in time of instances, to which they can return",
    .section = SECTION_CLOUD,
};

const struct command cmd_nic = {
    .path = "nic",
    .summary = "Network cards of instances",
    .section = SECTION_CLOUD,
};

const struct command cmd_network = {
    .path = "network",
    .summary = "Networks that instances of this home share",
    .section = SECTION_CLOUD,
};

const struct command cmd_service = {
    .path = "service",
    .summary = "The supervisor as a service of systemd or launchd",
    .section = SECTION_RUN,
};

const struct command cmd_trash = {
    .path = "trash",
    .summary = "Removed instances",
    .section = SECTION_CLOUD,
};
