#include "home/cloud/user.h"

#include "base/alloc.h"
#include "base/given_file.h"
#include "base/name.h"
#include "cloudinit/public_key.h"

#include <string.h>

#define NAME_FIRST "abcdefghijklmnopqrstuvwxyz_"
#define NAME_REST  NAME_FIRST "0123456789-"
#define LOGIN_REST NAME_REST "ABCDEFGHIJKLMNOPQRSTUVWXYZ."

/* Ours; then users and groups that systems have: useradd makes neither a user nor its group of a
 * name that is there. */
static const char *const reserved[] = {
    "ansible",
    "cloudadmin",
    "root",
    "adm",
    "admin",
    "audio",
    "avahi",
    "backup",
    "bin",
    "cdrom",
    "chrony",
    "crontab",
    "daemon",
    "dbus",
    "default",
    "dialout",
    "dip",
    "disk",
    "fax",
    "floppy",
    "ftp",
    "games",
    "gnats",
    "halt",
    "input",
    "irc",
    "kmem",
    "kvm",
    "list",
    "lp",
    "mail",
    "man",
    "messagebus",
    "netdev",
    "news",
    "nobody",
    "nogroup",
    "operator",
    "plugdev",
    "polkitd",
    "proxy",
    "render",
    "sasl",
    "sgx",
    "shadow",
    "shutdown",
    "src",
    "ssh",
    "sshd",
    "staff",
    "sudo",
    "sync",
    "sys",
    "syslog",
    "systemd-network",
    "systemd-resolve",
    "systemd-timesync",
    "tape",
    "tty",
    "users",
    "utmp",
    "uucp",
    "uuidd",
    "video",
    "voice",
    "wheel",
    "www-data",
};

bool user_check_name(const char *name, struct error *error) {
    size_t length = strlen(name);
    scoped(alloc_release) char *shown = name_printable(name, length, 40);
    if (length == 0 || length > USER_NAME_MAX || !strchr(NAME_FIRST, name[0]) ||
        strspn(name, NAME_REST) != length)
        return error_set(
            error, ERROR_INVALID,
            "\"%s\" is not a valid user name: use 1 to %u lower-case letters, digits, '_' "
            "and '-', beginning with a letter or '_'",
            shown, USER_NAME_MAX);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(name, reserved[i]) == 0)
            return error_set(error, ERROR_INVALID,
                             "the user name \"%s\" exists in guests already: choose another one",
                             name);
    return true;
}

bool user_check_login(const char *name, struct error *error) {
    size_t length = strlen(name);
    if (length > 0 && length <= USER_NAME_MAX && strspn(name, LOGIN_REST) == length &&
        name[0] != '-')
        return true;
    scoped(alloc_release) char *shown = name_printable(name, length, 40);
    return error_set(error, ERROR_INVALID,
                     "\"%s\" is not a user to log in as: use 1 to %u letters, digits, '.', '_' and "
                     "'-', which is not the first",
                     shown, USER_NAME_MAX);
}

/* --- keys --- */

struct keys {
    struct buffer lines;
    unsigned count;
};

static bool is_known(const struct keys *keys, const char *key) {
    size_t length = strlen(key);
    for (const char *line = keys->lines.data; line && *line;) {
        size_t end = strcspn(line, "\n");
        if (end == length && strncmp(line, key, length) == 0)
            return true;
        line += end + (line[end] == '\n');
    }
    return false;
}

static bool add_key(struct keys *keys, const char *line, size_t length, struct error *error) {
    scoped(alloc_release) char *key = public_key_parse(line, length, PUBLIC_KEY_OF_USER, error);
    if (!key)
        return false;
    if (is_known(keys, key))
        return true;
    if (++keys->count > USER_KEYS_MAX)
        return error_set(error, ERROR_INVALID, "there are more than %u keys", USER_KEYS_MAX);
    buffer_printf(&keys->lines, "%s%s", keys->lines.length ? "\n" : "", key);
    return true;
}

static bool add_lines(struct keys *keys, const struct buffer *text, struct error *error) {
    const char *line = text->data, *end = line + text->length;
    unsigned before = keys->count;
    for (unsigned number = 1; line < end; number++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *stop = newline ? newline : end;
        while (line < stop && strchr(" \t\r", *line) && *line)
            line++;
        if (line < stop && *line != '#' && !add_key(keys, line, (size_t)(stop - line), error))
            return number == 1 ? false : error_prefix(error, "line %u", number);
        line = newline ? newline + 1 : end;
    }
    return keys->count > before || keys->count > 0 ||
           error_set(error, ERROR_INVALID, "it contains no public key");
}

static bool add_file(struct keys *keys, const char *path, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    const struct given_file file = {"file of public keys", path, USER_KEYS_LIMIT_BYTES,
                                    GIVEN_FILE_STRIP};
    return given_file_read(&file, &text, NULL, error) &&
           (add_lines(keys, &text, error) || error_prefix(error, "%s", given_file_shown(path)));
}

char *user_read_keys(const char *const *paths, struct error *error) {
    struct keys keys = {0};
    bool good = true;
    for (; good && *paths; paths++)
        good = add_file(&keys, *paths, error);
    char *lines = good ? buffer_take(&keys.lines) : NULL;
    buffer_done(&keys.lines);
    return lines;
}

bool user_parse(const char *text, struct store_user *user, struct error *error) {
    const char *colon = strchr(text, ':');
    scoped(alloc_release) char *shown = name_printable(text, strlen(text), 80);
    if (!colon || !colon[1])
        return error_set(
            error, ERROR_INVALID,
            "\"%s\" is not NAME:KEYFILE: give the user's name and the file of public keys", shown);
    scoped(alloc_release) char *name = alloc_slice(text, (size_t)(colon - text));
    if (!user_check_name(name, error))
        return false;
    user->ssh_public_keys = user_read_keys((const char *const[]){colon + 1, NULL}, error);
    if (!user->ssh_public_keys)
        return error_prefix(error, "the user %s", name);
    user->name = alloc_string(name);
    return true;
}
