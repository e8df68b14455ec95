#include "golden.h"
#include "machine/core/helper_argv.h"
#include "machine/core/qemu_argv.h"
#include "machine/core/vm_script.h"
#include "scratch.h"
#include "specs.h"
#include "test.h"

/* Beside QEMU, where packages put it. */
static char *program_beside(const char *program) {
    return alloc_printf("%.*s/qemu-img", (int)(strrchr(program, '/') - program), program);
}

TEST(golden) {
    for (size_t i = 0; i < spec_case_count; i++) {
        struct buffer text = {0};
        scoped(alloc_release) char *qemu_img = program_beside(spec_cases[i].spec.program);
        const struct vm_script_host host = {spec_cases[i].run_folder, qemu_img};
        vm_script_render(&spec_cases[i].spec, &host, &text);
        char path[128];
        snprintf(path, sizeof path, "golden/vm.sh/%s.sh", spec_cases[i].name);
        golden_check(path, &text);
        CHECK(strncmp(text.data, "#!/bin/bash\n", 12) == 0);
        buffer_done(&text);
    }
}

/* What qemu_argv_build() gives for the script when bash has put in its process number. */
static void expected_vector(const struct spec *spec, const char *run, pid_t pid,
                            struct buffer *vector) {
    scoped(alloc_release) char *stem = alloc_printf("%s/%s.sh%ld", run, spec->name, (long)pid);
    scoped(alloc_release) char *pid_file = alloc_printf("%s.pid", stem);
    scoped(alloc_release) char *qmp = alloc_printf("%s.qmp", stem);
    scoped(alloc_release) char *spare = alloc_printf("%s.mon", stem);
    scoped(alloc_release) char *agent = alloc_printf("%s.qga", stem);
    const struct qemu_argv_launch launch = {.style = QEMU_ARGV_SCRIPT,
                                            .pid_file = pid_file,
                                            .qmp_path = qmp,
                                            .second_path = spare,
                                            .agent_path = agent,
                                            .helper_fd = 10};
    struct strv argv = {0};
    qemu_argv_build(spec, &launch, &argv);
    for (size_t i = 0; i < argv.count; i++)
        buffer_append(vector, argv.items[i], strlen(argv.items[i]) + 1);
    strv_done(&argv);
}

static void check_same(const char *name, const struct buffer *actual,
                       const struct buffer *expected) {
    bool same = actual->length == expected->length &&
                memcmp(actual->data, expected->data, actual->length) == 0;
    CHECK(same);
    size_t at = 0;
    while (at < actual->length && at < expected->length && actual->data[at] == expected->data[at])
        at++;
    if (!same)
        fprintf(stderr, "%s: bash gave %zu bytes, expected %zu; they part at \"%s\"\n", name,
                actual->length, expected->length, expected->data + at);
}

static char *write_program(const char *folder, const char *name, const char *text) {
    char *path = alloc_printf("%s/%s", folder, name);
    scratch_write(path, text, strlen(text), 0700);
    return path;
}

/* In the place of qemu-img, for disks that are none. */
static const char *no_snapshots(void) {
    static char path[96];
    snprintf(path, sizeof path, "%s/it's an info", scratch());
    scratch_write(path, "#!/bin/sh\nexit 0\n", 17, 0700);
    return path;
}

/* Programs in the place of the helper and of sudo; the first tells what it was given. */
static void put_helpers(struct spec *spec, const char *folder, char *paths[3]) {
    paths[0] = write_program(folder, "helper",
                             "#!/bin/sh\nfor word in \"$@\"; do echo \"$word\" >&2; done\necho {}\n"
                             "[ -S /dev/fd/3 ] || echo no socket >&2\n");
    paths[1] =
        write_program(folder, "sudo", "#!/bin/sh\necho \"$1 $2\" >&2; shift 2; exec \"$@\"\n");
    paths[2] = alloc_printf("%s/helper.log", folder);
    spec->helper.program = paths[0];
    spec->helper.sudo = spec->helper.sudo ? paths[1] : NULL;
    spec->helper.log = paths[2];
}

static void check_helpers(const struct spec *spec) {
    struct buffer said = {0}, expected = {0};
    struct error error = {0};
    for (size_t i = 0; i < spec->nic_count; i++) {
        struct strv argv = {0};
        if (!spec_network_has_helper(spec->nics[i].network))
            continue;
        helper_argv_build(spec, &spec->nics[i], &argv);
        size_t first = 1;
        if (spec->helper.sudo) {
            buffer_printf(&expected, "%s %s\n", argv.items[1], argv.items[2]);
            first = 4;
        }
        for (size_t j = first; j < argv.count; j++)
            buffer_printf(&expected, "%s\n", argv.items[j]);
        strv_done(&argv);
    }
    CHECK(file_read(spec->helper.log, 65536, &said, &error));
    CHECK_STRING(said.data, expected.data);
    buffer_done(&said);
    buffer_done(&expected);
}

