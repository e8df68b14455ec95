/* Opening a home, and the folder for its sockets. */
#include "cloud_home.h"
#include "home/run_folder.h"
#include "machine/core/run_file.h"
#include "test.h"

#include <pwd.h>
#include <sys/wait.h>

static void check_path(const char *option, const char *expected) {
    scoped(alloc_release) char *path = home_default_path(option);
    CHECK_STRING(path, expected);
}

TEST(default_path) {
    char folder[512];
    CHECK(getcwd(folder, sizeof folder) != NULL);
    scoped(alloc_release) char *relative = alloc_printf("%s/here", folder);
    setenv("HOME", "/users/me", 1);
    unsetenv("SUDO_USER");
    setenv("PGSUP_HOME", "/from/variable/", 1);
    check_path("/from/option//", "/from/option");
    check_path("here", relative);
    check_path("/", "/");
    check_path(NULL, "/from/variable");
    setenv("PGSUP_HOME", "", 1);
    check_path(NULL, "/users/me/var/pgsup");
    unsetenv("PGSUP_HOME");
    check_path(NULL, "/users/me/var/pgsup");
}

static void check_refused(const char *path, enum error_code code, const char *says) {
    struct home home = {0};
    struct error error = {0};
    CHECK(!home_open(path, &home, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, says);
    CHECK(!home.path && !home.store && !home.run);
}

TEST(open_refuses) {
    scoped(alloc_release) char *absent = scratch_path("absent");
    scoped(alloc_release) char *empty = scratch_path("empty");
    scoped(alloc_release) char *file = scratch_path("file");
    scoped(alloc_release) char *database = scratch_path("empty/cloud.sqlite3");
    struct error error = {0};
    struct store *store = NULL;
    check_refused(absent, ERROR_NOT_FOUND,
                  "create one with `pgsup launch` or `pgsup cloud create`");
    CHECK(!file_exists(absent));
    scratch_write(file, "x", 1, 0600);
    check_refused(file, ERROR_WRONG_STATE, "is not a folder");
    check_good(file_make_directory(empty, 0700, &error), &error);
    check_refused(empty, ERROR_NOT_FOUND, "no cloud in");
    CHECK_INT(count_entries(empty), 0);
    /* as a `cloud create` leaves it that was killed at the worst moment */
    check_good(store_open(database, STORE_CREATE, &store, &error), &error);
    store_close(store);
    check_refused(empty, ERROR_NOT_FOUND, "no cloud in");
    struct cloud_options options = user_options();
    check_good(cloud_create(empty, &options, &error), &error);
}

/* Run in a child that has given up being root. */
static int open_as_other(const char *path) {
    struct home home = {0};
    struct error error = {0};
    if (geteuid() == 0 && setuid(65534) < 0)
        return 2;
    bool good = home_open(path, &home, &error);
    home_close(&home);
    return good || error.code != ERROR_WRONG_STATE || !strstr(error.text, "cannot be written");
}

TEST(open_refuses_what_cannot_be_written) {
    struct cloud_options options = user_options();
    scoped(alloc_release) char *path = scratch_path("locked");
    struct error error = {0};
    int status = 0;
    check_good(cloud_create(path, &options, &error), &error);
    chmod(scratch(), 0755);
    chmod(path, 0555);
    pid_t pid = fork();
    if (pid == 0)
        _exit(open_as_other(path));
    waitpid(pid, &status, 0);
    CHECK_INT(status, 0);
    chmod(path, 0700);
}

/* Root must not work in what a user can change. */
TEST(open_refuses_what_belongs_to_another_user) {
    struct cloud_options options = user_options();
    scoped(alloc_release) char *path = scratch_path("owned");
    struct error error = {0};
    struct home home = {0};
    check_good(cloud_create(path, &options, &error), &error);
    check_good(home_open(path, &home, &error), &error);
    home_close(&home);
    if (geteuid() == 0) {
        CHECK_INT(chown(path, 65534, 65534), 0);
        check_refused(path, ERROR_WRONG_STATE, "only that user can work in it");
        check_refused(path, ERROR_WRONG_STATE, "sudo -u nobody pgsup -p ");
    }
}

static char *long_path(size_t length) { /* caller frees */
    char name[256];
    memset(name, 'x', sizeof name);
    return alloc_printf("%s/%.*s", scratch(), (int)(length - strlen(scratch()) - 1), name);
}

static char *open_run(const char *home_path) { /* caller frees */
    struct error error = {0};
    check_good(file_make_directory(home_path, 0700, &error), &error);
    char *run = run_folder_open(home_path, &error);
    CHECK(run != NULL);
    CHECK_STRING(error.text, "");
    return run;
}

TEST(run_folder_inside_while_names_fit) {
    /* 103 - "/run" - "/" - 24 - ".sh4194304" - ".qmp" */
    scoped(alloc_release) char *fits = long_path(60);
    scoped(alloc_release) char *longer = long_path(61);
    scoped(alloc_release) char *inside = alloc_printf("%s/run", fits);
    scoped(alloc_release) char *link = alloc_printf("%s/run", longer);
    scoped(alloc_release) char *first = open_run(fits);
    scoped(alloc_release) char *second = open_run(longer);
    CHECK_STRING(first, inside);
    CHECK_INT(mode_of(inside), 0700);
    CHECK(strncmp(second, "/tmp/pgsup", 10) == 0);
    CHECK_INT(mode_of(second), 0700);
    char target[256] = "";
    CHECK_INT(readlink(link, target, sizeof target - 1), strlen(second));
    CHECK_STRING(target, second);
    scoped(alloc_release) char *again = open_run(longer);
    CHECK_STRING(again, second);
    rmdir(second);
}

TEST(run_folder_fits_every_name_outside) {
    struct error error = {0};
    char name[64];
    memset(name, 'n', 63);
    name[63] = 0;
    scoped(alloc_release) char *longer = long_path(150);
    scoped(alloc_release) char *run = open_run(longer);
    check_good(run_folder_check_name(run, name, &error), &error);
    scoped(alloc_release) char *socket = run_file_path(run, name, "sh4194304", RUN_FILE_QMP);
    CHECK(strlen(socket) <= PLATFORM_SOCKET_PATH_MAX);
    rmdir(run);
    CHECK(!run_folder_check_name("/a/home/of/some/length/with/its/folder/run", name, &error));
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_CONTAINS(error.text, "at most 46 characters");
}

TEST(run_folder_passes_by_what_others_made) {
    scoped(alloc_release) char *longer = long_path(100);
    scoped(alloc_release) char *run = open_run(longer);
    CHECK_INT(chmod(run, 0777), 0); /* its owner's slip is put right */
    scoped(alloc_release) char *again = open_run(longer);
    CHECK_STRING(again, run);
    CHECK_INT(mode_of(run), 0700);
    rmdir(run); /* as a start of the host does: the same one is made again */
    scoped(alloc_release) char *remade = open_run(longer);
    CHECK_STRING(remade, run);
    rmdir(run);
    CHECK_INT(symlink(scratch(), run), 0);
    scoped(alloc_release) char *other = open_run(longer);
    CHECK(strcmp(other, run) != 0);
    unlink(run);
    if (geteuid() == 0) {
        CHECK_INT(chown(other, 65534, 65534), 0);
        scoped(alloc_release) char *third = open_run(longer);
        CHECK(strcmp(third, other) != 0);
        rmdir(third);
    }
    rmdir(other);
}

/* In a folder of the user's own, if the environment names one; the link decides, not the
 * environment. */
TEST(run_folder_in_folders_of_the_users_own) {
    char short_folder[] = "/tmp/pgsup-own-XXXXXX";
    scoped(alloc_release) char *longer = long_path(102);
    CHECK(mkdtemp(short_folder) != NULL);
    CHECK_INT(setenv("TMPDIR", short_folder, 1), 0);
    CHECK_INT(setenv("XDG_RUNTIME_DIR", "relative", 1), 0);
    scoped(alloc_release) char *run = open_run(longer);
    CHECK(strncmp(run, short_folder, strlen(short_folder)) == 0);
    CHECK_INT(unsetenv("TMPDIR"), 0);
    scoped(alloc_release) char *again = open_run(longer);
    CHECK_STRING(again, run);
    rmdir(run);
    CHECK_INT(chmod(short_folder, 0777), 0); /* others could take its place */
    CHECK_INT(setenv("XDG_RUNTIME_DIR", short_folder, 1), 0);
    scoped(alloc_release) char *other = long_path(103);
    scoped(alloc_release) char *elsewhere = open_run(other);
    CHECK(strncmp(elsewhere, short_folder, strlen(short_folder)) != 0);
    CHECK_INT(unsetenv("XDG_RUNTIME_DIR"), 0);
    rmdir(elsewhere);
    rmdir(short_folder);
}

/* With its link: the copy has a folder of its own. */
TEST(run_folder_of_a_copied_home) {
    scoped(alloc_release) char *longer = long_path(104);
    scoped(alloc_release) char *copy = long_path(105);
    scoped(alloc_release) char *link = alloc_printf("%s/run", copy);
    struct error error = {0};
    scoped(alloc_release) char *run = open_run(longer);
    check_good(file_make_directory(copy, 0700, &error), &error);
    CHECK_INT(symlink(run, link), 0);
    scoped(alloc_release) char *own = open_run(copy);
    CHECK(strcmp(own, run) != 0);
    rmdir(own);
    rmdir(run);
}

/* A home that is moved takes what fits its new path. */
TEST(run_folder_after_a_move) {
    scoped(alloc_release) char *longer = long_path(101);
    scoped(alloc_release) char *shorter = scratch_path("moved");
    scoped(alloc_release) char *inside = alloc_printf("%s/run", shorter);
    scoped(alloc_release) char *first = open_run(longer);
    CHECK_INT(rename(longer, shorter), 0);
    scoped(alloc_release) char *second = open_run(shorter);
    CHECK_STRING(second, inside);
    struct stat status;
    CHECK(lstat(inside, &status) == 0 && S_ISDIR(status.st_mode));
    CHECK_INT(rename(shorter, longer), 0);
    scoped(alloc_release) char *third = open_run(longer);
    CHECK(strncmp(third, "/tmp/pgsup", 10) == 0);
    rmdir(third);
    rmdir(first);
}

/* Nobody removes the link that another of them has just made. */
static void check_one_folder(const char *home_path) {
    enum { OPENERS = 8 };
    int pipes[2];
    char first[256] = "", each[256];
    CHECK(pipe(pipes) == 0);
    for (int i = 0; i < OPENERS; i++)
        if (fork() == 0) {
            char *run = run_folder_open(home_path, NULL);
            snprintf(each, sizeof each, "%s", run ? run : "none");
            _exit(write(pipes[1], each, sizeof each) != sizeof each);
        }
    close(pipes[1]);
    scoped(alloc_release) char *link = alloc_printf("%s/run", home_path);
    for (int i = 0; i < OPENERS; i++) {
        CHECK_INT(read(pipes[0], each, sizeof each), sizeof each);
        if (!i)
            snprintf(first, sizeof first, "%s", each);
        CHECK_STRING(each, first);
        wait(NULL);
    }
    CHECK_INT(readlink(link, each, sizeof each), strlen(first));
    file_remove_tree(first, NULL);
}

TEST(run_folder_of_many_at_once) {
    scoped(alloc_release) char *longer = long_path(106);
    scoped(alloc_release) char *run = alloc_printf("%s/run", longer);
    scoped(alloc_release) char *inner = alloc_printf("%s/s", run);
    for (int i = 0; i < 20; i++) {
        struct error error = {0};
        check_good(file_make_directory(inner, 0700, &error), &error); /* from before a move */
        check_one_folder(longer);
        CHECK(unlink(run) == 0 && symlink("/nonexistent", run) == 0); /* of another home */
        check_one_folder(longer);
        CHECK_INT(unlink(run), 0);
    }
}

TEST(run_folder_names) {
    scoped(alloc_release) char *control = run_folder_control("/h/run");
    CHECK_STRING(control, "/h/run/pgsup.sock");
}

int main(void) {
    unsetenv("XDG_RUNTIME_DIR");
    unsetenv("TMPDIR");
    return test_run();
}
