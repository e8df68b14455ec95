#include "cli/commands/table.h"

#include "base/alloc.h"
#include "cli/invocation.h"
#include "cli/link/definition_report.h"
#include "cli/output/json_output.h"
#include "cli/service/service.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct option_spec install_options[] = {
    {.name = "on-stop",
     .value = "keep|shutdown",
     .help = "what becomes of the VMs when the manager stops or restarts the service: they keep "
             "running, or are shut down",
     .fallback = "keep"},
    {.name = "print", .help = "print the definition and install nothing"},
    {.name = "manager", .value = "systemd|launchd", .help = "with --print: for this manager"},
    DEFINITION_REPORT_OPTION,
    OPTIONS_END,
};

static bool read_on_stop(const struct invocation *invocation, struct service *service,
                         struct error *error) {
    const char *word = invocation_option(invocation, "on-stop");
    service->definition.keep = strcmp(word, "keep") == 0;
    return service->definition.keep || strcmp(word, "shutdown") == 0 ||
           error_set(error, ERROR_USAGE, "--on-stop is keep or shutdown, not \"%s\"", word);
}

static void install(const struct service *service, struct error *error) {
    if (!service_install(service, error))
        return;
    printf("installed and started %s\n", service->file);
    if (service_ends_at_logout(service))
        printf("it ends when you log out: `loginctl enable-linger` lets it run on\n");
}

static int run_install(struct invocation *invocation, struct error *error) {
    struct service service = {0};
    bool print = invocation_flag(invocation, "print");
    const char *manager = invocation_option(invocation, "manager");
    if (manager && !print)
        error_set(error, ERROR_USAGE, "--manager is for --print");
    else if (service_init(&service, invocation->home, manager, error) &&
             read_on_stop(invocation, &service, error) && !print)
        install(&service, error);
    scoped(alloc_release) char *text =
        print && error->code == ERROR_NONE ? service_text(&service, error) : NULL;
    fputs(text ? text : "", stdout);
    service_done(&service);
    return EXIT_SUCCESS;
}

static const struct option_spec remove_options[] = {DEFINITION_REPORT_OPTION, OPTIONS_END};

static int run_remove(struct invocation *invocation, struct error *error) {
    struct service service = {0};
    if (service_init(&service, invocation->home, NULL, error) && service_remove(&service, error))
        printf("removed %s; VMs that run are left alone\n", service.file);
    service_done(&service);
    return EXIT_SUCCESS;
}

static const struct option_spec status_options[] = {
    {.name = "json", .help = "print one JSON object: `pgsup help json`"},
    OPTIONS_END,
};

static int print_state(const struct service *service, struct error *error) {
    bool active;
    if (!service_is_active(service, &active, error))
        return EXIT_FAILURE;
    json_t *object = json_object();
    json_output_schema(object);
    json_object_set_new(object, "name", json_output_text(service->label));
    json_object_set_new(object, "manager",
                        json_string(service->manager == SERVICE_LAUNCHD ? "launchd" : "systemd"));
    json_object_set_new(object, "file", json_output_text(service->file));
    json_object_set_new(object, "active", json_boolean(active));
    json_output_print(object);
    return EXIT_SUCCESS;
}

static int run_status(struct invocation *invocation, struct error *error) {
    struct service service = {0};
    int status = EXIT_FAILURE;
    if (!service_init(&service, invocation->home, NULL, error))
        return status;
    if (service_is_installed(&service))
        status = invocation_flag(invocation, "json") ? print_state(&service, error)
                                                     : service_show_status(&service, error);
    else
        error_set(error, ERROR_NOT_FOUND,
                  "no service is installed for %s: `pgsup service install` installs one",
                  invocation->home->path);
    service_done(&service);
    return status;
}

static const struct option_spec log_options[] = {
    {.name = "follow", .letter = 'f', .help = "keep printing until Ctrl-C"},
    OPTIONS_END,
};

static int run_log(struct invocation *invocation, struct error *error) {
    struct service service = {0};
    int status = EXIT_FAILURE;
    if (service_init(&service, invocation->home, NULL, error))
        status = service_show_log(&service, invocation_flag(invocation, "follow"), error);
    service_done(&service);
    return status;
}

const struct command cmd_service_install = {
    .path = "service install",
    .summary = "Run the supervisor as a service of this user",
    .details = "On Linux the service is a user unit of systemd, on macOS an agent of launchd, or "
               "a daemon where vmnet needs root. It starts at once and at every login or boot, "
               "and again if it crashes. An existing service is replaced. VMs outlive a restart "
               "of the service and an upgrade of pgsup. When the computer shuts down, VMs of a "
               "service with --on-stop keep end hard: stop them first, or use --on-stop "
               "shutdown.",
    .options = install_options,
    .section = SECTION_RUN,
    .needs = NEEDS_HOME,
    .run = run_install,
    .report = definition_report_done,
};

const struct command cmd_service_remove = {
    .path = "service remove",
    .alias = "rm",
    .summary = "Stop the service and remove its definition",
    .options = remove_options,
    .section = SECTION_RUN,
    .needs = NEEDS_HOME,
    .run = run_remove,
    .report = definition_report_done,
};

const struct command cmd_service_status = {
    .path = "service status",
    .summary = "Show the service manager's report on the service",
    .options = status_options,
    .section = SECTION_RUN,
    .needs = NEEDS_HOME,
    .run = run_status,
};

const struct command cmd_service_log = {
    .path = "service log",
    .summary = "Show the log of the service",
    .options = log_options,
    .section = SECTION_RUN,
    .needs = NEEDS_HOME,
    .run = run_log,
};
