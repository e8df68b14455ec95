/* One VM's progress as one line of text: "test  kernel 0:42  systemd[1]: Reached target …". Pure.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The phase in one word: starting, booting, firmware, kernel, cloud-init, ready, stopping, … vm: as
 * the supervisor's "status" gives it. The result points into vm or is constant. */
const char *progress_row_phase(json_t *vm);
/* Where cloud-init is: "modules-final, scripts-user"; NULL: not known. Caller frees. */
char *progress_row_cloud_init(json_t *vm);

/* How long the boot takes, or the current state has lasted. */
int64_t progress_row_elapsed_ms(json_t *vm, int64_t now_ms);

struct progress_row {
    const char *name, *phase, *detail; /* detail may be "" */
    int64_t elapsed_ms;
    int name_width;
};
char *progress_row_text(const struct progress_row *row); /* caller frees */
#define PROGRESS_ELAPSED_SIZE 32
void progress_row_duration(int64_t elapsed_ms, char text[PROGRESS_ELAPSED_SIZE]); /* "1:02:03" */
