#include "service.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/platform.h"
#include "cli/service/launchd_plist.h"
#include "cli/service/systemd_unit.h"
#include "store/cloud_table.h"

#include <ctype.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_LIMIT_BYTES 65536u
#define LABEL            "pgsup"

enum { INACTIVE = 3, NOT_LOADED = 4 }; /* systemctl(1), exit status */
enum { NOT_FOUND = 127 };              /* sh(1) */

extern char **environ;

/* --- what it is --- */

/* "pgsup" for the default home, else "pgsup-" and the name of its folder. */
static char *make_label(const char *home_path) {
    const char *user = getenv("HOME"), *base = strrchr(home_path, '/');
    scoped(alloc_release) char *usual = alloc_printf("%s/var/pgsup", user ? user : "");
    if (strcmp(usual, home_path) == 0)
        return alloc_string(LABEL);
    char *label = alloc_printf(LABEL "-%s", base && base[1] ? base + 1 : "root");
    for (char *each = label; *each; each++)
        if (!isalnum((unsigned char)*each) && !strchr("-_.", *each))
            *each = '_';
    return label;
}

static char *make_file(const struct service *service) {
    const char *user = getenv("HOME"), *config = getenv("XDG_CONFIG_HOME");
    const char *label = service->label;
    if (service->definition.system)
        return alloc_printf("/Library/LaunchDaemons/%s.plist", label);
    if (service->manager == SERVICE_LAUNCHD)
        return alloc_printf("%s/Library/LaunchAgents/%s.plist", user, label);
    if (config && config[0] == '/')
        return alloc_printf("%s/systemd/user/%s.service", config, label);
    return alloc_printf("%s/.config/systemd/user/%s.service", user, label);
}

/* vmnet gives interfaces to root only. */
static bool needs_root(const struct home *home, bool *needed, struct error *error) {
    struct store_cloud cloud = {0};
    if (!cloud_table_get(home->store, &cloud, error))
        return false;
    *needed = platform_vmnet_wants_root() && strncmp(cloud.network, "vmnet-", 6) == 0 &&
              strcmp(cloud.network, "vmnet-helper") != 0;
    store_cloud_done(&cloud);
    return true;
}

bool service_init(struct service *service, const struct home *home, const char *manager,
                  struct error *error) {
    bool launchd = manager ? strcmp(manager, "launchd") == 0 : platform_is_macos();
    const char *path = getenv("PATH");
    bool by_sudo =
        geteuid() == 0 && getenv("SUDO_USER") && getenv("SUDO_UID") && getenv("SUDO_GID");
    *service = (struct service){.manager = launchd ? SERVICE_LAUNCHD : SERVICE_SYSTEMD};
    if (manager && !launchd && strcmp(manager, "systemd") != 0)
        return error_set(error, ERROR_USAGE, "--manager is systemd or launchd, not \"%s\"",
                         manager);
    if (!getenv("HOME"))
        return error_set(error, ERROR_FAILED, "HOME is not set");
    if (launchd && !needs_root(home, &service->definition.system, error))
        return false;
    service->program = platform_program_path();
    if (!service->program)
        return error_set(error, ERROR_FAILED, "the path of this program cannot be found out");
    service->label = make_label(home->path);
    service->path = alloc_string(path ? path : "/usr/local/bin:/usr/bin:/bin");
    service->log_path = alloc_printf("%s/pgsup.log", home->run);
    service->file = make_file(service);
    service->definition = (struct service_definition){
        .program = service->program,
        .home_path = home->path,
        .label = service->label,
        .path = service->path,
        .log_path = service->log_path,
        .system = service->definition.system,
        .keep = true,
        .as_root = geteuid() == 0 && !by_sudo,
        .user = by_sudo ? getenv("SUDO_USER") : NULL,
        .uid = getenv("SUDO_UID"),
        .gid = getenv("SUDO_GID"),
    };
    return true;
}

void service_done(struct service *service) {
    free(service->program);
    free(service->label);
    free(service->path);
    free(service->log_path);
    free(service->file);
    *service = (struct service){0};
}

char *service_text(const struct service *service, struct error *error) {
    return service->manager == SERVICE_LAUNCHD ? launchd_plist_text(&service->definition, error)
                                               : systemd_unit_text(&service->definition);
}

