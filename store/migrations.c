#include "store/migrations.h"

#include "base/alloc.h"
#include "base/file.h"
#include "store/transaction.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const steps[] = {
    /* 1 */
    "CREATE TABLE cloud ("
    " id INTEGER PRIMARY KEY CHECK (id = 1), name TEXT NOT NULL, admin_password_hash TEXT,"
    " ssh_public_key TEXT, ssh_public_key_path TEXT, mac_base INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL);"

    "CREATE TABLE network ("
    " id INTEGER PRIMARY KEY CHECK (id = 1), kind TEXT NOT NULL, interface TEXT, host_ip4 TEXT,"
    " host_nm4 TEXT, host_gw4 TEXT, host_ns4 TEXT, phone_home_port INTEGER NOT NULL);"

    "CREATE TABLE images ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, file TEXT NOT NULL UNIQUE,"
    " format TEXT NOT NULL, arch TEXT NOT NULL, sha256 TEXT, origin TEXT, seed_source TEXT,"
    " file_bytes INTEGER NOT NULL, virtual_bytes INTEGER NOT NULL, created_ms INTEGER NOT NULL);"

    "CREATE TABLE instances ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
    " instance_id TEXT NOT NULL UNIQUE, uuid TEXT NOT NULL UNIQUE, token TEXT NOT NULL UNIQUE,"
    " mac TEXT NOT NULL UNIQUE, image INTEGER NOT NULL REFERENCES images (id),"
    " seed TEXT NOT NULL, ip4 TEXT UNIQUE, accel TEXT, vcpu INTEGER NOT NULL,"
    " ram_mib INTEGER NOT NULL, disk_bytes INTEGER NOT NULL, ssh_port INTEGER NOT NULL,"
    " package_upgrade INTEGER NOT NULL, autostart INTEGER NOT NULL, restart TEXT NOT NULL,"
    " after INTEGER REFERENCES instances (id) ON DELETE SET NULL, wanted INTEGER NOT NULL,"
    " created_ms INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX instances_ssh_port ON instances (ssh_port) WHERE ssh_port > 0;"
    "CREATE INDEX instances_image ON instances (image);"

    "CREATE TABLE launches ("
    " number INTEGER PRIMARY KEY AUTOINCREMENT,"
    " instance INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE, tag TEXT NOT NULL,"
    " pid INTEGER NOT NULL, pid_start INTEGER NOT NULL, state TEXT, reason TEXT,"
    " launched_ms INTEGER NOT NULL, started_ms INTEGER NOT NULL, firmware_ms INTEGER NOT NULL,"
    " kernel_ms INTEGER NOT NULL, seed_ms INTEGER NOT NULL, phone_home_ms INTEGER NOT NULL,"
    " ready_ms INTEGER NOT NULL, provisioned_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
    " end_cause TEXT, end_text TEXT, serial_tail TEXT, presses INTEGER NOT NULL);"
    "CREATE INDEX launches_instance ON launches (instance);"

    "CREATE TABLE guests ("
    " instance INTEGER PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE,"
    " phoned_home_ms INTEGER NOT NULL, hostname TEXT, address TEXT, address_source TEXT,"
    " host_keys TEXT, provisioned_ms INTEGER NOT NULL, provision_result TEXT);"

    "CREATE TABLE generated ("
    " instance INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE, path TEXT NOT NULL,"
    " digest TEXT NOT NULL, PRIMARY KEY (instance, path)) WITHOUT ROWID;",

    /* 2 */
    "CREATE TABLE events ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " instance INTEGER REFERENCES instances (id) ON DELETE CASCADE, seq INTEGER NOT NULL,"
    " at_ms INTEGER NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);"
    "CREATE INDEX events_instance ON events (instance);" /* with the id, as every index */
    "CREATE UNIQUE INDEX events_seq ON events (instance, seq);",

    /* 3: before it a guest could phone home only with the instance-id that pgsup had given it */
    "ALTER TABLE guests ADD COLUMN instance_id TEXT;"
    "UPDATE guests SET instance_id = (SELECT i.instance_id FROM instances i"
    " WHERE i.id = guests.instance) WHERE phoned_home_ms > 0;",

    /* 4: older instances keep the host keys that their guests generated */
    "ALTER TABLE cloud ADD COLUMN ssh_private_key_path TEXT;"
    "ALTER TABLE network ADD COLUMN dns_server TEXT;"
    "ALTER TABLE network ADD COLUMN dns_zone TEXT;"
    "ALTER TABLE network ADD COLUMN dns_key_path TEXT;"
    "ALTER TABLE images ADD COLUMN default_user TEXT;"
    "ALTER TABLE images ADD COLUMN phones_home INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE images ADD COLUMN checked_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE images ADD COLUMN min_disk_bytes INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE images ADD COLUMN min_ram_mib INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN host_keys TEXT NOT NULL DEFAULT 'guest';"
    "ALTER TABLE guests ADD COLUMN address_ms INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE guests ADD COLUMN host_key_problem TEXT;"

    "CREATE TABLE users ("
    " name TEXT PRIMARY KEY, ssh_public_keys TEXT NOT NULL) WITHOUT ROWID;"

    "CREATE TABLE disks ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " instance INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE, name TEXT NOT NULL,"
    " bytes INTEGER NOT NULL, created_ms INTEGER NOT NULL, UNIQUE (instance, name));"

    "CREATE TABLE nics ("
    " instance INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,"
    " position INTEGER NOT NULL CHECK (position > 0), kind TEXT NOT NULL, interface TEXT,"
    " mac TEXT NOT NULL UNIQUE, ip4 TEXT, PRIMARY KEY (instance, position)) WITHOUT ROWID;"

    "CREATE TABLE forwards ("
    " instance INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,"
    " protocol TEXT NOT NULL, host_address TEXT NOT NULL, host_port INTEGER NOT NULL,"
    " guest_port INTEGER NOT NULL, PRIMARY KEY (protocol, host_port, host_address)) WITHOUT ROWID;"
    "CREATE INDEX forwards_instance ON forwards (instance);",

    /* 5 */
    ("ALTER TABLE guests ADD COLUMN trusts_cache INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE images ADD COLUMN shell TEXT;"),

    /* 6: until here what cloud-init reported was only in the text: "modules-final began", "…
       ended", "… ended, not all of it well", "modules-config/locale failed: …" */
    "ALTER TABLE events ADD COLUMN stage TEXT;"
    "ALTER TABLE events ADD COLUMN module TEXT;"
    "ALTER TABLE events ADD COLUMN result TEXT;"
    "UPDATE events SET stage = substr(text, 1, instr(text, ' ') - 1),"
    " result = CASE substr(text, instr(text, ' ') + 1)"
    " WHEN 'began' THEN 'began' WHEN 'ended' THEN 'ended' ELSE 'failed' END"
    " WHERE kind = 'cloud-init' AND instr(text, ' ') > 1;"
    "UPDATE events SET stage = substr(stage, 1, instr(stage, '/') - 1),"
    " module = substr(stage, instr(stage, '/') + 1) WHERE instr(stage, '/') > 1;",

    /* 7: until here the number of an event counted those of its instance, of whatever kind */
    "DROP INDEX events_seq;"
    "CREATE TEMP TABLE numbers AS SELECT id,"
    " row_number() OVER (PARTITION BY instance, kind ORDER BY id) AS seq FROM events;"
    "CREATE UNIQUE INDEX temp.numbers_id ON numbers (id);"
    "UPDATE events SET seq = (SELECT n.seq FROM numbers n WHERE n.id = events.id);"
    "DROP TABLE numbers;"
    "CREATE UNIQUE INDEX events_seq ON events (instance, kind, seq);"
    /* older instances have one secret for all, until they are reset */
    "ALTER TABLE instances ADD COLUMN phone_home_token TEXT;"
    "ALTER TABLE instances ADD COLUMN report_token TEXT;"
    "ALTER TABLE instances ADD COLUMN holds_playbook INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE network ADD COLUMN phone_home_auto INTEGER NOT NULL DEFAULT 0;"
    /* until here nobody noted who chose it; those that pgsup chooses begin at 10022 */
    "ALTER TABLE instances ADD COLUMN ssh_port_given INTEGER NOT NULL DEFAULT 0;"
    "UPDATE instances SET ssh_port_given = 1"
    " WHERE ssh_port != 0 AND ssh_port NOT BETWEEN 10022 AND 10521;"
    "ALTER TABLE cloud ADD COLUMN home_path TEXT;" /* where it was opened last; NULL: not known */
    "CREATE UNIQUE INDEX instances_phone_home_token ON instances (phone_home_token);",

    /* 8 */
    "ALTER TABLE cloud ADD COLUMN ssh_user TEXT;"
    "ALTER TABLE instances ADD COLUMN host_groups TEXT;"    /* "web,db" */
    "ALTER TABLE instances ADD COLUMN host_variables TEXT;" /* "name=value", a line for each */
    /* older instances keep what they were created with */
    "ALTER TABLE cloud ADD COLUMN package_upgrade INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE cloud ADD COLUMN auto_up INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE cloud ADD COLUMN trash_days INTEGER NOT NULL DEFAULT 7;"
    "ALTER TABLE instances ADD COLUMN nested INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE networks ("
    " id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
    " interface TEXT, subnet TEXT NOT NULL UNIQUE, domain TEXT NOT NULL,"
    " created_ms INTEGER NOT NULL);"
    "ALTER TABLE nics ADD COLUMN network INTEGER REFERENCES networks (id);"
    "CREATE UNIQUE INDEX nics_network ON nics (network, ip4) WHERE network IS NOT NULL;"
    /* whatever changes who is in a network and by which name; cascades run these as well */
    "ALTER TABLE cloud ADD COLUMN names_revision INTEGER NOT NULL DEFAULT 0;"
    "CREATE TRIGGER network_member_added AFTER INSERT ON nics WHEN new.network IS NOT NULL"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;"
    "CREATE TRIGGER network_member_removed AFTER DELETE ON nics WHEN old.network IS NOT NULL"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;"
    "CREATE TRIGGER network_member_renamed AFTER UPDATE OF name ON instances"
    " WHEN new.name <> old.name AND EXISTS"
    " (SELECT 1 FROM nics WHERE instance = new.id AND network IS NOT NULL)"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;",

    /* 9 */
    "ALTER TABLE instances ADD COLUMN machine TEXT;" /* "virt-7.2"; NULL: not started yet */
    "CREATE TABLE snapshots ("
    " instance INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE, name TEXT NOT NULL,"
    " state TEXT NOT NULL, origin TEXT NOT NULL, consistency TEXT NOT NULL, comment TEXT,"
    " identity TEXT NOT NULL, created_ms INTEGER NOT NULL, has_guest INTEGER NOT NULL, phoned_home_ms INTEGER NOT NULL,"
    " hostname TEXT, instance_id TEXT, host_keys TEXT, trusts_cache INTEGER NOT NULL,"
    " PRIMARY KEY (instance, name)) WITHOUT ROWID;"
    "CREATE TABLE snapshot_disks ("
    " instance INTEGER NOT NULL, snapshot TEXT NOT NULL, disk TEXT NOT NULL,"
    " bytes INTEGER NOT NULL, PRIMARY KEY (instance, snapshot, disk),"
    " FOREIGN KEY (instance, snapshot) REFERENCES snapshots (instance, name)"
    " ON DELETE CASCADE) WITHOUT ROWID;"
    "CREATE TABLE freezes ("
    " instance INTEGER PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE,"
    " began_ms INTEGER NOT NULL);"
    "CREATE TABLE backups ("
    " instance INTEGER PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE, folder TEXT,"
    " every_s INTEGER NOT NULL, keep INTEGER NOT NULL, made_ms INTEGER NOT NULL);"
    "ALTER TABLE instances ADD COLUMN snapshot_every_s INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE instances ADD COLUMN snapshot_keep INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE networks ADD COLUMN is_lab INTEGER NOT NULL DEFAULT 0;"
    /* the names also tell who is in the network of the cloud, unless each is alone there */
    "CREATE TRIGGER cloud_network_changed AFTER INSERT ON network"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;"
    "CREATE TRIGGER cloud_member_added AFTER INSERT ON instances"
    " WHEN new.ip4 IS NOT NULL AND (SELECT kind FROM network) <> 'user'"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;"
    "CREATE TRIGGER cloud_member_removed AFTER DELETE ON instances"
    " WHEN (SELECT kind FROM network) <> 'user'"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;"
    "CREATE TRIGGER cloud_member_changed AFTER UPDATE OF name, ip4 ON instances"
    " WHEN (new.name <> old.name OR new.ip4 IS NOT old.ip4)"
    " AND (SELECT kind FROM network) <> 'user'"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;"
    "CREATE TRIGGER cloud_member_found AFTER INSERT ON guests"
    " WHEN new.address IS NOT NULL AND (SELECT kind FROM network) <> 'user'"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;"
    "CREATE TRIGGER cloud_member_moved AFTER UPDATE OF address ON guests"
    " WHEN new.address IS NOT old.address AND (SELECT kind FROM network) <> 'user'"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;"
    "CREATE TRIGGER cloud_member_forgotten AFTER DELETE ON guests"
    " WHEN old.address IS NOT NULL AND (SELECT kind FROM network) <> 'user'"
    " BEGIN UPDATE cloud SET names_revision = names_revision + 1; END;",
};

