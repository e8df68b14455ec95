#include "home/instance/prepare.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/lock_holder.h"
#include "home/access/known_hosts.h"
#include "home/images/overlay.h"
#include "home/instance/launch_check.h"
#include "home/instance/machine_type.h"
#include "home/instance/recovery.h"
#include "home/instance/ssh_port.h"
#include "home/layout.h"
#include "home/snapshot/snapshot_settle.h"
#include "home/unfinished.h"
#include "store/transaction.h"

#include <errno.h>
#include <stdlib.h>

static bool complete_rename(struct home *home, const char *name, struct error *error) {
    struct store_instance instance = {0};
    bool good = instance_table_get(home->store, name, &instance, error) &&
                recovery_complete_rename(home, &instance, error);
    store_instance_done(&instance);
    return good;
}

/* Nobody removes the folder while it is locked. It may still have its old name. */
static bool lock_folder(struct home *home, const char *name, int *lock, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, name);
    if (!file_exists(folder) && !complete_rename(home, name, error))
        return false;
    *lock = file_lock_folder(folder);
    if (*lock < 0 && errno == EWOULDBLOCK)
        return lock_holder_report(folder, folder, error);
    return true;
}

static void add_notice(struct instance_plan *plan, const char *text) {
    if (text && plan->notice)
        alloc_replace(&plan->notice, alloc_printf("%s; %s", plan->notice, text));
    else if (text)
        plan->notice = alloc_string(text);
}

static bool write_plan(struct home *home, const struct instance_facts *facts,
                       struct instance_plan *plan, struct error *error) {
    struct generated generated = {.home = home, .facts = facts, .tells_edits = true};
    char *before = plan->notice;
    bool good = instance_plan_write(&generated, plan, error);
    plan->notice = alloc_string(before);
    add_notice(plan, generated.notice);
    free(before);
    generated_done(&generated);
    return good;
}

static bool settle_disk(struct home *home, const struct instance_facts *facts,
                        struct error *error) {
    scoped(alloc_release) char *disk = layout_os_disk(home, facts->instance.name);
    return overlay_settle(home, &facts->image, disk, error);
}

/* A restore that is completed changes rows. */
static bool settle_snapshots(struct home *home, const char *name, struct instance_facts *facts,
                             struct error *error) {
    bool restored;
    if (!snapshot_settle_idle(home, &facts->instance, &restored, error))
        return false;
    if (!restored)
        return true;
    instance_facts_done(facts);
    return instance_facts_load(home, name, facts, error) && known_hosts_collect(home, error);
}

static bool settle_suspension(struct home *home, const struct instance_facts *facts,
                              struct instance_plan *plan, struct error *error) {
    if (!suspension_settle(home, &facts->instance, &plan->spec, &plan->wake, error))
        return false;
    add_notice(plan, plan->wake.notice);
    return true;
}

/* What is read here is read together, as the process before has written it with the lock. */
static bool settle_state(struct home *home, const char *name, struct instance_facts *facts,
                         struct instance_plan *plan, struct error *error) {
    store_begin_reading(home->store);
    bool good = instance_facts_load(home, name, facts, error);
    if (good)
        recovery_end_rename(home, &facts->instance);
    good = good && recovery_complete_reset(home, &facts->instance, error) &&
           recovery_complete_restore(home, &facts->instance, error) &&
           settle_snapshots(home, name, facts, error) &&
           ssh_port_renew(home, facts, &plan->notice, error) && launch_check(home, facts, error);
    store_end_reading(home->store);
    return good;
}

static bool settle_files(struct home *home, struct instance_facts *facts,
                         struct instance_plan *plan, struct error *error) {
    store_begin_reading(home->store);
    bool good = write_plan(home, facts, plan, error) &&
                unfinished_clear(home, facts->instance.name, error) &&
                settle_suspension(home, facts, plan, error);
    store_end_reading(home->store);
    return good;
}

bool instance_prepare(struct home *home, const char *name, struct instance_facts *facts,
                      struct instance_plan *plan, struct error *error) {
    scoped(file_release) int lock = -1;
    *facts = (struct instance_facts){0};
    *plan = (struct instance_plan){0};
    return lock_folder(home, name, &lock, error) && settle_state(home, name, facts, plan, error) &&
           settle_disk(home, facts, error) &&
           machine_type_settle(home->store, &facts->instance, error) &&
           settle_files(home, facts, plan, error);
}
