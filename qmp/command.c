#include "command.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

/* These start, stop or drain disks, or copy guest data, before they answer; the rest answers from
 * memory. */
static const char *const slow[] = {
    "block-commit",
    "block-job-cancel",
    "block-stream",
    "block_resize",
    "block_set_io_throttle",
    "blockdev-add",
    "blockdev-backup",
    "blockdev-change-medium",
    "blockdev-create",
    "blockdev-del",
    "blockdev-mirror",
    "blockdev-reopen",
    "blockdev-snapshot",
    "blockdev-snapshot-delete-internal-sync",
    "blockdev-snapshot-internal-sync",
    "blockdev-snapshot-sync",
    "cont",
    "device_add",
    "drive-backup",
    "drive-mirror",
    "dump-guest-memory",
    "eject",
    "human-monitor-command",
    "job-cancel",
    "job-complete",
    "migrate",
    "screendump",
    "snapshot-delete",
    "snapshot-load",
    "snapshot-save",
    "stop",
    "system_reset",
    "transaction",
};

uint64_t qmp_command_timeout_ms(const char *command) {
    for (size_t i = 0; i < sizeof slow / sizeof *slow; i++)
        if (strcmp(slow[i], command) == 0)
            return QMP_DEADLINE_JOB_MS;
    return QMP_DEADLINE_MS;
}

char *qmp_command_encode(const char *command, json_t *arguments, uint64_t id) {
    json_t *root = json_object();
    json_t *name = json_string(command); /* NULL if it is not UTF-8: "" is refused by its id */
    json_object_set_new(root, "execute", name ? name : json_string(""));
    if (arguments)
        json_object_set(root, "arguments", arguments);
    json_object_set_new(root, "id", json_integer((json_int_t)id));
    char *text = json_dumps(root, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
    json_decref(root);
    char *line = alloc_printf("%s\n", text);
    free(text);
    return line;
}
