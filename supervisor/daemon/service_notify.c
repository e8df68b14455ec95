#include "service_notify.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct service_notify {
    int fd;
    struct sockaddr_un address;
    socklen_t address_length;
    uint64_t watchdog_ms; /* 0: none */
    uv_timer_t watchdog;
};

static void send_text(const struct service_notify *notify, const char *text) {
    ssize_t ignored = sendto(notify->fd, text, strlen(text), 0,
                             (const struct sockaddr *)&notify->address, notify->address_length);
    (void)ignored; /* a manager that is gone asks no more */
}

/* "/path", or "@name" in the abstract namespace of Linux. */
static bool read_address(struct service_notify *notify, const char *path) {
    size_t length = strlen(path);
    if ((path[0] != '/' && path[0] != '@') || length < 2 ||
        length >= sizeof notify->address.sun_path)
        return false;
    notify->address.sun_family = AF_UNIX;
    memcpy(notify->address.sun_path, path, length);
    if (path[0] == '@')
        notify->address.sun_path[0] = '\0';
    notify->address_length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
    return true;
}

/* The sign of life comes twice as often as it is asked for. */
static void read_watchdog(struct service_notify *notify) {
    const char *period = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
    uint64_t us = 0, number = 0;
    bool ours =
        !pid || (name_parse_number(pid, 1, INT32_MAX, &number) && number == (uint64_t)getpid());
    if (ours && period && name_parse_number(period, 2000, INT64_MAX, &us))
        notify->watchdog_ms = us / 2000;
}

struct service_notify *service_notify_new(uv_loop_t *loop) {
    const char *path = getenv("NOTIFY_SOCKET");
    struct service_notify *notify = alloc_zero(sizeof *notify);
    notify->fd = path && read_address(notify, path) ? socket(AF_UNIX, SOCK_DGRAM, 0) : -1;
    read_watchdog(notify);
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
    if (notify->fd < 0) {
        free(notify);
        return NULL;
    }
    fcntl(notify->fd, F_SETFD, FD_CLOEXEC);
    fcntl(notify->fd, F_SETFL, O_NONBLOCK);
    uv_timer_init(loop, &notify->watchdog);
    notify->watchdog.data = notify;
    return notify;
}

static void on_watchdog(uv_timer_t *timer) {
    send_text(timer->data, "WATCHDOG=1");
}

void service_notify_ready(struct service_notify *notify, const char *status) {
    if (!notify)
        return;
    scoped(alloc_release) char *text =
        alloc_printf("READY=1\nMAINPID=%ld\nSTATUS=%s", (long)getpid(), status);
    send_text(notify, text);
    if (notify->watchdog_ms)
        uv_timer_start(&notify->watchdog, on_watchdog, 0, notify->watchdog_ms);
}

void service_notify_stopping(struct service_notify *notify) {
    if (notify)
        send_text(notify, "STOPPING=1");
}

static void on_notify_closed(uv_handle_t *handle) {
    struct service_notify *notify = handle->data;
    file_release(&notify->fd);
    free(notify);
}

void service_notify_close(struct service_notify *notify) {
    if (notify)
        uv_close((uv_handle_t *)&notify->watchdog, on_notify_closed);
}
