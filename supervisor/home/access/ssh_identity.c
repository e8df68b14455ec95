#include "home/access/ssh_identity.h"

#include "base/alloc.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDER           "ssh-keys"
#define FILE_LIMIT_BYTES 65536u

static char *readable(char *path) {
    if (access(path, R_OK) == 0)
        return path;
    free(path);
    return NULL;
}

static char *beside_public_key(const struct store_cloud *cloud) {
    const char *path = cloud->ssh_public_key_path;
    size_t length = path ? strlen(path) : 0;
    if (length < 5 || strcmp(path + length - 4, ".pub") != 0)
        return NULL;
    return readable(alloc_slice(path, length - 4));
}

static bool cloud_has_key(const struct store_cloud *cloud, const char *line) {
    size_t type = strcspn(line, " \t");
    size_t length = type + strspn(line + type, " \t");
    length += strcspn(line + length, " \t\r\n");
    for (const char *key = cloud->ssh_public_key; key && *key;) {
        size_t end = strcspn(key, "\n");
        if (end == length && strncmp(key, line, length) == 0)
            return true;
        key += end + (key[end] == '\n');
    }
    return false;
}

/* Those that ssh itself takes when none is named (ssh_config(5), IdentityFile). */
static char *of_user(const struct store_cloud *cloud) {
    static const char *const names[] = {"id_ed25519", "id_ecdsa", "id_rsa", "id_ed25519_sk",
                                        "id_ecdsa_sk"};
    const char *folder = getenv("HOME");
    for (size_t i = 0; folder && i < sizeof names / sizeof *names; i++) {
        scoped(buffer_done) struct buffer text = {0};
        scoped(alloc_release) char *public = alloc_printf("%s/.ssh/%s.pub", folder, names[i]);
        char *path = file_read(public, FILE_LIMIT_BYTES, &text, NULL) && text.data &&
                             cloud_has_key(cloud, text.data)
                         ? readable(alloc_printf("%s/.ssh/%s", folder, names[i]))
                         : NULL;
        if (path)
            return path;
    }
    return NULL;
}

char *ssh_identity_file(const struct store_cloud *cloud) {
    if (cloud->ssh_private_key_path)
        return alloc_string(cloud->ssh_private_key_path);
    char *path = beside_public_key(cloud);
    return path ? path : of_user(cloud);
}

/* ssh reads one key of each file. */
static bool write_public_keys(const struct home *home, const struct store_cloud *cloud,
                              struct strv *files, struct error *error) {
    scoped(alloc_release) char *folder = home_file(home, FOLDER);
    const char *key = cloud->ssh_public_key;
    if (!home_make_folder(home, folder, error))
        return false;
    for (unsigned number = 1; key && *key; number++) {
        scoped(buffer_done) struct buffer line = {0};
        size_t length = strcspn(key, "\n");
        buffer_printf(&line, "%.*s\n", (int)length, key);
        strv_pushf(files, "%s/%u.pub", folder, number);
        if (!file_keep(files->items[files->count - 1], line.data, line.length, 0600, error))
            return false;
        key += length + (key[length] == '\n');
    }
    return true;
}

bool ssh_identity_files(const struct home *home, const struct store_cloud *cloud,
                        struct strv *files, struct error *error) {
    char *file = ssh_identity_file(cloud);
    if (!file)
        return write_public_keys(home, cloud, files, error);
    strv_take(files, file);
    return true;
}
