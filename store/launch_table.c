#include "launch_table.h"

#include "base/alloc.h"
#include "store/statement.h"

#include <stdlib.h>

/* In the order of STORE_PHASES. */
#define PHASE_COLUMNS                                                                              \
    "launched_ms, started_ms, firmware_ms, kernel_ms, seed_ms, phone_home_ms, ready_ms,"           \
    " provisioned_ms"
#define SELECT                                                                                     \
    "SELECT number, instance, tag, pid, pid_start, state, reason, ended_ms, end_cause, end_text,"  \
    " serial_tail, presses, " PHASE_COLUMNS                                                        \
    " FROM launches WHERE instance = ? ORDER BY number DESC LIMIT ?"

enum { FIRST_PHASE_COLUMN = 12, FIRST_PHASE_PARAMETER = 12 };

enum { ADD, SET_TAG, PUT, LIST };
static const char *const sql[] = {
    [ADD] = "INSERT INTO launches (instance, tag) VALUES (?, COALESCE(?, '')) RETURNING number",
    [SET_TAG] = "UPDATE launches SET tag = ? WHERE number = ?",
    [PUT] = "UPDATE launches SET (pid, pid_start, state, reason, ended_ms, end_cause, end_text,"
            " serial_tail, presses, tag, " PHASE_COLUMNS ") ="
            " (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
            " WHERE number = ?1",
    [LIST] = SELECT,
};

const char *store_phase_word(enum store_phase phase) {
#define WORD(name, word) [name] = word,
    static const char *const words[] = {STORE_PHASES(WORD)};
#undef WORD
    return words[phase];
}

static bool set_tag(struct store *store, struct store_launch *launch, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[SET_TAG], error);
    if (!row)
        return false;
    launch->tag = alloc_printf("%lld", (long long)launch->number);
    statement_bind_text(row, 1, launch->tag);
    statement_bind_number(row, 2, launch->number);
    return statement_run(store, row, error);
}

bool launch_table_add(struct store *store, int64_t instance, struct store_launch *launch,
                      struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[ADD], error);
    if (!row)
        return false;
    statement_bind_number(row, 1, instance);
    statement_bind_text(row, 2, launch->tag);
    bool good = statement_step(store, row, error) == STATEMENT_ROW;
    if (good) {
        launch->number = statement_number(row, 0);
        launch->instance = instance;
    }
    statement_end(row);
    return good && (launch->tag || set_tag(store, launch, error));
}

bool launch_table_put(struct store *store, const struct store_launch *launch, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[PUT], error);
    if (!row)
        return false;
    statement_bind_number(row, 1, launch->number);
    statement_bind_number(row, 2, launch->pid);
    statement_bind_number(row, 3, (int64_t)launch->pid_start);
    statement_bind_text(row, 4, launch->state);
    statement_bind_text(row, 5, launch->reason);
    statement_bind_number(row, 6, launch->ended_ms);
    statement_bind_text(row, 7, launch->end_cause);
    statement_bind_text(row, 8, launch->end_text);
    statement_bind_text(row, 9, launch->serial_tail);
    statement_bind_number(row, 10, launch->presses);
    statement_bind_text(row, 11, launch->tag);
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        statement_bind_number(row, FIRST_PHASE_PARAMETER + phase, launch->phases_ms[phase]);
    return statement_run(store, row, error);
}

static struct store_launch read_row(sqlite3_stmt *row) {
    struct store_launch launch = {
        .number = statement_number(row, 0),
        .instance = statement_number(row, 1),
        .tag = statement_text(row, 2),
        .pid = statement_number(row, 3),
        .pid_start = (uint64_t)statement_number(row, 4),
        .state = statement_text(row, 5),
        .reason = statement_text(row, 6),
        .ended_ms = statement_number(row, 7),
        .end_cause = statement_text(row, 8),
        .end_text = statement_text(row, 9),
        .serial_tail = statement_text(row, 10),
        .presses = statement_number(row, 11),
    };
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        launch.phases_ms[phase] = statement_number(row, FIRST_PHASE_COLUMN + phase);
    return launch;
}

bool launch_table_list(struct store *store, int64_t instance, unsigned limit,
                       struct store_launches *launches, struct error *error) {
    sqlite3_stmt *row = statement_get(store, sql[LIST], error);
    enum statement_result result = STATEMENT_FAILED;
    if (!row)
        return false;
    statement_bind_number(row, 1, instance);
    statement_bind_number(row, 2, limit);
    while ((result = statement_step(store, row, error)) == STATEMENT_ROW) {
        launches->items =
            alloc_resize(launches->items, (launches->count + 1) * sizeof *launches->items);
        launches->items[launches->count++] = read_row(row);
    }
    statement_end(row);
    return result == STATEMENT_DONE;
}

bool launch_table_last(struct store *store, int64_t instance, struct store_launch *launch,
                       struct error *error) {
    struct store_launches launches = {0};
    if (!launch_table_list(store, instance, 1, &launches, error))
        return false;
    bool found = launches.count > 0;
    if (found) {
        *launch = launches.items[0];
        launches.items[0] = (struct store_launch){0};
    } else {
        error_set(error, ERROR_NOT_FOUND, "it was never started");
    }
    store_launches_done(&launches);
    return found;
}

void store_launch_done(struct store_launch *launch) {
    free(launch->tag);
    free(launch->state);
    free(launch->reason);
    free(launch->end_cause);
    free(launch->end_text);
    free(launch->serial_tail);
    *launch = (struct store_launch){0};
}

void store_launches_done(struct store_launches *launches) {
    for (size_t i = 0; i < launches->count; i++)
        store_launch_done(&launches->items[i]);
    free(launches->items);
    *launches = (struct store_launches){0};
}
