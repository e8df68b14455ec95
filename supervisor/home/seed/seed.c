#include "home/seed/seed.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/strv.h"
#include "cloudinit/document.h"
#include "cloudinit/document_check.h"
#include "cloudinit/multipart.h"
#include "home/cloud/subnet.h"
#include "home/generated.h"
#include "home/images/image.h"
#include "home/layout.h"
#include "home/network/members.h"
#include "home/seed/host_keys.h"
#include "home/seed/own_edit.h"
#include "home/seed/seed_drive.h"
#include "home/seed/seed_include.h"
#include "home/seed/user_document.h"
#include "store/generated_table.h"
#include "store/network_table.h"
#include "store/nic_table.h"
#include "store/user_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *seed_url(const struct store_cloud *cloud, const struct store_instance *instance) {
    const char *host = subnet_host_address(cloud);
    return host ? alloc_printf("http://%s:%u/seed/%s/", host, cloud->phone_home_port,
                               instance->token)
                : NULL;
}

char *seed_phone_home_path(const struct store_instance *instance) {
    return instance->phone_home_token ? alloc_printf("/phone-home/%s", instance->phone_home_token)
                                      : alloc_printf("/seed/%s/phone-home", instance->token);
}

static char *phone_home_url(const struct store_cloud *cloud,
                            const struct store_instance *instance) {
    const char *host = subnet_host_address(cloud);
    scoped(alloc_release) char *path = seed_phone_home_path(instance);
    return host ? alloc_printf("http://%s:%u%s/${INSTANCE_ID}", host, cloud->phone_home_port, path)
                : NULL;
}

void seed_report_token(const struct store_instance *instance, char token[SECRET_TOKEN_SIZE]) {
    char digest[SECRET_SHA256_SIZE];
    scoped(alloc_release) char *text = alloc_printf("report %s", instance->token);
    secret_sha256(text, strlen(text), digest);
    if (instance->report_token)
        snprintf(digest, sizeof digest, "%s", instance->report_token);
    snprintf(token, SECRET_TOKEN_SIZE, "%.*s", SECRET_TOKEN_SIZE - 1, digest);
}

static char *report_url(const struct store_cloud *cloud, const struct store_instance *instance) {
    char token[SECRET_TOKEN_SIZE];
    const char *host = subnet_host_address(cloud);
    seed_report_token(instance, token);
    return host ? alloc_printf("http://%s:%u/report/%s/%s", host, cloud->phone_home_port,
                               instance->name, token)
                : NULL;
}

char *seed_image_path(const struct home *home, const struct store_instance *instance) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    return alloc_printf("%s/%s", folder, LAYOUT_SEED_DRIVE);
}

/* A document of its user's own comes first, so that pgsup's can add to it; there is only one
 * network. */
static bool make_text(struct generated *generated, enum seed_document document,
                      const struct document_seed *seed, struct buffer *text, struct error *error) {
    const char *name = generated->facts->instance.name;
    scoped(buffer_done) struct buffer own = {0}, ours = {0};
    scoped(alloc_release) char *folder = home_instance_folder(generated->home, name);
    struct document_seed wanted = *seed;
    if (!user_document_get(folder, document, &own, error) ||
        !own_edit_check(generated, document, &own, error))
        return false;
    if (own.length > 0 && seed->reader == DOCUMENT_NUAGEINIT && document != SEED_NETWORK_CONFIG)
        return error_set(
            error, ERROR_INVALID,
            "the guest of \"%s\" has nuageinit, which cannot merge two documents: omit "
            "your own %s, and edit cloud-init/user-data instead",
            name, seed_document_name(document));
    wanted.merges = own.length > 0;
    if (!document_write(document, &wanted, &ours, error))
        return false;
    if (own.length == 0)
        buffer_append(text, ours.data, ours.length);
    else if (document == SEED_NETWORK_CONFIG)
        buffer_append(text, own.data, own.length);
    else
        multipart_combine(&own, &ours, text);
    return true;
}

static bool write_document(struct generated *generated, enum seed_document document,
                           const struct document_seed *seed, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *path =
        alloc_printf(LAYOUT_DOCUMENTS "/%s", seed_document_name(document));
    if (!make_text(generated, document, seed, &text, error))
        return false;
    const struct generated_file file = {path, text.data, text.length, 0600};
    return generated_write(generated, &file, error) != GENERATED_FAILED;
}

static struct document_user *document_users(const struct store_users *users) {
    struct document_user *list = alloc_zero((users->count + 1) * sizeof *list);
    for (size_t i = 0; i < users->count; i++)
        list[i] = (struct document_user){users->items[i].name, users->items[i].ssh_public_keys};
    return list;
}

