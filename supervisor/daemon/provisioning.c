#include "provisioning.h"
#include "home/access/endpoint.h"
#include "home/facts.h"
#include "home/generated.h"
#include "home/layout.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/platform.h"
#include "base/strv.h"
#include "daemon/thread_work.h"
#include "home/access/ansible.h"
#include "host/program.h"
#include "machine/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTALL_STATUS 100 /* no status of ansible-playbook */
#define STRINGIFY_(x)  #x
#define STRINGIFY(x)   STRINGIFY_(x)

enum { STORE_TRIES = 6, STORE_PAUSE_MS = 1000 }; /* the store itself waits 5 s each time */

struct provisioning {
    uv_loop_t *loop;
    char *home_path;
    void *context;
    provisioning_on_done *on_done;
    struct run *runs;
};

struct run {
    struct run *next;
    struct provisioning *owner; /* NULL: the result is not wanted any more */
    int64_t instance;
    char *home_path, *name, *host_keys, *folder, *program;
    char *playbook;                 /* NULL: deploy.yaml */
    char *requirements, *installer; /* of ansible-galaxy; NULL: none are to be installed */
    struct endpoint endpoint;
    struct error error;
    bool skipped;
    bool interrupted;      /* its guest is being stopped */
    atomic_bool abandoned; /* tells the worker to give up */
    struct thread_work work;
    struct process *process; /* NULL: has not begun */
    uv_timer_t timeout;
};

static void run_free(struct run *run) {
    free(run->home_path);
    free(run->name);
    free(run->host_keys);
    free(run->folder);
    free(run->program);
    free(run->playbook);
    free(run->requirements);
    free(run->installer);
    free(run);
}

static void run_detach(struct run *run) {
    struct run **slot = &run->owner->runs;
    while (*slot != run)
        slot = &(*slot)->next;
    *slot = run->next;
    run->owner = NULL;
}

static void run_finish(struct run *run, const char *result) {
    struct provisioning *owner = run->owner;
    if (!owner)
        return;
    run_detach(run);
    owner->on_done(owner->context, run->instance, result);
}

/* --- on a worker thread --- */

static bool write_files(struct run *run, struct error *error) {
    struct home home = {0};
    struct instance_facts facts = {0};
    struct generated generated = {.home = &home, .facts = &facts};
    bool good = home_open(run->home_path, &home, error) &&
                instance_facts_load(&home, run->name, &facts, error) &&
                ansible_write(&generated, &run->endpoint, run->host_keys, error);
    run->folder = good ? home_instance_folder(&home, run->name) : NULL;
    generated_done(&generated);
    instance_facts_done(&facts);
    home_close(&home);
    return good;
}

/* That of the instance, else that of the home. */
static char *find_requirements(const struct run *run) {
    const char *const folders[] = {run->folder, run->home_path};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        char *path = alloc_printf("%s/" LAYOUT_REQUIREMENTS, folders[i]);
        if (file_exists(path))
            return path;
        free(path);
    }
    return NULL;
}

/* Tries several times if the store fails, because the guest phones home only once. */
static void on_run_work(struct thread_work *work) {
    struct run *run = work->data;
    if (run->abandoned)
        return;
    for (int i = 0; i < STORE_TRIES && !write_files(run, &run->error); i++) {
        if (run->error.code != ERROR_FAILED || i == STORE_TRIES - 1 || run->abandoned)
            return;
        error_clear(&run->error);
        poll(NULL, 0, STORE_PAUSE_MS);
    }
    run->program = program_find("ansible-playbook", &run->error);
    run->skipped = !run->program;
    run->requirements = run->program ? find_requirements(run) : NULL;
    if (run->requirements)
        run->installer = program_find("ansible-galaxy", &run->error);
}

/* --- the child --- */

static void on_timeout_closed(uv_handle_t *handle) {
    run_free(handle->data);
}

