/* What each start asks for reads the rows of one instance, by an index: with a thousand others it
 * takes no longer. */
#include "store/query.h"
#include "store_samples.h"

static void check_no_scan(struct store *store, enum statement statement) {
    scoped(alloc_release) char *sql =
        alloc_printf("EXPLAIN QUERY PLAN %s", statements_sql(statement));
    sqlite3_stmt *plan = NULL;
    CHECK_INT(sqlite3_prepare_v2(store->database, sql, -1, &plan, NULL), SQLITE_OK);
    while (sqlite3_step(plan) == SQLITE_ROW) {
        const char *step = (const char *)sqlite3_column_text(plan, 3);
        if (strncmp(step, "SCAN", strlen("SCAN")) == 0)
            CHECK_STRING(sql, step);
    }
    sqlite3_finalize(plan);
}

TEST(a_start_scans_no_table) {
    static const enum statement asked[] = {
        INSTANCE_GET,    GUEST_GET,           LAUNCH_LIST,         NIC_LIST_INSTANCE,
        DISK_LIST,       FORWARD_LIST,        SNAPSHOT_LIST,       FREEZE_LIST,
        EVENT_LIST_KIND, EVENT_LIST_INSTANCE, INSTANCE_SET_WANTED, LAUNCH_PUT,
    };
    struct store *store = with_image("plans");
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        check_no_scan(store, asked[i]);
    store_close(store);
}

int main(void) {
    return test_run();
}
