/* What each start asks for reads the rows of one instance, by an index: with a thousand others it
 * takes no longer. */
#include "store/query.h"
#include "store_samples.h"

static char *plan_of(struct store *store, enum statement statement) { /* caller frees */
    scoped(alloc_release) char *sql =
        alloc_printf("EXPLAIN QUERY PLAN %s", statements_sql(statement));
    char *steps = alloc_string("");
    sqlite3_stmt *plan = NULL;
    CHECK_INT(sqlite3_prepare_v2(store->database, sql, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW)
        alloc_replace(&steps,
                      alloc_printf("%s%s\n", steps, (const char *)sqlite3_column_text(plan, 3)));
    sqlite3_finalize(plan);
    return steps;
}

TEST(a_start_scans_no_table) {
    static const enum statement asked[] = {
        INSTANCE_GET,    GUEST_GET,           LAUNCH_LIST,         NIC_LIST_INSTANCE,
        DISK_LIST,       FORWARD_LIST,        SNAPSHOT_LIST,       FREEZE_LIST,
        EVENT_LIST_KIND, EVENT_LIST_INSTANCE, INSTANCE_SET_WANTED, LAUNCH_PUT,
    };
    struct store *store = with_image("plans");
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        scoped(alloc_release) char *steps = plan_of(store, asked[i]);
        CHECK(*steps);
        if (strstr(steps, "SCAN"))
            CHECK_STRING(statements_sql(asked[i]), steps);
    }
    store_close(store);
}

TEST(what_a_guest_reported_is_found_beside_all_that_happened_to_it) {
    struct store *store = with_image("reports");
    scoped(alloc_release) char *steps = plan_of(store, EVENT_LIST_KIND);
    CHECK_CONTAINS(steps, "events_seq (instance=? AND kind=?)");
    CHECK(!strstr(steps, "TEMP B-TREE"));
    store_close(store);
}

int main(void) {
    return test_run();
}