static void on_end(void *owner, const struct process_end *end) {
    struct run *run = owner;
    int status = end->exit_status, signal = end->signal;
    char result[160] = "ok";
    if (run->interrupted && (signal || status))
        snprintf(result, sizeof result, "interrupted by a stop");
    else if (!end->status_known)
        snprintf(result, sizeof result, "failed: how ansible-playbook ended is not known");
    else if (signal)
        snprintf(result, sizeof result, "failed: ansible-playbook was ended by signal %d", signal);
    else if (status == INSTALL_STATUS && run->requirements)
        snprintf(result, sizeof result,
                 "failed: ansible-galaxy could not install what " LAYOUT_REQUIREMENTS
                 " names, see ansible.log");
    else if (status) /* 2: a task failed, 4: unreachable; ansible-playbook(1) */
        snprintf(result, sizeof result,
                 "failed: ansible-playbook ended with status %d, see ansible.log", status);
    run_finish(run, result);
    process_close(run->process);
    uv_close((uv_handle_t *)&run->timeout, on_timeout_closed);
}

static void on_timeout(uv_timer_t *timer) {
    struct run *run = timer->data;
    uv_kill(-process_pid(run->process), SIGKILL); /* its session: ssh and workers too */
}

/* What the person has set for other hosts and for reading the output: here it would decide whether
 * the guest is reached, what is run there, and what the log looks like. */
static const char *const not_for_guests[] = {
    "ANSIBLE_CONFIG=",         "ANSIBLE_SSH_",         "ANSIBLE_SCP_",
    "ANSIBLE_SFTP_",           "ANSIBLE_PARAMIKO_",    "ANSIBLE_REMOTE_",
    "ANSIBLE_BECOME",          "ANSIBLE_HOST_KEY_",    "ANSIBLE_PRIVATE_KEY_FILE=",
    "ANSIBLE_TRANSPORT=",      "ANSIBLE_CONNECTION_",  "ANSIBLE_INVENTORY",
    "ANSIBLE_STDOUT_CALLBACK", "ANSIBLE_FORCE_COLOR=", "ANSIBLE_RUN_TAGS=",
    "ANSIBLE_SKIP_TAGS=",      "ANSIBLE_STRATEGY=",    "ANSIBLE_TIMEOUT=",
    "ANSIBLE_LOG_PATH=",       "ANSIBLE_PERSISTENT_",  "LC_ALL=",
};

static bool is_for_guests(const char *variable) {
    for (size_t i = 0; i < sizeof not_for_guests / sizeof *not_for_guests; i++)
        if (strncmp(variable, not_for_guests[i], strlen(not_for_guests[i])) == 0)
            return false;
    return true;
}

/* The environment of the supervisor, with the configuration named: Ansible reads no ansible.cfg
 * from a folder that others can write to unless it is named. Ansible fails in a locale that is not
 * UTF-8, which services and cron have. */
static void make_environment(const struct run *run, struct strv *list) {
    extern char **environ;
    for (char **each = environ; *each; each++)
        if (is_for_guests(*each))
            strv_push(list, *each);
    strv_pushf(list, "ANSIBLE_CONFIG=%s/" LAYOUT_ANSIBLE_CFG, run->folder);
    for (const char *const *each = platform_fork_environment(); *each; each++)
        strv_push(list, *each);
    strv_pushf(list, "LC_ALL=%s", platform_utf8_locale());
}

static int open_log(const struct run *run, struct error *error) {
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_ANSIBLE_LOG, run->folder);
    int log = file_open_log(path, error);
    if (log >= 0 && ftruncate(log, 0) < 0) {
        error_errno(error, "cannot write %s", path);
        file_release(&log);
    }
    return log;
}

/* ansible-galaxy leaves alone what is there, and takes its folders from ansible.cfg. A source that
 * is a file or a folder is beside the requirements. */
static void make_words(const struct run *run, struct strv *words) {
    static const char script[] =
        "( cd \"${1%/*}\" && \"$0\" install -r \"$1\" ) || exit " STRINGIFY(
            INSTALL_STATUS) "; shift; exec \"$@\"";
    if (run->requirements) {
        strv_push(words, "/bin/sh");
        strv_push(words, "-c");
        strv_push(words, script);
        strv_push(words, run->installer);
        strv_push(words, run->requirements);
    }
    strv_push(words, run->program);
    strv_push(words, "-i");
    strv_push(words, LAYOUT_INVENTORY);
    strv_push(words, run->playbook ? run->playbook : LAYOUT_PLAYBOOK);
}