bool service_is_installed(const struct service *service) {
    return file_exists(service->file);
}

/* --- the manager's commands --- */

/* Its exit status; -1: error set. */
static int run_program(const char *const *words, struct error *error) {
    pid_t pid;
    int status;
    fflush(stdout);
    int problem = posix_spawnp(&pid, words[0], NULL, NULL, (char *const *)words, environ);
    if (problem) {
        error_set(error, ERROR_FAILED, "cannot run %s: %s", words[0], strerror(problem));
        return -1;
    }
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Not as a child, which a signal to this process would leave behind. */
static int become_program(const char *const *words, struct error *error) {
    fflush(stdout);
    execvp(words[0], (char *const *)words);
    error_errno(error, "cannot run %s", words[0]);
    return EXIT_FAILURE;
}

static bool run_well(const char *const *words, struct error *error) {
    int status = run_program(words, error);
    struct buffer line = {0};
    if (status <= 0)
        return status == 0;
    for (size_t i = 0; words[i]; i++)
        buffer_printf(&line, "%s%s", i ? " " : "", words[i]);
    error_set(error, ERROR_FAILED, "`%s` failed with status %d", line.data, status);
    buffer_done(&line);
    return false;
}

/* Before anything is changed: systemctl's own words tell nobody what to do. */
static bool check_manager(const struct service *service, bool removes, struct error *error) {
    static const char *const ask[] = {"/bin/sh", "-c",
                                      "systemctl --user show-environment >/dev/null 2>&1", NULL};
    if (service->manager == SERVICE_LAUNCHD)
        return true;
    int status = run_program(ask, error);
    if (status <= 0)
        return status == 0;
    scoped(alloc_release) char *instead =
        removes ? alloc_printf("delete %s", service->file)
                : alloc_string("use `pgsup up --detach`, which does without it");
    return status == NOT_FOUND
               ? error_set(error, ERROR_FAILED, "systemctl is not installed: %s", instead)
               : error_set(error, ERROR_FAILED,
                           "no systemd of this user answers `systemctl --user`: log in as the user "
                           "itself, not by su or sudo, or%s %s",
                           removes ? ", if there is none," : "", instead);
}

static char *launchd_domain(const struct service *service) {
    return service->definition.system ? alloc_string("system")
                                      : alloc_printf("user/%ld", (long)getuid());
}

static bool take_launchd(const struct service *service, bool load, struct error *error) {
    scoped(alloc_release) char *domain = launchd_domain(service);
    scoped(alloc_release) char *target = alloc_printf("%s/%s", domain, service->label);
    const char *out[] = {"launchctl", "bootout", target, NULL};
    const char *enable[] = {"launchctl", "enable", target, NULL};
    const char *in[] = {"launchctl", "bootstrap", domain, service->file, NULL};
    struct error ignored = {0};
    run_program(out, &ignored); /* fails if it is not loaded */
    return !load || (run_well(enable, error) && run_well(in, error));
}

static bool take_systemd(const struct service *service, bool load, struct error *error) {
    scoped(alloc_release) char *unit = alloc_printf("%s.service", service->label);
    const char *reload[] = {"systemctl", "--user", "daemon-reload", NULL};
    const char *enable[] = {"systemctl", "--user", "enable", unit, NULL};
    const char *restart[] = {"systemctl", "--user", "restart", unit, NULL};
    const char *disable[] = {"systemctl", "--user", "disable", "--now", unit, NULL};
    if (!load)
        return run_well(disable, error);
    return run_well(reload, error) && run_well(enable, error) && run_well(restart, error);
}

/* A definition that was written for another home is not replaced. */
static bool check_other(const struct service *service, const char *text, struct error *error) {
    struct buffer found = {0};
    if (!file_exists(service->file))
        return true;
    bool good = file_read(service->file, FILE_LIMIT_BYTES, &found, error);
    scoped(alloc_release) char *home = alloc_printf("%s", service->definition.home_path);
    if (good && found.data && !strstr(found.data, home) && strcmp(found.data, text) != 0)
        good = error_set(error, ERROR_EXISTS,
                         "%s is of another home: `pgsup -p THAT_HOME service remove` removes it",
                         service->file);
    buffer_done(&found);
    return good;
}

bool service_install(const struct service *service, struct error *error) {
    scoped(alloc_release) char *text = service_text(service, error);
    scoped(alloc_release) char *folder = alloc_string(service->file);
    if (!text || !check_other(service, text, error))
        return false;
    if (service->definition.system && geteuid() != 0)
        return error_set(
            error, ERROR_WRONG_STATE,
            "vmnet needs root, so this is a daemon of the system: run `sudo pgsup -p %s "
            "service install`",
            service->definition.home_path);
    *strrchr(folder, '/') = '\0';
    if (!check_manager(service, false, error))
        return false;
    if (!file_make_directory(folder, 0755, error) ||
        !file_write(service->file, text, strlen(text), 0644, error))
        return false;
    return service->manager == SERVICE_LAUNCHD ? take_launchd(service, true, error)
                                               : take_systemd(service, true, error);
}

bool service_remove(const struct service *service, struct error *error) {
    const char *reload[] = {"systemctl", "--user", "daemon-reload", NULL};
    if (!service_is_installed(service))
        return error_set(error, ERROR_NOT_FOUND, "no service is installed for %s",
                         service->definition.home_path);
    bool launchd = service->manager == SERVICE_LAUNCHD;
    if (!check_manager(service, true, error))
        return false;
    if (!(launchd ? take_launchd(service, false, error) : take_systemd(service, false, error)))
        return false;
    if (unlink(service->file) < 0)
        return error_errno(error, "cannot remove %s", service->file);
    return launchd || run_well(reload, error);
}

int service_show_status(const struct service *service, struct error *error) {
    scoped(alloc_release) char *unit = alloc_printf("%s.service", service->label);
    scoped(alloc_release) char *domain = launchd_domain(service);
    scoped(alloc_release) char *target = alloc_printf("%s/%s", domain, service->label);
    const char *systemd[] = {"systemctl", "--user", "--no-pager", "--lines=0",
                             "status",    unit,     NULL};
    const char *launchd[] = {"launchctl", "print", target, NULL};
    if (!check_manager(service, false, error))
        return EXIT_FAILURE;
    return become_program(service->manager == SERVICE_LAUNCHD ? launchd : systemd, error);
}

/* launchctl(1): what `print` shows is for people, but there is nothing else that tells it. */
bool service_is_active(const struct service *service, bool *active, struct error *error) {
    static const char look[] = "launchctl print \"$0\" 2>/dev/null | grep -q 'state = running'";
    scoped(alloc_release) char *unit = alloc_printf("%s.service", service->label);
    scoped(alloc_release) char *domain = launchd_domain(service);
    scoped(alloc_release) char *target = alloc_printf("%s/%s", domain, service->label);
    const char *systemd[] = {"systemctl", "--user", "--quiet", "is-active", unit, NULL};
    const char *launchd[] = {"/bin/sh", "-c", look, target, NULL};
    if (!check_manager(service, false, error))
        return false;
    int status = run_program(service->manager == SERVICE_LAUNCHD ? launchd : systemd, error);
    *active = status == 0;
    if (service->manager == SERVICE_SYSTEMD && status > 0 && status != INACTIVE &&
        status != NOT_LOADED)
        return error_set(error, ERROR_FAILED, "systemctl cannot tell whether %s is active", unit);
    return status >= 0;
}

int service_show_log(const struct service *service, bool follow, struct error *error) {
    scoped(alloc_release) char *unit = alloc_printf("%s.service", service->label);
    const char *systemd[] = {"journalctl", "--user", "--no-pager",         "-n", "100",
                             "-u",         unit,     follow ? "-f" : NULL, NULL};
    const char *launchd[] = {
        "tail", "-n", "100", follow ? "-f" : service->log_path, follow ? service->log_path : NULL,
        NULL};
    return become_program(service->manager == SERVICE_LAUNCHD ? launchd : systemd, error);
}

bool service_ends_at_logout(const struct service *service) {
    const char *user = getenv("USER");
    scoped(alloc_release) char *file =
        alloc_printf("/var/lib/systemd/linger/%s", user ? user : "root");
    return service->manager == SERVICE_SYSTEMD && !file_exists(file);
}
