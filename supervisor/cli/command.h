/* A command as data. Each command is one file, cmd_NAME.c, that defines one constant of this type;
 * table.h lists them all, and help, man page and completion are written from that list. A row
 * without run() is a group: "instance" has the sub-commands "instance create", … */
#pragma once

#include "base/error.h"
#include "cli/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct invocation;

/* Headings of the list of all commands. */
#define COMMAND_SECTIONS(X)                                                                        \
    X(SECTION_CLOUD, "Define a cloud, its images and its instances")                               \
    X(SECTION_RUN, "Run instances")                                                                \
    X(SECTION_REACH, "Inspect and reach instances")                                                \
    X(SECTION_MORE, "More")
#define COMMAND_SECTION_ENUM(name, heading) name,
enum command_section { COMMAND_SECTIONS(COMMAND_SECTION_ENUM) COMMAND_SECTION_COUNT };
#undef COMMAND_SECTION_ENUM

enum command_needs {
    NEEDS_NOTHING,
    NEEDS_HOME, /* invocation->home is open when run() is called */
};

enum command_completes { /* what completion offers for an argument */
                         COMPLETES_NOTHING,
                         COMPLETES_INSTANCES,
                         COMPLETES_SOURCES, /* these, or behind NAME@ its snapshots */
                         COMPLETES_IMAGES,
                         COMPLETES_FILES,
                         COMPLETES_COMMANDS,
                         COMPLETES_LAUNCHABLE, /* images that are here or can be downloaded */
                         COMPLETES_TRASH,
                         COMPLETES_SNAPSHOTS, /* these and the next: of the first argument */
                         COMPLETES_DISKS,
                         COMPLETES_NICS,
                         COMPLETES_FORWARDS,
};

struct command {
    const char *path;      /* "instance create" */
    const char *alias;     /* another word for the last one of path; NULL */
    const char *brief;     /* words that call it without its group: "remove rm"; NULL */
    const char *summary;   /* one line without a full stop */
    const char *arguments; /* "NAME [COMMAND...]"; NULL: none */
    const char *details; /* paragraphs between empty lines; an indented line stays as it is; NULL */
    const struct option_spec *options;   /* NULL: none */
    size_t min_arguments, max_arguments; /* COMMAND_MANY: no upper bound */
    bool stop_at_arguments; /* words after argument min_arguments are taken verbatim: "ssh NAME --
                               ls -l" */
    enum command_section section;
    enum command_completes completes;
    enum command_completes completes_next; /* what it offers behind the first argument; nothing:
                                              the same again if arguments begins with "NAME..." */
    enum command_needs needs;
    const char
        *homeless; /* option with which home may be NULL, when there is none; "": always; NULL */
    bool hidden;
    bool changes_names;   /* or addresses: PATH/hosts and the DNS are brought up to date after */
    bool for_programs;    /* or of them, is what it prints: no warnings about the home */
    bool parts_with_root; /* by itself: privileges.h */
    /* Gives the exit status. When it sets the error, that decides: the sentence is printed and the
     * status is the error's, whatever was returned. */
    int (*run)(struct invocation *invocation, struct error *error);
    /* With --json: what run() says on stdout is dropped, and this tells what came of it; NULL:
     * run() knows of --json itself. */
    void (*report)(struct invocation *invocation, struct error *error);
};

#define COMMAND_MANY SIZE_MAX

extern const struct option_spec command_global_options[]; /* those before the command */

/* tables are NULL-terminated lists of pointers */
const struct command *command_find(const struct command *const *table, const char *path);
/* The command that a word names, at the top (group NULL) or in a group. ERROR_USAGE: none; the
 * message tells which was meant. */
const struct command *command_resolve(const struct command *const *table,
                                      const struct command *group, const char *word,
                                      struct error *error);
bool command_is_group(const struct command *command);
/* "instance" is the parent of "instance create". */
bool command_is_parent(const struct command *group, const struct command *command);
/* True if the command is not hidden and of the top level (group NULL) or a sub-command of group. */
bool command_is_listed(const struct command *group, const struct command *command);
const char *command_last_word(const struct command *command);
const char *command_section_heading(enum command_section section);
