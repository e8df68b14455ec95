#include "base/account.h"

#include "base/alloc.h"

#include <errno.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>

enum { ENTRY_BYTES = 1024, ENTRY_LIMIT_BYTES = 1 << 20 };

/* An entry and the bytes that its members are in. */
struct account {
    struct passwd entry;
    char *bytes;
};

/* False: there is none. */
static bool look_up(uid_t user, struct account *account) {
    struct passwd *found = NULL;
    int status = ERANGE;
    for (size_t size = ENTRY_BYTES; status == ERANGE && size <= ENTRY_LIMIT_BYTES; size *= 2) {
        account->bytes = alloc_resize(account->bytes, size);
        status = getpwuid_r(user, &account->entry, account->bytes, size, &found);
    }
    return status == 0 && found;
}

char *account_name(uid_t user) {
    struct account account = {0};
    char *name = look_up(user, &account) ? alloc_string(account.entry.pw_name) : NULL;
    free(account.bytes);
    return name;
}

char *account_folder(uid_t user) {
    struct account account = {0};
    char *folder = look_up(user, &account) ? alloc_string(account.entry.pw_dir) : NULL;
    free(account.bytes);
    return folder;
}
