/* Who runs, by the locks of pid files: of this version's launches, of an older one's, of vm.sh. */
#include "base/file.h"
#include "home/run_folder.h"
#include "home/running.h"
#include "machine/core/run_file.h"
#include "scratch.h"
#include "test.h"

#include "store/statements.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char *make_run(const char *name) { /* caller frees */
    char *run = scratch_path(name);
    struct error error = {0};
    CHECK(mkdir(run, 0700) == 0 && run_folder_make_apart(run, &error));
    return run;
}

/* As one that ended long ago left it: a lock may be about to come to a file that is young. */
static void leave_file(const char *path) {
    const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && futimens(fd, old) == 0);
    close(fd);
}

static void leave_files(const char *run, const char *name, const char *tag) {
    for (int i = 0; i < RUN_FILE_COUNT; i++) {
        scoped(alloc_release) char *path = run_file_path(run, name, tag, (enum run_file)i);
        leave_file(path);
    }
}

static int count_files(const char *run, const char *name, const char *tag) {
    int count = 0;
    for (int i = 0; i < RUN_FILE_COUNT; i++) {
        scoped(alloc_release) char *path = run_file_path(run, name, tag, (enum run_file)i);
        count += access(path, F_OK) == 0;
    }
    return count;
}

/* A process that holds the pid file as QEMU does. */
static pid_t begin(const char *run, const char *name, const char *tag) {
    scoped(alloc_release) char *path = run_file_path(run, name, tag, RUN_FILE_PID);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    int ready[2];
    leave_files(run, name, tag);
    CHECK(pipe(ready) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(path, O_RDWR);
        if (fd < 0 || fcntl(fd, F_SETLK, &lock) < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        pause();
        _exit(0);
    }
    char byte;
    close(ready[1]);
    CHECK(pid > 0 && read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    return pid;
}

static void end(pid_t pid) {
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

static void check_found(const char *run, const char *name, const char *tag, pid_t pid) {
    struct running running = {0};
    struct error error = {0};
    CHECK(running_find(run, name, &running, &error));
    CHECK_STRING(running.name, pid ? name : NULL);
    CHECK_STRING(running.tag, pid ? tag : NULL);
    CHECK_INT(running.pid, pid);
    running_done(&running);
}

TEST(each_kind_of_launch_is_found_and_what_it_left_is_removed) {
    static const char *const tags[] = {"n7", "7", "sh77", "n1000000"};
    scoped(alloc_release) char *run = make_run("kinds");
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
        leave_files(run, "test", "n6"); /* of a dead one */
        pid_t pid = begin(run, "test", tags[i]), other = begin(run, "test-2", tags[i]);
        check_found(run, "test", tags[i], pid);
        CHECK_INT(count_files(run, "test", "n6"), 0);
        CHECK_INT(count_files(run, "test", tags[i]), RUN_FILE_COUNT);
        end(pid);
        check_found(run, "test", NULL, 0);
        CHECK_INT(count_files(run, "test", tags[i]), 0);
        check_found(run, "test-2", tags[i], other);
        end(other);
        check_found(run, "test-2", NULL, 0);
    }
}

TEST(all_are_listed_and_looking_removes_nothing) {
    scoped(alloc_release) char *run = make_run("all");
    pid_t pids[] = {begin(run, "a", "n1"), begin(run, "b", "2"), begin(run, "c", "sh3")};
    struct running_list list = {0};
    struct error error = {0};
    leave_files(run, "dead", "n4");
    CHECK(running_look(run, &list, &error));
    CHECK_INT(list.count, 3);
    running_list_done(&list);
    CHECK_INT(count_files(run, "dead", "n4"), RUN_FILE_COUNT);
    CHECK(running_scan(run, &list, &error));
    CHECK_INT(list.count, 3);
    for (size_t i = 0; i < list.count; i++)
        CHECK_INT(list.items[i].pid, pids[list.items[i].name[0] - 'a']);
    running_list_done(&list);
    CHECK_INT(count_files(run, "dead", "n4"), 0);
    for (size_t i = 0; i < 3; i++)
        end(pids[i]);
}

static void check_among(struct running_names *names, uint64_t now_ms, pid_t pid) {
    struct running running = {0};
    struct error error = {0};
    CHECK(running_names_find(names, "test", now_ms, &running, &error));
    CHECK_STRING(running.name, pid ? "test" : NULL);
    CHECK_INT(running.pid, pid);
    running_done(&running);
}

TEST(names_that_were_just_read_serve_all_and_locks_are_looked_at_each_time) {
    scoped(alloc_release) char *run = make_run("names");
    struct running_names names;
    running_names_init(&names, run);
    leave_files(run, "test", "n1"); /* of a dead one */
    pid_t other = begin(run, "a-test", "n2"), another = begin(run, "test-2", "n3");
    check_among(&names, 1000, 0);
    CHECK_INT(count_files(run, "test", "n1"), 0);
    pid_t pid = begin(run, "test", "n4");
    check_among(&names, 1000 + RUNNING_NAMES_MS - 1, 0); /* they are not read again … */
    check_among(&names, 1000 + RUNNING_NAMES_MS, pid);   /* … until they are older */
    check_among(&names, 1000, pid); /* of who has read the clock before another read them */
    end(pid);
    check_among(&names, 1001 + RUNNING_NAMES_MS, 0);
    pid = begin(run, "test", "sh5");
    running_names_forget(&names);
    check_among(&names, 1002 + RUNNING_NAMES_MS, pid);
    end(pid);
    end(other);
    end(another);
    running_names_forget(&names);
}

TEST(names_that_cannot_be_read_are_an_error_and_not_those_of_before) {
    scoped(alloc_release) char *run = make_run("gone");
    struct running_names names;
    struct running running = {0};
    struct error error = {0};
    running_names_init(&names, run);
    check_among(&names, 1000, 0);
    CHECK(file_remove_tree(run, &error));
    CHECK(!running_names_find(&names, "test", 2000, &running, &error));
    CHECK_CONTAINS(error.text, "cannot read ");
    error = (struct error){0};
    CHECK(!running_names_find(&names, "test", 2001, &running, &error));
    running_names_forget(&names);
}

TEST(a_young_file_stays_until_it_may_be_locked) {
    scoped(alloc_release) char *run = make_run("young");
    scoped(alloc_release) char *path = run_file_path(run, "test", "n1", RUN_FILE_PID);
    leave_files(run, "test", "n1");
    CHECK(utimensat(AT_FDCWD, path, NULL, 0) == 0);
    check_found(run, "test", NULL, 0);
    CHECK_INT(count_files(run, "test", "n1"), RUN_FILE_COUNT);
}

static void check_path(const char *tag, enum run_file file, const char *expected) {
    scoped(alloc_release) char *path = run_file_path("/h/run", "test", tag, file);
    CHECK_STRING(path, expected);
}

/* What a start reads is one name of each VM that runs. */
TEST(the_run_folder_has_only_pid_files_of_launches) {
    check_path("n12", RUN_FILE_PID, "/h/run/test.n12.pid");
    for (int i = 0; i < RUN_FILE_PID; i++) {
        scoped(alloc_release) char *expected =
            alloc_printf("/h/run/s/test.n12.%s", run_file_kind((enum run_file)i));
        check_path("n12", (enum run_file)i, expected);
    }
    check_path("n999999", RUN_FILE_QMP, "/h/run/s/test.n999999.qmp");
    check_path("n1000000", RUN_FILE_QMP, "/h/run/test.n1000000.qmp"); /* no longer than vm.sh's */
    check_path("12", RUN_FILE_QMP, "/h/run/test.12.qmp");
    check_path("sh4194304", RUN_FILE_QMP, "/h/run/test.sh4194304.qmp");
    check_path(STORE_LAUNCH_TAG "1", RUN_FILE_QMP, "/h/run/s/test.n1.qmp");
}

/* Nobody could reach the sockets of its VMs; when they have ended, its folder becomes a link. */
TEST(a_home_that_came_to_a_long_path_keeps_its_vms_and_its_log) {
    char name[101] = "";
    memset(name, 'x', sizeof name - 1);
    scoped(alloc_release) char *home = scratch_path("short"), *longer = scratch_path(name);
    scoped(alloc_release) char *moved = alloc_printf("%s/run", longer);
    CHECK(mkdir(home, 0700) == 0);
    scoped(alloc_release) char *run = make_run("short/run"), *log = run_folder_log(run);
    scratch_write(log, "said", 4, 0600);
    pid_t pid = begin(run, "test", "n1");
    CHECK(rename(home, longer) == 0);
    struct error error = {0};
    CHECK(!run_folder_open(longer, &error));
    CHECK_CONTAINS(error.text, "still run from before it was moved");
    check_found(moved, "test", "n1", pid);
    end(pid);
    scoped(alloc_release) char *folder = run_folder_open(longer, NULL);
    CHECK(folder && strcmp(folder, moved) != 0);
    scoped(alloc_release) char *kept = run_folder_log(folder);
    CHECK(file_content_equals(kept, "said", 4));
    check_found(folder, "test", "n1", 0);
    file_remove_tree(folder, NULL);
}

static void check_no_folder(const char *home, const char *says) {
    struct error error = {0};
    CHECK(!run_folder_open(home, &error));
    CHECK_CONTAINS(error.text, says);
}

/* The link to their folder is all that leads to them. */
TEST(a_home_that_left_a_long_path_keeps_its_vms) {
    char name[101] = "";
    memset(name, 'y', sizeof name - 1);
    scoped(alloc_release) char *longer = scratch_path(name), *home = scratch_path("shorter");
    memset(name, 'z', sizeof name - 1);
    scoped(alloc_release) char *other = scratch_path(name);
    scoped(alloc_release) char *inside = alloc_printf("%s/run", home);
    CHECK(mkdir(longer, 0700) == 0);
    scoped(alloc_release) char *folder = run_folder_open(longer, NULL);
    CHECK(folder && run_folder_make_apart(folder, NULL));
    pid_t pid = begin(folder, "test", "n1");
    CHECK(rename(longer, other) == 0);
    check_no_folder(other, "where VMs or a supervisor run: if this home was moved, move it back");
    CHECK(rename(other, home) == 0);
    check_no_folder(home, "if it is a copy of theirs, `rm ");
    end(pid);
    scoped(alloc_release) char *run = run_folder_open(home, NULL);
    CHECK_STRING(run, inside);
    file_remove_tree(folder, NULL);
}

int main(void) {
    return test_run();
}
