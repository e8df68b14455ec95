/* Each command has --json, or a row here says why not. */
#include "test.h"

#include "cli/commands/table.h"

#include <string.h>

static const struct {
    const char *path, *reason;
} without[] = {
    {"up", "it stays, and its words are a log"},
    {"launch", "its output is the list of commands that it runs; `pgsup info NAME --json` follows"},
    {"service log", "lines of a log"},
    {"log", "lines of logs"},
    {"console", "a terminal"},
    {"monitor", "the words of QEMU's monitor"},
    {"ssh", "the output is the guest's"},
    {"exec", "the output is the guest's"},
    {"cp", "its progress and status are all there is"},
    {"ssh-config", "a file of OpenSSH's"},
    {"inventory", "JSON for Ansible, without an option"},
    {"qmp", "JSON of QEMU's, without an option"},
    {"import", "its exit status; `pgsup info NAME --json` follows"},
    {"export", "a lab file"},
    {"apply", "the lines of diff, done"},
    {"help", "text for people"},
    {"completion", "a script of a shell"},
};

static const char *reason_of(const char *path) {
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        if (strcmp(without[i].path, path) == 0)
            return without[i].reason;
    return NULL;
}

static bool has_json(const struct command *command) {
    for (const struct option_spec *each = command->options; each && each->name; each++)
        if (strcmp(each->name, "json") == 0)
            return true;
    return false;
}

TEST(each_command_has_json_or_a_reason) {
    for (const struct command *const *each = table_commands; *each; each++) {
        const struct command *command = *each;
        const char *reason = reason_of(command->path);
        if (command->run && !command->hidden && has_json(command) == (reason != NULL)) {
            fprintf(stderr, "%s: %s\n", command->path,
                    reason ? "it has --json now: take its row away" : "neither --json nor a row");
            CHECK(false);
        }
        CHECK(!command->report || has_json(command));
    }
}

TEST(each_reason_is_of_a_command) {
    for (size_t i = 0; i < sizeof without / sizeof *without; i++)
        CHECK(command_find(table_commands, without[i].path) != NULL);
}

int main(void) {
    return test_run();
}
