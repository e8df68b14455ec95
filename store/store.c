#include "store/store.h"
#include "store/claim.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "store/migrations.h"
#include "store/query.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RETRY_MS = 5, STORE_READ_TIMEOUT_MS = 1000, STEPS_BETWEEN_LOOKS = 10000 };

/* SQLite's file format, "The Database Header": the first bytes, and the place of user_version. */
#define HEADER_BYTES        100
#define HEADER_MAGIC        "SQLite format 3" /* with its NUL */
#define HEADER_USER_VERSION 60

/* SQLite creates its -wal and -shm files with the mode of the database. */
static bool create_file(const char *path, struct error *error) {
    scoped(file_release) int fd =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0 && errno == EEXIST)
        return true;
    if (fd < 0)
        return error_errno(error, "cannot create %s", path);
    return fchmod(fd, 0600) == 0 || error_errno(error, "cannot set the mode of %s", path);
}

/* WAL needs the folder to be writable too. */
static bool check_access(const char *path, struct error *error) {
    scoped(alloc_release) char *copy = alloc_string(path);
    const char *folder = dirname(copy);
    if (access(path, F_OK) < 0)
        return errno == ENOENT ? error_set(error, ERROR_NOT_FOUND, "%s does not exist", path)
                               : error_errno(error, "cannot open %s", path);
    if (access(path, R_OK | W_OK) < 0)
        return error_errno(error, "%s cannot be written, check who owns it", path);
    if (access(folder, W_OK | X_OK) < 0)
        return error_errno(error, "the folder %s cannot be written, check who owns it", folder);
    return true;
}

/* Reads the header before SQLite does, which takes a short file for an empty one and replays a
 * journal. It reads through SQLite's descriptor: closing another descriptor of this file would drop
 * the locks of all connections of this process (fcntl(2)). */