/* The script is run by bash with a program in QEMU's place that tells what it was given. Folder and
 * program are put where this test may write. */
static void check_bash(const struct spec_case *row, const char *folder) {
    struct spec spec = row->spec;
    struct error error = {0};
    CHECK(file_make_directory(folder, 0700, &error));
    scoped(alloc_release) char *run = alloc_printf("%s/run", folder);
    scoped(alloc_release) char *program = alloc_printf("%s/qemu", folder);
    scoped(alloc_release) char *script = alloc_printf("%s/vm.sh", folder);
    CHECK(symlink(PRINT_ARGV, program) == 0);
    spec.program = program;
    scoped(alloc_release) char *disk = alloc_printf("%s/os,,1.qcow2", folder);
    scratch_write(disk, "", 0, 0600);
    spec.disk = disk;
    char *paths[3] = {NULL, NULL, NULL};
    if (spec.helper.program)
        put_helpers(&spec, folder, paths);

    struct buffer text = {0}, actual = {0}, expected = {0};
    vm_script_render(&spec, &(struct vm_script_host){run, no_snapshots()}, &text);
    scratch_write(script, text.data, text.length, 0700);
    char *argv[] = {script, NULL};
    pid_t pid;
    CHECK_INT(scratch_run(argv, "", &actual, &pid), 0);
    expected_vector(&spec, run, pid, &expected);
    check_same(row->name, &actual, &expected);
    CHECK(file_is_directory(run));
    if (spec.helper.program)
        check_helpers(&spec);
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        free(paths[i]);
    buffer_done(&text);
    buffer_done(&actual);
    buffer_done(&expected);
}

TEST(bash_gives_qemu_the_same_vector) {
    for (size_t i = 0; i < spec_case_count; i++) {
        scoped(alloc_release) char *plain = scratch_path(spec_cases[i].name);
        scoped(alloc_release) char *odd =
            alloc_printf("%s,it's \"o\\dd\" $$ $HOME `id` été\t#/[*]~!", plain);
        check_bash(&spec_cases[i], plain);
        check_bash(&spec_cases[i], odd);
    }
}

TEST(what_the_script_is_given_goes_to_qemu) {
    scoped(alloc_release) char *script = scratch_path("args.sh");
    struct spec spec = spec_case_find("linux-user")->spec;
    spec.program = PRINT_ARGV;
    scratch_write(script, "", 0, 0700);
    spec.disk = script; /* a file that is there */
    struct buffer text = {0}, actual = {0};
    vm_script_render(&spec, &(struct vm_script_host){scratch(), no_snapshots()}, &text);
    scratch_write(script, text.data, text.length, 0700);
    char *argv[] = {script, "-snapshot", "a b", NULL};
    pid_t pid;
    CHECK_INT(scratch_run(argv, "", &actual, &pid), 0);
    static const char tail[] = "-snapshot\0a b";
    CHECK(actual.length > sizeof tail &&
          memcmp(actual.data + actual.length - sizeof tail, tail, sizeof tail) == 0);
    buffer_done(&text);
    buffer_done(&actual);
}

