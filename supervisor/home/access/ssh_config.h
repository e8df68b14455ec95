/* PATH/ssh_config: how ssh(1) reaches each guest by its instance's name. `ssh -F` with it, a
 * person's own settings do not matter; what a person's settings for all hosts often say (a jump
 * host, another command) is also said here, for those who include it in theirs. Blocking. */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/strv.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"

#define SSH_CONFIG      "ssh_config"
#define SSH_CONFIG_USER "ansible" /* unless the cloud has another one */

/* Whom ssh logs in as when no one is asked for; the caller's, as long as the cloud is. */
const char *ssh_config_user(const struct store_cloud *cloud);

/* The text of the file, or of the part for one instance. Fails for an instance that is not there,
 * or whose address is not known. name: NULL: all. */
bool ssh_config_text(struct home *home, const char *name, struct buffer *text, struct error *error);

/* Writes it again if it has changed. An instance whose address is not known is not in it. */
bool ssh_config_write(struct home *home, struct error *error);

/* "Key=value" for the keys with which to log in, and the host keys to expect: for a line of
 * ssh_config(5), or behind ssh's -o. */
bool ssh_config_settings(struct home *home, const struct store_cloud *cloud,
                         const struct store_instance *instance, struct strv *settings,
                         struct error *error);
