/* A guest that was frozen is thawed, whoever is killed meanwhile; an agent that cannot freeze,
 * hangs or lies is told apart from one that froze. */
#include "base/clock.h"
#include "cli/link/guest_freeze.h"
#include "store/freeze_table.h"
#include "store_samples.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 3000  /* of a freeze that is to be too long, on a busy computer too */
#define LONG_MS  20000 /* of all others */

/* --- the agent --- */

struct agent {
    const char *freeze, *thaw; /* what it answers; NULL: nothing */
    const char *log;           /* one letter for each: f, t */
};

static void say(int link, const char *text) {
    if (write(link, text, strlen(text)) < 0 || write(link, "\n", 1) < 0)
        _exit(1);
}

static void note(const char *log, char letter) {
    int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(fd, &letter, 1) < 0)
        _exit(1);
    close(fd);
}

static void answer_line(const struct agent *agent, int link, const char *line) {
    long long id;
    const char *found = strstr(line, "\"id\":");
    if (strstr(line, "guest-sync-delimited") && found && sscanf(found, "\"id\":%lld", &id) == 1) {
        char text[64];
        snprintf(text, sizeof text, "\xFF{\"return\": %lld}", id);
        say(link, text);
        return;
    }
    bool freezes = strstr(line, "fsfreeze-freeze") != NULL;
    const char *answer = freezes ? agent->freeze : agent->thaw;
    note(agent->log, freezes ? 'f' : 't');
    if (answer)
        say(link, answer);
}

static int listen_at(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && listen(fd, 8) == 0);
    return fd;
}

static _Noreturn void be_agent(const struct agent *agent, int fd) {
    char line[1024];
    signal(SIGPIPE, SIG_IGN);
    for (;;) {
        int link = accept(fd, NULL, NULL);
        FILE *stream = fdopen(link, "r");
        while (fgets(line, sizeof line, stream))
            answer_line(agent, link, line);
        fclose(stream);
    }
}

/* --- a guest --- */

struct guest {
    struct home home;
    struct running running;
    struct guest_freeze_target target;
    char *log;
    pid_t agent;
};

static void guest_begin(struct guest *guest, const char *name, const char *freeze,
                        const char *thaw) {
    scoped(alloc_release) char *log = alloc_printf("%s.log", name);
    *guest = (struct guest){.home = {.run = scratch_path(name), .store = with_image(log)},
                            .running = {.name = "test", .tag = "1"},
                            .log = alloc_printf("%s/%s.txt", scratch(), name)};
    scoped(alloc_release) char *socket = alloc_printf("%s/test.1.qga", guest->home.run);
    const struct agent agent = {freeze, thaw, guest->log};
    OK(instance_table_add(guest->home.store, &full_instance, &error));
    OK(file_make_directory(guest->home.run, 0700, &error));
    int fd = listen_at(socket);
    guest->agent = fork();
    if (guest->agent == 0)
        be_agent(&agent, fd);
    close(fd);
    guest->target = (struct guest_freeze_target){
        .home = &guest->home, .instance = 1, .running = &guest->running, .limit_ms = LONG_MS};
}

static void check_log(const struct guest *guest, const char *expected) {
    struct buffer text = {0};
    for (int i = 0; i < 3000; i++) {
        buffer_done(&text);
        file_read(guest->log, 1000, &text, NULL);
        if (text.length >= strlen(expected))
            break;
        poll(NULL, 0, 10);
    }
    CHECK_STRING(text.data ? text.data : "", expected);
    buffer_done(&text);
}

static void check_recorded(struct guest *guest, size_t count) {
    struct store_freezes freezes = {0};
    OK(freeze_table_list(guest->home.store, 0, &freezes, &error));
    CHECK_INT(freezes.count, count);
    store_freezes_done(&freezes);
}

static void guest_end(struct guest *guest) {
    kill(guest->agent, SIGKILL);
    waitpid(guest->agent, NULL, 0);
    store_close(guest->home.store);
    free(guest->home.run);
    free(guest->log);
}

