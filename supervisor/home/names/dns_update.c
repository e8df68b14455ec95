#include "home/names/dns_update.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "home/access/endpoint.h"
#include "home/names/dns_batch.h"
#include "host/program.h"
#include "store/cloud_table.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LOCK_LOOK_MS       50
#define ADDRESSES_PER_NAME 8 /* that may be in the DNS because of updates without an answer */

/* nsupdate(1): one repetition after 2 s without an answer, for updates and connections alike. */
#define NSUPDATE_TIMEOUT "4"
#define NSUPDATE_WAIT    "2"
#define NSUPDATE_RETRIES "1"

/* RFC 2136, 2.2: what nsupdate prints when a condition was not met. */
#define WORD_HAS_ADDRESS "YXRRSET"
#define WORD_HAS_ANOTHER "NXRRSET"
#define WORD_ANSWERED    "update failed: "

enum outcome { OUTCOME_DONE, OUTCOME_CONDITION, OUTCOME_REFUSED, OUTCOME_SILENT };

struct update {
    struct home *home;
    struct store_cloud cloud;
    struct dns_records wanted; /* as they are to be, all told */
    struct dns_records records;
    struct buffer *done;
    int lock;
    uint64_t deadline;
    char *silent; /* a server that did not answer; NULL */
};

/* --- what is to be, and what is --- */

static bool want(struct update *update, const struct store_instance *instance,
                 struct error *error) {
    struct endpoint endpoint = {0};
    if (!endpoint_find(update->home, instance, &endpoint, error))
        return false;
    /* This host's own loopback means nothing to others. */
    if (endpoint.address[0] && strncmp(endpoint.address, "127.", 4) != 0)
        dns_records_add(&update->wanted, &(struct dns_record){
                                             .told = true,
                                             .address = endpoint.address,
                                             .name = instance->name,
                                             .zone = update->cloud.dns_zone,
                                             .server = update->cloud.dns_server,
                                             .key = update->cloud.dns_key_path,
                                         });
    return true;
}

static bool load(struct update *update, struct error *error) {
    struct home *home = update->home;
    struct store_instances instances = {0};
    bool good = dns_records_read(home, &update->records, error) &&
                cloud_table_get(home->store, &update->cloud, error);
    if (good && update->cloud.dns_server && update->cloud.dns_zone)
        good = instance_table_list(home->store, &instances, error);
    for (size_t i = 0; good && i < instances.count; i++)
        good = want(update, &instances.items[i], error);
    store_instances_done(&instances);
    return good;
}

static void unload(struct update *update) {
    store_cloud_done(&update->cloud);
    dns_records_done(&update->wanted);
    dns_records_done(&update->records);
    alloc_release(&update->silent);
}

static bool is_told(const struct dns_records *records, const struct dns_record *name) {
    bool told = false;
    for (size_t i = 0; i < records->count; i++) {
        const struct dns_record *each = &records->items[i];
        if (!dns_records_is_same_name(each, name))
            continue;
        if (!each->told || strcmp(each->address, name->address) != 0)
            return false; /* there may be one too many */
        told = true;
    }
    return told;
}

static bool differs(const struct update *update) {
    for (size_t i = 0; i < update->wanted.count; i++)
        if (!is_told(&update->records, &update->wanted.items[i]))
            return true;
    return update->records.count != update->wanted.count;
}

/* --- one name --- */

static bool ask(struct update *update, const struct dns_batch *batch, struct buffer *output,
                struct error *error) {
    char *key = batch->name->key;
    char *argv[] = {"nsupdate",    "-t", NSUPDATE_TIMEOUT, "-u",
                    NSUPDATE_WAIT, "-r", NSUPDATE_RETRIES, key ? "-k" : NULL,
                    key,           NULL};
    scoped(buffer_done) struct buffer text = {0};
    dns_batch_format(batch, &text);
    const struct program_options options = {
        .timeout_ms = DNS_UPDATE_TIMEOUT_MS,
        .input = text.data,
        .kept = update->lock, /* who is killed leaves an nsupdate, which may still be heard */
    };
    return program_run_with(argv, &options, output, error);
}

