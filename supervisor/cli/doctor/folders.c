#include "cli/doctor/folders.h"

#include "base/account.h"
#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "home/access/ssh_identity.h"
#include "home/home.h"
#include "home/layout.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SPACE_FAILURE_BYTES (UINT64_C(1) << 30)
#define SPACE_WARNING_BYTES (UINT64_C(5) << 30)
#define STORE_CHECK_MS      1500u
#define LISTED_MAX          200u /* files of one command */

/* What nobody else may read: folders, which shut out others from all that is in them, and files. */
static const char *const private_paths[] = {"",         HOME_DATABASE, HOME_IMAGES, HOME_INSTANCES,
                                            "run",      "trash",       "dns",       "dns/key",
                                            "ssh-keys", "collections"};
static const char *const private_files[] = {
    "", LAYOUT_DOCUMENTS, LAYOUT_SEED_DRIVE, LAYOUT_SMBIOS, LAYOUT_HOST_KEYS, LAYOUT_OS_DISK};

/* The user's own public key; NULL: there is none. Caller frees. */
static char *own_key(void) {
    static const char *const names[] = {"id_ed25519.pub", "id_ecdsa.pub", "id_rsa.pub"};
    const char *user = getenv("HOME");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = alloc_printf("%s/.ssh/%s", user ? user : "", names[i]);
        if (access(path, R_OK) == 0)
            return path;
        free(path);
    }
    return NULL;
}

/* The user whose home it is, if this one may not look into it; NULL: he may. Caller frees. */
static char *foreign_owner(const struct surroundings *surroundings) {
    struct stat status;
    if (!surroundings->has_home || access(surroundings->home_path, R_OK | X_OK) == 0 ||
        stat(surroundings->home_path, &status) < 0 || status.st_uid == geteuid())
        return NULL;
    char *name = account_name(status.st_uid);
    return name ? name : alloc_printf("user %ld", (long)status.st_uid);
}

void folders_home(const struct surroundings *surroundings, struct finding *finding) {
    const char *path = surroundings->home_path;
    scoped(alloc_release) char *owner = foreign_owner(surroundings);
    if (owner) {
        finding_fail(finding,
                     "%s belongs to %s and cannot be read: use it as %s, or another one with -p",
                     path, owner, owner);
    } else if (surroundings->has_home && file_exists(surroundings->database)) {
        finding_ok(finding, "%s", path);
    } else if (!surroundings->has_home && file_exists(path)) {
        finding_fail(finding, "the home %s is not a folder", path);
    } else {
        finding_warn(finding, "there is no cloud in %s yet", path);
        scoped(alloc_release) char *key = own_key();
        if (key)
            finding_mend(finding, "pgsup", "cloud", "create", "-n", "lab", "--ssh-public-key", key,
                         "--network", "user");
        else
            finding_mend(finding, "pgsup", "cloud", "create", "-n", "lab", "--new-ssh-key",
                         "--network", "user");
    }
}

/* Calls each with the paths that the home has of both lists. */
static void each_path(const struct surroundings *surroundings,
                      void (*each)(const char *path, const struct stat *status, void *context),
                      void *context) {
    struct stat status;
    for (size_t i = 0; i < sizeof private_paths / sizeof *private_paths; i++) {
        scoped(alloc_release) char *path = alloc_printf(
            "%s%s%s", surroundings->home_path, *private_paths[i] ? "/" : "", private_paths[i]);
        if (stat(path, &status) == 0)
            each(path, &status, context);
    }
    for (size_t i = 0; i < surroundings->instances.count; i++)
        for (size_t k = 0; k < sizeof private_files / sizeof *private_files; k++) {
            scoped(alloc_release) char *path =
                alloc_printf("%s/" HOME_INSTANCES "/%s%s%s", surroundings->home_path,
                             surroundings->instances.items[i].name, *private_files[k] ? "/" : "",
                             private_files[k]);
            if (stat(path, &status) == 0)
                each(path, &status, context);
        }
}

static void note_foreign(const char *path, const struct stat *status, void *context) {
    struct strv *found = context;
    if (status->st_uid != geteuid())
        strv_push(found, path);
}

void folders_owner(const struct surroundings *surroundings, struct finding *finding) {
    scoped(strv_done) struct strv found = {0};
    scoped(alloc_release) char *user = account_name(geteuid());
    scoped(alloc_release) char *owner = foreign_owner(surroundings);
    if (owner) { /* it may be in use as it is */
        finding_fail(finding, "the home belongs to %s", owner);
        return;
    }
    each_path(surroundings, note_foreign, &found);
    if (found.count == 0) {
        finding_ok(finding, "everything in the home belongs to %s", user ? user : "this user");
        return;
    }
    finding_fail(finding, "%s does not belong to %s%s", found.items[0], user ? user : "this user",
                 found.count > 1 ? ", and others too" : "");
    finding_mend_by_root(finding, "chown", "-R", user ? user : "USER", surroundings->home_path);
}

