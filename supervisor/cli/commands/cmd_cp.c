#include "base/alloc.h"
#include "base/interrupt.h"
#include "cli/commands/table.h"
#include "cli/invocation.h"
#include "cli/link/guest_copy.h"
#include "home/cloud/user.h"

#include <stdlib.h>
#include <unistd.h>

static const struct option_spec options[] = {
    {.name = "recursive", .letter = 'r', .help = "copy folders, and all that is in them"},
    {.name = "archive", .letter = 'a', .help = "the same, with modes and times"},
    {.name = "user",
     .letter = 'l',
     .value = "USER",
     .help = "log in as this user; default: that of `cloud set --ssh-user`, else ansible"},
    OPTIONS_END,
};

static bool check_ends(const struct guest_place *places, size_t count, struct error *error) {
    for (size_t i = 0; i + 1 < count; i++)
        if (!places[i].instance && !places[count - 1].instance)
            return error_set(error, ERROR_USAGE,
                             "neither %s nor %s is in a guest: write NAME:PATH for one of them",
                             places[i].path, places[count - 1].path);
    return true;
}

static bool copy_all(const struct invocation *invocation, const struct guest_place *places,
                     size_t count, struct error *error) {
    const struct guest_copy copy = {
        .home = invocation->home,
        .user = invocation_option(invocation, "user"),
        .recursive =
            invocation_flag(invocation, "recursive") || invocation_flag(invocation, "archive"),
        .preserves = invocation_flag(invocation, "archive"),
        .quiet = invocation->quiet,
    };
    if ((copy.user && !user_check_login(copy.user, error)) || !check_ends(places, count, error))
        return false;
    interrupt_watch();
    for (size_t i = 0; i + 1 < count; i++)
        if (!guest_copy_run(&copy, &places[i], &places[count - 1], count > 2, error))
            return false;
    return true;
}

static int run_cp(struct invocation *invocation, struct error *error) {
    size_t count = invocation_argument_count(invocation), parsed = 0;
    struct guest_place *places = alloc_zero(count * sizeof *places);
    bool good = true;
    while (good && parsed < count) {
        good = guest_place_parse(invocation_argument(invocation, parsed), &places[parsed], error);
        parsed++;
    }
    if (good)
        copy_all(invocation, places, count, error);
    for (size_t i = 0; i < parsed; i++)
        guest_place_done(&places[i]);
    free(places);
    return EXIT_SUCCESS;
}

const struct command cmd_cp = {
    .path = "cp",
    .summary = "Copy files from and to guests",
    .arguments = "SOURCE... DESTINATION",
    .details = "NAME:PATH is a file in a guest; if PATH does not begin with \"/\", it is in the "
               "home of the user there, as ~/PATH is. A word without \":\" before its first "
               "\"/\" is a file of this computer. Paths are taken as they are, without patterns. "
               "Between two guests the files go through this computer.\n"
               "\n"
               "A copy gets its name when it is whole. If something fails, or after Ctrl-C, the "
               "destination is as before. If the destination is a folder, the copy goes into it. "
               "Links are followed. scp over SFTP makes the copy, and logs in as `pgsup ssh` "
               "does; it shows its progress on a terminal.\n"
               "\n"
               "  pgsup cp report.txt test:\n"
               "  pgsup cp -r test:/var/log/nginx db:/etc/hosts .\n"
               "  pgsup cp -a site/ web:/srv/www",
    .options = options,
    .min_arguments = 2,
    .max_arguments = COMMAND_MANY,
    .section = SECTION_REACH,
    .completes = COMPLETES_FILES,
    .needs = NEEDS_HOME,
    .run = run_cp,
};