static enum outcome attempt(struct update *update, const struct dns_batch *batch,
                            struct error *error) {
    scoped(buffer_done) struct buffer output = {0};
    struct error problem = {0};
    if (ask(update, batch, &output, &problem))
        return OUTCOME_DONE;
    const char *answer = output.data ? strstr(output.data, WORD_ANSWERED) : NULL;
    const char *unmet = batch->condition == DNS_NO_ADDRESS     ? WORD_HAS_ADDRESS
                        : batch->condition == DNS_ONLY_ADDRESS ? WORD_HAS_ANOTHER
                                                               : NULL;
    if (answer && unmet && strstr(answer, unmet))
        return OUTCOME_CONDITION;
    error_set(error, problem.code, "%s.%s: %s", batch->name->name, batch->name->zone, problem.text);
    return answer ? OUTCOME_REFUSED : OUTCOME_SILENT;
}

static bool is_mine(const struct dns_records *records, const struct dns_record *name) {
    for (size_t i = 0; i < records->count; i++)
        if (records->items[i].told && dns_records_is_same_name(&records->items[i], name))
            return true;
    return false;
}

/* A name that nobody has, or that has one address only, which an update without an answer may have
 * put there. */
static enum outcome claim(struct update *update, struct dns_batch *batch, struct error *error) {
    const struct dns_records *records = &update->records;
    batch->condition = DNS_NO_ADDRESS;
    enum outcome outcome = attempt(update, batch, error);
    batch->condition = DNS_ONLY_ADDRESS;
    for (size_t i = 0; outcome == OUTCOME_CONDITION && i < records->count; i++) {
        batch->only = records->items[i].address;
        if (dns_records_is_same_name(&records->items[i], batch->name))
            outcome = attempt(update, batch, error);
    }
    if (outcome == OUTCOME_CONDITION)
        error_set(error, ERROR_EXISTS,
                  "%s.%s has an address in the DNS that was not set by pgsup: remove it there, "
                  "or rename the instance",
                  batch->name->name, batch->name->zone);
    return outcome;
}

/* Stands in the file before the server hears of it. True: it is there for the first time. */
static bool note(struct dns_records *records, const struct dns_record *name) {
    size_t count = 0, oldest = 0;
    if (dns_records_find(records, name))
        return false;
    for (size_t i = records->count; i-- > 0;)
        if (dns_records_is_same_name(&records->items[i], name) && !records->items[i].told) {
            count++;
            oldest = i;
        }
    if (count >= ADDRESSES_PER_NAME)
        dns_records_remove(records, oldest);
    dns_records_add(records, name);
    records->items[records->count - 1].told = false;
    return true;
}

static void settle(struct dns_records *records, const struct dns_record *name, enum outcome outcome,
                   bool is_new) {
    if (outcome == OUTCOME_DONE) {
        dns_records_drop(records, name);
        dns_records_add(records, name);
    } else if (outcome == OUTCOME_CONDITION) {
        dns_records_drop(records, name);
    } else if (outcome == OUTCOME_REFUSED && is_new) { /* then nothing was changed */
        dns_records_remove(records, records->count - 1);
    }
}

static bool tell(struct update *update, const struct dns_record *name, struct error *error) {
    struct dns_records *records = &update->records;
    struct dns_batch batch = {.records = records, .name = name};
    bool mine = is_mine(records, name), is_new = note(records, name);
    if (!dns_records_write(update->home, records, error))
        return false;
    enum outcome outcome = mine ? attempt(update, &batch, error) : claim(update, &batch, error);
    settle(records, name, outcome, is_new);
    if (outcome == OUTCOME_DONE)
        buffer_printf(update->done, "%s.%s is %s\n", name->name, name->zone, name->address);
    if (outcome == OUTCOME_SILENT)
        alloc_replace(&update->silent, alloc_string(name->server));
    return dns_records_write(update->home, records, error) && outcome == OUTCOME_DONE;
}

static bool is_current(const struct update *update, const struct dns_record *record) {
    const struct store_cloud *cloud = &update->cloud;
    return cloud->dns_server && strcmp(record->server, cloud->dns_server) == 0 &&
           strcmp(record->zone, cloud->dns_zone) == 0;
}

static bool withdraw(struct update *update, const struct dns_record *record, struct error *error) {
    struct dns_records *records = &update->records;
    bool current = is_current(update, record);
    struct dns_record name = *record;
    struct dns_batch batch = {.records = records, .name = &name};
    struct error problem = {0};
    name.address = NULL;
    name.key = current ? update->cloud.dns_key_path : record->key;
    enum outcome outcome = attempt(update, &batch, &problem);
    if (outcome == OUTCOME_DONE)
        buffer_printf(update->done, "%s.%s is removed\n", name.name, name.zone);
    else
        error_set(error, problem.code, "%s%s", problem.text,
                  current ? "" : "; old names may remain there: pgsup does not retry");
    if (outcome == OUTCOME_SILENT)
        alloc_replace(&update->silent, alloc_string(name.server));
    if (outcome == OUTCOME_DONE || !current)
        dns_records_drop(records, &name);
    return dns_records_write(update->home, records, error) && outcome == OUTCOME_DONE;
}

