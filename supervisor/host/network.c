#include "host/network.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "base/platform.h"
#include "host/program.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define HELPER "vmnet-helper"

/* Of Homebrew on Apple silicon and on Intel, and of socket_vmnet's own installation. */
static const char *const sockets[] = {
    "/opt/homebrew/var/run/socket_vmnet",
    "/usr/local/var/run/socket_vmnet",
    "/var/run/socket_vmnet",
};

static char *network_words(void) { /* caller frees */
    struct buffer words = {0};
    for (int i = 0; i < SPEC_NETWORK_COUNT; i++)
        buffer_printf(&words, "%s%s", i ? ", " : "", spec_network_word((enum spec_network)i));
    return buffer_take(&words);
}

enum spec_network network_bridged(void) {
    return platform_is_macos() ? SPEC_NET_VMNET_BRIDGED : SPEC_NET_BRIDGE;
}

static bool exists_here(enum spec_network kind) {
    enum spec_system system = spec_network_traits(kind)->system;
    return system == SPEC_ANY_SYSTEM || (system == SPEC_MACOS) == platform_is_macos();
}

bool network_kind_check(const char *word, enum spec_network *kind, struct error *error) {
    if (!spec_network_from_word(word, kind)) {
        scoped(alloc_release) char *words = network_words();
        scoped(alloc_release) char *shown = name_printable(word, strlen(word), 40);
        return error_set(error, ERROR_INVALID, "\"%s\" is not a kind of network: use one of %s",
                         shown, words);
    }
    return exists_here(*kind) ||
           error_set(error, ERROR_INVALID,
                     "the network %s does not exist on this system: use user or %s", word,
                     spec_network_word(network_bridged()));
}

static bool interface_exists(const char *name, const char *list) {
    size_t length = strlen(name);
    while (length && *list) {
        size_t word = strcspn(list, ",");
        if (word == length && strncmp(list, name, length) == 0)
            return true;
        list += word;
        list += strspn(list, ", ");
    }
    return false;
}

static bool is_socket(const char *path) {
    struct stat status;
    return stat(path, &status) == 0 && S_ISSOCK(status.st_mode);
}

const char *network_default_interface(enum spec_network kind) {
    if (spec_network_traits(kind)->attachment != SPEC_ATTACH_SOCKET)
        return NULL;
    for (size_t i = 0; i < sizeof sockets / sizeof *sockets; i++)
        if (is_socket(sockets[i]))
            return sockets[i];
    return sockets[0];
}

/* Checked here, because QEMU starts without a network when no program accepts the connection. */
static bool accepts_connections(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    scoped(file_release) int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int flags = fd < 0 ? -1 : fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return false;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    return connect(fd, (struct sockaddr *)&address, sizeof address) == 0 || errno == EAGAIN ||
           errno == EINPROGRESS;
}

static bool check_socket(const char *option, const char *path, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(path, strlen(path), 120);
    if (path[0] != '/' || strlen(path) > PLATFORM_SOCKET_PATH_MAX)
        return error_set(
            error, ERROR_INVALID,
            "\"%s\" is not the path of a socket for %s: use an absolute path of at most "
            "%d bytes",
            shown, option, PLATFORM_SOCKET_PATH_MAX);
    if (!is_socket(path))
        return error_set(error, ERROR_INVALID,
                         "there is no socket %s for %s: start its daemon with `sudo brew services "
                         "start socket_vmnet`, or use another socket",
                         shown, option);
    return accepts_connections(path) ||
           error_set(error, ERROR_INVALID,
                     "no answer on the socket %s for %s (%s): check that its daemon runs and that "
                     "you may use it",
                     shown, option, strerror(errno));
}

static bool check_exists(const char *option, const char *interface, struct error *error) {
    scoped(alloc_release) char *list = platform_interfaces();
    if (interface_exists(interface, list))
        return true;
    scoped(alloc_release) char *shown = name_printable(interface, strlen(interface), 40);
    return error_set(error, ERROR_INVALID, "this host has no interface \"%s\" for %s: it has %s",
                     shown, option, list);
}

char *network_helper(struct error *error) {
    struct error ignored = {0};
    char *program = program_find(HELPER, &ignored);
    if (!program)
        error_set(error, ERROR_NOT_FOUND,
                  HELPER
                  " is not installed: see https://github.com/nirs/vmnet-helper#installation");
    return program;
}

/* An interface is optional; the helper bridges to it. */
static bool check_helper(const char *option, const char *interface, struct error *error) {
    scoped(alloc_release) char *program = network_helper(error);
    return program && (!interface || check_exists(option, interface, error));
}

bool network_interface_check(enum spec_network kind, const char *option, const char *interface,
                             struct error *error) {
    const char *word = spec_network_word(kind);
    switch (spec_network_traits(kind)->attachment) {
    case SPEC_ATTACH_HELPER: return check_helper(option, interface, error);
    case SPEC_ATTACH_SOCKET:
        return check_socket(option, interface ? interface : network_default_interface(kind), error);
    case SPEC_ATTACH_INTERFACE:
        if (!interface)
            return error_set(error, ERROR_INVALID, "the network %s requires %s", word, option);
        return check_exists(option, interface, error);
    case SPEC_ATTACH_NOTHING: break;
    }
    return !interface || error_set(error, ERROR_INVALID,
                                   "%s cannot be used with the network %s: omit it", option, word);
}
