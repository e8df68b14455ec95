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

/* By name, or if that is NULL by user. False: there is none. */
static bool look_up(const char *name, uid_t user, struct account *account) {
    struct passwd *found = NULL;
    int status = ERANGE;
    for (size_t size = ENTRY_BYTES; status == ERANGE && size <= ENTRY_LIMIT_BYTES; size *= 2) {
        account->bytes = alloc_resize(account->bytes, size);
        status = name ? getpwnam_r(name, &account->entry, account->bytes, size, &found)
                      : getpwuid_r(user, &account->entry, account->bytes, size, &found);
    }
    return status == 0 && found;
}

char *account_name(uid_t user) {
    struct account account = {0};
    char *name = look_up(NULL, user, &account) ? alloc_string(account.entry.pw_name) : NULL;
    free(account.bytes);
    return name;
}

static char *folder_of(const char *name, uid_t user) {
    struct account account = {0};
    char *folder = look_up(name, user, &account) ? alloc_string(account.entry.pw_dir) : NULL;
    free(account.bytes);
    return folder;
}

char *account_folder(uid_t user) {
    return folder_of(NULL, user);
}

char *account_folder_by_name(const char *name) {
    return folder_of(name, 0);
}