/* --- all of them --- */

static bool is_silent(const struct update *update, const struct dns_record *name) {
    return update->silent && strcmp(update->silent, name->server) == 0;
}

static bool may_go_on(const struct update *update, const struct dns_record *name,
                      struct error *error) {
    if (is_silent(update, name))
        return false;
    return clock_monotonic_ms() < update->deadline ||
           error_set(error, ERROR_TIMEOUT, "not all names were updated within %d ms",
                     DNS_ROUND_TIMEOUT_MS);
}

static bool is_wanted(const struct update *update, const struct dns_record *record) {
    for (size_t i = 0; i < update->wanted.count; i++)
        if (dns_records_is_same_name(&update->wanted.items[i], record))
            return true;
    return false;
}

static bool is_first_of_name(const struct dns_records *records, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (dns_records_is_same_name(&records->items[i], &records->items[index]))
            return false;
    return true;
}

/* A server of before that does not answer: what it was told cannot be taken back. */
static bool give_up(struct update *update, const struct dns_record *name, struct error *error) {
    dns_records_drop(&update->records, name);
    dns_records_write(update->home, &update->records, error);
    return false;
}

/* Goes through a copy, because the records change on the way. */
static bool withdraw_all(struct update *update, struct error *error) {
    struct dns_records before = {0};
    bool good = true;
    for (size_t i = 0; i < update->records.count; i++)
        dns_records_add(&before, &update->records.items[i]);
    for (size_t i = 0; i < before.count; i++) {
        const struct dns_record *each = &before.items[i];
        if (is_wanted(update, each) || !is_first_of_name(&before, i))
            continue;
        if (is_silent(update, each) && !is_current(update, each))
            good = give_up(update, each, error);
        else
            good = may_go_on(update, each, error) && withdraw(update, each, error) && good;
    }
    dns_records_done(&before);
    return good;
}

static bool tell_all(struct update *update, struct error *error) {
    bool good = true;
    for (size_t i = 0; i < update->wanted.count; i++) {
        const struct dns_record *each = &update->wanted.items[i];
        if (!is_told(&update->records, each))
            good = may_go_on(update, each, error) && tell(update, each, error) && good;
    }
    return good;
}

static int lock(const struct home *home, struct error *error) {
    scoped(alloc_release) char *folder = home_file(home, "dns");
    uint64_t deadline = clock_monotonic_ms() + DNS_LOCK_WAIT_MS;
    if (!home_make_folder(home, folder, error))
        return -1;
    for (;;) {
        int fd = file_lock_folder(folder);
        if (fd >= 0)
            return fd;
        if (errno != EWOULDBLOCK) {
            error_errno(error, "cannot open %s", folder);
            return -1;
        }
        if (clock_monotonic_ms() >= deadline) {
            error_set(error, ERROR_TIMEOUT, "another pgsup has been updating for %d ms",
                      DNS_LOCK_WAIT_MS);
            return -1;
        }
        poll(NULL, 0, LOCK_LOOK_MS);
    }
}

bool dns_update_is_due(struct home *home, bool *due, struct error *error) {
    struct update update = {.home = home};
    bool good = load(&update, error);
    *due = good && differs(&update);
    unload(&update);
    return good;
}

bool dns_update(struct home *home, struct buffer *done, struct error *error) {
    bool due = false;
    if (!dns_update_is_due(home, &due, error))
        return false;
    if (!due)
        return true;
    scoped(file_release) int held = lock(home, error);
    struct update update = {.home = home, .done = done, .lock = held};
    if (held < 0)
        return false;
    bool good = load(&update, error);
    update.deadline = clock_monotonic_ms() + DNS_ROUND_TIMEOUT_MS;
    if (good) {
        good = withdraw_all(&update, error);
        good = tell_all(&update, error) && good;
    }
    unload(&update);
    return good;
}

bool dns_update_doubt(struct home *home, struct error *error) {
    struct dns_records records = {0};
    scoped(file_release) int held = lock(home, error);
    bool good = held >= 0 && dns_records_read(home, &records, error);
    for (size_t i = 0; i < records.count; i++)
        records.items[i].told = false;
    good = good && (records.count == 0 || dns_records_write(home, &records, error));
    dns_records_done(&records);
    return good;
}
