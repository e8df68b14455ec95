#include "host/machine_types.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "host/program.h"
#include "host/qemu_program.h"

#include <jansson.h>
#include <pthread.h>
#include <string.h>

#define ASK_TIMEOUT_MS 10000
#define NAME_MAX_BYTES 64 /* goes into a command line */
#define ANSWERS_MAX    4u /* one for each architecture, and some that were replaced */

struct answer {
    struct qemu_program_identity program;
    char alias[NAME_MAX_BYTES + 1], name[NAME_MAX_BYTES + 1];
};

struct answers {
    struct answer items[ANSWERS_MAX];
    unsigned next; /* the place that is filled next */
};

static const char question[] = "{\"execute\":\"qmp_capabilities\"}\n"
                               "{\"execute\":\"query-machines\"}\n"
                               "{\"execute\":\"quit\"}\n";

static bool is_name(const char *text) {
    size_t length = text ? strlen(text) : 0;
    return length && length <= NAME_MAX_BYTES &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-_+") == length;
}

static char *find_in(const json_t *machines, const char *alias) {
    size_t index;
    const json_t *each;
    const char *same = NULL;
    json_array_foreach(machines, index, each) {
        const char *name = json_string_value(json_object_get(each, "name"));
        const char *stands_for = json_string_value(json_object_get(each, "alias"));
        if (is_name(name) && stands_for && strcmp(stands_for, alias) == 0)
            return alloc_string(name);
        if (name && strcmp(name, alias) == 0)
            same = alias;
    }
    return same ? alloc_string(same) : NULL;
}

char *machine_types_find(const char *answers, const char *alias) {
    char *found = NULL;
    for (const char *line = answers; *line && !found;) {
        size_t length = strcspn(line, "\n");
        json_t *message = json_loadb(line, length, 0, NULL);
        found = find_in(json_object_get(message, "return"), alias);
        json_decref(message);
        line += length + (line[length] == '\n');
    }
    return found;
}

static char *ask_machines(const char *program, const char *alias) {
    char *argv[] = {(char *)program, "-machine", "none", "-nodefaults", "-no-user-config",
                    "-display",      "none",     "-qmp", "stdio",       NULL};
    const struct program_options options = {.timeout_ms = ASK_TIMEOUT_MS, .input = question};
    scoped(buffer_done) struct buffer output = {0};
    if (!program_run_with(argv, &options, &output, NULL) || !output.data)
        return NULL;
    return machine_types_find(output.data, alias);
}

static char *recall_answer(const struct answers *known, const struct qemu_program_identity *program,
                           const char *alias) {
    for (unsigned i = 0; i < ANSWERS_MAX; i++)
        if (qemu_program_same(&known->items[i].program, program) &&
            strcmp(known->items[i].alias, alias) == 0)
            return alloc_string(known->items[i].name);
    return NULL;
}

/* A name that is too long to be one is not kept. */
static void keep_answer(struct answers *known, const struct qemu_program_identity *program,
                        const char *alias, const char *name) {
    struct answer *answer = &known->items[known->next % ANSWERS_MAX];
    if (strlen(alias) > NAME_MAX_BYTES || strlen(name) > NAME_MAX_BYTES)
        return;
    *answer = (struct answer){.program = *program};
    strcpy(answer->alias, alias);
    strcpy(answer->name, name);
    known->next++;
}

/* It is asked outside of the lock: a QEMU that hangs does not keep the launches of others waiting.
 */
char *machine_types_resolve(const char *program, const char *alias) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct answers known;
    struct qemu_program_identity identity;
    if (!qemu_program_identify(program, &identity))
        return NULL;
    pthread_mutex_lock(&lock);
    char *name = recall_answer(&known, &identity, alias);
    pthread_mutex_unlock(&lock);
    if (name || !(name = ask_machines(program, alias)))
        return name;
    pthread_mutex_lock(&lock);
    scoped(alloc_release) char *meanwhile = recall_answer(&known, &identity, alias);
    if (!meanwhile)
        keep_answer(&known, &identity, alias, name);
    pthread_mutex_unlock(&lock);
    return name;
}