#define TWO "{\"return\": 2}"

TEST(frozen_and_thawed) {
    struct guest guest;
    guest_begin(&guest, "good", TWO, TWO);
    struct guest_freeze *freeze = NULL;
    OK((freeze = guest_freeze_begin(&guest.target, &error)) != NULL);
    check_log(&guest, "f");
    check_recorded(&guest, 1);
    OK(guest_freeze_end(freeze, &error));
    check_log(&guest, "ft");
    check_recorded(&guest, 0);
    guest_end(&guest);
}

TEST(an_agent_that_cannot) {
    struct guest guest;
    guest_begin(&guest, "refuses", "{\"error\": {\"class\": \"GenericError\", \"desc\": \"no\"}}",
                TWO);
    FAILS(guest_freeze_begin(&guest.target, &error), ERROR_FAILED, "the guest agent refuses: no");
    check_log(&guest, "f");
    check_recorded(&guest, 0);
    guest_end(&guest);
    guest_begin(&guest, "nothing", "{\"return\": 0}", TWO);
    FAILS(guest_freeze_begin(&guest.target, &error), ERROR_FAILED, "no file system");
    check_recorded(&guest, 0);
    guest_end(&guest);
}

/* It may freeze later: it is told to thaw, and that it may be frozen stays in the store. */
TEST(an_agent_that_hangs_in_freezing) {
    struct guest guest;
    guest_begin(&guest, "hangs", NULL, TWO);
    guest.target.limit_ms = LIMIT_MS;
    FAILS(guest_freeze_begin(&guest.target, &error), ERROR_TIMEOUT, "did not freeze");
    check_log(&guest, "ft");
    check_recorded(&guest, 1);
    guest_end(&guest);
}

TEST(thawed_by_somebody_else) {
    struct guest guest;
    guest_begin(&guest, "stolen", TWO, "{\"return\": 0}");
    struct guest_freeze *freeze = NULL;
    OK((freeze = guest_freeze_begin(&guest.target, &error)) != NULL);
    FAILS(guest_freeze_end(freeze, &error), ERROR_TIMEOUT, "too early");
    check_recorded(&guest, 0);
    guest_end(&guest);
}

TEST(held_for_too_long) {
    struct guest guest;
    guest_begin(&guest, "late", TWO, TWO);
    guest.target.limit_ms = LIMIT_MS;
    struct guest_freeze *freeze = NULL;
    OK((freeze = guest_freeze_begin(&guest.target, &error)) != NULL);
    check_log(&guest, "ft");
    poll(NULL, 0, 2000);
    FAILS(guest_freeze_end(freeze, &error), ERROR_TIMEOUT, "too early");
    check_recorded(&guest, 0);
    guest_end(&guest);
}

/* What SIGKILL does to the process that has frozen it. */
TEST(its_process_is_killed) {
    struct guest guest;
    guest_begin(&guest, "killed", TWO, TWO);
    guest.target.limit_ms = 60000; /* so that it is not the limit that thaws */
    pid_t pid = fork();
    if (pid == 0) {
        struct store *store = NULL;
        scoped(alloc_release) char *path = scratch_path("killed.log");
        if (!store_open(path, STORE_OPEN, &store, NULL))
            _exit(1);
        guest.home.store = store;
        guest_freeze_begin(&guest.target, NULL);
        raise(SIGKILL);
    }
    CHECK(waitpid(pid, NULL, 0) == pid);
    check_log(&guest, "ft");
    check_recorded(&guest, 1);
    guest.target.limit_ms = LONG_MS;
    struct guest_freeze *freeze = NULL;
    OK((freeze = guest_freeze_begin(&guest.target, &error)) != NULL);
    OK(guest_freeze_end(freeze, &error));
    check_log(&guest, "fttft");
    check_recorded(&guest, 0);
    guest_end(&guest);
}

int main(void) {
    return test_run();
}
