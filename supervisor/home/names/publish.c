#include "publish.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "dns_update.h"
#include "home/access/ssh_config.h"
#include "hosts.h"

void publish_names(struct home *home, struct strv *warnings) {
    struct error problem = {0}, dns_problem = {0};
    scoped(buffer_done) struct buffer done = {0};
    if (!hosts_write(home, &problem) || !ssh_config_write(home, &problem))
        strv_push(warnings, problem.text);
    if (!dns_update(home, &done, &dns_problem))
        strv_pushf(warnings, "names: dns update failed: %s", dns_problem.text);
}
