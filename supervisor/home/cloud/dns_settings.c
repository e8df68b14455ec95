#include "home/cloud/dns_settings.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/given_file.h"
#include "base/name.h"
#include "base/secret.h"
#include "home/cloud/subnet.h"

#include <stdio.h>
#include <string.h>

#define KEY_LIMIT_BYTES 16384u

static bool parse_server(const char *text, char address[16], uint64_t *port) {
    size_t length = strcspn(text, ":");
    uint32_t ip4;
    *port = DNS_PORT;
    address[0] = 0;
    if (length > 15)
        return false;
    snprintf(address, 16, "%.*s", (int)length, text);
    return name_parse_ip4(address, &ip4) &&
           (!text[length] || name_parse_number(text + length + 1, 1, UINT16_MAX, port));
}

void dns_settings_split(const char *server, char address[16], unsigned *port) {
    uint64_t number;
    parse_server(server, address, &number);
    *port = (unsigned)number;
}

static bool set_server(const char *text, struct store_cloud *cloud, struct error *error) {
    char address[16];
    uint64_t port;
    if (!parse_server(text, address, &port)) {
        scoped(alloc_release) char *shown = name_printable(text, strlen(text), 60);
        return error_set(
            error, ERROR_INVALID,
            "\"%s\" is not a server for --dns-server: use ADDRESS or ADDRESS:PORT, such "
            "as 192.0.2.53 or 127.0.0.1:5353",
            shown);
    }
    alloc_replace(&cloud->dns_server, alloc_string(text));
    return true;
}

static bool is_zone(const char *zone) {
    if (strlen(zone) > DNS_ZONE_MAX)
        return false;
    for (const char *rest = zone;; rest++) {
        size_t length = strcspn(rest, ".");
        scoped(alloc_release) char *label = alloc_slice(rest, length);
        if (!name_check_label("label", label, NULL))
            return false;
        rest += length;
        if (!*rest)
            return true;
    }
}

static bool set_zone(const char *text, struct store_cloud *cloud, struct error *error) {
    size_t length = strlen(text);
    scoped(alloc_release) char *zone =
        alloc_slice(text, length > 1 && text[length - 1] == '.' ? length - 1 : length);
    if (!is_zone(zone)) {
        scoped(alloc_release) char *shown = name_printable(text, length, 80);
        return error_set(error, ERROR_INVALID,
                         "\"%s\" is not a zone for --dns-zone: use labels of lower-case letters, "
                         "digits and '-', separated by dots, at most %d characters, such as "
                         "lab.example.org",
                         shown, DNS_ZONE_MAX);
    }
    alloc_replace(&cloud->dns_zone, alloc_string(zone));
    return true;
}

static bool is_key(const struct buffer *text) {
    return text->data && strstr(text->data, "key") && strstr(text->data, "algorithm") &&
           strstr(text->data, "secret");
}

/* The path becomes a word of the records of what the server was told, one a line. */
static bool check_key_path(const char *path, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(path, strlen(path), 200);
    for (const char *each = path; *each; each++)
        if ((unsigned char)*each < 0x20 || *each == 0x7F)
            return error_set(error, ERROR_INVALID,
                             "the path of the DNS key must not contain control characters: %s",
                             shown);
    return true;
}

bool dns_settings_read_key(const char *path, struct buffer *text, mode_t *mode,
                           struct error *error) {
    const struct given_file file = {"DNS key", path, KEY_LIMIT_BYTES, GIVEN_FILE_REFUSE};
    if (!given_file_read(&file, text, mode, error))
        return false;
    return is_key(text) || error_set(error, ERROR_INVALID,
                                     "%s is not a TSIG key: use a file written by `tsig-keygen`",
                                     given_file_shown(path));
}

/* Only its form: the text is used by its path. */
static bool check_key_file(const char *path, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    mode_t mode;
    bool good = check_key_path(path, error) && dns_settings_read_key(path, &text, &mode, error);
    if (text.data)
        secret_wipe(text.data, text.length);
    return good && (!(mode & 007) ||
                    error_set(error, ERROR_INVALID, "others can read the DNS key %s: `chmod o= %s`",
                              path, path));
}

static bool set_key(const struct dns_settings *settings, struct store_cloud *cloud,
                    struct error *error) {
    const char *path = settings->key;
    if (*path && !settings->key_text && !check_key_file(path, error))
        return false;
    alloc_replace(&cloud->dns_key_path, *path ? file_absolute(path) : NULL);
    return true;
}

static bool check_whole(const struct dns_settings *settings, const struct store_cloud *cloud,
                        struct error *error) {
    if (!cloud->dns_server && !cloud->dns_zone)
        return !settings->key || !*settings->key ||
               error_set(error, ERROR_INVALID, "--dns-key requires --dns-server and --dns-zone");
    if (!cloud->dns_zone)
        return error_set(error, ERROR_INVALID,
                         "--dns-server requires --dns-zone, the zone of the names");
    if (!cloud->dns_server)
        return error_set(error, ERROR_INVALID,
                         "--dns-zone requires --dns-server, the server to update");
    return !subnet_is_user(cloud) ||
           error_set(error, ERROR_INVALID,
                     "--dns-server cannot be used with the network user, where guests have no "
                     "addresses of their own");
}

static void forget(struct store_cloud *cloud) {
    alloc_replace(&cloud->dns_server, NULL);
    alloc_replace(&cloud->dns_zone, NULL);
    alloc_replace(&cloud->dns_key_path, NULL);
}

bool dns_settings_apply(const struct dns_settings *settings, struct store_cloud *cloud,
                        struct error *error) {
    bool given = settings->server || settings->zone || settings->key;
    if (settings->none && given)
        return error_set(error, ERROR_USAGE, "--no-dns excludes the other DNS options");
    if (settings->none)
        forget(cloud);
    return !given || ((!settings->server || set_server(settings->server, cloud, error)) &&
                      (!settings->zone || set_zone(settings->zone, cloud, error)) &&
                      (!settings->key || set_key(settings, cloud, error)) &&
                      check_whole(settings, cloud, error));
}