static void fill_nics(const struct store_nics *nics,
                      struct document_nic cards[SPEC_ADDITIONAL_NICS_MAX], struct strv *names,
                      struct document_seed *seed) {
    for (size_t i = 0; i < nics->count && i < SPEC_ADDITIONAL_NICS_MAX; i++)
        strv_take(names, spec_nic_guest_name((unsigned)nics->items[i].position));
    for (size_t i = 0; i < nics->count && i < SPEC_ADDITIONAL_NICS_MAX; i++)
        cards[i] = (struct document_nic){names->items[i], nics->items[i].mac, nics->items[i].ip4};
    seed->additional_nics = cards;
    seed->additional_nic_count =
        nics->count < SPEC_ADDITIONAL_NICS_MAX ? nics->count : SPEC_ADDITIONAL_NICS_MAX;
}

/* Only of a guest that is in a network of the home. */
static bool fill_hosts(const struct generated *generated, struct buffer *hosts,
                       struct document_seed *seed, struct error *error) {
    struct store *store = generated->home->store;
    if (!members_hosts(store, generated->facts->instance.id, hosts, error) ||
        !network_table_revision(store, &seed->hosts_revision, error))
        return false;
    seed->hosts = hosts->length ? hosts->data : NULL;
    return true;
}

static bool write_documents(struct generated *generated, struct error *error) {
    const struct store_cloud *cloud = &generated->facts->cloud;
    const struct store_image *image = &generated->facts->image;
    const struct store_instance *instance = &generated->facts->instance;
    bool nuageinit = image_has_nuageinit(image);
    struct subnet subnet = {0};
    struct document_nic cards[SPEC_ADDITIONAL_NICS_MAX];
    scoped(strv_done) struct strv names = {0};
    scoped(buffer_done) struct buffer hosts = {0};
    scoped(store_users_done) struct store_users users = {0};
    if (!user_table_list(generated->home->store, &users, error))
        return false;
    scoped(alloc_release) struct document_user *more = document_users(&users);
    scoped(alloc_release) char *phone_home = phone_home_url(cloud, instance);
    scoped(alloc_release) char *report = report_url(cloud, instance);
    subnet_of_cloud(cloud, &subnet);
    scoped(alloc_release) char *address =
        instance->ip4 ? alloc_printf("%s/%u", instance->ip4, subnet.prefix_length) : NULL;
    struct document_seed seed = {
        .reader = nuageinit ? DOCUMENT_NUAGEINIT : DOCUMENT_CLOUD_INIT,
        .shell = image->shell ? image->shell
                 : nuageinit  ? "/bin/sh"
                              : NULL,
        .instance_id = instance->instance_id,
        .hostname = instance->name,
        .admin_password_hash = cloud->admin_password_hash,
        .ssh_public_key = cloud->ssh_public_key,
        .users = more,
        .user_count = users.count,
        .package_upgrade = instance->package_upgrade,
        .keep_cache = instance->seed == STORE_SEED_HTTP,
        .phone_home_url = phone_home,
        .report_url = report,
        .mac = instance->mac,
        .address = address,
        .gateway = subnet_gateway(cloud),
        .nameserver = subnet_nameserver(cloud),
    };
    fill_nics(&generated->facts->nics, cards, &names, &seed);
    if (!fill_hosts(generated, &hosts, &seed, error))
        return false;
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        if (!write_document(generated, (enum seed_document)i, &seed, error))
            return false;
    return true;
}

static bool check_document(const char *path, enum seed_document document, const struct buffer *text,
                           struct error *error) {
    struct error problem = {0};
    return document_check(document, text->data ? text->data : "", text->length, &problem) ||
           error_set(error, problem.code,
                     "%s: %s; correct the file, or delete it so that pgsup writes it again", path,
                     problem.text);
}

/* The document with which a guest is given its host keys: on the drive it is one that has them, in
 * path. What is served over HTTP is without them. */
struct keyed {
    bool any;
    enum seed_document document;
    char *path;
};

static void keyed_done(struct keyed *keyed) {
    alloc_release(&keyed->path);
}

static struct keyed find_keyed(const char *folder, const struct store_image *image,
                               const struct store_instance *instance) {
    struct keyed keyed = {.any = host_keys_are_preseeded(instance),
                          .document =
                              image_has_nuageinit(image) ? SEED_USER_DATA : SEED_VENDOR_DATA};
    if (keyed.any)
        keyed.path =
            alloc_printf("%s/" LAYOUT_HOST_KEYS "/%s", folder, seed_document_name(keyed.document));
    return keyed;
}

static bool add_host_keys(struct home *home, const struct store_instance *instance,
                          const struct keyed *keyed, struct buffer *text, struct error *error) {
    return host_keys_ensure(home, instance, error) &&
           (keyed->document == SEED_VENDOR_DATA ? host_keys_add(home, instance, text, error)
                                                : host_keys_append(home, instance, text, error));
}

/* What is on the drive: the documents as they are now, one of them with the host keys. */
struct drive_documents {
    struct buffer texts[SEED_DOCUMENT_COUNT];
    struct buffer keyed;
};

static void drive_documents_done(struct drive_documents *documents) {
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        buffer_done(&documents->texts[i]);
    buffer_done(&documents->keyed);
}

