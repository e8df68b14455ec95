#include "home/seed/host_keys.h"

#include "base/alloc.h"
#include "base/base64.h"
#include "base/file.h"
#include "base/secret.h"
#include "cloudinit/document.h"
#include "cloudinit/document_kind.h"
#include "cloudinit/multipart.h"
#include "cloudinit/public_key.h"
#include "home/layout.h"
#include "host/program.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMING            ".host-keys-"
#define IDENTITY          "identity" /* digest of the seed path that they were given under */
#define KEYGEN_TIMEOUT_MS 60000
#define KEY_LIMIT_BYTES   16384u
#define IDENTITY_LIMIT    128u

/* Every client of the last ten years knows ed25519. RSA takes longer to make than all the rest of
 * an instance: it is not made, and instances that have one keep it. */
static const struct kind {
    const char *type, *bits; /* bits NULL: not made */
} kinds[] = {{"ed25519", "256"}, {"ecdsa", "256"}, {"rsa", NULL}};
#define KIND_COUNT (sizeof kinds / sizeof *kinds)

bool host_keys_are_preseeded(const struct store_instance *instance) {
    return instance->host_keys == STORE_HOST_KEYS_PRESEED;
}

static char *key_path(const char *folder, const char *type, const char *suffix) {
    return alloc_printf("%s/ssh_host_%s_key%s", folder, type, suffix);
}

static bool make_one(const char *folder, const struct kind *kind, struct error *error) {
    char *type = (char *)kind->type, *bits = (char *)kind->bits;
    scoped(buffer_done) struct buffer output = {0};
    scoped(alloc_release) char *private = key_path(folder, type, "");
    scoped(alloc_release) char *public = key_path(folder, type, ".pub");
    char *argv[] = {"ssh-keygen", "-q", "-t",    type, "-b",    bits, "-N",
                    "",           "-C", "pgsup", "-f", private, NULL};
    if (!program_run(argv, KEYGEN_TIMEOUT_MS, &output, error))
        return false;
    if (chmod(public, 0600) < 0) /* as everything in a home */
        return error_errno(error, "cannot set the mode of %s", public);
    return true;
}

/* Of a pgsup that was killed. */
static void sweep(const char *folder) {
    DIR *list = opendir(folder);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, entry->d_name);
        if (strncmp(entry->d_name, COMING, strlen(COMING)) == 0)
            file_remove_tree(path, NULL);
    }
    if (list)
        closedir(list);
}

/* Under its final name there is a whole set or none. The folder in which they are made has a name
 * that no other had: the ssh-keygen of a pgsup that was killed may still be writing. */
bool host_keys_make(const char *folder, struct error *error) {
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_HOST_KEYS, folder);
    scoped(alloc_release) char *coming = alloc_printf("%s/" COMING "XXXXXX", folder);
    sweep(folder);
    if (!mkdtemp(coming))
        return error_errno(error, "cannot create a folder in %s", folder);
    for (size_t i = 0; i < KIND_COUNT; i++)
        if (kinds[i].bits && !make_one(coming, &kinds[i], error)) {
            file_remove_tree(coming, NULL);
            return error_prefix(error,
                                "cannot create the host keys (--host-keys guest needs none)");
        }
    if (!file_remove_tree(path, error))
        return false;
    return rename(coming, path) == 0 || error_errno(error, "cannot create %s", path);
}

/* The seed path is a secret: what is written down is what it hashes to. */
static bool read_identity(const char *path, char identity[SECRET_SHA256_SIZE],
                          struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    *identity = 0;
    if (!file_exists(path))
        return true;
    if (!file_read(path, IDENTITY_LIMIT, &text, error))
        return false;
    snprintf(identity, SECRET_SHA256_SIZE, "%s", text.data ? text.data : "");
    return true;
}

bool host_keys_ensure(const struct home *home, const struct store_instance *instance,
                      struct error *error) {
    char wanted[SECRET_SHA256_SIZE], present[SECRET_SHA256_SIZE];
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *keys = alloc_printf("%s/" LAYOUT_HOST_KEYS, folder);
    scoped(alloc_release) char *identity = alloc_printf("%s/" IDENTITY, keys);
    secret_sha256(instance->token, strlen(instance->token), wanted);
    if (!read_identity(identity, present, error))
        return false;
    if (strcmp(wanted, present) == 0)
        return true;
    if ((*present || !file_exists(keys)) && !host_keys_make(folder, error))
        return false;
    return file_write(identity, wanted, strlen(wanted), 0600, error);
}

static bool is_there(const struct home *home, const struct store_instance *instance,
                     const struct kind *kind) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *keys = alloc_printf("%s/" LAYOUT_HOST_KEYS, folder);
    scoped(alloc_release) char *path = key_path(keys, kind->type, "");
    return kind->bits || file_exists(path);
}

static bool read_key(const struct home *home, const struct store_instance *instance,
                     const char *name, struct buffer *text, struct error *error) {
    scoped(alloc_release) char *folder = home_instance_folder(home, instance->name);
    scoped(alloc_release) char *path = alloc_printf("%s/" LAYOUT_HOST_KEYS "/%s", folder, name);
    return file_read(path, KEY_LIMIT_BYTES, text, error);
}

static char *read_public(const struct home *home, const struct store_instance *instance,
                         const char *type, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *name = alloc_printf("ssh_host_%s_key.pub", type);
    if (!read_key(home, instance, name, &text, error))
        return NULL;
    char *key =
        public_key_parse(text.data ? text.data : "", text.length, PUBLIC_KEY_OF_HOST, error);
    if (!key)
        error_prefix(error, "the host key %s of %s", name, instance->name);
    return key;
}

