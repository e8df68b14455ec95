/* The real QEMU takes what qemu_argv and vm_script build. Command lines for networks of macOS, or
 * that need root, are compared with golden files only. */
#include "host/qemu_program.h"
#include "machine/core/qemu_argv.h"
#include "machine/core/smbios.h"
#include "machine/core/vm_script.h"
#include "scratch.h"
#include "test.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>

#define ANSWER_LIMIT_MS 60000

static const struct platform {
    enum spec_arch arch;
    const char *program, *firmware;
} platforms[] = {
    {SPEC_AARCH64, "/usr/bin/qemu-system-aarch64", "/usr/share/qemu-efi-aarch64/QEMU_EFI.fd"},
    {SPEC_X86_64, "/usr/bin/qemu-system-x86_64", "/usr/share/ovmf/OVMF.fd"},
};

static bool address_of(const char *path, struct sockaddr_un *address) {
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address->sun_path)
        return false;
    strcpy(address->sun_path, path);
    return true;
}

static int listen_at(const char *path) {
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(address_of(path, &address));
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 1) == 0);
    return fd;
}

static int connect_to(const char *path) {
    struct sockaddr_un address;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    CHECK(address_of(path, &address));
    CHECK(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
    return fd;
}

/* Reads until the answer is there, the other end is closed, or the time is over. */
static bool wait_for(int fd, const char *answer, struct buffer *seen) {
    struct pollfd ready = {.fd = fd, .events = POLLIN};
    char chunk[4096];
    while (!seen->data || !strstr(seen->data, answer)) {
        if (poll(&ready, 1, ANSWER_LIMIT_MS) != 1)
            return false;
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got <= 0)
            return false;
        buffer_append(seen, chunk, (size_t)got);
    }
    return true;
}