static char *document_path(const struct home *home, const struct store_instance *instance,
                           enum seed_document document) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    return alloc_printf("%s/" LAYOUT_DOCUMENTS "/%s", folder, seed_document_name(document));
}

static bool read_documents(struct home *home, const struct store_instance *instance,
                           const struct keyed *keyed, struct drive_documents *documents,
                           struct error *error) {
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        scoped(alloc_release) char *path = document_path(home, instance, (enum seed_document)i);
        if (!file_read(path, SEED_DOCUMENT_LIMIT_BYTES, &documents->texts[i], error))
            return false;
    }
    if (!keyed->any)
        return true;
    buffer_append(&documents->keyed, documents->texts[keyed->document].data,
                  documents->texts[keyed->document].length);
    return add_host_keys(home, instance, keyed, &documents->keyed, error);
}

static bool check_documents(const struct home *home, const struct store_instance *instance,
                            const struct keyed *keyed, const struct drive_documents *documents,
                            struct error *error) {
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        scoped(alloc_release) char *path = document_path(home, instance, (enum seed_document)i);
        if (!check_document(path, (enum seed_document)i, &documents->texts[i], error))
            return false;
    }
    return !keyed->any || keyed->document != SEED_USER_DATA ||
           check_document(keyed->path, keyed->document, &documents->keyed, error);
}

/* Lengths included, so that no two seeds give the same bytes. */
static void digest_documents(const struct drive_documents *documents, const struct keyed *keyed,
                             char digest[SECRET_SHA256_SIZE]) {
    scoped(buffer_done) struct buffer all = {0};
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        bool has_keys = keyed->any && (enum seed_document)i == keyed->document;
        const struct buffer *text = has_keys ? &documents->keyed : &documents->texts[i];
        buffer_printf(&all, "%zu\n", text->length);
        buffer_append(&all, text->data, text->length);
    }
    secret_sha256(all.data, all.length, digest);
}

/* Made anew only when needed: its time of change then tells when the seed changed last. Documents
 * with the digest that was recorded are those that were checked then. */
static bool write_drive(struct generated *generated, struct error *error) {
    struct home *home = generated->home;
    const struct store_image *image = &generated->facts->image;
    const struct store_instance *instance = &generated->facts->instance;
    char wanted[SECRET_SHA256_SIZE], recorded[SECRET_SHA256_SIZE];
    scoped(alloc_release) char *drive = seed_image_path(home, instance);
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_DOCUMENTS, folder);
    scoped(keyed_done) struct keyed keyed = find_keyed(folder, image, instance);
    scoped(drive_documents_done) struct drive_documents documents = {0};
    if (!read_documents(home, instance, &keyed, &documents, error) ||
        !generated_table_get(home->store, instance->id, LAYOUT_SEED_DRIVE, recorded, error))
        return false;
    digest_documents(&documents, &keyed, wanted);
    bool known = strcmp(wanted, recorded) == 0;
    if (!known && !check_documents(home, instance, &keyed, &documents, error))
        return false;
    if (keyed.any &&
        !file_keep(keyed.path, documents.keyed.data, documents.keyed.length, 0600, error))
        return false;
    if (known && file_exists(drive))
        return true;
    return seed_drive_write(drive, path, keyed.path, generated->ahead, error) &&
           generated_record(generated, LAYOUT_SEED_DRIVE, wanted, error);
}

bool seed_instance_id(const struct home *home, const struct store_instance *instance,
                      char id[DOCUMENT_CHECK_ID_SIZE], struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *path =
        alloc_printf("%s/" LAYOUT_DOCUMENTS "/%s", folder, seed_document_name(SEED_META_DATA));
    if (!file_exists(path)) { /* it will be written anew */
        snprintf(id, DOCUMENT_CHECK_ID_SIZE, "%s", instance->instance_id);
        return true;
    }
    return file_read(path, SEED_DOCUMENT_LIMIT_BYTES, &text, error) &&
           (document_check_instance_id(text.data ? text.data : "", text.length, id, error) ||
            error_prefix(error, "%s", path));
}

bool seed_network_is_users(const struct home *home, const struct store_instance *instance) {
    scoped(buffer_done) struct buffer own = {0};
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *beside = alloc_printf("%s/" LAYOUT_DOCUMENTS "/%s.new", folder,
                                                      seed_document_name(SEED_NETWORK_CONFIG));
    return file_exists(beside) ||
           (user_document_get(folder, SEED_NETWORK_CONFIG, &own, NULL) && own.length > 0);
}

bool seed_write(struct generated *generated, struct error *error) {
    const struct store_instance *instance = &generated->facts->instance;
    bool both = instance->seed == STORE_SEED_BOTH;
    scoped(alloc_release) char *url = both ? seed_url(&generated->facts->cloud, instance) : NULL;
    return write_documents(generated, error) && write_drive(generated, error) &&
           seed_include_write(generated, url, error);
}
