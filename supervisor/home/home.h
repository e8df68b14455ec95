/* The cloud home on disk:
 *     cloud.sqlite3  images/  instances/NAME/  run/  collections/
 * All folders are 0700. Knows no event loop; blocking, for the command line and worker threads. */
#pragma once

#include "base/error.h"
#include "store/store.h"

#include <stdbool.h>
#include <sys/types.h>

#define HOME_DATABASE  "cloud.sqlite3"
#define HOME_IMAGES    "images"
#define HOME_INSTANCES "instances"

struct home {
    char *path; /* absolute; owned, as all of these */
    char *run;  /* folder for sockets and pid files, short enough: run_folder.h */
    struct store *store;
    /* What its user is to be told of it, once, by whoever opened it; NULL. */
    char *notice;
};

/* -p PATH, else $PGSUP_HOME, else ~/var/pgsup; absolute; caller frees. */
char *home_default_path(const char *option);

/* ERROR_NOT_FOUND without a cloud: "no cloud in PATH: make one with `pgsup cloud create`". Fails
 * also when the home cannot be written or belongs to another user. */
bool home_open(const char *path, struct home *home, struct error *error);
/* Everything in a home is its owner's, and root must not work in what others can change. */
bool home_check_owner(const char *path, uid_t owner, struct error *error);
void home_close(struct home *home); /* {0} is fine */

/* ERROR_INVALID when this folder is in the home, with which what is kept there would be lost. */
bool home_check_outside(const struct home *home, const char *folder, struct error *error);

char *home_file(const struct home *home, const char *relative); /* caller frees */
/* INSTANCEDIR; caller frees. */
char *home_instance_folder(const struct home *home, const char *name);
/* Creates a folder below the home (absolute path) and missing ones above it; mode 0700.
 */
bool home_make_folder(const struct home *home, const char *path, struct error *error);