static bool run_spawn(struct run *run, int log) {
    struct strv environment = {0}, words = {0};
    const int fds[] = {CHILD_NULL, log, log};
    const struct process_listener listener = {run, on_end};
    make_environment(run, &environment);
    make_words(run, &words);
    const struct child_options options = {.argv = words.items,
                                          .environment = environment.items,
                                          .folder = run->folder,
                                          .fds = fds,
                                          .fd_count = sizeof fds / sizeof *fds,
                                          .group = CHILD_SESSION};
    run->process = process_run(run->owner->loop, &options, &listener, &run->error);
    strv_done(&environment);
    strv_done(&words);
    return run->process != NULL;
}

static void on_run_worked(struct thread_work *work) {
    struct run *run = work->data;
    char result[sizeof run->error.text + 32];
    bool wanted = run->owner && run->error.code == ERROR_NONE;
    scoped(file_release) int log = wanted ? open_log(run, &run->error) : -1;
    if (log < 0 || !run_spawn(run, log)) {
        snprintf(result, sizeof result, "%s: %s", run->skipped ? "skipped" : "failed",
                 run->error.text);
        run_finish(run, result);
        run_free(run);
        return;
    }
    uv_timer_init(run->owner->loop, &run->timeout);
    run->timeout.data = run;
    uv_timer_start(&run->timeout, on_timeout, PROVISIONING_TIMEOUT_MS, 0);
}

/* --- for the supervisor --- */

struct provisioning *provisioning_new(uv_loop_t *loop, const char *home_path, void *context,
                                      provisioning_on_done *on_done) {
    struct provisioning *provisioning = alloc_zero(sizeof *provisioning);
    provisioning->loop = loop;
    provisioning->home_path = alloc_string(home_path);
    provisioning->context = context;
    provisioning->on_done = on_done;
    return provisioning;
}

bool provisioning_is_under_way(const struct provisioning *provisioning, int64_t instance) {
    for (const struct run *run = provisioning->runs; run; run = run->next)
        if (run->instance == instance)
            return true;
    return false;
}

void provisioning_run(struct provisioning *provisioning, const struct store_instance *instance,
                      const struct provisioning_guest *guest) {
    if (provisioning_is_under_way(provisioning, instance->id))
        return;
    struct run *run = alloc_zero(sizeof *run);
    run->owner = provisioning;
    run->next = provisioning->runs;
    provisioning->runs = run;
    run->instance = instance->id;
    run->home_path = alloc_string(provisioning->home_path);
    run->name = alloc_string(instance->name);
    run->host_keys = alloc_string(guest->host_keys);
    run->endpoint = *guest->endpoint;
    run->playbook = alloc_string(guest->playbook);
    run->work.data = run;
    thread_work_start(provisioning->loop, &run->work, on_run_work, on_run_worked);
}

void provisioning_interrupt(struct provisioning *provisioning, int64_t instance, bool stopped) {
    for (struct run *run = provisioning->runs; run; run = run->next) {
        if (run->instance != instance)
            continue;
        run->interrupted = true;
        if (stopped && run->process)
            uv_kill(-process_pid(run->process), SIGTERM); /* its session: ssh and workers too */
    }
}

void provisioning_skip(struct provisioning *provisioning, const struct store_instance *instance,
                       const char *why) {
    scoped(alloc_release) char *result = alloc_printf("skipped: %s", why);
    provisioning->on_done(provisioning->context, instance->id, result);
}

void provisioning_close(struct provisioning *provisioning) {
    while (provisioning->runs) {
        struct run *run = provisioning->runs;
        run_detach(run);
        run->abandoned = true;
        if (run->process)
            uv_kill(-process_pid(run->process), SIGTERM);
    }
    free(provisioning->home_path);
    free(provisioning);
}