int migrations_version(void) {
    return (int)(sizeof steps / sizeof *steps);
}

/* Reads one number or text by a PRAGMA or SELECT. */
static bool select_value(struct store *store, const char *sql, int64_t *number, char **text,
                         struct error *error) {
    sqlite3_stmt *statement = NULL;
    bool good = sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_ROW;
    if (!good)
        query_fail(store, error);
    else if (number)
        *number = sqlite3_column_int64(statement, 0);
    else
        *text = alloc_string((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return good;
}

/* What is new is empty; what has a version has our id too. */
static bool migrations_own(struct store *store, int64_t version, bool *own, struct error *error) {
    int64_t found = 0;
    bool good = select_value(
        store, version ? "PRAGMA application_id" : "SELECT count(*) FROM sqlite_master", &found,
        NULL, error);
    *own = version ? version > 0 && found == MIGRATIONS_APPLICATION_ID : found == 0;
    return good;
}

bool migrations_check(struct store *store, int64_t *version, struct error *error) {
    bool own;
    if (!select_value(store, "PRAGMA user_version", version, NULL, error) ||
        !migrations_own(store, *version, &own, error))
        return false;
    if (*version > migrations_version())
        return error_set(error, ERROR_WRONG_STATE,
                         "%s was written by a newer pgsup (version %lld, this one knows %d): use "
                         "that one, nothing was changed",
                         store->path, (long long)*version, migrations_version());
    return own ||
           error_set(error, ERROR_FAILED,
                     "%s is the database of another program: move it away, nothing was changed",
                     store->path);
}

static bool check_whole(struct store *store, struct error *error) {
    char *text = NULL;
    if (!select_value(store, "PRAGMA quick_check(1)", NULL, &text, error))
        return false;
    bool good = strcmp(text, "ok") == 0;
    if (!good)
        error_set(error, ERROR_FAILED,
                  "%s is damaged (%s): put a backup of it in its place, nothing was changed",
                  store->path, text);
    alloc_release(&text);
    return good;
}

static bool copy_database(const struct store *store, const char *path, struct error *error) {
    sqlite3 *reader = NULL;
    sqlite3_stmt *statement = NULL;
    bool good = sqlite3_open_v2(store->path, &reader, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK &&
                sqlite3_prepare_v2(reader, "VACUUM INTO ?1", -1, &statement, NULL) == SQLITE_OK &&
                sqlite3_bind_text(statement, 1, path, -1, SQLITE_STATIC) == SQLITE_OK &&
                sqlite3_step(statement) == SQLITE_DONE;
    if (!good)
        error_set(error, ERROR_FAILED, "cannot write the backup %s: %s", path,
                  sqlite3_errmsg(reader));
    sqlite3_finalize(statement);
    sqlite3_close(reader);
    return good;
}

/* Copies through a second connection, because this one is in a transaction: it holds the write lock
 * and has changed nothing yet, so the copy is the state before the migration. */
static bool back_up(const struct store *store, int64_t version, struct error *error) {
    scoped(alloc_release) char *path =
        alloc_printf("%s.backup-v%lld", store->path, (long long)version);
    scoped(alloc_release) char *temporary = alloc_printf("%s.new", path);
    if (file_write(temporary, "", 0, 0600, error) && copy_database(store, temporary, error)) {
        if (rename(temporary, path) == 0)
            return true;
        error_errno(error, "cannot write the backup %s", path);
    }
    unlink(temporary);
    return false;
}

static bool apply(struct store *store, int64_t from, struct error *error) {
    char pragma[64];
    for (int64_t version = from; version < migrations_version(); version++)
        if (!query_run(store, steps[version], error))
            return false;
    snprintf(pragma, sizeof pragma, "PRAGMA user_version = %d; PRAGMA application_id = %d",
             migrations_version(), MIGRATIONS_APPLICATION_ID);
    return query_run(store, pragma, error);
}

bool migrations_run(struct store *store, int64_t version, struct error *error) {
    if (version == migrations_version())
        return true;
    if (!store_begin(store, error))
        return false;
    /* Checks again under the lock: another process may have migrated meanwhile. */
    bool good = migrations_check(store, &version, error);
    if (good && version > 0 && version < migrations_version())
        good = check_whole(store, error) && back_up(store, version, error);
    if (good && apply(store, version, error) && store_commit(store, error))
        return true;
    store_rollback(store);
    return error_prefix(error, "cannot migrate the store to version %d", migrations_version());
}
