#include "home/change/reset.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/facts.h"
#include "home/images/image.h"
#include "home/images/overlay.h"
#include "home/instance/identity.h"
#include "home/instance/recovery.h"
#include "home/instance/regenerate.h"
#include "home/layout.h"
#include "home/seed/seed_carry.h"
#include "home/snapshot/snapshot_hold.h"
#include "home/unfinished.h"
#include "store/guest_table.h"
#include "store/transaction.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct reset {
    struct home *home;
    const struct store_instance *before;
    struct instance_facts facts; /* as they will be */
    char *stage;
};

static bool stage(struct reset *reset, struct error *error) {
    struct home *home = reset->home;
    struct store_instance *after = &reset->facts.instance;
    scoped(alloc_release) char *folder = home_instance_folder(home, after->name);
    reset->stage = alloc_printf("%s/" RECOVERY_RESET_STAGE "%s", folder, after->instance_id);
    scoped(alloc_release) char *disk = alloc_printf("%s/" LAYOUT_OS_DISK, reset->stage);
    scoped(alloc_release) char *documents = alloc_printf("%s/" LAYOUT_DOCUMENTS, reset->stage);
    if (!home_make_folder(home, documents, error) ||
        !image_check_once(home, &reset->facts.image, error) ||
        !overlay_create(home, &reset->facts.image, disk, after->disk_bytes, error))
        return false;
    const struct seed_carry carry = {home, reset->before, after, documents};
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        if (!seed_carry(&carry, (enum seed_document)i, error))
            return false;
    return true;
}

static bool reset_record(struct home *home, const struct store_instance *after,
                         struct error *error) {
    return store_begin(home->store, error) &&
           store_end(home->store,
                     instance_table_set_identity(home->store, after, error) &&
                         guest_table_remove(home->store, after->id, error),
                     error);
}

static bool begin(struct reset *reset, struct error *error) {
    struct instance_facts *facts = &reset->facts;
    if (!instance_facts_load(reset->home, reset->before->name, facts, error))
        return false;
    identity_new(&facts->instance);
    bool was_unfinished = unfinished_is_marked(reset->home, facts->instance.name);
    if (unfinished_mark(reset->home, facts->instance.name, error) && stage(reset, error) &&
        reset_record(reset->home, &facts->instance, error))
        return true;
    if ((!reset->stage || file_remove_tree(reset->stage, NULL)) && !was_unfinished)
        unfinished_clear(reset->home, facts->instance.name, NULL);
    return false;
}

/* What fails after the record is made good by the next launch, so it says what it is. */
static bool end(struct reset *reset, char **notice, struct error *error) {
    return (recovery_complete_reset(reset->home, &reset->facts.instance, error) &&
            instance_regenerate_now(reset->home, reset->facts.instance.name, notice, error) &&
            unfinished_clear(reset->home, reset->facts.instance.name, error)) ||
           error_prefix(
               error,
               "the instance is reset, but some of its files are not updated; the next start "
               "updates them");
}

bool instance_reset(struct home *home, const struct store_instance *instance, char **notice,
                    struct error *error) {
    *notice = NULL;
    struct reset reset = {.home = home, .before = instance};
    bool good = snapshot_hold_check_none(home, instance, error) &&
                recovery_complete_reset(home, instance, error) && begin(&reset, error) &&
                end(&reset, notice, error);
    alloc_release(&reset.stage);
    instance_facts_done(&reset.facts);
    return good;
}
