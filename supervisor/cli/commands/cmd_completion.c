#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/manual/completion.h"

#include <stdio.h>
#include <stdlib.h>

static int run_completion(struct invocation *invocation, struct error *error) {
    const char *shell = invocation_argument(invocation, 0);
    struct buffer script = {0};
    if (completion_write(invocation->table, shell, &script))
        fwrite(script.data, 1, script.length, stdout);
    else
        error_set(error, ERROR_USAGE, "there is no completion for the shell \"%s\", only for %s",
                  shell, COMPLETION_SHELLS);
    buffer_done(&script);
    return EXIT_SUCCESS;
}

const struct command cmd_completion = {
    .path = "completion",
    .summary = "Print the completion script of a shell",
    .arguments = COMPLETION_SHELLS,
    .details = "  bash  source <(pgsup completion bash), or as a file in\n"
               "        ~/.local/share/bash-completion/completions/pgsup\n"
               "  zsh   source <(pgsup completion zsh) after compinit, or as the file _pgsup\n"
               "        in a folder of $fpath\n"
               "  fish  pgsup completion fish > ~/.config/fish/completions/pgsup.fish",
    .min_arguments = 1,
    .max_arguments = 1,
    .section = SECTION_MORE,
    .run = run_completion,
};