static bool check_header(struct store *store, struct error *error) {
    unsigned char header[HEADER_BYTES] = {0};
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    if (sqlite3_file_control(store->database, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
            SQLITE_OK ||
        !file->pMethods || file->pMethods->xFileSize(file, &size) != SQLITE_OK)
        return query_fail(store, error);
    if (size == 0)
        return true;
    int read = file->pMethods->xRead(file, header, HEADER_BYTES, 0);
    if (read != SQLITE_OK || memcmp(header, HEADER_MAGIC, sizeof HEADER_MAGIC) != 0)
        return error_set(error, ERROR_FAILED,
                         "%s is not a pgsup database or is damaged: put a backup of it in its "
                         "place, nothing was changed",
                         store->path);
    const unsigned char *field = header + HEADER_USER_VERSION;
    uint32_t version =
        (uint32_t)field[0] << 24 | (uint32_t)field[1] << 16 | (uint32_t)field[2] << 8 | field[3];
    if (version <= INT32_MAX && version > (uint32_t)migrations_version())
        return error_set(error, ERROR_WRONG_STATE,
                         "%s was written by a newer pgsup (version %u, this one knows %d): use "
                         "that one, nothing was changed",
                         store->path, version, migrations_version());
    return true;
}

/* SQLite does not wait in this statement: two programs that open a new database at the same moment
 * would deadlock, so it tells one of them at once that the database is busy. Retries until then. */
static bool use_wal(struct store *store, struct error *error) {
    uint64_t deadline_ms = clock_monotonic_ms() + STORE_BUSY_TIMEOUT_MS;
    int result;
    while ((result = sqlite3_exec(store->database, "PRAGMA journal_mode = WAL", NULL, NULL,
                                  NULL)) == SQLITE_BUSY &&
           clock_monotonic_ms() < deadline_ms)
        sqlite3_sleep(RETRY_MS);
    return result == SQLITE_OK || query_fail(store, error);
}

/* fullfsync matters on macOS only, whose fsync() does not empty the cache of the drive.
 *
 * Writes nothing, not even the journal mode or the rest of a WAL at close, until the file is known
 * to be a pgsup database. */
static bool configure(struct store *store, struct error *error) {
    int64_t version;
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    store_set_busy_timeout(store, STORE_BUSY_TIMEOUT_MS);
    return check_header(store, error) &&
           query_run(
               store,
               "PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA synchronous = NORMAL; "
               "PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON",
               error) &&
           migrations_check(store, &version, error) && use_wal(store, error) &&
           migrations_run(store, version, error) &&
           sqlite3_db_config(store->database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL) ==
               SQLITE_OK;
}

static bool refuse_cloud(struct store *store, struct error *error) {
    struct query query;
    if (!query_open(store, CLOUD_GET, &query, error))
        return false;
    bool found = query_row(&query, error);
    if (!query_close(&query))
        return false;
    return !found || error_set(error, ERROR_EXISTS, "%s holds a cloud already", store->path);
}

/* Without a log nobody writes to the file, and it is read as it stands: so neither a log nor its
 * index is made, as a reader otherwise would. SQLite's URIs: sqlite.org/uri.html. */
static char *read_address(const char *path) {
    struct buffer address = {0};
    struct stat log;
    scoped(alloc_release) char *name = alloc_printf("%s-wal", path);
    bool written = stat(name, &log) == 0 && log.st_size > 0;
    buffer_puts(&address, "file:");
    for (; *path; path++)
        buffer_printf(&address, strchr("?#%", *path) ? "%%%02x" : "%c", (unsigned char)*path);
    buffer_puts(&address, written ? "?mode=ro" : "?immutable=1");
    return buffer_take(&address);
}

static bool open_to_read(const char *path, struct store **store, struct error *error) {
    if (access(path, R_OK) < 0)
        return errno == ENOENT ? error_set(error, ERROR_NOT_FOUND, "%s does not exist", path)
                               : error_errno(error, "cannot read %s", path);
    int64_t version;
    struct store *opened = alloc_zero(sizeof *opened);
    scoped(alloc_release) char *address = read_address(path);
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI;
    opened->path = alloc_string(path);
    bool good = sqlite3_open_v2(address, &opened->database, flags, NULL) == SQLITE_OK ||
                query_fail(opened, error);
    if (good)
        store_set_busy_timeout(opened, STORE_READ_TIMEOUT_MS);
    if (good && check_header(opened, error) &&
        query_run(opened, "PRAGMA query_only = ON; PRAGMA trusted_schema = OFF", error) &&
        migrations_check(opened, &version, error)) {
        *store = opened;
        return true;
    }
    store_close(opened);
    return false;
}

/* By itself SQLite takes 87 KB for 20 pages when it opens a database, of which a home without many
 * events or instances needs a third, and each connection of the supervisor takes them again. It
 * would also count its memory, under a lock of all threads, each time it takes or frees some. */
static void configure_library(void) {
    sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

bool store_open(const char *path, enum store_mode mode, struct store **store, struct error *error) {
    static pthread_once_t configured = PTHREAD_ONCE_INIT;
    pthread_once(&configured, configure_library);
    if (mode == STORE_READ)
        return open_to_read(path, store, error);
    if (mode == STORE_CREATE && !create_file(path, error))
        return false;
    if (!check_access(path, error))
        return false;
    struct store *opened = alloc_zero(sizeof *opened);
    opened->path = alloc_string(path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    bool good = sqlite3_open_v2(path, &opened->database, flags, NULL) == SQLITE_OK ||
                query_fail(opened, error);
    if (good && configure(opened, error) && (mode == STORE_OPEN || refuse_cloud(opened, error))) {
        *store = opened;
        return true;
    }
    store_close(opened);
    return false;
}

static void forget_statements(struct store *store) {
    for (int i = 0; i < STATEMENT_COUNT; i++) {
        sqlite3_finalize(store->prepared[i]);
        store->prepared[i] = NULL;
    }
}

void store_rest(struct store *store) {
    forget_statements(store);
    sqlite3_db_release_memory(store->database);
}

void store_close(struct store *store) {
    if (!store)
        return;
    forget_statements(store);
    sqlite3_close(store->database);
    claim_clear(store);
    free(store->path);
    free(store);
}

void store_set_busy_timeout(struct store *store, int busy_ms) {
    store->busy_ms = busy_ms;
    sqlite3_busy_timeout(store->database, busy_ms);
}

const char *store_library_version(void) {
    return sqlite3_libversion();
}

int store_newest_version(void) {
    return migrations_version();
}

static char *ask_text(const struct store *store, const char *sql) { /* NULL: it failed */
    sqlite3_stmt *statement = NULL;
    char *text = NULL;
    if (sqlite3_prepare_v2(store->database, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW)
        text = alloc_string((const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    return text;
}

int store_version(const struct store *store) {
    scoped(alloc_release) char *text = ask_text(store, "PRAGMA user_version");
    return text ? atoi(text) : -1;
}

int64_t store_revision(struct store *store) {
    struct query query;
    if (!query_open(store, STORE_DATA_VERSION, &query, NULL))
        return -1;
    int64_t revision = query_row(&query, NULL) ? query_column_number(&query) : -1;
    return query_close(&query) ? revision : -1;
}

static int is_late(void *deadline_ms) {
    return clock_monotonic_ms() >= *(const uint64_t *)deadline_ms;
}

bool store_check(struct store *store, unsigned timeout_ms, struct error *error) {
    uint64_t deadline_ms = clock_monotonic_ms() + timeout_ms;
    sqlite3_progress_handler(store->database, STEPS_BETWEEN_LOOKS, is_late, &deadline_ms);
    scoped(alloc_release) char *text = ask_text(store, "PRAGMA integrity_check(1)");
    sqlite3_progress_handler(store->database, 0, NULL, NULL);
    if (text && strcmp(text, "ok") == 0)
        return true;
    if (sqlite3_errcode(store->database) == SQLITE_INTERRUPT)
        return error_set(error, ERROR_TIMEOUT, "%s was not checked to its end within %u ms",
                         store->path, timeout_ms);
    return text ? error_set(error, ERROR_FAILED, "%s is damaged: %s", store->path, text)
                : query_fail(store, error);
}
