#include "cli/doctor/supervision.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/descriptors.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "cli/service/service.h"
#include "control/protocol.h"
#include "home/layout.h"
#include "home/run_folder.h"
#include "home/running.h"
#include "machine/core/run_file.h"
#include "machine/log_tail.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define ANSWER_MS         1500u
#define YOUNG_S           10 /* what a VM that starts right now has made */
#define LISTED_MAX        200u
#define UNIT_LIMIT_BYTES  65536u
#define DESCRIPTORS_FEWER 1024u

/* --- the supervisor --- */

/* -1 with errno. */
static int connect_to(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
        fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
        connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    int number = errno;
    file_release(&fd);
    errno = number;
    return -1;
}

/* The first line that it says, within ANSWER_MS; NULL. Caller frees. */
static char *read_answer(int fd) {
    struct buffer line = {0};
    uint64_t deadline_ms = clock_monotonic_ms() + ANSWER_MS, now_ms;
    while ((now_ms = clock_monotonic_ms()) < deadline_ms) {
        char chunk[4096];
        struct pollfd watched = {.fd = fd, .events = POLLIN};
        if (poll(&watched, 1, (int)(deadline_ms - now_ms)) <= 0)
            continue;
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got <= 0)
            break;
        buffer_append(&line, chunk, (size_t)got);
        if (memchr(chunk, '\n', (size_t)got))
            return buffer_take(&line);
        if (line.length > CONTROL_REQUEST_LIMIT_BYTES)
            break;
    }
    buffer_done(&line);
    return NULL;
}

static void judge_answer(const char *line, struct finding *finding) {
    struct control_message message = {0};
    struct error error = {0};
    const char *version = NULL;
    if (control_decode(line, strcspn(line, "\n"), &message, &error) &&
        message.kind == CONTROL_RESULT)
        version = json_string_value(json_object_get(message.body, "version"));
    if (version && strcmp(version, PGSUP_VERSION) == 0) {
        finding_ok(finding, "version %s answers", version);
    } else {
        scoped(alloc_release) char *shown =
            name_printable(version ? version : "", version ? strlen(version) : 0, 40);
        finding_warn(finding,
                     "the supervisor is of version %s, this is %s: `pgsup up --detach` starts the "
                     "new one after, without harm to VMs",
                     shown, PGSUP_VERSION);
        finding_mend(finding, "pgsup", "down", "--keep");
    }
    control_message_done(&message);
}

static void judge_silence(int fd, struct finding *finding) {
    pid_t pid = 0;
    uid_t user;
    finding_fail(finding,
                 "the supervisor does not answer: is it suspended? Killing it harms no VM, "
                 "and `pgsup up` adopts them again");
    if (!platform_peer(fd, &pid, &user) || pid <= 1)
        return;
    scoped(alloc_release) char *number = alloc_printf("%ld", (long)pid);
    finding_mend(finding, "kill", "-KILL", number);
}

void supervision_answers(const struct surroundings *surroundings, struct finding *finding) {
    scoped(alloc_release) char *path = run_folder_control(surroundings->run);
    scoped(file_release) int fd = connect_to(path);
    if (fd < 0 && errno == ENOENT) {
        finding_ok(finding, "none runs");
    } else if (fd < 0 && errno == ECONNREFUSED) {
        finding_warn(finding, "the last one was killed; the next one takes over what it left");
        finding_mend(finding, "pgsup", "up", "--detach", geteuid() == 0 ? "--as-root" : NULL);
    } else if (fd < 0 && errno != EAGAIN) {
        finding_fail(finding, "%s: %s", path, strerror(errno));
    } else {
        scoped(buffer_done) struct buffer request = {0};
        control_encode_request(&request, 1, "hello", NULL);
        bool sent = fd >= 0 && send(fd, request.data, request.length, MSG_NOSIGNAL) > 0;
        scoped(alloc_release) char *line = sent ? read_answer(fd) : NULL;
        if (line)
            judge_answer(line, finding);
        else
            judge_silence(fd, finding);
    }
}

/* --- what former VMs left --- */

static bool is_kind(const char *kind) {
    for (int i = 0; i < RUN_FILE_COUNT; i++)
        if (strcmp(kind, run_file_kind((enum run_file)i)) == 0)
            return true;
    return false;
}

