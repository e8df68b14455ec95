/* The file of a store: how it is made and opened, who can read it, reading without touching it. */
#include "store/query.h"
#include "store_files.h"

/* --- making and opening --- */

TEST(what_is_not_there_is_not_made_by_opening) {
    scoped(alloc_release) char *path = scratch_path("absent");
    scoped(alloc_release) char *deep = scratch_path("no/such/folder");
    struct store *store = NULL;
    FAILS(store_open(path, STORE_OPEN, &store, &error), ERROR_NOT_FOUND, "absent");
    CHECK(!file_exists(path));
    FAILS(store_open(deep, STORE_OPEN, &store, &error), ERROR_NOT_FOUND, "no/such/folder");
    FAILS(store_open(deep, STORE_CREATE, &store, &error), ERROR_FAILED, "cannot create ");
}

TEST(a_folder_is_no_store) {
    struct store *store = NULL;
    FAILS(store_open(scratch(), STORE_OPEN, &store, &error), ERROR_FAILED, scratch());
    FAILS(store_open(scratch(), STORE_CREATE, &store, &error), ERROR_FAILED, scratch());
}

TEST(a_home_is_made_once) {
    scoped(alloc_release) char *path = scratch_path("once");
    struct store *store = new_store("once");
    store_close(store);
    OK(store_open(path, STORE_CREATE, &store, &error)); /* it holds no cloud yet */
    OK(cloud_table_put(store, &full_cloud, &error));
    store_close(store);
    FAILS(store_open(path, STORE_CREATE, &store, &error), ERROR_EXISTS, "holds a cloud already");
    OK(store_open(path, STORE_OPEN, &store, &error));
    store_close(store);
    store_close(NULL);
}

/* --- what SQLite takes of the heap --- */

static sqlite3_mem_methods heap;
static int largest_bytes;

static void *take(int bytes) {
    if (bytes > largest_bytes)
        largest_bytes = bytes;
    return heap.xMalloc(bytes);
}

/* It would take 20 pages at once, and each connection of the supervisor takes its own; and it would
 * count, under a lock of all threads. */
TEST(a_store_that_is_opened_takes_no_memory_for_pages_that_it_does_not_read_and_does_not_count) {
    int now = 0, most = 0;
    scoped(alloc_release) char *path = filled_store("pages.sqlite3");
    struct store *store = NULL;
    CHECK_INT(sqlite3_shutdown(), SQLITE_OK); /* it takes no other heap while it runs */
    CHECK_INT(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &heap), SQLITE_OK);
    sqlite3_mem_methods watched = heap;
    watched.xMalloc = take;
    CHECK_INT(sqlite3_config(SQLITE_CONFIG_MALLOC, &watched), SQLITE_OK);
    OK(store_open(path, STORE_OPEN, &store, &error));
    CHECK(largest_bytes > 0 && largest_bytes < 20 * PAGE_BYTES);
    CHECK_INT(sqlite3_status(SQLITE_STATUS_MEMORY_USED, &now, &most, false), SQLITE_OK);
    CHECK_INT(most, 0);
    store_close(store);
    CHECK_INT(sqlite3_shutdown(), SQLITE_OK);
    CHECK_INT(sqlite3_config(SQLITE_CONFIG_MALLOC, &heap), SQLITE_OK);
}

/* Made through a link, it would lie where somebody else wants it. */
TEST(a_link_to_nowhere_is_not_followed_when_making) {
    scoped(alloc_release) char *path = scratch_path("link"), *target = scratch_path("target");
    CHECK(symlink(target, path) == 0);
    struct store *store = NULL;
    struct error error = {0};
    CHECK(!store_open(path, STORE_CREATE, &store, &error));
    CHECK(error.text[0] != 0);
    CHECK(!file_exists(target));
}

static void check_mode(const char *path, const char *suffix) {
    struct stat status = {0};
    scoped(alloc_release) char *file = alloc_printf("%s%s", path, suffix);
    CHECK(stat(file, &status) == 0);
    CHECK_INT(status.st_mode & 07777, 0600);
}

