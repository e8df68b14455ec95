/* The help of every command against golden/help/COMMAND.txt; UPDATE_GOLDEN=1 writes the files. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "cli/commands/table.h"
#include "cli/help.h"
#include "cli/manual/man.h"
#include "golden.h"
#include "test.h"

#include <dirent.h>

static char *golden_path(const struct command *command) {
    char *path = alloc_printf("golden/help/%s.txt", command ? command->path : "pgsup");
    for (char *space = path; (space = strchr(space, ' '));)
        *space = '-';
    return path;
}

static void check_golden(const struct command *command) {
    struct buffer text = {0};
    scoped(alloc_release) char *path = golden_path(command);
    help_write(table_commands, command, &text);
    golden_check(path, &text);
    buffer_done(&text);
}

TEST(help_is_as_recorded) {
    check_golden(NULL);
    for (size_t i = 0; table_commands[i]; i++)
        check_golden(table_commands[i]);
}

TEST(every_record_belongs_to_a_command) {
    size_t files = 0, commands = 1;
    DIR *folder = opendir("golden/help");
    CHECK(folder != NULL);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        files += entry->d_name[0] != '.';
    closedir(folder);
    while (table_commands[commands - 1])
        commands++;
    CHECK_INT(files, commands);
}

TEST(lines_fit_a_terminal) {
    for (size_t i = 0; table_commands[i]; i++) {
        struct buffer text = {0};
        help_write(table_commands, table_commands[i], &text);
        for (char *line = strtok(text.data, "\n"); line; line = strtok(NULL, "\n"))
            if (strlen(line) >= HELP_WIDTH)
                CHECK_STRING(line, "a line of less than 80 characters");
        buffer_done(&text);
    }
}

/* A row that its command could not be called with, or that a reader would stumble over. */
TEST(rows_are_sound) {
    for (size_t i = 0; table_commands[i]; i++) {
        const struct command *command = table_commands[i];
        CHECK(command->summary && command->summary[strlen(command->summary) - 1] != '.');
        CHECK(command->min_arguments <= command->max_arguments);
        CHECK(command->arguments || command->max_arguments == 0);
        CHECK(command_find(table_commands, command->path) == command);
        for (const struct option_spec *a = command->options; a && a->name; a++) {
            CHECK(a->help && *a->help && a->help[strlen(a->help) - 1] != '.');
            CHECK(!(a->required && a->fallback));
            for (const struct option_spec *b = a + 1; b->name; b++)
                CHECK(strcmp(a->name, b->name) != 0 && (!a->letter || a->letter != b->letter));
        }
    }
}

TEST(manual_page_tells_every_command) {
    struct buffer page = {0};
    man_write(table_commands, &page);
    for (size_t i = 0; table_commands[i]; i++) {
        scoped(buffer_done) struct buffer heading = {0};
        buffer_puts(&heading, ".SS pgsup ");
        for (const char *each = table_commands[i]->path; *each; each++)
            buffer_printf(&heading, *each == '-' ? "\\-" : "%c", *each);
        if (!command_is_group(table_commands[i]) && !table_commands[i]->hidden)
            CHECK_CONTAINS(page.data, heading.data);
    }
    buffer_done(&page);
}

TEST(each_command_has_a_page) {
    const struct command *command = command_find(table_commands, "instance create");
    struct buffer page = {0};
    scoped(alloc_release) char *name = man_page_name(command);
    CHECK_STRING(name, "pgsup-instance-create");
    man_write_command(command, &page);
    CHECK_CONTAINS(page.data, ".TH PGSUP-INSTANCE-CREATE 1 ");
    CHECK_CONTAINS(page.data, "pgsup\\-instance\\-create \\- define a virtual machine\n");
    CHECK(!man_has(command_find(table_commands, "instance")));
    buffer_done(&page);
}

int main(void) {
    return test_run();
}
