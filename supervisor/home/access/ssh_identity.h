/* With which keys this computer logs in to the guests of a cloud. */
#pragma once

#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"
#include "store/cloud_table.h"

/* The private key that was given, else the one beside the cloud's public key, else the user's own
 * (~/.ssh/id_*) if its public half is one of the cloud's; caller frees; NULL: none. */
char *ssh_identity_file(const struct store_cloud *cloud);

/* What IdentityFile names: the private key, or if only ssh's agent has it the public ones, by which
 * ssh selects in its agent: they are written to PATH/ssh-keys/. */
bool ssh_identity_files(const struct home *home, const struct store_cloud *cloud,
                        struct strv *files, struct error *error);
