/* What service managers are told, and what this process tells them. */
#include "base/alloc.h"
#include "cli/service/launchd_plist.h"
#include "cli/service/systemd_unit.h"
#include "daemon/service_notify.h"
#include "test.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct service_definition sample = {
    .program = "/opt/my tools/pgsup",
    .home_path = "/home/a%b/\"$x\"",
    .label = "pgsup-lab",
    .path = "/usr/bin:/a&b",
    .log_path = "/home/<a>/pgsup.log",
    .keep = true,
};

TEST(words_of_a_unit_are_quoted) {
    scoped(alloc_release) char *text = systemd_unit_text(&sample);
    CHECK_CONTAINS(
        text,
        "ExecStart=\"/opt/my tools/pgsup\" -p \"/home/a%%b/\\\"$$x\\\"\" up --on-stop keep\n");
    CHECK_CONTAINS(text, "Environment=\"PATH=/usr/bin:/a&b\"\n");
    CHECK_CONTAINS(text, "Type=notify\n");
    CHECK_CONTAINS(text, "KillMode=process\n");
    struct service_definition shutdown = sample;
    shutdown.keep = false;
    scoped(alloc_release) char *other = systemd_unit_text(&shutdown);
    CHECK_CONTAINS(other, " up --on-stop shutdown\n");
    CHECK_CONTAINS(other, "KillMode=mixed\n");
}

TEST(strings_of_a_plist_are_escaped) {
    struct error error = {0};
    scoped(alloc_release) char *text = launchd_plist_text(&sample, &error);
    CHECK_CONTAINS(text, "<string>/usr/bin:/a&amp;b</string>");
    CHECK_CONTAINS(text, "<string>/home/&lt;a&gt;/pgsup.log</string>");
    struct service_definition odd = sample;
    odd.home_path = "/home/\001";
    CHECK(!launchd_plist_text(&odd, &error));
    CHECK_CONTAINS(error.text, "control characters");
}

static void expect_datagram(int fd, const char *expected) {
    char text[512] = "";
    do {
        memset(text, 0, sizeof text);
        CHECK(recv(fd, text, sizeof text - 1, 0) > 0);
    } while (strcmp(text, "WATCHDOG=1") == 0 && strcmp(expected, text) != 0);
    CHECK_CONTAINS(text, expected);
}

TEST(a_manager_is_told) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    uv_loop_t loop;
    uv_loop_init(&loop);
    CHECK(!service_notify_new(&loop));
    snprintf(address.sun_path, sizeof address.sun_path, "/tmp/pgsup-notify.%ld", (long)getpid());
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    setenv("NOTIFY_SOCKET", address.sun_path, 1);
    setenv("WATCHDOG_USEC", "40000", 1);
    struct service_notify *notify = service_notify_new(&loop);
    CHECK(notify && !getenv("NOTIFY_SOCKET") && !getenv("WATCHDOG_USEC"));
    service_notify_ready(notify, "supervising");
    expect_datagram(fd, "READY=1\nMAINPID=");
    for (int i = 0; i < 3; i++) {
        uv_run(&loop, UV_RUN_ONCE);
        expect_datagram(fd, "WATCHDOG=1");
    }
    service_notify_stopping(notify);
    expect_datagram(fd, "STOPPING=1");
    service_notify_close(notify);
    uv_run(&loop, UV_RUN_DEFAULT);
    CHECK(uv_loop_close(&loop) == 0);
    close(fd);
    unlink(address.sun_path);
}

int main(void) {
    return test_run();
}
