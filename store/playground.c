#include "store/playground.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/secret.h"
#include "store/migrations.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* SQLite's file format, "The Database Header": 4 bytes, big-endian. */
#define HEADER_BYTES       100
#define HEADER_APPLICATION 68

/* cast: some homes hold the port as a number. */
static const char *const sql[] = {
    "SELECT name, admin_password, public_key_path FROM cloud",
    "SELECT host_if, host_ip4, host_nm4, host_gw4, host_ns4, cast(ph_port AS TEXT) FROM network",
    "SELECT instance_id, name, path, mac FROM instances ORDER BY instance_id",
};
enum { SQL_CLOUD, SQL_NETWORK, SQL_INSTANCES };

static bool fail(sqlite3 *database, const char *path, struct error *error) {
    return error_set(error, ERROR_INVALID, "%s is not the database of an mrmat-playground: %s",
                     path, sqlite3_errmsg(database));
}

/* A crashed program leaves a journal beside its database. If another database stood at this path,
 * SQLite would replay that journal into it. */
static bool check_closed(const char *path, struct error *error) {
    static const char *const endings[] = {"-journal", "-wal"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        scoped(alloc_release) char *beside = alloc_printf("%s%s", path, endings[i]);
        if (file_exists(beside))
            return error_set(error, ERROR_WRONG_STATE,
                             "%s is in use, or a program crashed while using it: end that "
                             "program, or run `sqlite3 %s .tables` once to repair it",
                             path, path);
    }
    return true;
}

static bool fail_absent(const char *path, struct error *error) {
    return error_set(error, ERROR_NOT_FOUND,
                     "there is no %s: name the folder of an mrmat-playground", path);
}

static bool open_database(const char *path, sqlite3 **database, struct error *error) {
    if (sqlite3_open_v2(path, database, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL) ==
        SQLITE_OK) {
        sqlite3_busy_timeout(*database, STORE_BUSY_TIMEOUT_MS);
        sqlite3_db_config(*database, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        return true;
    }
    fail(*database, path, error);
    sqlite3_close(*database);
    return false;
}

/* Reads the header without SQLite, which would create a -shm file beside a database of pgsup. */
enum playground_kind playground_kind(const char *path, struct error *error) {
    unsigned char header[HEADER_BYTES] = {0};
    scoped(file_release) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT) {
        fail_absent(path, error);
        return PLAYGROUND_UNREADABLE;
    }
    if (fd < 0 || pread(fd, header, sizeof header, 0) < 0) {
        error_errno(error, "cannot read %s", path);
        return PLAYGROUND_UNREADABLE;
    }
    const unsigned char *field = header + HEADER_APPLICATION;
    uint32_t application =
        (uint32_t)field[0] << 24 | (uint32_t)field[1] << 16 | (uint32_t)field[2] << 8 | field[3];
    return application == MIGRATIONS_APPLICATION_ID ? PLAYGROUND_PGSUP : PLAYGROUND_OLD;
}

/* --- rows --- */

static bool take_text(sqlite3_stmt *row, int column, char **text, struct error *error) {
    if (sqlite3_column_type(row, column) == SQLITE_NULL)
        return true;
    const char *value = (const char *)sqlite3_column_text(row, column);
    int length = sqlite3_column_bytes(row, column);
    if (!value || length > PLAYGROUND_TEXT_LIMIT_BYTES || memchr(value, 0, (size_t)length))
        return error_set(error, ERROR_INVALID, "the column %s holds no usable text",
                         sqlite3_column_name(row, column));
    *text = alloc_slice(value, (size_t)length);
    return true;
}

static bool read_cloud(sqlite3_stmt *row, struct playground *playground, struct error *error) {
    return take_text(row, 0, &playground->name, error) &&
           take_text(row, 1, &playground->admin_password, error) &&
           take_text(row, 2, &playground->public_key_path, error);
}

static bool read_network(sqlite3_stmt *row, struct playground *playground, struct error *error) {
    char **const texts[] = {&playground->host_if,  &playground->host_ip4, &playground->host_nm4,
                            &playground->host_gw4, &playground->host_ns4, &playground->ph_port};
    for (int i = 0; i < (int)(sizeof texts / sizeof *texts); i++)
        if (!take_text(row, i, texts[i], error))
            return false;
    return true;
}

static bool read_instance(sqlite3_stmt *row, struct playground *playground, struct error *error) {
    if (playground->count == PLAYGROUND_INSTANCES_LIMIT)
        return error_set(error, ERROR_INVALID, "it has more than %u instances",
                         PLAYGROUND_INSTANCES_LIMIT);
    playground->instances = alloc_resize(playground->instances,
                                         (playground->count + 1) * sizeof *playground->instances);
    struct playground_instance *instance = &playground->instances[playground->count++];
    *instance = (struct playground_instance){.instance_id = sqlite3_column_int64(row, 0)};
    return take_text(row, 1, &instance->name, error) && take_text(row, 2, &instance->path, error) &&
           take_text(row, 3, &instance->mac, error);
}

struct reading {
    sqlite3 *database;
    const char *path;
    struct playground *playground;
};
typedef bool read_row(sqlite3_stmt *row, struct playground *playground, struct error *error);

/* The cloud and its network have exactly one row each. */
static bool read_rows(const struct reading *reading, int number, read_row *read,
                      struct error *error) {
    sqlite3_stmt *statement = NULL;
    bool single = number != SQL_INSTANCES, good = true;
    int rows = 0, result;
    if (sqlite3_prepare_v2(reading->database, sql[number], -1, &statement, NULL) != SQLITE_OK)
        return fail(reading->database, reading->path, error);
    while (good && (result = sqlite3_step(statement)) != SQLITE_DONE) {
        if (result != SQLITE_ROW)
            good = fail(reading->database, reading->path, error);
        else if (single && ++rows > 1)
            good = error_set(error, ERROR_INVALID, "%s holds more than one cloud", reading->path);
        else
            good = read(statement, reading->playground, error) ||
                   error_prefix(error, "%s", reading->path);
    }
    if (good && single && rows == 0)
        good = error_set(error, ERROR_INVALID, "%s holds no cloud", reading->path);
    sqlite3_finalize(statement);
    return good;
}

bool playground_read(const char *path, struct playground *playground, struct error *error) {
    struct reading reading = {.path = path, .playground = playground};
    *playground = (struct playground){0};
    if (!check_closed(path, error) || !open_database(path, &reading.database, error))
        return false;
    bool good = read_rows(&reading, SQL_CLOUD, read_cloud, error) &&
                read_rows(&reading, SQL_NETWORK, read_network, error) &&
                read_rows(&reading, SQL_INSTANCES, read_instance, error);
    sqlite3_close(reading.database);
    if (!good)
        playground_done(playground);
    return good;
}

void playground_done(struct playground *playground) {
    if (playground->admin_password)
        secret_wipe(playground->admin_password, strlen(playground->admin_password));
    char *const texts[] = {playground->name,     playground->admin_password,
                           playground->host_if,  playground->public_key_path,
                           playground->host_ip4, playground->host_nm4,
                           playground->host_gw4, playground->host_ns4,
                           playground->ph_port};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        free(texts[i]);
    for (size_t i = 0; i < playground->count; i++) {
        free(playground->instances[i].name);
        free(playground->instances[i].path);
        free(playground->instances[i].mac);
    }
    free(playground->instances);
    *playground = (struct playground){0};
}
