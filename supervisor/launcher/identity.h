/* The user for whom pgsup runs when root runs it, and how to become that user for good.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

struct identity {
    uid_t uid;
    gid_t gid;
    bool any_arguments; /* root said so: QEMU's arguments are not looked at */
};

/* Who called sudo. False: nobody, or root. */
bool identity_find(struct identity *user);
/* "SUDO_UID=501" and "SUDO_GID=20": whom a program that root starts is to become by itself, as
 * vmnet-helper does (its options.c). */
#define IDENTITY_VARIABLE_SIZE 32
void identity_variables(const struct identity *user, char uid[IDENTITY_VARIABLE_SIZE],
                        char gid[IDENTITY_VARIABLE_SIZE]);
/* Gives root up for good and takes the user's groups and home folder. False: it is not sure that
 * this process cannot go back, so it must end. */
bool identity_become(const struct identity *user);
/* The same, and forgets that there was sudo. */
bool identity_drop(const struct identity *user);
