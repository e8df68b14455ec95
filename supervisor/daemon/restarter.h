/* Restarts VMs that ended while they were wanted, by the restart policy of their instance, and
 * starts those with autostart when the supervisor starts (each after the one it names with
 * --after). */
#pragma once

#include "daemon/fleet.h"

struct restarter; /* opaque */

struct restarter *restarter_new(struct fleet *fleet);
void restarter_on_change(struct restarter *restarter, struct vm *vm); /* on every change of a VM */
bool restarter_autostart(struct restarter *restarter, struct error *error);
void restarter_disable(struct restarter *restarter); /* no starts from now on */
void restarter_close(struct restarter *restarter);   /* NULL is fine */
