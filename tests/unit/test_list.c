/* What a supervisor tells of its VMs, in the form of today and in that of older ones; and the table
 * of instances: what its columns show, and their order. */
#include "cli/link/vm_status.h"
#include "cli/output/list_table.h"
#include "scratch.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

#define HELLO  "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": {\"protocol\": 1}}\n"
#define ANSWER "{\"jsonrpc\": \"2.0\", \"id\": 1, \"result\": %s}\n"

/* --- what a supervisor tells --- */

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    unlink(path);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || listen(fd, 1) < 0)
        abort();
    return fd;
}

/* One that is greeted and asked once. Its status tells whether it was asked in brief. */
static _Noreturn void be_supervisor(int fd, const char *result) {
    char line[1024] = "";
    int link = accept(fd, NULL, NULL);
    FILE *stream = fdopen(link, "r");
    if (!fgets(line, sizeof line, stream) || dprintf(link, HELLO) < 0 ||
        !fgets(line, sizeof line, stream) || dprintf(link, ANSWER, result) < 0)
        _exit(2);
    _exit(strstr(line, "\"brief\":true") ? 0 : 1);
}

static bool ask(const char *result, bool brief, struct vm_status *vms, struct error *error) {
    static struct home home;
    const struct vm_status_scope scope = {.brief = brief};
    int status;
    home = (struct home){.path = (char *)scratch(), .run = (char *)scratch()};
    scoped(alloc_release) char *path = scratch_path("pgsup.sock");
    scoped(file_release) int fd = listen_at(path);
    pid_t pid = fork();
    if (pid == 0)
        be_supervisor(fd, result);
    bool good = vm_status_open(&home, &scope, vms, error);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), brief ? 0 : 1);
    return good;
}

static struct vm_now now_of(struct vm_status *vms, const char *name) {
    const struct store_instance instance = {.name = (char *)name};
    struct vm_now now;
    vm_status_get(vms, &instance, &now);
    return now;
}

TEST(words_are_read_by_state) {
    struct vm_status vms;
    struct error error = {0};
    CHECK(
        ask("{\"brief\": {\"ready\": \"web 42000 mail 0 new -\", \"failed\": \"db -\", \"odd\": 7,"
            " \"lost\": \"\", \"paused\": \" 5 last\"}, \"reasons\": {\"db\": \"QEMU ended\"}}",
            true, &vms, &error));
    CHECK_STRING(error.text, "");
    CHECK_INT(vms.told_count, 5);
    const struct vm_now last = now_of(&vms, "last");
    CHECK_STRING(last.state, "paused");
    CHECK_INT(last.uptime_ms, UPTIME_NONE);
    const struct vm_now web = now_of(&vms, "web"), mail = now_of(&vms, "mail"),
                        new = now_of(&vms, "new"), db = now_of(&vms, "db");
    CHECK_STRING(web.state, "ready");
    CHECK(web.supervised && !web.reason);
    CHECK_INT(web.uptime_ms, 42000);
    CHECK_INT(mail.uptime_ms, 0);
    CHECK_INT(new.uptime_ms, UPTIME_NONE);
    CHECK_STRING(db.state, "failed");
    CHECK_STRING(db.reason, "QEMU ended");
    vm_status_close(&vms);
}

/* Its launch was recorded when the supervisor had answered, but before it was looked for. */
TEST(a_start_after_the_answer_is_no_end) {
    struct vm_status vms;
    struct error error = {0};
    CHECK(ask("{\"brief\": {}}", true, &vms, &error));
    vms.ended = (struct store_launches){alloc_zero(sizeof *vms.ended.items), 1};
    vms.ended.items[0].phases_ms[PHASE_LAUNCHED] = vms.now_ms;
    vms.recalls = true;
    const struct vm_now web = now_of(&vms, "web");
    CHECK_STRING(web.state, "starting");
    CHECK(!web.reason);
    vm_status_close(&vms);
}

TEST(an_older_supervisor_gives_objects) {
    struct vm_status vms;
    struct error error = {0};
    CHECK(ask("{\"vms\": [{\"name\": \"web\", \"state\": \"paused\", \"reason\": \"as asked\","
              " \"pid\": 17, \"since_ms\": 5, \"phases\": {\"launched\": 1000}, \"agent\": true},"
              " {\"name\": \"db\"}]}",
              true, &vms, &error));
    CHECK_STRING(error.text, "");
    CHECK_INT(vms.told_count, 1);
    const struct vm_now web = now_of(&vms, "web");
    CHECK_STRING(web.state, "paused");
    CHECK_STRING(web.reason, "as asked");
    CHECK_INT(web.pid, 17);
    CHECK_INT(web.since_ms, 5);
    CHECK_INT(web.uptime_ms, vms.now_ms - 1000);
    CHECK(json_is_true(json_object_get(web.told, "agent")));
    vm_status_close(&vms);
}

