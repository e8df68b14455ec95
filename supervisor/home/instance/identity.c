#include "home/instance/identity.h"

#include "base/alloc.h"
#include "base/clock.h"
#include "base/name.h"
#include "base/secret.h"

#include <stdio.h>
#include <string.h>

#define MAC_PREFIX    "52:54:00"
#define SUFFIX_DIGITS 8 /* random, of an instance-id */

/* Shortened to a valid label: some tools use the instance-id as a host name. */
static char *make_instance_id(const char *name, int64_t id) {
    char token[SECRET_TOKEN_SIZE], tail[64];
    secret_token(token);
    snprintf(tail, sizeof tail, "-%lld-%.*s", (long long)id, SUFFIX_DIGITS, token);
    return alloc_printf("%.*s%s", (int)(NAME_LABEL_MAX - strlen(tail)), name, tail);
}

void identity_new_id(struct store_instance *instance) {
    alloc_replace(&instance->instance_id, make_instance_id(instance->name, instance->id));
}

void identity_new(struct store_instance *instance) {
    char **const secrets[] = {&instance->token, &instance->phone_home_token,
                              &instance->report_token};
    char token[SECRET_TOKEN_SIZE];
    for (size_t i = 0; i < sizeof secrets / sizeof *secrets; i++) {
        secret_token(token);
        alloc_replace(secrets[i], alloc_string(token));
    }
    identity_new_id(instance);
}

void identity_forget(struct store_instance *instance, const char *name) {
    char **const own[] = {
        &instance->instance_id,  &instance->uuid, &instance->token, &instance->phone_home_token,
        &instance->report_token, &instance->mac,  &instance->ip4};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        alloc_replace(own[i], NULL);
    alloc_replace(&instance->name, alloc_string(name));
    instance->ssh_port = 0;
}

char *identity_mac(const struct store_cloud *cloud, int64_t id) {
    uint32_t mac = (cloud->mac_base + (uint32_t)id) & 0xFFFFFF;
    return alloc_printf(MAC_PREFIX ":%02x:%02x:%02x", mac >> 16, mac >> 8 & 255, mac & 255);
}

void identity_assign(const struct store_cloud *cloud, struct store_instance *instance) {
    char uuid[37];
    if (!instance->instance_id)
        identity_new(instance);
    if (!instance->uuid) {
        secret_uuid4(uuid);
        instance->uuid = alloc_string(uuid);
    }
    if (!instance->mac)
        instance->mac = identity_mac(cloud, instance->id);
    instance->created_ms = clock_wall_ms();
}
