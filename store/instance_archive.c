#include "instance_archive.h"

#include "base/strv.h"
#include "store/query.h"
#include "store/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum sql {
    ATTACH,
    DETACH,
    OTHER_TABLES,
    COLUMNS,
    COPY_INSTANCE,
    COPY_ROWS,
    FORGET_AFTER,
    MOVE_SIDE,
    MOVE_PORT,
    SQL_COUNT
};

/* %w: a name in double quotes. */
static const char *const texts[SQL_COUNT] = {
    [ATTACH] = "ATTACH ?1 AS archive",
    [DETACH] = "DETACH archive",
    [OTHER_TABLES] = "SELECT m.name FROM main.sqlite_master m, pragma_table_info(m.name) p"
                     " WHERE m.type = 'table' AND p.name = 'instance'",
    [COLUMNS] =
        "SELECT group_concat('\"' || a.name || '\"') FROM pragma_table_info(?1, 'archive') a,"
        " pragma_table_info(?1, 'main') m"
        " WHERE a.name = m.name AND (?1 = 'instances' OR a.name <> 'id')",
    [COPY_INSTANCE] =
        "CREATE TABLE archive.instances AS SELECT * FROM main.instances WHERE id = %lld",
    [COPY_ROWS] = "CREATE TABLE archive.\"%w\" AS SELECT * FROM main.\"%w\" WHERE instance = %lld",
    [FORGET_AFTER] = "UPDATE archive.instances SET wanted = 0, after ="
                     " (SELECT id FROM main.instances WHERE id = archive.instances.after)",
    [MOVE_SIDE] = "UPDATE archive.nics SET interface = substr(interface, 1, length(interface) - 1)"
                  " || (1 - substr(interface, -1)) WHERE kind = 'pair'"
                  " AND interface IN (SELECT interface FROM main.nics WHERE kind = 'pair')"
                  " AND network NOT IN (SELECT network FROM archive.nics WHERE kind = 'pair'"
                  " GROUP BY network HAVING count(*) > 1)",
    [MOVE_PORT] = "UPDATE archive.instances SET ssh_port ="
                  " (SELECT max(ssh_port) + 1 FROM main.instances)"
                  " WHERE ssh_port > 0 AND ssh_port IN (SELECT ssh_port FROM main.instances)",
};

/* What an instance of the archive has that another one has by now, or that is gone: one sentence
 * each. An archive of an older version may lack a table. */
#define GIVEN_TO " || ' belongs to \"' || i.name || '\" now'"
static const char *const conflicts[] = {
    "SELECT 'its image is gone' FROM archive.instances"
    " WHERE image NOT IN (SELECT id FROM main.images)",
    "SELECT 'its MAC address ' || a.mac" GIVEN_TO " FROM archive.instances a, main.instances i"
    " WHERE a.mac = i.mac OR a.mac IN (SELECT mac FROM main.nics WHERE instance = i.id)",
    "SELECT 'its address ' || a.ip4" GIVEN_TO " FROM archive.instances a, main.instances i"
    " WHERE a.ip4 = i.ip4",
    "SELECT 'the network of one of its cards is gone' FROM archive.nics"
    " WHERE network IS NOT NULL AND network NOT IN (SELECT id FROM main.networks)",
    "SELECT 'its MAC address ' || a.mac" GIVEN_TO " FROM archive.nics a, main.instances i"
    " WHERE a.mac = i.mac OR a.mac IN (SELECT mac FROM main.nics WHERE instance = i.id)",
    "SELECT 'its address ' || a.ip4 || ' in ' || n.name" GIVEN_TO
    " FROM archive.nics a, main.nics o, main.instances i, main.networks n"
    " WHERE a.network = o.network AND a.ip4 = o.ip4 AND i.id = o.instance AND n.id = a.network",
    "SELECT 'its place in the pair ' || n.name" GIVEN_TO
    " || ': remove one of the two cards in it by `pgsup nic remove`'"
    " FROM archive.nics a, main.nics o, main.instances i, main.networks n"
    " WHERE n.kind = 'pair' AND i.id = o.instance AND n.id = a.network AND n.id = o.network"
    " AND (a.interface = o.interface OR 2 <"
    " (SELECT count(*) FROM archive.nics WHERE network = n.id)"
    " + (SELECT count(*) FROM main.nics WHERE network = n.id))",
};

static bool fail(struct store *store, struct error *error) {
    bool taken = sqlite3_errcode(store->database) == SQLITE_CONSTRAINT;
    return error_set(error, taken ? ERROR_EXISTS : ERROR_FAILED, "%s%s",
                     taken ? "its name, an address or a port has been given away, or its image is "
                             "gone: "
                           : "",
                     sqlite3_errmsg(store->database));
}

