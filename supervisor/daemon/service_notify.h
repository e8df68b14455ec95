/* Tells the service manager that started this process how it is, by sd_notify's protocol (systemd's
 * sd_notify(3)): datagrams to $NOTIFY_SOCKET. Ready, stopping, and, if a watchdog was asked for, a
 * sign of life as long as the loop turns. */
#pragma once

#include <uv.h>

struct service_notify; /* opaque; NULL is fine for all of these: no manager asked */

/* Takes the variables out of the environment, so that children do not speak for this process. */
struct service_notify *service_notify_new(uv_loop_t *loop);
void service_notify_ready(struct service_notify *notify, const char *status);
void service_notify_stopping(struct service_notify *notify);
void service_notify_close(struct service_notify *notify);
