#include "host/machine_types.h"
#include "host/program.h"
#include "host/qemu_program.h"
#include "scratch.h"
#include "test.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRIES = 3 };

static const char *self; /* this program */

/* A binary that says this, and notes each call beside it. */
static char *binary(const char *name, const char *version, const char *objects) {
    char *path = scratch_path(name);
    scoped(alloc_release) char *text =
        alloc_printf("#!/bin/sh\necho \"$*\" >>'%s.calls'\ncase $1 in\n-help) echo '%s' ;;\n"
                     "*) printf 'List of user creatable objects:\\n%s' ;;\nesac\n",
                     path, version, objects);
    scratch_write(path, text, strlen(text), 0700);
    return path;
}

static void check_calls(const char *path, const char *expected) {
    struct buffer calls = {0};
    scoped(alloc_release) char *notes = alloc_printf("%s.calls", path);
    CHECK(file_read(notes, 4096, &calls, NULL));
    CHECK_STRING(calls.data, expected);
    buffer_done(&calls);
}

TEST(versions_and_objects) {
    static const struct {
        const char *version, *objects;
        struct spec_qemu expected;
    } rows[] = {
        {"QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7)", "", {{7, 2}, false, false}},
        {"QEMU emulator version 10.0.2",
         "  monitor-qmp\\n  monitor-hmp\\n",
         {{10, 0}, false, false}},
        {"QEMU emulator version 11.0.0", "  memfd\\n  qtest\\n", {{11, 0}, false, false}},
        {"QEMU emulator version 11.1.1",
         "  memfd\\n  monitor-hmp\\n  monitor-qmp\\n",
         {{11, 1}, true, false}},
        {"QEMU emulator version 11.1.1",
         "  monitor-qmp-old\\n  monitor-hmp\\n",
         {{11, 1}, false, false}},
        {"QEMU emulator version 12.0",
         "  monitor-qmp, (x)\\n  monitor-hmp",
         {{12, 0}, true, false}},
        {"something else", "", {{0, 0}, false, false}},
        {"QEMU emulator version nightly", "", {{0, 0}, false, false}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scoped(alloc_release) char *name = alloc_printf("qemu-%zu", i);
        scoped(alloc_release) char *path = binary(name, rows[i].version, rows[i].objects);
        struct spec_qemu qemu = {{99, 99}, true, false};
        qemu_program_inspect(path, NULL, &qemu);
        CHECK_INT(qemu.version.major, rows[i].expected.version.major);
        CHECK_INT(qemu.version.minor, rows[i].expected.version.minor);
        CHECK_INT(qemu.monitor_objects, rows[i].expected.monitor_objects);
    }
}

TEST(what_an_alias_stands_for) {
    static const struct {
        const char *answers, *expected;
    } rows[] = {
        {"{\"QMP\": {}}\n{\"return\": {}}\n{\"return\": [{\"name\": \"virt-7.1\"}, {\"name\": "
         "\"virt-7.2\", \"alias\": \"virt\"}]}\n",
         "virt-7.2"},
        {"{\"return\": [{\"name\": \"virt\"}]}", "virt"},
        {"{\"return\": [{\"name\": \"virt,secure=on\", \"alias\": \"virt\"}]}", NULL},
        {"{\"return\": [{\"name\": 7, \"alias\": \"virt\"}, 4, null]}", NULL},
        {"{\"return\": [{\"name\": \"none\"}]}\n", NULL},
        {"{\"return\": [\n", NULL},
        {"no QEMU\n", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        scoped(alloc_release) char *found = machine_types_find(rows[i].answers, "virt");
        CHECK_STRING(found, rows[i].expected);
    }
}

/* A QEMU whose newest machines are of this version; it notes each time it is asked. */
static char *machines(const char *name, const char *version) {
    char *path = scratch_path(name);
    scoped(alloc_release) char *text =
        alloc_printf("#!/bin/sh\necho asked >>'%s.calls'\n[ ! -e '%s.silent' ] || exit 1\n"
                     "echo '{\"return\": [{\"name\": \"virt-%s\", \"alias\": \"virt\"}, "
                     "{\"name\": \"pc-%s\", \"alias\": \"pc\"}]}'\n",
                     path, path, version, version);
    scratch_write(path, text, strlen(text), 0700);
    return path;
}

static void check_resolves(const char *program, const char *alias, const char *expected) {
    scoped(alloc_release) char *found = machine_types_resolve(program, alias);
    CHECK_STRING(found, expected);
}

TEST(machines_are_asked_for_once_until_the_binary_is_replaced) {
    scoped(alloc_release) char *path = machines("machines", "9.2");
    scoped(alloc_release) char *silent = alloc_printf("%s.silent", path);
    scratch_write(silent, "", 0, 0600);
    check_resolves(path, "virt", NULL);
    unlink(silent);
    for (int i = 0; i < 3; i++)
        check_resolves(path, "virt", "virt-9.2");
    check_calls(path, "asked\nasked\n");
    check_resolves(path, "pc", "pc-9.2");
    unlink(path);
    free(machines("machines", "10.0.1"));
    check_resolves(path, "virt", "virt-10.0.1");
    check_calls(path, "asked\nasked\nasked\nasked\n");
    check_resolves("/nonexistent/qemu", "virt", NULL);
}

/* --- one that hangs --- */

struct hanging {
    const char *path;
    bool (*ask)(const char *program); /* true: it has answered */
    atomic_bool ended;
};

static bool ask_for_machines(const char *program) {
    scoped(alloc_release) char *found = machine_types_resolve(program, "virt");
    return found != NULL;
}

static bool ask_for_version(const char *program) {
    struct spec_qemu qemu;
    qemu_program_inspect(program, NULL, &qemu);
    return qemu.version.major != 0;
}

static void *ask_hanging(void *context) {
    struct hanging *hanging = context;
    hanging->ask(hanging->path);
    atomic_store(&hanging->ended, true);
    return NULL;
}

/* A QEMU that begins to hang, and ends when it is released. */
static void make_hanging(const char *path) {
    scoped(alloc_release) char *text = alloc_printf(
        "#!/bin/sh\n>'%s.began'\nwhile [ ! -e '%s.release' ]; do sleep 0.05; done\n", path, path);
    scratch_write(path, text, strlen(text), 0700);
}

static char *machines_of_9(const char *name) {
    return machines(name, "9.2");
}

static char *version_9(const char *name) {
    return binary(name, "QEMU emulator version 9.2.0", "");
}

/* False: the one that hangs had its time before the other one had answered. */
static bool goes_on(bool (*ask)(const char *program), const char *hangs, const char *other) {
    scoped(alloc_release) char *began = alloc_printf("%s.began", hangs);
    scoped(alloc_release) char *release = alloc_printf("%s.release", hangs);
    struct hanging hanging = {.path = hangs, .ask = ask};
    pthread_t thread;
    make_hanging(hangs);
    CHECK_INT(pthread_create(&thread, NULL, ask_hanging, &hanging), 0);
    while (!file_exists(began) && !atomic_load(&hanging.ended))
        poll(NULL, 0, 5);
    CHECK(ask(other));
    bool in_time = !atomic_load(&hanging.ended);
    scratch_write(release, "", 0, 0600);
    pthread_join(thread, NULL);
    return in_time;
}

/* A slow machine may need longer for the other one than one that hangs is given, but not always;
 * who waits for it always does. */
static void check_others_go_on(const char *name, bool (*ask)(const char *program),
                               char *(*make)(const char *name)) {
    bool good = false;
    for (int i = 0; !good && i < TRIES; i++) {
        scoped(alloc_release) char *hanging_name = alloc_printf("hangs-%s-%d", name, i);
        scoped(alloc_release) char *other_name = alloc_printf("other-%s-%d", name, i);
        scoped(alloc_release) char *hangs = scratch_path(hanging_name);
        scoped(alloc_release) char *other = make(other_name);
        good = goes_on(ask, hangs, other);
    }
    CHECK(good);
}

TEST(one_that_hangs_keeps_no_other_waiting) {
    check_others_go_on("machines", ask_for_machines, machines_of_9);
    check_others_go_on("version", ask_for_version, version_9);
}

TEST(what_speaks_against_it) {
    static const struct spec_qemu old = {.version = {10, 2}}, hot = {.version = {11, 0}},
                                  good = {.version = {11, 1}};
    CHECK(!qemu_program_remark(&good, SPEC_HVF, 26));
    CHECK(!qemu_program_remark(&old, SPEC_HVF, 15));
    CHECK(!qemu_program_remark(&hot, SPEC_KVM, 0));
    CHECK(!qemu_program_remark(&old, SPEC_TCG, 0));
    CHECK(!qemu_program_remark(&good, SPEC_TCG, 26));
    CHECK_CONTAINS(qemu_program_remark(&hot, SPEC_HVF, 26), "QEMU 11.0 keeps a processor busy");
    CHECK_CONTAINS(qemu_program_remark(&good, SPEC_TCG, 14), "no hvf on macOS before 15");
}

TEST(asked_once_until_it_is_replaced) {
    scoped(alloc_release) char *path =
        binary("once", "QEMU emulator version 11.1.1", "monitor-qmp\\nmonitor-hmp\\n");
    struct spec_qemu qemu;
    for (int i = 0; i < 3; i++)
        qemu_program_inspect(path, NULL, &qemu);
    CHECK_INT(qemu.monitor_objects, true);
    check_calls(path, "-help\n-object help\n");
    unlink(path);
    free(binary("once", "QEMU emulator version 9.2.0 is here", ""));
    qemu_program_inspect(path, NULL, &qemu);
    CHECK_INT(qemu.version.major, 9);
    CHECK_INT(qemu.monitor_objects, false);
    check_calls(path, "-help\n-object help\n-help\n");
}

/* As when there was no time or no descriptor for it. */
TEST(one_that_failed_to_answer_is_asked_again) {
    static const char *const failing[] = {"-help", "-object"};
    for (size_t i = 0; i < sizeof failing / sizeof *failing; i++) {
        struct spec_qemu qemu;
        scoped(alloc_release) char *path = scratch_path(failing[i] + 1);
        scoped(alloc_release) char *text = alloc_printf(
            "#!/bin/sh\n[ $1 != %s ] || [ -e $0.failed ] || { : >$0.failed; exit 1; }\n"
            "case $1 in\n-help) echo 'QEMU emulator version 11.1.1'; echo ' -sandbox on' ;;\n"
            "*) echo ' monitor-qmp'; echo ' monitor-hmp' ;;\nesac\n",
            failing[i]);
        scratch_write(path, text, strlen(text), 0700);
        qemu_program_inspect(path, NULL, &qemu);
        CHECK(!qemu.monitor_objects);
        qemu_program_inspect(path, NULL, &qemu);
        CHECK_INT(qemu.version.major, 11);
        CHECK(qemu.sandbox && qemu.monitor_objects);
    }
}

/* A note about the file as it is now; caller frees. */
static char *note(const char *path, const char *answer) {
    struct stat file = {0};
    stat(path, &file);
    return alloc_printf("%" PRIuMAX " %" PRIuMAX " %" PRIuMAX " %" PRIdMAX " %" PRIdMAX " %s\n",
                        (uintmax_t)file.st_dev, (uintmax_t)file.st_ino, (uintmax_t)file.st_size,
                        (intmax_t)file.st_mtime, (intmax_t)file.st_ctime, answer);
}

TEST(an_answer_is_written_down) {
    struct spec_qemu qemu;
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *notes = scratch_path("notes");
    scoped(alloc_release) char *program = program_find("qemu-system-aarch64", NULL);
    CHECK(program);
    qemu_program_inspect(program, notes, &qemu);
    scoped(alloc_release) char *answer = alloc_printf(
        "%u.%u %d %d", qemu.version.major, qemu.version.minor, qemu.monitor_objects, qemu.sandbox);
    scoped(alloc_release) char *expected = note(program, answer);
    CHECK(qemu.version.major >= 7 && file_read(notes, 4096, &text, NULL));
    CHECK_STRING(text.data, expected);
}

static char *note_of_another(void) {
    return note("/usr/bin/true", "11.1 1 0");
}

/* This program as a QEMU. While it is asked, another one is noted. */
static int answer_as_qemu(const char *path) {
    scoped(alloc_release) char *notes = alloc_printf("%s.notes", path);
    scoped(alloc_release) char *line = note_of_another();
    bool good = file_write(notes, line, strlen(line), 0600, NULL);
    puts("QEMU emulator version 9.2.0");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

TEST(what_is_noted_while_another_is_asked_stays) {
    struct spec_qemu qemu;
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *program = scratch_path("self");
    scoped(alloc_release) char *notes = scratch_path("self.notes");
    CHECK_INT(symlink(self, program), 0);
    qemu_program_inspect(program, notes, &qemu);
    CHECK_INT(qemu.version.major, 9);
    scoped(alloc_release) char *first = note_of_another();
    scoped(alloc_release) char *second = note(program, "9.2 0 0");
    scoped(alloc_release) char *expected = alloc_printf("%s%s", first, second);
    CHECK(file_read(notes, 4096, &text, NULL));
    CHECK_STRING(text.data, expected);
}

/* Neither program tells a version when it is asked. */
TEST(a_note_is_believed_while_it_is_of_this_file) {
    static const struct {
        const char *program, *answer;
        unsigned major;
    } rows[] = {
        {"/usr/bin/true", "11.1 1 0", 11},
        {"/usr/bin/false", "11.1 1", 0},
        {"/usr/bin/env", "11.1 1 0 7", 0},
        {"/usr/bin/id", "eleven", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct spec_qemu qemu;
        scoped(alloc_release) char *notes = scratch_path("believed");
        scoped(alloc_release) char *line = note(rows[i].program, rows[i].answer);
        scratch_write(notes, line, strlen(line), 0600);
        qemu_program_inspect(rows[i].program, notes, &qemu);
        CHECK_INT(qemu.version.major, rows[i].major);
        CHECK_INT(qemu.monitor_objects, rows[i].major > 0);
    }
}

TEST(a_script_is_never_noted) {
    struct spec_qemu qemu;
    scoped(alloc_release) char *notes = scratch_path("none");
    scoped(alloc_release) char *path = binary("script", "QEMU emulator version 9.2.0", "");
    qemu_program_inspect(path, notes, &qemu);
    CHECK_INT(qemu.version.major, 9);
    CHECK(!file_exists(notes));
}

TEST(what_cannot_be_run_is_the_oldest) {
    struct spec_qemu qemu = {{99, 99}, true, false};
    qemu_program_inspect("/nonexistent/qemu", NULL, &qemu);
    CHECK_INT(qemu.version.major, 0);
    CHECK(!qemu.monitor_objects && !spec_qemu_is_since(&qemu, 7, 2));
}

TEST(versions_are_compared_as_numbers) {
    const struct spec_qemu qemu = {{9, 2}, false, false};
    CHECK(spec_qemu_is_since(&qemu, 9, 2) && spec_qemu_is_since(&qemu, 8, 9));
    CHECK(!spec_qemu_is_since(&qemu, 9, 10) && !spec_qemu_is_since(&qemu, 10, 0));
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "-help") == 0)
        return answer_as_qemu(argv[0]);
    scoped(alloc_release) char *path = realpath(argv[0], NULL);
    self = path;
    return path ? test_run() : EXIT_FAILURE;
}