static void say(int fd, const char *text) {
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* An instance's files with everything that a path may hold in their names, made in folder. */
struct files {
    char *firmware, *disk, *seed, *smbios, *run, *stderr_path;
};

static void make_disk(const char *path) {
    char *argv[] = {"/usr/bin/qemu-img", "create", "-q", "-f", "qcow2", (char *)path, "16M", NULL};
    struct buffer output = {0};
    pid_t pid;
    CHECK_INT(scratch_run(argv, "", &output, &pid), 0);
    buffer_done(&output);
}

static struct files make_files(const char *folder, const char *firmware) {
    static const char sector[512];
    struct files files = {
        .firmware = alloc_printf("%s/fw,readonly=on.fd", folder),
        .disk = alloc_printf("%s/os, 'x'.qcow2", folder),
        .seed = alloc_printf("%s/cloud-init \"$HOME\".img", folder),
        .smbios = alloc_printf("%s/smbios,x.bin", folder),
        .run = alloc_printf("%s/run", folder),
        .stderr_path = alloc_printf("%s/stderr", folder),
    };
    struct error error = {0};
    CHECK(file_make_directory(files.run, 0700, &error));
    CHECK(symlink(firmware, files.firmware) == 0);
    make_disk(files.disk);
    scratch_write(files.seed, sector, sizeof sector, 0600);
    return files;
}

static void files_done(struct files *files) {
    free(files->firmware), free(files->disk), free(files->seed), free(files->run);
    free(files->smbios);
    free(files->stderr_path);
}

static struct spec make_spec(const struct platform *platform, const struct files *files) {
    static char *const extra[] = {"-device", "virtio-gpu-pci", NULL};
    struct spec spec = {
        .name = "test",
        .uuid = "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        .instance_id = "i-7-test",
        .arch = platform->arch,
        .accel = SPEC_TCG,
        .program = platform->program,
        .firmware = files->firmware,
        .vcpu = 2,
        .ram_mib = 256,
        .disk = files->disk,
        .seed_drive = files->seed,
        .nics = {{SPEC_NET_USER, NULL, "52:54:00:ab:cd:07", "10.0.2.0/24", 0, NULL}},
        .nic_count = 1,
        .extra = extra,
    };
    qemu_program_inspect(spec.program, NULL, &spec.qemu);
    CHECK(spec_qemu_is_since(&spec.qemu, 7, 2));
    return spec;
}

static pid_t spawn(const struct strv *argv, const char *stderr_path) {
    pid_t pid = fork();
    if (pid == 0) {
        int errors = open(stderr_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int nothing = open("/dev/null", O_RDONLY);
        dup2(nothing, 0);
        dup2(errors, 2);
        execv(argv->items[0], argv->items);
        _exit(127);
    }
    return pid;
}

static void check_silent(const char *path) {
    struct buffer text = {0};
    CHECK(file_read(path, 1u << 20, &text, NULL));
    char *rest = text.data;
    for (char *line; (line = strsep(&rest, "\n"));)
        CHECK_STRING(line, "");
    buffer_done(&text);
}

static void check_end(pid_t pid, bool good) {
    int status = -1;
    if (!good)
        kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
    CHECK(good && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* The listening socket is passed on, the client is connected before QEMU runs, and the answer to
 * qmp_capabilities says that QEMU has taken every option. */
static void check_supervised(const struct spec *spec, const struct files *files) {
    scoped(alloc_release) char *qmp = alloc_printf("%s/1.qmp", files->run);
    scoped(alloc_release) char *console = alloc_printf("%s/1.con", files->run);
    scoped(alloc_release) char *spare = alloc_printf("%s/1,.mon", files->run);
    scoped(alloc_release) char *agent = alloc_printf("%s/1,.qga", files->run);
    scoped(alloc_release) char *pid_file = alloc_printf("%s/1,.pid", files->run);
    int qmp_listener = listen_at(qmp), console_listener = listen_at(console);
    int client = connect_to(qmp);
    fcntl(client, F_SETFD, FD_CLOEXEC);
    const struct qemu_argv_launch launch = {.style = QEMU_ARGV_SUPERVISED,
                                            .pid_file = pid_file,
                                            .second_path = spare,
                                            .agent_path = agent,
                                            .qmp_fd = qmp_listener,
                                            .console_fd = console_listener};
    struct strv argv = {0};
    qemu_argv_build(spec, &launch, &argv);
    pid_t pid = spawn(&argv, files->stderr_path);
    close(qmp_listener), close(console_listener);

    struct buffer seen = {0};
    say(client,
        "{\"execute\":\"qmp_capabilities\",\"id\":1}{\"execute\":\"query-status\",\"id\":2}");
    bool good = wait_for(client, "\"id\": 2", &seen);
    CHECK_CONTAINS(seen.data, "{\"return\": {}, \"id\": 1}");
    CHECK_CONTAINS(seen.data, "\"prelaunch\"");
    CHECK(file_exists(pid_file) && file_exists(spare) && file_exists(agent));
    if (good)
        say(client, "{\"execute\":\"quit\"}");
    check_end(pid, good);
    CHECK(!file_exists(pid_file));
    check_silent(files->stderr_path);
    close(client);
    buffer_done(&seen);
    strv_done(&argv);
}

/* By hand on a terminal, which a pair of pipes stands for: Ctrl-A C, quit. */
static void check_script(const struct spec *spec, const struct files *files, const char *folder) {
    scoped(alloc_release) char *script = alloc_printf("%s/vm.sh", folder);
    struct buffer text = {0}, seen = {0};
    vm_script_render(spec, &(struct vm_script_host){.run_folder = files->run}, &text);
    scratch_write(script, text.data, text.length, 0700);
    char *argv[] = {script, NULL};
    int in, out;
    pid_t pid = scratch_spawn(argv, &in, &out);
    scoped(alloc_release) char *pid_file = alloc_printf("%s/test.sh%ld.pid", files->run, (long)pid);
    say(in, "\x01"
            "c");
    bool good = wait_for(out, "(qemu)", &seen);
    CHECK(file_exists(pid_file));
    if (good)
        say(in, "info name\nquit\n");
    good = good && wait_for(out, "quit", &seen);
    CHECK_CONTAINS(seen.data, "\ntest\r");
    close(in);
    check_end(pid, good);
    CHECK(!file_exists(pid_file));
    close(out);
    buffer_done(&text);
    buffer_done(&seen);
}

static void check_in(const struct platform *platform, const char *folder, bool by_url) {
    struct files files = make_files(folder, platform->firmware);
    struct spec spec = make_spec(platform, &files);
    if (by_url) {
        struct buffer blob = {0};
        spec.seed_url = "http://10.0.2.2:10300/seed/ab/";
        spec.seed_source = "nocloud";
        spec.smbios = files.smbios;
        smbios_system(&spec, &blob);
        scratch_write(files.smbios, blob.data, blob.length, 0600);
        buffer_done(&blob);
    }
    check_supervised(&spec, &files);
    if (!by_url)
        check_script(&spec, &files, folder);
    files_done(&files);
}

/* Paths stay short enough for a socket address. */
TEST(plain_folder) {
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
        scoped(alloc_release) char *folder =
            alloc_printf("%s/%s", scratch(), spec_arch_word(platforms[i].arch));
        check_in(&platforms[i], folder, false);
    }
}

TEST(seed_by_url) {
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
        scoped(alloc_release) char *name =
            alloc_printf("url, %s", spec_arch_word(platforms[i].arch));
        scoped(alloc_release) char *folder = scratch_path(name);
        check_in(&platforms[i], folder, true);
    }
}

TEST(odd_folders) {
    static const char *const names[] = {"a, b,,c", "it's \"q\"", "$HOME`id`$$", "été 雪"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        scoped(alloc_release) char *folder = scratch_path(names[i]);
        check_in(&platforms[0], folder, false);
    }
}

int main(void) {
    signal(SIGPIPE, SIG_IGN);
    return test_run();
}
