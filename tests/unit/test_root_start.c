/* Goal: the real QEMU, started by the launcher as root with everything that a Mac's needs (user
 * networking stands for vmnet), drops root, has read the address of its seed from a file that only
 * root could read, has no secret on its command line and serves its monitors. Needs root. */
#include "base/alloc.h"
#include "base/clock.h"
#include "base/file.h"
#include "host/firmware.h"
#include "host/qemu_program.h"
#include "launcher/launcher.h"
#include "machine/core/qemu_argv.h"
#include "machine/core/smbios.h"
#include "machine/socket.h"
#include "machine/vm_plan.h"
#include "test.h"

#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROGRAM "/usr/bin/qemu-system-aarch64"
#define USER_ID 65534 /* nobody's */

enum { WAIT_MS = 30000, RAM_MIB = 128 };

static char token[32]; /* of this run */
static char folder[] = "/tmp/pgsup-t.XXXXXX";

static void on_end(void *owner, const struct process_end *end) {
    (void)owner;
    (void)end;
}

static void on_lost(void) {
}

/* What the process shows of itself; caller frees. */
static char *proc_text(pid_t pid, const char *name) {
    scoped(alloc_release) char *path = alloc_printf("/proc/%ld/%s", (long)pid, name);
    struct buffer text = {0};
    file_read(path, 65536, &text, NULL);
    for (size_t i = 0; i < text.length; i++)
        if (text.data[i] == 0)
            text.data[i] = '\n';
    buffer_putc(&text, 0);
    return buffer_take(&text);
}

/* Until the text comes; false: it does not. */
static bool hear(int fd, const char *wanted) {
    static struct buffer heard;
    uint64_t until = clock_monotonic_ms() + WAIT_MS;
    char bytes[4096];
    heard.length = 0;
    while (clock_monotonic_ms() < until) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        ssize_t got = poll(&ready, 1, 100) > 0 ? read(fd, bytes, sizeof bytes) : 0;
        if (got < 0)
            return false;
        buffer_append(&heard, bytes, (size_t)got);
        if (heard.length && memmem(heard.data, heard.length, wanted, strlen(wanted)))
            return true;
    }
    return false;
}

static bool ask(int fd, const char *command) {
    return socket_write(fd, command, strlen(command)) == (ssize_t)strlen(command) &&
           hear(fd, "\"return\"");
}

static void fill_plan(struct launch_link *link, struct vm_plan *plan) {
    struct error error = {0};
    scoped(alloc_release) char *firmware = firmware_find(SPEC_AARCH64, &error);
    struct spec spec = {
        .name = "test",
        .uuid = "00000000-0000-4000-8000-000000000001",
        .instance_id = "one",
        .arch = SPEC_AARCH64,
        .accel = SPEC_TCG,
        .program = PROGRAM,
        .firmware = firmware,
        .vcpu = 1,
        .ram_mib = RAM_MIB,
        .disk = "/home/user/os.qcow2",
        .smbios = "/home/user/smbios.bin",
        .seed_source = "nocloud",
        .nics = {{SPEC_NET_USER, NULL, "52:54:00:00:00:01", "10.0.2.0/24", 0, NULL}},
        .nic_count = 1,
    };
    scoped(alloc_release) char *url = alloc_printf("http://10.0.2.2:80/seed/%s/", token);
    spec.seed_url = url;
    qemu_program_inspect(PROGRAM, NULL, &spec.qemu);
    for (int i = 0; i < RUN_FILE_COUNT; i++)
        plan->files[i] = run_file_path(folder, "test", "1", (enum run_file)i);
    plan->qemu_log = alloc_printf("%s/qemu.log", folder);
    plan->link = link;
    plan->run_as = alloc_printf("%d:%d", USER_ID, USER_ID);
    smbios_system(&spec, &plan->root_file);
    const struct qemu_argv_launch launch = {
        .style = QEMU_ARGV_SUPERVISED,
        .agent_path = plan->files[RUN_FILE_AGENT],
        .qmp_fd = PROCESS_QMP_FD,
        .console_fd = PROCESS_CONSOLE_FD,
        .helper_fd = PROCESS_HELPER_FD,
        .run_as = plan->run_as,
        .second_fd = PROCESS_HELPER_FD,
        .agent_fd = PROCESS_HELPER_FD + 1,
    };
    qemu_argv_build(&spec, &launch, &plan->argv);
}

