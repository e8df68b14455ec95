/* SSH host keys that are made here and given to a guest on its seed drive, so that even the first
 * contact with it is with a known key: INSTANCEDIR/host-keys/, ed25519 and ecdsa, made by
 * ssh-keygen. They go by drive only; nothing serves them. A reset instance gets new ones. Blocking.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "home/home.h"
#include "store/instance_table.h"

bool host_keys_are_preseeded(const struct store_instance *instance);

/* Into a folder that is to become an INSTANCEDIR, without the lock of the store. */
bool host_keys_make(const char *folder, struct error *error);
/* Creates them if they are missing or belong to another identity of this instance. */
bool host_keys_ensure(const struct home *home, const struct store_instance *instance,
                      struct error *error);

/* "type base64" lines. Caller frees; NULL: error set. */
char *host_keys_public(const struct home *home, const struct store_instance *instance,
                       struct error *error);
/* vendor-data becomes one that also gives them to the guest; a secret from then on. Not user-data,
 * so that this stays its user's to write; keys that are given there win. Without preseeded keys it
 * stays as it is. */
bool host_keys_add(const struct home *home, const struct store_instance *instance,
                   struct buffer *vendor_data, struct error *error);

/* The same for nuageinit, which reads no vendor-data and no MIME: they stand at the end of
 * user-data, if that is a cloud-config. */
bool host_keys_append(const struct home *home, const struct store_instance *instance,
                      struct buffer *user_data, struct error *error);

/* "ssh-ed25519 SHA256:…, ssh-rsa SHA256:…" as ssh shows them; "" if no line is a key. Caller frees.
 */
char *host_keys_fingerprints(const char *lines);

/* Whether every line of `lines` is one of `known`. Those of a type that `known` has none of are
 * passed over beside others, since sshd's own service may make them in the guest. */
bool host_keys_are_among(const char *lines, const char *known);
