#include "daemon/name_ssh.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/strv.h"
#include "home/access/endpoint.h"
#include "home/access/known_hosts.h"
#include "home/access/ssh_config.h"
#include "home/access/ssh_identity.h"
#include "host/program.h"
#include "machine/process.h"
#include "store/cloud_table.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CONNECT_TIMEOUT_S "15"
enum { RUN_TIMEOUT_MS = 40000 };

struct name_ssh {
    uv_loop_t *loop;
    struct home *home;
    void *context;
    name_ssh_on_done *on_done;
    struct process *process; /* NULL: none runs */
    int64_t instance;
    uv_timer_t timeout;
};

/* --- what is run --- */

static bool has_key_file(struct store *store, struct error *error) {
    struct store_cloud cloud = {0};
    char *file = cloud_table_get(store, &cloud, error) ? ssh_identity_file(&cloud) : NULL;
    bool has = file != NULL;
    free(file);
    store_cloud_done(&cloud);
    return has || error_set(error, ERROR_NOT_FOUND, "no file has the private key of the cloud");
}

static bool find_guest(struct home *home, const struct store_instance *instance,
                       struct endpoint *endpoint, struct error *error) {
    scoped(alloc_release) char *keys = known_hosts_keys(home, instance, error);
    if (!keys || !endpoint_find(home, instance, endpoint, error))
        return false;
    return (*keys && endpoint->address[0]) ||
           error_set(error, ERROR_NOT_FOUND, "its address or its host keys are not known");
}

/* The address is said here, too: a name that the file does not have yet would be asked of a DNS. */
static bool make_words(struct home *home, const struct store_instance *instance, struct strv *words,
                       struct error *error) {
    struct endpoint endpoint = {0};
    scoped(alloc_release) char *program = program_find("ssh", error);
    scoped(alloc_release) char *configuration = home_file(home, SSH_CONFIG);
    if (!program || !has_key_file(home->store, error) ||
        !find_guest(home, instance, &endpoint, error))
        return false;
    strv_push(words, program);
    strv_push(words, "-F");
    strv_push(words, configuration);
    strv_push(words, "-oBatchMode=yes");
    strv_push(words, "-oStrictHostKeyChecking=yes");
    strv_push(words, "-oConnectTimeout=" CONNECT_TIMEOUT_S);
    strv_pushf(words, "-oHostName=%s", endpoint.address);
    strv_pushf(words, "-oPort=%u", endpoint.port);
    strv_push(words, "-l");
    strv_push(words, SSH_CONFIG_USER);
    strv_push(words, "--");
    strv_push(words, instance->name);
    strv_push(words, "sudo -n sh");
    return true;
}

/* Its standard input: a file without a name, because a pipe may hold less. -1: error set. */
static int open_script(const struct home *home, const char *script, struct error *error) {
    scoped(alloc_release) char *path = alloc_printf("%s/names.XXXXXX", home->run);
    int fd = mkstemp(path);
    if (fd < 0) {
        error_errno(error, "cannot create %s", path);
        return -1;
    }
    unlink(path);
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || !file_write_all(fd, script, strlen(script)) ||
        lseek(fd, 0, SEEK_SET) < 0) {
        error_errno(error, "cannot write %s", path);
        file_release(&fd);
    }
    return fd;
}

/* --- the child --- */

static void on_ssh_end(void *owner, const struct process_end *end) {
    struct name_ssh *ssh = owner;
    uv_timer_stop(&ssh->timeout);
    process_close(ssh->process);
    ssh->process = NULL;
    ssh->on_done(ssh->context, ssh->instance,
                 end->status_known && !end->signal && !end->exit_status);
}

static void on_ssh_timeout(uv_timer_t *timer) {
    struct name_ssh *ssh = timer->data;
    uv_kill(-process_pid(ssh->process), SIGKILL);
}

bool name_ssh_run(struct name_ssh *ssh, const struct store_instance *instance, const char *script,
                  struct error *error) {
    scoped(strv_done) struct strv words = {0};
    scoped(file_release) int input = -1;
    const struct process_listener listener = {ssh, on_ssh_end};
    if (!make_words(ssh->home, instance, &words, error) ||
        (input = open_script(ssh->home, script, error)) < 0)
        return false;
    const int fds[] = {input, CHILD_NULL, CHILD_NULL};
    const struct child_options options = {.argv = words.items,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof *fds,
                                          .group = CHILD_SESSION};
    ssh->instance = instance->id;
    ssh->process = process_run(ssh->loop, &options, &listener, error);
    if (ssh->process)
        uv_timer_start(&ssh->timeout, on_ssh_timeout, RUN_TIMEOUT_MS, 0);
    return ssh->process != NULL;
}

/* --- for the daemon --- */

struct name_ssh *name_ssh_new(uv_loop_t *loop, struct home *home, void *context,
                              name_ssh_on_done *on_done) {
    struct name_ssh *ssh = alloc_zero(sizeof *ssh);
    ssh->loop = loop;
    ssh->home = home;
    ssh->context = context;
    ssh->on_done = on_done;
    ssh->timeout.data = ssh;
    uv_timer_init(loop, &ssh->timeout);
    return ssh;
}

bool name_ssh_is_busy(const struct name_ssh *ssh) {
    return ssh->process != NULL;
}

static void on_ssh_closed(uv_handle_t *timer) {
    free(timer->data);
}

void name_ssh_close(struct name_ssh *ssh) {
    if (ssh->process) {
        uv_kill(-process_pid(ssh->process), SIGTERM);
        process_close(ssh->process);
    }
    uv_close((uv_handle_t *)&ssh->timeout, on_ssh_closed);
}