static void wait_dropped(pid_t pid) {
    uint64_t until = clock_monotonic_ms() + WAIT_MS;
    bool dropped = false;
    while (!dropped && clock_monotonic_ms() < until) {
        scoped(alloc_release) char *status = proc_text(pid, "status");
        dropped =
            strstr(status, "Uid:\t65534\t65534\t65534\t65534") && strstr(status, "Groups:\t65534");
        poll(NULL, 0, 20);
    }
    CHECK(dropped);
}

/* The firmware copies the tables to where a kernel finds them: the address is in the guest's
 * memory. */
static void check_memory(int qmp) {
    uint64_t until = clock_monotonic_ms() + WAIT_MS;
    scoped(alloc_release) char *path = alloc_printf("%s/memory", folder);
    scoped(alloc_release) char *wanted =
        alloc_printf("ds=nocloud;s=http://10.0.2.2:80/seed/%s/", token);
    scoped(alloc_release) char *command = alloc_printf(
        "{\"execute\": \"pmemsave\", \"arguments\": {\"val\": 1073741824, \"size\": %u, "
        "\"filename\": \"%s\"}}",
        RAM_MIB << 20, path);
    bool found = false;
    CHECK(ask(qmp, "{\"execute\": \"cont\"}"));
    while (!found && clock_monotonic_ms() < until) {
        scoped(buffer_done) struct buffer memory = {0};
        poll(NULL, 0, 1000);
        CHECK(ask(qmp, command));
        found = file_read(path, (RAM_MIB << 20) + 1, &memory, NULL) &&
                memmem(memory.data, memory.length, wanted, strlen(wanted));
    }
    CHECK(found);
}

static void supervise(int requests) {
    const struct process_listener listener = {NULL, on_end};
    struct vm_plan plan = {0};
    struct vm_spawned spawned;
    struct error error = {0};
    uv_loop_t loop;
    uv_loop_init(&loop);
    struct launch_link *link = launch_link_new(&loop, requests, false, on_lost);
    fill_plan(link, &plan);
    bool good = vm_plan_spawn(&plan, &loop, &listener, &spawned, &error);
    CHECK_STRING(error.text, "");
    if (!good)
        return;
    pid_t pid = process_pid(spawned.process);
    file_release(&spawned.console_fd); /* nobody reads it, which would stop the guest */
    CHECK(ask(spawned.qmp_fd, "{\"execute\": \"qmp_capabilities\"}"));
    wait_dropped(pid);
    scoped(alloc_release) char *line = proc_text(pid, "cmdline");
    CHECK(!strstr(line, token) && !strstr(line, "/home/user/"));
    int second = socket_connect(plan.files[RUN_FILE_MONITOR], &error);
    CHECK(second >= 0 && hear(second, "QMP"));
    check_memory(spawned.qmp_fd);
    CHECK(ask(spawned.qmp_fd, "{\"execute\": \"quit\"}"));
    file_release(&second);
}

/* Whether there is a file for a program of root's with this token. */
static bool has_root_file(void) {
    glob_t found = {0};
    bool has = false;
    glob("/var/run/pgsup-*/smbios.bin", 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc && !has; i++) {
        scoped(buffer_done) struct buffer text = {0};
        has = file_read(found.gl_pathv[i], 4096, &text, NULL) &&
              memmem(text.data, text.length, token, strlen(token));
    }
    globfree(&found);
    return has;
}

static void check_file_gone(void) {
    uint64_t until = clock_monotonic_ms() + WAIT_MS;
    while (has_root_file() && clock_monotonic_ms() < until)
        poll(NULL, 0, 20);
    CHECK(!has_root_file());
}

TEST(qemu_that_starts_as_root) {
    static const struct identity user = {.uid = USER_ID, .gid = USER_ID};
    int status = 0;
    if (geteuid() != 0 || access(PROGRAM, X_OK) < 0)
        return;
    snprintf(token, sizeof token, "5ec4e7%ld", (long)getpid());
    CHECK(mkdtemp(folder) && chown(folder, USER_ID, USER_ID) == 0);
    pid_t launcher = fork();
    if (launcher == 0) {
        int requests = launcher_fork(&user, -1);
        if (requests >= 0)
            supervise(requests);
        _exit(requests < 0 || test_failures > 0 ? 1 : 0);
    }
    CHECK(waitpid(launcher, &status, 0) == launcher);
    CHECK_INT(status, 0);
    check_file_gone();
    scoped(alloc_release) char *command = alloc_printf("rm -r %s", folder);
    CHECK_INT(system(command), 0);
}

int main(void) {
    return test_run();
}
