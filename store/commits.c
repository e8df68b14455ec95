#include "store/commits.h"

#include "store/query.h"

/* Of the index: its first region, and where it has the count, in this computer's byte order. A
 * commit is valid once the first copy of the header has it. */
enum { REGION_BYTES = 32768, COUNT_AT = 8 };

bool store_commits(struct store *store, uint32_t *count) {
    sqlite3_file *file = NULL;
    void volatile *index = NULL;
    if (sqlite3_db_readonly(store->database, "main") == 1) /* its index would be made */
        return false;
    if (sqlite3_file_control(store->database, "main", SQLITE_FCNTL_FILE_POINTER, &file) !=
            SQLITE_OK ||
        !file->pMethods || file->pMethods->iVersion < 2 || !file->pMethods->xShmMap ||
        file->pMethods->xShmMap(file, 0, REGION_BYTES, 0, &index) != SQLITE_OK || !index)
        return false;
    *count = __atomic_load_n((const uint32_t *)index + COUNT_AT / sizeof *count, __ATOMIC_ACQUIRE);
    return true;
}
