/* The methods of the control protocol that switch a VM on and off: each gives its lifecycle an
 * input and answers when the goal is reached. False: error is the answer. */
#pragma once

#include "daemon/request.h"

#define POWER_READY_TIMEOUT_MS 600000 /* of a start that waits, unless it says otherwise */

bool power_start(struct request *request, struct error *error);
bool power_stop(struct request *request, struct error *error);
bool power_restart(struct request *request, struct error *error); /* stops, then starts again */
bool power_pause(struct request *request, struct error *error);
bool power_resume(struct request *request, struct error *error);
bool power_suspend(struct request *request, struct error *error); /* memory to disk, and off */
bool power_reset(struct request *request, struct error *error);
bool power_kill(struct request *request, struct error *error);
