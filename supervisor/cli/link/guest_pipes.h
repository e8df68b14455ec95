/* The three pipes of a program that runs in a guest, in a private folder there, whose files the
 * agent reads and writes while the program runs: so they may carry any amount, and the agent keeps
 * none of it. Each is cut into numbered files of at most 1 MiB. A number is complete when the next
 * one exists; an empty one that is complete is the end. What has been taken is emptied by us
 * (outputs) or removed there (input); whoever is three ahead waits. The folder is removed there at
 * the end, when it has no space left, and when nothing was heard from here for five minutes. Who
 * reads here may take longer: no turn waits for him.
 *
 * Order: open, then begin the program with words around its own, then turn until all has ended, and
 * close. Borrows the talk. */
#pragma once

#include "base/strv.h"
#include "cli/link/agent_talk.h"

#include <stdint.h>

struct guest_pipe {
    char letter;
    int fd;            /* here; -1: none */
    unsigned number;   /* of the file that is open there */
    json_int_t handle; /* the agent's; 0: none */
    size_t bytes;      /* of this number */
    bool ended;
    bool unread;          /* nobody here reads what it says any more */
    bool waits;           /* for the guest to take what it was given */
    struct buffer unsent; /* taken, and not written here yet */
};

struct guest_pipes {
    struct agent_talk *talk;
    char *folder; /* there; NULL: this guest cannot */
    struct guest_pipe input, output, errors;
    bool moved; /* something, by the last turn */
    uint64_t beat_ms;
};

/* The descriptors stay the caller's; input may be -1. False: error set. True without a folder: the
 * guest's agent handles no files, or it has no shell or no place for pipes. */
bool guest_pipes_open(struct guest_pipes *pipes, struct agent_talk *talk, const int fds[3],
                      struct error *error);
/* answers: whether the agent does, so that it can be told. */
void guest_pipes_close(struct guest_pipes *pipes, bool answers);

void guest_pipes_words(const struct guest_pipes *pipes, char *const command[], struct strv *words);

/* Moves what can be moved at once. ended: of the program, so that it takes no more input. */
bool guest_pipes_turn(struct guest_pipes *pipes, bool ended, struct error *error);
bool guest_pipes_have_ended(const struct guest_pipes *pipes);  /* the outputs */
bool guest_pipes_have_unsent(const struct guest_pipes *pipes); /* who reads here is slower */
/* Or until there is input, or a reader takes more. */
void guest_pipes_wait(const struct guest_pipes *pipes, bool ended, int pause_ms);
