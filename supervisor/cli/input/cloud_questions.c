#include "cloud_questions.h"

#include "base/alloc.h"
#include "base/interface.h"
#include "cli/input/key_choice.h"
#include "machine/core/spec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_BYTES 4096

void cloud_answers_done(struct cloud_answers *answers) {
    free(answers->name);
    free(answers->key);
    free(answers->kind);
    free(answers->interface);
    *answers = (struct cloud_answers){0};
}

/* Caller frees; NULL: there is no answer. */
static char *ask_line(const char *question, const char *fallback, struct error *error) {
    char line[ANSWER_BYTES];
    fprintf(stderr, "%s [%s]: ", question, fallback);
    if (!fgets(line, sizeof line, stdin)) {
        fputc('\n', stderr);
        error_set(error, ERROR_CANCELLED, "nothing was created");
        return NULL;
    }
    size_t start = strspn(line, " \t"), length = strlen(line);
    while (length > start && strchr(" \t\r\n", line[length - 1]))
        length--;
    return length > start ? alloc_slice(line + start, length - start) : alloc_string(fallback);
}

static bool ask_key(struct cloud_answers *answers, struct error *error) {
    scoped(alloc_release) char *found = key_choice_find();
    answers->key =
        ask_line("SSH public key that guests accept, a file, or new", found ? found : "new", error);
    if (answers->key && strcmp(answers->key, "new") == 0)
        alloc_release(&answers->key);
    return error->code == ERROR_NONE;
}

static bool ask_password(struct cloud_answers *answers, struct error *error) {
    scoped(alloc_release) char *answer =
        ask_line("Password of 'cloudadmin' for the console, yes or no", "no", error);
    answers->password = answer && (answer[0] == 'y' || answer[0] == 'Y');
    return answer != NULL;
}

/* A word that is not a kind of network is an interface. */
static bool ask_network(struct cloud_answers *answers, struct error *error) {
    enum spec_network kind;
    scoped(alloc_release) char *interfaces = interface_names();
    scoped(alloc_release) char *question =
        alloc_printf("Network of the guests: user, or an interface to bridge to (%s)", interfaces);
    char *answer = ask_line(question, "user", error);
    if (answer && spec_network_from_word(answer, &kind))
        answers->kind = answer;
    else
        answers->interface = answer;
    return answer != NULL;
}

bool cloud_questions_ask(struct cloud_answers *answers, struct error *error) {
    answers->name = ask_line("Name of the cloud", "pgsup", error);
    return answers->name && ask_key(answers, error) && ask_password(answers, error) &&
           ask_network(answers, error);
}