TEST(what_makes_no_sense_is_no_answer) {
    static const char *const results[] = {"{}", "{\"brief\": []}", "{\"vms\": {}}",
                                          "{\"brief\": 7, \"vms\": \"x\"}"};
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        struct vm_status vms;
        struct error error = {0};
        CHECK(!ask(results[i], i % 2 == 0, &vms, &error));
        CHECK_STRING(error.text, "the supervisor's answer is not valid");
    }
}

/* --- the table --- */

static const struct store_instance instances[] = {
    {.name = (char *)"vm10",
     .image = (char *)"debian-12",
     .arch = (char *)"aarch64",
     .mac = (char *)"52:54:00:00:00:0a",
     .ip4 = (char *)"172.16.0.10",
     .vcpu = 2,
     .ram_mib = 1536,
     .disk_bytes = UINT64_C(20) << 30,
     .seed = STORE_SEED_DRIVE,
     .restart = STORE_RESTART_ALWAYS,
     .created_ms = 1795773566785},
    {.name = (char *)"vm9", .image = (char *)"empty", .vcpu = 10, .ram_mib = 64},
};
static const struct instance_row rows[] = {
    {.instance = &instances[0],
     .now = {.state = "ready", .pid = 4711, .uptime_ms = 3 * 3600 * 1000},
     .endpoint = {.address = "172.16.0.10", .port = 22}},
    {.instance = &instances[1],
     .now = {.state = "failed", .reason = "QEMU ended", .uptime_ms = UPTIME_NONE},
     .endpoint = {.address = "127.0.0.1", .port = 10022}},
    {.instance = &instances[1],
     .now = {.state = "failed", .uptime_ms = UPTIME_NONE},
     .endpoint = {.address = "127.0.0.1", .port = 10023}},
};

static void check_table(const char *words, size_t count, const char *expected) {
    struct list_table table = {0};
    struct error error = {0};
    char *printed = NULL;
    size_t size = 0;
    FILE *file = open_memstream(&printed, &size);
    CHECK(list_table_choose(&table, words, &error));
    list_table_print(&table, rows, count, file);
    fclose(file);
    CHECK_STRING(printed, expected);
    free(printed);
}

TEST(a_reason_is_shown_when_there_is_one_to_tell) {
    check_table(NULL, 1,
                "NAME  STATE           VCPU  RAM   DISK  UPTIME  ADDRESS      IMAGE\n"
                "vm10  Running(ready)  2     1.5G  20G   3h      172.16.0.10  debian-12\n");
    check_table(
        NULL, 2,
        "NAME  STATE           VCPU  RAM   DISK  UPTIME  ADDRESS          IMAGE      REASON\n"
        "vm10  Running(ready)  2     1.5G  20G   3h      172.16.0.10      debian-12  -\n"
        "vm9   Failed          10    64M   0B    -       127.0.0.1:10022  empty      QEMU "
        "ended\n");
}

/* Two ports of one address are two values. */
TEST(a_cell_is_as_the_one_above_only_if_all_of_it_is) {
    check_table("name,state,ram,address,reason,pid", 3,
                "NAME  STATE           RAM   ADDRESS          REASON      PID\n"
                "vm10  Running(ready)  1.5G  172.16.0.10      -           4711\n"
                "vm9   Failed          64M   127.0.0.1:10022  QEMU ended  -\n"
                "vm9   Failed          64M   127.0.0.1:10023  -           -\n");
}

TEST(the_other_columns_are_shown_when_chosen) {
    check_table("pid,ip,mac,arch,seed,restart,created", 2,
                "PID   IP           MAC                ARCH     SEED   RESTART  CREATED\n"
                "4711  172.16.0.10  52:54:00:00:00:0a  aarch64  drive  always   "
                "2026-11-27T09:59:26.785Z\n"
                "-     -            -                  -        http   no       -\n");
}

static int order_by(const char *word) {
    const struct list_column *column = list_table_column(word, strlen(word), NULL);
    const struct list_value first = column->value(&rows[0]), second = column->value(&rows[1]);
    int order = list_value_compare(&first, &second);
    return (order > 0) - (order < 0);
}

TEST(numbers_are_ordered_by_value_and_what_is_unknown_comes_last) {
    CHECK_INT(order_by("name"), 1);
    CHECK_INT(order_by("state"), 1);
    CHECK_INT(order_by("vcpu"), -1);
    CHECK_INT(order_by("ram"), 1);
    CHECK_INT(order_by("address"), 1);
    CHECK_INT(order_by("uptime"), -1);
    CHECK_INT(order_by("pid"), -1);
    CHECK_INT(order_by("reason"), 1);
    CHECK_INT(order_by("created"), -1);
}

int main(void) {
    return test_run();
}
