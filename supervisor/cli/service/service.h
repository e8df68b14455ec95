/* The supervisor of a home as a service: a user unit of systemd, or a job of launchd (an agent of
 * the user, a daemon where root is needed). Writes the definition and has the manager take it. */
#pragma once

#include "base/error.h"
#include "cli/service/service_definition.h"
#include "home/home.h"

enum service_manager { SERVICE_SYSTEMD, SERVICE_LAUNCHD };

struct service {
    enum service_manager manager;
    struct service_definition definition;
    char *program, *label, *path, *log_path; /* owned: what the definition points to */
    char *file;                              /* of the definition */
};

/* NULL manager: this system's. */
bool service_init(struct service *service, const struct home *home, const char *manager,
                  struct error *error);
void service_done(struct service *service);

/* The text of the definition; the caller frees it. */
char *service_text(const struct service *service, struct error *error);
/* Also replaces one that is there; ERROR_EXISTS: that one is for another home. */
bool service_install(const struct service *service, struct error *error);
bool service_remove(const struct service *service, struct error *error);
bool service_is_installed(const struct service *service);
bool service_is_active(const struct service *service, bool *active, struct error *error);
/* The manager's own command takes the place of this process; they return only if it cannot be
 * started. */
int service_show_status(const struct service *service, struct error *error);
int service_show_log(const struct service *service, bool follow, struct error *error);
/* A user unit ends with the last login unless systemd-logind was told otherwise. */
bool service_ends_at_logout(const struct service *service);
