/* The seed of one instance on disk: INSTANCEDIR/cloud-init/ with its four documents, the drive
 * cloud-init.img made from them, and the one for both ways (seed_include.h) if that is asked for. A
 * document that its user changed is kept, and is what counts, unless cloud-init could not read it:
 * then seed_write() fails with the file and the line. */
#pragma once

#include "base/error.h"
#include "base/secret.h"
#include "cloudinit/document_check.h"
#include "home/generated.h"
#include "home/home.h"
#include "store/cloud_table.h"
#include "store/instance_table.h"

bool seed_write(struct generated *generated, struct error *error);

/* Whether network-config is one that its user wrote or edited, so that pgsup's cards are not named
 * there by themselves. */
bool seed_network_is_users(const struct home *home, const struct store_instance *instance);

/* What meta-data calls the instance: as pgsup did, unless its user wrote another one there to have
 * cloud-init begin anew. */
bool seed_instance_id(const struct home *home, const struct store_instance *instance,
                      char id[DOCUMENT_CHECK_ID_SIZE], struct error *error);

/* "http://H:P/seed/TOKEN/" as the guest reaches it; NULL when the host's address is not known.
 * Caller frees. */
char *seed_url(const struct store_cloud *cloud, const struct store_instance *instance);

/* "/phone-home/TOKEN", to which the guest appends "/INSTANCE-ID"; "/seed/TOKEN/phone-home" of an
 * instance that has one token for all. Caller frees. */
char *seed_phone_home_path(const struct store_instance *instance);

/* Of the path under which the guest reports its progress: every user of the guest may see it. An
 * instance without one of its own has one that is derived from its seed's. */
void seed_report_token(const struct store_instance *instance, char token[SECRET_TOKEN_SIZE]);

/* INSTANCEDIR/cloud-init.img; caller frees. */
char *seed_image_path(const struct home *home, const struct store_instance *instance);