char *host_keys_public(const struct home *home, const struct store_instance *instance,
                       struct error *error) {
    scoped(buffer_done) struct buffer lines = {0};
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (!is_there(home, instance, &kinds[i]))
            continue;
        scoped(alloc_release) char *key = read_public(home, instance, kinds[i].type, error);
        if (!key)
            return NULL;
        buffer_printf(&lines, "%s\n", key);
    }
    return buffer_take(&lines);
}

static bool add_document_key(const struct home *home, const struct store_instance *instance,
                             const struct kind *kind, struct document_host_key *key,
                             struct error *error) {
    struct buffer private = {0};
    scoped(alloc_release) char *name = alloc_printf("ssh_host_%s_key", kind->type);
    key->type = kind->type;
    if (!is_there(home, instance, kind))
        return true;
    key->public_key = read_public(home, instance, kind->type, error);
    bool good = key->public_key && read_key(home, instance, name, &private, error);
    key->private_key = buffer_take(&private);
    return good;
}

static bool write_document(const struct home *home, const struct store_instance *instance,
                           struct buffer *text, struct error *error) {
    struct document_host_key keys[KIND_COUNT] = {0};
    bool good = true;
    for (size_t i = 0; i < KIND_COUNT && good; i++)
        good = add_document_key(home, instance, &kinds[i], &keys[i], error);
    good = good && document_write_host_keys(keys, KIND_COUNT, text, error);
    for (size_t i = 0; i < KIND_COUNT; i++) {
        if (keys[i].private_key)
            secret_wipe(keys[i].private_key, strlen(keys[i].private_key));
        alloc_release(&keys[i].private_key);
        alloc_release(&keys[i].public_key);
    }
    return good;
}

bool host_keys_add(const struct home *home, const struct store_instance *instance,
                   struct buffer *vendor_data, struct error *error) {
    scoped(buffer_done) struct buffer document = {0};
    struct buffer both = {0};
    if (!host_keys_are_preseeded(instance))
        return true;
    if (!write_document(home, instance, &document, error))
        return false;
    if (vendor_data->length > 0)
        multipart_combine(vendor_data, &document, &both);
    else
        buffer_append(&both, document.data, document.length);
    buffer_done(vendor_data);
    *vendor_data = both;
    return true;
}

bool host_keys_append(const struct home *home, const struct store_instance *instance,
                      struct buffer *user_data, struct error *error) {
    scoped(buffer_done) struct buffer document = {0};
    if (!host_keys_are_preseeded(instance) ||
        !document_kind_is_cloud_config(user_data->data ? user_data->data : "", user_data->length))
        return true;
    if (!write_document(home, instance, &document, error))
        return false;
    size_t header = strcspn(document.data, "\n");
    if (user_data->data[user_data->length - 1] != '\n')
        buffer_putc(user_data, '\n');
    buffer_append(user_data, document.data + header + 1, document.length - header - 1);
    return true;
}

/* "type base64 comment" */
static void add_fingerprint(const char *line, size_t length, struct buffer *text) {
    char hex[SECRET_SHA256_SIZE], digits[3] = "";
    unsigned char digest[(SECRET_SHA256_SIZE - 1) / 2];
    scoped(buffer_done) struct buffer blob = {0}, encoded = {0};
    size_t type = strcspn(line, " \n");
    if (type + 1 >= length)
        return;
    scoped(alloc_release) char *key = alloc_slice(line + type + 1, strcspn(line + type + 1, " \n"));
    if (!base64_decode(key, &blob) || blob.length == 0)
        return;
    secret_sha256(blob.data, blob.length, hex);
    for (size_t i = 0; i < sizeof digest; i++) {
        memcpy(digits, hex + 2 * i, 2);
        digest[i] = (unsigned char)strtoul(digits, NULL, 16);
    }
    base64_append(digest, sizeof digest, &encoded);
    buffer_printf(text, "%s%.*s SHA256:%.*s", text->length ? ", " : "", (int)type, line,
                  (int)strcspn(encoded.data, "=\n"), encoded.data);
}

char *host_keys_fingerprints(const char *lines) {
    struct buffer text = {0};
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        add_fingerprint(lines, length, &text);
        lines += length + (lines[length] == '\n');
    }
    return buffer_take(&text);
}

/* A guest has one ECDSA key, whatever its curve: "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384" … */
static size_t type_length(const char *line) {
    static const char ecdsa[] = "ecdsa-sha2-";
    return strncmp(line, ecdsa, strlen(ecdsa)) == 0 ? strlen(ecdsa) : strcspn(line, " \n") + 1;
}

enum likeness { SAME_LINE, SAME_TYPE };

static bool is_among(const char *line, size_t length, const char *known, enum likeness likeness) {
    while (known && *known) {
        size_t end = strcspn(known, "\n"), type = type_length(known);
        if (likeness == SAME_TYPE ? type <= length && strncmp(known, line, type) == 0
                                  : end == length && strncmp(known, line, length) == 0)
            return true;
        known += end + (known[end] == '\n');
    }
    return false;
}

bool host_keys_are_among(const char *lines, const char *known) {
    bool any = false, other = false;
    while (lines && *lines) {
        size_t length = strcspn(lines, "\n");
        bool good = is_among(lines, length, known, SAME_LINE);
        if (!good && is_among(lines, length, known, SAME_TYPE))
            return false;
        *(good ? &any : &other) = true;
        lines += length + (lines[length] == '\n');
    }
    return any || !other;
}