TEST(does_not_start_beside_an_unfinished_restore) {
    struct spec spec = spec_case_find("linux-user")->spec;
    scoped(alloc_release) char *folder = scratch_path("it's $unfinished");
    scoped(alloc_release) char *disk = alloc_printf("%s/os.qcow2", folder);
    scoped(alloc_release) char *script = alloc_printf("%s/vm.sh", folder);
    scoped(alloc_release) char *mark = alloc_printf("%s/" VM_SCRIPT_UNFINISHED, folder);
    struct error error = {0};
    CHECK(file_make_directory(folder, 0700, &error));
    spec.program = PRINT_ARGV;
    spec.disk = disk;
    struct buffer text = {0}, actual = {0};
    vm_script_render(&spec, &(struct vm_script_host){scratch(), no_snapshots()}, &text);
    scratch_write(script, text.data, text.length, 0700);
    scratch_write(disk, "", 0, 0600);
    scratch_write(mark, "", 0, 0600);
    char *argv[] = {script, NULL};
    pid_t pid;
    int status = scratch_run(argv, "", &actual, &pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    CHECK_INT(actual.length, 0);
    CHECK(unlink(mark) == 0);
    CHECK_INT(scratch_run(argv, "", &actual, &pid), 0);
    CHECK(actual.length > 0);
    buffer_done(&text);
    buffer_done(&actual);
}

/* How the script ends, and what it says, with this PATH in which there may be no qemu-img. */
static int run_script(const char *qemu_img, const char *path, struct buffer *said) {
    struct spec spec = spec_case_find("linux-user")->spec;
    scoped(alloc_release) char *script = scratch_path("asks.sh");
    scoped(alloc_release) char *search = alloc_printf("PATH=%s", path);
    struct buffer text = {0};
    spec.program = PRINT_ARGV;
    spec.disk = script;
    vm_script_render(&spec, &(struct vm_script_host){scratch(), qemu_img}, &text);
    scratch_write(script, text.data, text.length, 0700);
    char *argv[] = {"/usr/bin/env", search, "/bin/sh", "-c", "exec /bin/bash \"$0\" 2>&1",
                    script,         NULL};
    pid_t pid;
    int status = scratch_run(argv, "", said, &pid);
    buffer_append(said, "", 1);
    buffer_done(&text);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect_refusal(const char *qemu_img, const char *path, const char *why) {
    struct buffer said = {0};
    CHECK_INT(run_script(qemu_img, path, &said), 3);
    CHECK_CONTAINS(said.data, why);
    CHECK(strchr(said.data, '\n') == strrchr(said.data, '\n'));
    buffer_done(&said);
}

static void expect_boot(const char *qemu_img, const char *path) {
    struct buffer said = {0};
    CHECK_INT(run_script(qemu_img, path, &said), 0);
    CHECK_CONTAINS(said.data, PRINT_ARGV);
    buffer_done(&said);
}

/* The rest of what the script runs, for a PATH of this folder alone. */
static char *folder_of_programs(const char *name) {
    char *folder = scratch_path(name);
    struct error error = {0};
    CHECK(file_make_directory(folder, 0700, &error));
    free(write_program(folder, "ls", "#!/bin/sh\nexit 0\n"));
    free(write_program(folder, "chown", "#!/bin/sh\nexit 0\n"));
    free(write_program(folder, "awk", "#!/bin/sh\necho 0:0\n"));
    return folder;
}

TEST(does_not_boot_over_saved_memory) {
    static const char unknown[] = "does not tell whether it is suspended";
    scoped(alloc_release) char *lacks = folder_of_programs("lacks it");
    scoped(alloc_release) char *folder = folder_of_programs("has it");
    scoped(alloc_release) char *gone = scratch_path("gone");
    scoped(alloc_release) char *moved = write_program(folder, "qemu-img", "#!/bin/sh\nexit 0\n");
    scoped(alloc_release) char *saved = write_program(
        scratch(), "saved",
        "#!/bin/sh\n[ \"$1 $2 $3 $4\" = 'info -U -f qcow2' ] && echo '1 pgsup-suspended:7.2:x'\n");
    scoped(alloc_release) char *fails =
        write_program(scratch(), "fails", "#!/bin/sh\necho 'no such disk' >&2\nexit 1\n");
    expect_refusal(saved, folder, "test is suspended: `pgsup start test`");
    expect_refusal(fails, folder, unknown);
    expect_refusal(fails, folder, "no such disk");
    expect_refusal(gone, lacks, unknown);
    expect_refusal(NULL, lacks, unknown);
    expect_boot(moved, lacks); /* by sudo PATH lacks its folder */
    expect_boot(gone, folder); /* it has been moved to where PATH finds it */
    expect_boot(NULL, folder);
}

TEST(quotes_only_when_needed) {
    static const struct {
        const char *value, *quoted;
    } table[] = {
        {"plain", "plain"},
        {"/a/b-c_d.e,f=g:h@i%+", "/a/b-c_d.e,f=g:h@i%+"},
        {"", "''"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"'", "''\\'''"},
        {"$$", "'$$'"},
        {"$(id)`id`", "'$(id)`id`'"},
        {"~", "'~'"},
        {"a\nb", "'a\nb'"},
        {"\xff", "'\xff'"},
        {"été", "'été'"},
        {"ds=nocloud;s=http://h/", "'ds=nocloud;s=http://h/'"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct buffer text = {0};
        vm_script_quote(table[i].value, &text);
        CHECK_STRING(text.data, table[i].quoted);
        buffer_done(&text);
    }
}

int main(void) {
    return test_run();
}
