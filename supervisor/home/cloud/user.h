/* People who get an account on every guest: "NAME:KEYFILE" as written on the command line, and
 * files of public keys. */
#pragma once

#include "base/error.h"
#include "store/user_table.h"

#define USER_NAME_MAX         32u /* useradd(8) */
#define USER_KEYS_MAX         64u
#define USER_KEYS_LIMIT_BYTES 65536u /* of a file */
#define USER_COUNT_MAX        64u

/* [a-z_][a-z0-9_-]*, and not one that a system has already. */
bool user_check_name(const char *name, struct error *error);

/* A name by which ssh may log in, of a user that a guest has for whatever reason: letters, digits,
 * '.', '_' and '-', which is not the first. */
bool user_check_login(const char *name, struct error *error);

/* text: "NAME:KEYFILE". Fills the user, which the caller frees. */
bool user_parse(const char *text, struct store_user *user, struct error *error);

/* Every key in these files, one a line as in authorized_keys(5) but without options; empty lines
 * and those that begin with # do not count, nor does a key that came before. paths:
 * NULL-terminated. NULL: error set, naming file and line. Caller frees. */
char *user_read_keys(const char *const *paths, struct error *error);