/* Runs SQL that was made by sqlite3_mprintf(), which is freed. */
static bool execute(struct store *store, char *sql, struct error *error) {
    query_end_reading(store); /* in which nothing can be attached */
    bool good = sql && sqlite3_exec(store->database, sql, NULL, NULL, NULL) == SQLITE_OK;
    if (!good)
        fail(store, error);
    sqlite3_free(sql);
    return good;
}

/* The first column of all rows. */
static bool list(struct store *store, enum sql sql, const char *parameter, struct strv *found,
                 struct error *error) {
    sqlite3_stmt *statement = NULL;
    int status = sqlite3_prepare_v2(store->database, texts[sql], -1, &statement, NULL);
    if (status == SQLITE_OK && parameter)
        status = sqlite3_bind_text(statement, 1, parameter, -1, SQLITE_STATIC);
    while (status == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
        if (sqlite3_column_text(statement, 0))
            strv_push(found, (const char *)sqlite3_column_text(statement, 0));
    bool good = sqlite3_finalize(statement) == SQLITE_OK && status == SQLITE_OK;
    return good || fail(store, error);
}

static bool attach(struct store *store, const char *path, struct strv *tables,
                   struct error *error) {
    struct strv none = {0};
    bool good =
        list(store, ATTACH, path, &none, error) && list(store, OTHER_TABLES, NULL, tables, error);
    strv_done(&none);
    return good;
}

static void detach(struct store *store) {
    struct error ignored = {0};
    execute(store, sqlite3_mprintf("%s", texts[DETACH]), &ignored);
}

static bool save_rows(struct store *store, int64_t instance, const struct strv *tables,
                      struct error *error) {
    bool good = execute(store, sqlite3_mprintf(texts[COPY_INSTANCE], (long long)instance), error);
    for (size_t i = 0; good && i < tables->count; i++)
        good = execute(store,
                       sqlite3_mprintf(texts[COPY_ROWS], tables->items[i], tables->items[i],
                                       (long long)instance),
                       error);
    return good;
}

bool instance_archive_save(struct store *store, int64_t instance, const char *path,
                           struct error *error) {
    struct strv tables = {0};
    bool good = attach(store, path, &tables, error) && store_begin(store, error) &&
                store_end(store, save_rows(store, instance, &tables, error), error);
    detach(store);
    strv_done(&tables);
    return good;
}

static bool check_conflicts(struct store *store, struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < sizeof conflicts / sizeof *conflicts; i++) {
        sqlite3_stmt *statement = NULL;
        if (sqlite3_prepare_v2(store->database, conflicts[i], -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
            good = error_set(error, ERROR_EXISTS, "%s",
                             (const char *)sqlite3_column_text(statement, 0));
        sqlite3_finalize(statement);
    }
    return good;
}

/* A table that the archive does not have has no columns in common. */
static bool restore_table(struct store *store, const char *table, struct error *error) {
    struct strv columns = {0};
    bool good = list(store, COLUMNS, table, &columns, error);
    if (good && columns.count)
        good = execute(store,
                       sqlite3_mprintf("INSERT INTO main.\"%w\" (%s) SELECT %s FROM archive.\"%w\""
                                       " ORDER BY rowid",
                                       table, columns.items[0], columns.items[0], table),
                       error);
    strv_done(&columns);
    return good;
}

/* Of a card in a pair, if another one has its side by now; the archive may have both. An archive of
 * an older version may have no cards. */
static bool move_side(struct store *store, struct error *error) {
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->database, texts[MOVE_SIDE], -1, &statement, NULL) == SQLITE_OK)
        sqlite3_step(statement);
    else
        return true;
    return sqlite3_finalize(statement) == SQLITE_OK || fail(store, error);
}

static bool restore_rows(struct store *store, const struct strv *tables, struct error *error) {
    bool good = execute(store, sqlite3_mprintf("%s", texts[FORGET_AFTER]), error) &&
                execute(store, sqlite3_mprintf("%s", texts[MOVE_PORT]), error) &&
                move_side(store, error) && check_conflicts(store, error) &&
                restore_table(store, "instances", error);
    for (size_t i = 0; good && i < tables->count; i++)
        good = restore_table(store, tables->items[i], error);
    return good;
}

bool instance_archive_restore(struct store *store, const char *path, struct error *error) {
    struct strv tables = {0};
    bool good = attach(store, path, &tables, error) && store_begin(store, error) &&
                store_end(store, restore_rows(store, &tables, error), error);
    detach(store);
    strv_done(&tables);
    return good;
}
