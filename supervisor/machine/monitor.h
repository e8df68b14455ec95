/* The QMP link to one VM on the event loop: a socket, a qmp session, one timer. Decides nothing: it
 * hands every item to its owner. After QMP_ITEM_LOST nothing more comes. The owner may close it at
 * any time, also from on_item; memory is freed when the last handle has closed. */
#pragma once

#include "base/error.h"
#include "qmp/session.h"

#include <uv.h>

/* A QEMU that was just spawned, on a busy machine; the lifecycle has its own deadline for it. */
#define MONITOR_START_TIMEOUT_MS 60000u

struct monitor; /* opaque */

typedef void monitor_on_item(void *owner, const struct qmp_item *item);

/* fd: a connected socket, taken over. */
struct monitor *monitor_adopt(uv_loop_t *loop, int fd, void *owner, monitor_on_item *on_item);
/* Connects to path; failure comes as QMP_ITEM_LOST. questions: commands that only ask, ended by
 * NULL; they go with qmp_capabilities in one write, before this returns, so that many QEMUs that
 * are connected to in a row work at their answers meanwhile. */
struct monitor *monitor_connect(uv_loop_t *loop, const char *path, const char *const *questions,
                                void *owner, monitor_on_item *on_item);
/* Hands over what a QEMU that has ended said last: the loop may hear of its end first. NULL is
 * fine.
 */
void monitor_drain(struct monitor *monitor);
void monitor_close(struct monitor *monitor); /* NULL is fine */

/* arguments is stolen. False: lost or too many pending; then nothing completes. */
bool monitor_send(struct monitor *monitor, const char *command, json_t *arguments, void *context);
/* Several commands without arguments, ended by NULL, in one write. */
void monitor_send_all(struct monitor *monitor, const char *const *commands);
/* With a limit for its answer. */
bool monitor_send_within(struct monitor *monitor, const struct qmp_request *request,
                         uint64_t limit_ms);
/* The same behind a command without arguments, in one write: QEMU gets both or none. */
bool monitor_send_behind(struct monitor *monitor, const char *first,
                         const struct qmp_request *request, uint64_t limit_ms);
/* A command without arguments that must be answered within this time. False: not sent, for QEMU may
 * still be at work on another one. */
bool monitor_ask(struct monitor *monitor, const char *command, uint64_t limit_ms);
enum qmp_state monitor_state(const struct monitor *monitor); /* NULL: QMP_LOST */
