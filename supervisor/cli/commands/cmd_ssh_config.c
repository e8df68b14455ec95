#include "base/account.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "home/access/ssh_config.h"
#include "home/access/ssh_include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct option_spec options[] = {
    {.name = "install",
     .help = "include it in your ~/.ssh/config, so that ssh, scp, rsync, git and editors know "
             "the guests by name"},
    {.name = "uninstall", .help = "undo that"},
    OPTIONS_END,
};

static bool print_config(const struct invocation *invocation, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    if (!ssh_config_text(invocation->home, invocation_argument(invocation, 0), &text, error))
        return false;
    fwrite(text.data, 1, text.length, stdout);
    return true;
}

/* ssh does not look at HOME. */
static void warn_other_home(const char *home) {
    scoped(alloc_release) char *folder = account_folder(getuid());
    if (folder && strcmp(folder, home) != 0)
        invocation_warn("HOME is %s, but ssh reads the configuration in %s/.ssh", home, folder);
}

static bool change_include(const struct invocation *invocation, bool adds, struct error *error) {
    const char *home = getenv("HOME");
    if (!home || *home != '/')
        return error_set(error, ERROR_WRONG_STATE, "HOME is not set: your ~/.ssh is not known");
    scoped(alloc_release) char *path = alloc_printf("%s/.ssh/config", home);
    scoped(alloc_release) char *included = home_file(invocation->home, SSH_CONFIG);
    enum ssh_include_result result =
        adds ? ssh_include_add(path, included, error) : ssh_include_remove(path, included, error);
    if (result == SSH_INCLUDE_FAILED)
        return false;
    bool done = result == SSH_INCLUDE_DONE;
    if (!invocation->quiet && adds)
        printf("%s %s %s\n", path, done ? "now includes" : "includes already", included);
    else if (!invocation->quiet)
        printf("%s %s %s\n", path, done ? "no longer includes" : "does not include", included);
    if (adds)
        warn_other_home(home);
    return true;
}

static int run_ssh_config(struct invocation *invocation, struct error *error) {
    bool installs = invocation_flag(invocation, "install");
    bool removes = invocation_flag(invocation, "uninstall");
    bool changes = installs || removes;
    if (installs && removes)
        error_set(error, ERROR_USAGE, "--install excludes --uninstall");
    else if (changes && invocation_argument_count(invocation))
        error_set(error, ERROR_USAGE, "the configuration is included as a whole: give no NAME");
    else if (ssh_config_write(invocation->home, error) && changes)
        change_include(invocation, installs, error);
    else if (!changes && error->code == ERROR_NONE)
        print_config(invocation, error);
    return EXIT_SUCCESS;
}

const struct command cmd_ssh_config = {
    .path = "ssh-config",
    .summary = "Print how ssh reaches guests, or have your own ssh use it",
    .arguments = "[NAME]",
    .details =
        "Writes PATH/ssh_config, and prints it or the part for one instance: address, port, user, "
        "keys, and the host keys to expect. The file is kept up to date as instances, addresses "
        "and ports change.\n"
        "\n"
        "--install writes one line, Include \"PATH/ssh_config\", at the top of your "
        "~/.ssh/config; the rest of that file stays as it is. From then on `ssh test`, `scp f "
        "test:`, `rsync -e ssh`, `git clone test:repo` and an editor's remote window work. Where "
        "two homes have an instance of the same name, the home that was installed last counts.\n"
        "\n"
        "  pgsup ssh-config --install && ssh test uname -m",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_REACH,
    .completes = COMPLETES_INSTANCES,
    .needs = NEEDS_HOME,
    .run = run_ssh_config,
};
