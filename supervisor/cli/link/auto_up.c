#include "cli/link/auto_up.h"

#include "cli/link/own_command.h"
#include "store/cloud_table.h"

#include <stdlib.h>
#include <unistd.h>

bool auto_up(const struct invocation *invocation, struct error *error) {
    struct store_cloud cloud = {0};
    struct own_command own = {0};
    struct strv words = {0};
    bool wanted = cloud_table_get(invocation->home->store, &cloud, error) && cloud.auto_up;
    store_cloud_done(&cloud);
    if (!wanted)
        return false;
    strv_push(&words, "up");
    strv_push(&words, "--detach");
    if (geteuid() == 0)
        strv_push(&words, "--as-root"); /* it is root's own home: home_open() has seen to that */
    int status = -1;
    if (own_command_init(&own, invocation, error))
        status = own_command_run(&own, &words, error);
    if (status > 0)
        error_set(error, ERROR_NO_SUPERVISOR, "no supervisor could be started: see above");
    own_command_done(&own);
    strv_done(&words);
    return status == 0;
}
