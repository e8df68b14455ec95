/* What is not a store of ours, or is damaged, is refused and stays as it is. */
#include "store/migrations.h"
#include "store_files.h"

/* SQLite makes an empty -wal and a -shm to look at a database in WAL mode: they hold nothing. */
static void check_nothing_beside(const char *path) {
    static const char *const suffixes[] = {"-wal", "-journal", ".backup-v0", ".backup-v1"};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        struct stat status = {0};
        scoped(alloc_release) char *other = alloc_printf("%s%s", path, suffixes[i]);
        CHECK(stat(other, &status) < 0 || (i == 0 && status.st_size == 0));
    }
}

/* Refused, in both modes, with this sentence; the file is the same and nothing lies beside it. */
static void check_refused(const char *path, enum error_code code, const char *sentence) {
    scoped(buffer_done) struct buffer before = {0}, after = {0};
    contents(path, &before);
    struct store *store = NULL;
    FAILS(store_open(path, STORE_OPEN, &store, &error), code, sentence);
    FAILS(store_open(path, STORE_CREATE, &store, &error), code, sentence);
    FAILS(store_open(path, STORE_OPEN, &store, &error), code, path);
    CHECK(!store);
    contents(path, &after);
    CHECK(before.length == after.length && memcmp(before.data, after.data, before.length) == 0);
    check_nothing_beside(path);
}

TEST(a_newer_version_is_refused) {
    scoped(alloc_release) char *path = filled_store("newer");
    scoped(alloc_release) char *sql =
        alloc_printf("PRAGMA user_version = %d", migrations_version() + 1);
    execute(path, sql);
    check_refused(path, ERROR_WRONG_STATE, "newer pgsup");
    execute(path, "PRAGMA user_version = 2147483647");
    check_refused(path, ERROR_WRONG_STATE, "version 2147483647");
}

TEST(databases_of_other_programs_are_refused) {
    scoped(alloc_release) char *plain = scratch_path("plain"), *marked = scratch_path("marked");
    execute(plain, "CREATE TABLE t (a)");
    check_refused(plain, ERROR_FAILED, "another program");
    execute(marked, "CREATE TABLE t (a); PRAGMA user_version = 1; PRAGMA application_id = 7");
    check_refused(marked, ERROR_FAILED, "another program");
}

TEST(files_that_are_no_database_are_refused) {
    static const char old[] =
        "SQLite format 2, and more than a hundred bytes, so that it is not the "
        "length of the header that is missing but its right first bytes";
    const char *const texts[] = {"hello, this is not a database", "SQLite format 3", old};
    scoped(alloc_release) char *path = scratch_path("garbage");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        scratch_write(path, texts[i], strlen(texts[i]), 0600);
        check_refused(path, ERROR_FAILED, "is damaged");
    }
    char noise[8192];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * 7 + i / 256);
    scratch_write(path, noise, sizeof noise, 0600);
    check_refused(path, ERROR_FAILED, "is damaged");
}

TEST(a_truncated_store_is_refused) {
    scoped(alloc_release) char *path = filled_store("truncated");
    scoped(buffer_done) struct buffer whole = {0};
    contents(path, &whole);
    CHECK(whole.length > 16384);
    const size_t lengths[] = {16, 99, 100, 512, 4096, 8192, whole.length - 4096};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        scratch_write(path, whole.data, lengths[i], 0600);
        check_refused(path, ERROR_FAILED, "is damaged");
    }
    scratch_write(path, whole.data, whole.length, 0600);
    struct store *store = NULL;
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
}

/* Damage inside is found when the damaged page is read; it is said, never trusted. */
TEST(a_store_damaged_inside_says_so) {
    scoped(alloc_release) char *path = filled_store("damaged");
    scoped(buffer_done) struct buffer bytes = {0};
    contents(path, &bytes);
    size_t page = root_page(path, "cloud");
    CHECK(page > 1 && page * PAGE_BYTES <= bytes.length);
    memset(bytes.data + (page - 1) * PAGE_BYTES, 0xA5, PAGE_BYTES);
    scratch_write(path, bytes.data, bytes.length, 0600);
    struct store *store = NULL;
    struct store_cloud cloud = {0};
    OK(store_open(path, STORE_OPEN, &store, &error));
    FAILS(cloud_table_get(store, &cloud, &error), ERROR_FAILED, "put a backup of it in its place");
    FAILS(cloud_table_put(store, &bare_cloud, &error), ERROR_FAILED, "is damaged");
    store_close(store);
}

int main(void) {
    return test_run();
}
