#include "launcher/identity.h"

#include "base/platform.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ENTRY_BYTES = 16384 };

struct account {
    struct passwd entry;
    char bytes[ENTRY_BYTES];
};

static bool look_up(uid_t uid, struct account *account) {
    struct passwd *found = NULL;
    return getpwuid_r(uid, &account->entry, account->bytes, sizeof account->bytes, &found) == 0 &&
           found;
}

/* False: not the number of a user, or root's. */
static bool parse(const char *text, uid_t *uid) {
    char *end = NULL;
    if (!text || *text < '0' || *text > '9')
        return false;
    unsigned long number = strtoul(text, &end, 10);
    *uid = (uid_t)number;
    return *end == 0 && number != 0 && *uid == number && *uid != (uid_t)-1;
}

bool identity_find(struct identity *user) {
    struct account account;
    uid_t uid;
    if (!parse(getenv("SUDO_UID"), &uid) || !look_up(uid, &account))
        return false;
    *user = (struct identity){.uid = uid, .gid = account.entry.pw_gid};
    return true;
}

void identity_variables(const struct identity *user, char uid[IDENTITY_VARIABLE_SIZE],
                        char gid[IDENTITY_VARIABLE_SIZE]) {
    snprintf(uid, IDENTITY_VARIABLE_SIZE, "SUDO_UID=%lu", (unsigned long)user->uid);
    snprintf(gid, IDENTITY_VARIABLE_SIZE, "SUDO_GID=%lu", (unsigned long)user->gid);
}

/* The order matters: who is no longer root cannot change groups. */
bool identity_become(const struct identity *user) {
    struct account account;
    if (!look_up(user->uid, &account) || !platform_take_groups(account.entry.pw_name, user->gid) ||
        setgid(user->gid) < 0 || setuid(user->uid) < 0)
        return false;
    bool back = setuid(0) == 0 || seteuid(0) == 0 || (user->gid != 0 && setegid(0) == 0);
    return !back && getuid() == user->uid && geteuid() == user->uid && getgid() == user->gid &&
           getegid() == user->gid && setenv("HOME", account.entry.pw_dir, 1) == 0 &&
           setenv("USER", account.entry.pw_name, 1) == 0 &&
           setenv("LOGNAME", account.entry.pw_name, 1) == 0;
}

bool identity_drop(const struct identity *user) {
    return identity_become(user) && unsetenv("SUDO_UID") == 0 && unsetenv("SUDO_USER") == 0 &&
           unsetenv("SUDO_GID") == 0;
}
