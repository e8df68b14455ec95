#include "cli/command_line.h"
#include "cli/commands/table.h"

int main(int argc, char **argv) {
    (void)argc;
    return command_line_run(table_commands, argv);
}