static void note_open(const char *path, const struct stat *status, void *context) {
    struct strv *found = context;
    if ((status->st_mode & 077) && status->st_uid == geteuid() && found->count < LISTED_MAX)
        strv_push(found, path);
}

void folders_modes(const struct surroundings *surroundings, struct finding *finding) {
    scoped(strv_done) struct strv found = {0};
    each_path(surroundings, note_open, &found);
    if (found.count == 0) {
        finding_ok(finding, "nobody else can read the home");
        return;
    }
    finding_fail(finding, "others may read or write %s%s", found.items[0],
                 found.count > 1 ? ", and more" : "");
    finding_mend(finding, "chmod", "go=");
    for (size_t i = 0; i < found.count; i++)
        strv_push(&finding->mend, found.items[i]);
}

/* A link that leads nowhere is normal after a start of the computer: it is made again. */
void folders_run(const struct surroundings *surroundings, struct finding *finding) {
    struct stat status;
    scoped(alloc_release) char *path = alloc_printf("%s/run", surroundings->home_path);
    if (lstat(path, &status) < 0 || stat(path, &status) < 0) {
        finding_ok(finding, "%s is made when it is needed", path);
    } else if (!S_ISDIR(status.st_mode)) {
        finding_fail(finding, "%s should be a folder but is something else", path);
        scoped(alloc_release) char *away = alloc_printf("%s.old", path);
        finding_mend(finding, "mv", path, away);
    } else if (status.st_uid != geteuid()) {
        finding_fail(finding, "%s leads to a folder of another user", path);
        finding_mend(finding, "rm", path);
    } else {
        finding_ok(finding, "%s", surroundings->run);
    }
}

void folders_space(const struct surroundings *surroundings, struct finding *finding) {
    scoped(alloc_release) char *path = alloc_string(surroundings->home_path);
    char *slash;
    uint64_t bytes = 0;
    while (!file_exists(path) && (slash = strrchr(path, '/')) && slash > path)
        *slash = 0;
    if (!platform_free_space(path, &bytes)) {
        finding_warn(finding, "cannot see how much is free in %s: %s", path, strerror(errno));
        return;
    }
    char text[32];
    name_format_size(bytes, text);
    if (bytes >= SPACE_WARNING_BYTES)
        finding_ok(finding, "%s are free", text);
    else if (bytes >= SPACE_FAILURE_BYTES)
        finding_warn(finding, "only %s are free where %s is", text, path);
    else
        finding_fail(finding,
                     "only %s are free where %s is: guests are paused when nothing is left", text,
                     path);
    if (bytes < SPACE_WARNING_BYTES && surroundings->has_store)
        finding_mend(finding, "pgsup", "trash", "empty");
}

static bool check_store(const struct surroundings *surroundings, struct error *error) {
    struct store *store = NULL;
    bool good = store_open(surroundings->database, STORE_READ, &store, error) &&
                store_check(store, STORE_CHECK_MS, error);
    store_close(store);
    return good;
}

/* Read while somebody writes, a file may look damaged: so what fails is looked at again. */
void folders_store(const struct surroundings *surroundings, struct finding *finding) {
    struct error first = {0}, error = {0};
    if (!file_exists(surroundings->database)) {
        finding_ok(finding, "there is none yet");
        return;
    }
    bool good = check_store(surroundings, &first) || check_store(surroundings, &error);
    if (!good && error.code == ERROR_TIMEOUT)
        finding_warn(finding, "%s", error.text);
    else if (!good)
        finding_fail(finding, "%s", error.text);
    else if (surroundings->store_version < store_newest_version())
        finding_warn(finding,
                     "the store is of version %d, and the next command brings it to %d, with a "
                     "backup beside it; the checks of what is in it come then",
                     surroundings->store_version, store_newest_version());
    else if (!surroundings->has_store)
        finding_fail(finding, "%s", surroundings->store_problem.text);
    else
        finding_ok(finding, "version %d, whole", surroundings->store_version);
}

void folders_ssh_key(const struct surroundings *surroundings, struct finding *finding) {
    scoped(alloc_release) char *file = ssh_identity_file(&surroundings->cloud);
    if (!surroundings->cloud.ssh_public_key)
        finding_ok(finding, "the cloud has no key: guests are entered by password");
    else if (!file)
        finding_warn(finding, "the private half of the cloud's key is not in a file: `pgsup cloud "
                              "set --ssh-private-key FILE` names one, or ssh-agent has to have it");
    else if (access(file, R_OK) < 0)
        finding_warn(finding, "the private key %s cannot be read: %s", file, strerror(errno));
    else
        finding_ok(finding, "%s", file);
}