TEST(only_the_owner_reads_it_whatever_the_umask) {
    static const mode_t masks[] = {0, 022, 0777};
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        scoped(alloc_release) char *name = alloc_printf("umask-%zu", i);
        scoped(alloc_release) char *path = scratch_path(name);
        mode_t old = umask(masks[i]);
        struct store *store = new_store(name);
        OK(cloud_table_put(store, &full_cloud, &error));
        umask(old);
        check_mode(path, "");
        check_mode(path, "-wal");
        check_mode(path, "-shm");
        store_close(store);
    }
}

/* --- looking without touching --- */

/* Not even the files are made that SQLite makes beside a database in WAL mode to read it. */
static void check_nothing_made(const char *path) {
    scoped(alloc_release) char *log = alloc_printf("%s-wal", path);
    scoped(alloc_release) char *index = alloc_printf("%s-shm", path);
    CHECK(!file_exists(log) && !file_exists(index));
}

TEST(reading_makes_and_changes_nothing) {
    struct store *store = NULL;
    scoped(alloc_release) char *path = filled_store("read?%20#.sqlite3");
    scoped(buffer_done) struct buffer before = {0}, after = {0};
    contents(path, &before);
    OK(store_open(path, STORE_READ, &store, &error));
    CHECK_INT(store_version(store), store_newest_version());
    OK(store_check(store, 10000, &error));
    CHECK(!query_run(store, "DELETE FROM images", NULL));
    store_close(store);
    contents(path, &after);
    CHECK(before.length == after.length && memcmp(before.data, after.data, before.length) == 0);
    check_nothing_made(path);
}

TEST(an_older_one_is_read_as_it_is) {
    struct store *store = NULL;
    scoped(alloc_release) char *path = scratch_path("old.sqlite3");
    scoped(buffer_done) struct buffer sql = {0};
    OK(file_read("golden/store/v1.sql", FILE_LIMIT_BYTES, &sql, &error));
    execute(path, sql.data);
    OK(store_open(path, STORE_READ, &store, &error));
    CHECK_INT(store_version(store), 1);
    store_close(store);
    execute(path, "PRAGMA user_version = 999");
    FAILS(store_open(path, STORE_READ, &store, &error), ERROR_WRONG_STATE, "newer");
    check_nothing_made(path);
}

/* What another program writes meanwhile is seen, and damage is told. */
TEST(reading_sees_what_is_written_and_what_is_damaged) {
    struct store *writer = new_store("live.sqlite3"), *store = NULL;
    struct store_images images = {0};
    scoped(alloc_release) char *path = scratch_path("live.sqlite3");
    add_image(writer);
    OK(store_open(path, STORE_READ, &store, &error));
    OK(image_table_list(store, &images, &error));
    CHECK_INT(images.count, 1);
    store_images_done(&images);
    store_close(store);
    store_close(writer);
    scoped(alloc_release) char *damaged = filled_store("unread.sqlite3");
    scoped(buffer_done) struct buffer bytes = {0};
    contents(damaged, &bytes);
    memset(bytes.data + (root_page(damaged, "instances") - 1) * PAGE_BYTES, 0xA5, PAGE_BYTES);
    scratch_write(damaged, bytes.data, bytes.length, 0600);
    OK(store_open(damaged, STORE_READ, &store, &error));
    FAILS(store_check(store, 10000, &error), ERROR_FAILED, "damaged");
    store_close(store);
}

static int kept(struct store *store, int what) {
    int now = 0, most = 0;
    CHECK_INT(sqlite3_db_status(store->database, what, &now, &most, 0), SQLITE_OK);
    return now;
}

TEST(a_store_at_rest_keeps_nothing_for_the_next_query) {
    struct store *store = with_image("rest");
    struct store_instances instances = {0};
    add_instance(store, "a", NULL);
    int pages = kept(store, SQLITE_DBSTATUS_CACHE_USED);
    CHECK(kept(store, SQLITE_DBSTATUS_STMT_USED) > 0);
    store_rest(store);
    CHECK_INT(kept(store, SQLITE_DBSTATUS_STMT_USED), 0);
    CHECK(kept(store, SQLITE_DBSTATUS_CACHE_USED) < pages / 2);
    OK(instance_table_list(store, &instances, &error));
    CHECK_INT(instances.count, 1);
    store_instances_done(&instances);
    store_close(store);
}

int main(void) {
    return test_run();
}