/* "test.n12.qmp" of a VM that does not run; instance names have no dot. */
static bool is_left(const struct running_list *running, const char *run, const char *file) {
    const char *dot = strchr(file, '.'), *end = dot ? strchr(dot + 1, '.') : NULL;
    struct stat status;
    scoped(alloc_release) char *path = alloc_printf("%s/%s", run, file);
    if (!end || dot == file || !is_kind(end + 1) || lstat(path, &status) < 0 ||
        time(NULL) - status.st_mtime < YOUNG_S)
        return false;
    for (size_t i = 0; i < running->count; i++) {
        const struct running *each = &running->items[i];
        size_t length = strlen(each->tag);
        if (strlen(each->name) == (size_t)(dot - file) &&
            strncmp(each->name, file, strlen(each->name)) == 0 &&
            (size_t)(end - dot - 1) == length && strncmp(each->tag, dot + 1, length) == 0)
            return false;
    }
    return true;
}

/* Returns how many there are, with those of before. */
static size_t mend_left(const struct running_list *running, const char *folder, size_t count,
                        struct finding *finding) {
    DIR *list = opendir(folder);
    if (!list)
        return count;
    struct dirent *entry;
    while (count < LISTED_MAX && (entry = readdir(list))) {
        if (!is_left(running, folder, entry->d_name))
            continue;
        if (count++ == 0)
            finding_mend(finding, "rm", "-f");
        strv_pushf(&finding->mend, "%s/%s", folder, entry->d_name);
    }
    closedir(list);
    return count;
}

void supervision_leftovers(const struct surroundings *surroundings, struct finding *finding) {
    struct running_list running = {0};
    struct error error = {0};
    scoped(alloc_release) char *apart = run_file_apart(surroundings->run);
    if (file_is_directory(surroundings->run) &&
        !running_look(surroundings->run, &running, &error)) {
        finding_warn(finding, "%s", error.text);
        return;
    }
    size_t count = mend_left(&running, surroundings->run, 0, finding);
    count = mend_left(&running, apart, count, finding);
    if (count)
        finding_warn(finding, "%zu %s of VMs that do not run any more", count,
                     count == 1 ? "socket or file" : "sockets and files");
    else
        finding_ok(finding, "nothing is left of former VMs; %zu run", running.count);
    running_list_done(&running);
}

static void warn_of_few(unsigned limit, struct finding *finding) {
    unsigned vms = descriptors_vms(limit);
    char room[32] = "too few for a VM";
    if (vms)
        snprintf(room, sizeof room, "enough for %u VM%s", vms, name_plural(vms));
    finding_warn(finding, "a process may open %u files, %s: raise the hard limit (`ulimit -Hn`)",
                 limit, room);
}

void supervision_descriptors(const struct surroundings *surroundings, struct finding *finding) {
    struct rlimit limit;
    (void)surroundings;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        finding_warn(finding, "the limit of open files is not known: %s", strerror(errno));
    else if (limit.rlim_max == RLIM_INFINITY || limit.rlim_max >= DESCRIPTORS_FEWER)
        finding_ok(finding, "enough open files are allowed");
    else
        warn_of_few((unsigned)limit.rlim_max, finding);
}

/* --- the service --- */

/* home: {0} before; the service has to be released with it. */
static bool open_service(const struct surroundings *surroundings, struct home *home,
                         struct service *service, struct error *error) {
    *home = (struct home){.path = surroundings->home_path, .run = surroundings->run};
    return store_open(surroundings->database, STORE_READ, &home->store, error) &&
           service_init(service, home, surroundings->macos ? "launchd" : "systemd", error);
}

/* What follows `before` up to `after`; NULL. Caller frees. */
static char *part_of(const char *text, const char *before, const char *after) {
    const char *start = strstr(text, before);
    const char *end = start ? strstr(start + strlen(before), after) : NULL;
    return end ? alloc_slice(start + strlen(before), (size_t)(end - start) - strlen(before)) : NULL;
}

/* The paths that a definition of either manager has. */
static void judge_definition(const struct surroundings *surroundings, const struct service *service,
                             const char *text, struct finding *finding) {
    bool launchd = service->manager == SERVICE_LAUNCHD;
    scoped(alloc_release) char *program = launchd
                                              ? part_of(text, "<array>\n    <string>", "</string>")
                                              : part_of(text, "ExecStart=\"", "\"");
    const char *on_stop = strstr(text, "shutdown") ? "shutdown" : "keep";
    scoped(alloc_release) char *folder = alloc_string(surroundings->qemu);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        *slash = 0;
    if (!program || access(program, X_OK) < 0)
        finding_fail(finding, "%s starts %s, which is not there", service->file,
                     program ? program : "an unknown program");
    else if (strcmp(program, service->definition.program) != 0)
        finding_warn(finding, "%s starts %s, which is not this pgsup", service->file, program);
    else if (!strstr(text, surroundings->home_path))
        finding_fail(finding, "%s is of another home than %s", service->file,
                     surroundings->home_path);
    else if (folder && !strstr(text, folder))
        finding_warn(finding, "%s has a PATH without %s, where QEMU is", service->file, folder);
    else
        finding_ok(finding, "%s is installed, with paths that are right", service->file);
    if (finding->verdict != VERDICT_OK)
        finding_mend(finding, "pgsup", "service", "install", "--on-stop", on_stop);
}

void supervision_service(const struct surroundings *surroundings, struct finding *finding) {
    struct home home;
    struct service service = {0};
    struct error error = {0};
    scoped(buffer_done) struct buffer text = {0};
    if (!open_service(surroundings, &home, &service, &error))
        finding_warn(finding, "%s", error.text);
    else if (!service_is_installed(&service))
        finding_ok(finding, "not installed: `pgsup service install` supervises from login on");
    else if (!file_read(service.file, UNIT_LIMIT_BYTES, &text, &error))
        finding_warn(finding, "%s", error.text);
    else
        judge_definition(surroundings, &service, text.data ? text.data : "", finding);
    service_done(&service);
    store_close(home.store);
}

/* Whether the manager has it. */
static bool is_loaded(const struct service *service) {
    scoped(alloc_release) char *unit = alloc_printf("%s.service", service->label);
    scoped(alloc_release) char *target =
        service->definition.system ? alloc_printf("system/%s", service->label)
                                   : alloc_printf("user/%ld/%s", (long)getuid(), service->label);
    const char *const systemd[] = {"systemctl", "--user", "is-active", unit, NULL};
    const char *const launchd[] = {"launchctl", "print", target, NULL};
    scoped(alloc_release) char *said =
        surroundings_ask(service->manager == SERVICE_LAUNCHD ? launchd : systemd);
    return said != NULL;
}

void supervision_loaded(const struct surroundings *surroundings, struct finding *finding) {
    struct home home;
    struct service service = {0};
    struct error error = {0};
    if (!open_service(surroundings, &home, &service, &error) || !service_is_installed(&service)) {
        finding_ok(finding, "not needed: no service is installed");
    } else if (is_loaded(&service)) {
        finding_ok(finding, "%s runs", service.label);
    } else {
        finding_fail(finding, "the service %s is installed but does not run", service.label);
        finding_mend(finding, "pgsup", "service", "install");
    }
    service_done(&service);
    store_close(home.store);
}

void supervision_logout(const struct surroundings *surroundings, struct finding *finding) {
    struct home home;
    struct service service = {0};
    struct error error = {0};
    if (open_service(surroundings, &home, &service, &error) && service_is_installed(&service) &&
        service_ends_at_logout(&service)) {
        finding_warn(finding, "the service ends when its user logs out");
        finding_mend(finding, "loginctl", "enable-linger");
    } else {
        finding_ok(finding, "no service ends at a logout");
    }
    service_done(&service);
    store_close(home.store);
}

/* --- what QEMU warns of --- */

void supervision_warnings(const struct surroundings *surroundings, struct finding *finding) {
    const struct home home = {.path = surroundings->home_path};
    finding_ok(finding, "QEMU has warned of nothing");
    for (size_t i = 0; i < surroundings->instances.count; i++) {
        const char *name = surroundings->instances.items[i].name;
        scoped(alloc_release) char *log = layout_file(&home, name, LAYOUT_QEMU_LOG);
        scoped(alloc_release) char *said = log_tail_warning(log);
        if (!*said)
            continue;
        finding_warn(finding, "QEMU warned about %s, which does no harm now: %s", name, said);
        return;
    }
}
