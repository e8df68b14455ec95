#include "host/network.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/interface.h"
#include "base/name.h"
#include "base/platform.h"
#include "host/program.h"

#include <errno.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define HELPER            "vmnet-helper"
#define HELPER_TIMEOUT_MS 10000
#define HELPER_MANUAL     "https://github.com/nirs/vmnet-helper#installation"
#define HELPER_HINT       "`brew install nirs/vmnet-helper/vmnet-helper`, or see " HELPER_MANUAL
#define ROOTS_HELPER      "/opt/vmnet-helper/bin"
#define NO_INTERFACE      "pgsup-asks"

/* Homebrew links no program into a folder of PATH that is in libexec. */
static const char *const helpers[] = {
    "/opt/homebrew/opt/vmnet-helper/libexec/" HELPER,
    "/usr/local/opt/vmnet-helper/libexec/" HELPER,
    ROOTS_HELPER "/" HELPER,
};

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

static bool is_loopback(const char *name) {
    struct ifaddrs *list = NULL;
    bool found = false;
    if (getifaddrs(&list) < 0)
        return false;
    for (const struct ifaddrs *each = list; each && !found; each = each->ifa_next)
        found = strcmp(each->ifa_name, name) == 0 && (each->ifa_flags & IFF_LOOPBACK);
    freeifaddrs(list);
    return found;
}

bool network_check_not_loopback(const char *option, const char *interface, struct error *error) {
    if (!interface || !is_loopback(interface))
        return true;
    return error_set(
        error, ERROR_INVALID,
        "\"%s\" for %s is the loopback interface of this host, to which no guest can be "
        "attached: use another one",
        interface, option);
}

static bool check_exists(const char *option, const char *interface, struct error *error) {
    scoped(alloc_release) char *list = interface_names();
    if (interface_exists(interface, list))
        return true;
    scoped(alloc_release) char *shown = name_printable(interface, strlen(interface), 40);
    return error_set(error, ERROR_INVALID, "this host has no interface \"%s\" for %s: it has %s",
                     shown, option, list);
}

/* What sudo runs as root without a password must not be a file that somebody else can replace. */
static char *find_helper_of_root(struct error *error) {
    struct stat file, folder;
    if (stat(ROOTS_HELPER "/" HELPER, &file) < 0 || stat(ROOTS_HELPER, &folder) < 0) {
        error_set(error, ERROR_NOT_FOUND,
                  HELPER " is not installed in " ROOTS_HELPER
                         ", where it must be on macOS before 26: " HELPER_MANUAL);
        return NULL;
    }
    if (file.st_uid != 0 || folder.st_uid != 0 || ((file.st_mode | folder.st_mode) & 022)) {
        error_set(error, ERROR_WRONG_STATE,
                  ROOTS_HELPER "/" HELPER " can be replaced by others than root, so it is not run "
                               "by sudo: install it as " HELPER_MANUAL " says");
        return NULL;
    }
    return alloc_string(ROOTS_HELPER "/" HELPER);
}

char *network_helper(struct error *error) {
    struct error ignored = {0};
    if (platform_vmnet_wants_root())
        return find_helper_of_root(error);
    char *program = program_find(HELPER, &ignored);
    for (size_t i = 0; !program && i < sizeof helpers / sizeof *helpers; i++)
        program = program_find(helpers[i], &ignored);
    if (!program)
        error_set(error, ERROR_NOT_FOUND, HELPER " is not installed: %s", HELPER_HINT);
    return program;
}

struct network_facts network_survey(const char *interface) {
    struct error ignored = {0};
    bool macos = platform_is_macos();
    scoped(alloc_release) char *helper = macos ? network_helper(&ignored) : NULL;
    return (struct network_facts){
        .macos = macos,
        .wants_root = platform_vmnet_wants_root(),
        .helper = helper != NULL,
        .socket = macos && is_socket(network_default_interface(SPEC_NET_SOCKET)),
        .interface = interface != NULL,
    };
}

/* Words of letters, digits and what else is in names of interfaces; the list is in JSON or not. */
static bool is_word_of(const char *word, const char *list) {
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-";
    size_t length = strlen(word);
    while (*list) {
        list += strcspn(list, letters);
        size_t found = strspn(list, letters);
        if (found == length && length && strncmp(list, word, length) == 0)
            return true;
        list += found;
    }
    return false;
}

/* macOS bridges to some of its interfaces only; a helper that cannot list them lets all pass. */
static bool check_bridgeable(const char *program, const char *option, const char *interface,
                             struct error *error) {
    char *argv[] = {(char *)program, "--list-shared-interfaces", NULL};
    scoped(buffer_done) struct buffer output = {0};
    if (!program_run(argv, HELPER_TIMEOUT_MS, &output, NULL) || !output.data ||
        is_word_of(interface, output.data))
        return true;
    scoped(alloc_release) char *shown = name_printable(interface, strlen(interface), 40);
    scoped(alloc_release) char *list = name_printable(output.data, strcspn(output.data, "\n"), 200);
    return error_set(error, ERROR_INVALID,
                     "macOS does not bridge to the interface \"%s\" for %s: it offers %s", shown,
                     option, list);
}

/* An interface is optional; the helper bridges to it. */
static bool check_helper(const char *option, const char *interface, struct error *error) {
    scoped(alloc_release) char *program = network_helper(error);
    return program && (!interface || (check_exists(option, interface, error) &&
                                      check_bridgeable(program, option, interface, error)));
}

/* QEMU tells what macOS offers only when it refuses another one, before it uses vmnet: net/vmnet-
 * bridged.m, "unsupported ifname 'x', expected one of [ en0 en1 ]". */
static bool check_bridgeable_by_qemu(const char *option, const char *interface,
                                     struct error *error) {
    static const char before[] = "expected one of [";
    scoped(alloc_release) char *qemu = alloc_printf("qemu-system-%s", platform_architecture());
    char *argv[] = {qemu,       "-M",   "none",    "-nodefaults",
                    "-display", "none", "-netdev", "vmnet-bridged,id=net0,ifname=" NO_INTERFACE,
                    NULL};
    scoped(buffer_done) struct buffer output = {0};
    program_run(argv, HELPER_TIMEOUT_MS, &output, NULL);
    const char *list = output.data ? strstr(output.data, before) : NULL;
    if (!list)
        return true;
    list += strlen(before);
    scoped(alloc_release) char *names = name_printable(list, strcspn(list, "]\n"), 200);
    scoped(alloc_release) char *shown = name_printable(interface, strlen(interface), 40);
    return is_word_of(interface, names) ||
           error_set(error, ERROR_INVALID,
                     "macOS does not bridge to the interface \"%s\" for %s: it offers %s", shown,
                     option, names);
}

static bool check_interface(enum spec_network kind, const char *option, const char *interface,
                            struct error *error) {
    struct error ignored = {0};
    if (!check_exists(option, interface, error))
        return false;
    if (kind != SPEC_NET_VMNET_BRIDGED)
        return true;
    scoped(alloc_release) char *program = network_helper(&ignored);
    return program ? check_bridgeable(program, option, interface, error)
                   : check_bridgeable_by_qemu(option, interface, error);
}

const char *network_interface_remark(enum spec_network kind, const char *interface) {
    if (!interface || spec_network_vmnet(kind, interface) != SPEC_VMNET_BRIDGED)
        return NULL;
    switch (interface_find_kind(interface)) {
    case INTERFACE_VLAN:
        return "it is a VLAN, whose frames macOS may hand to guests with their tag: if nothing is "
               "heard of them, use an interface without a tag, or a shared network";
    case INTERFACE_WIFI:
        return "it is Wi-Fi, on which guests often get no address: if nothing is heard of them, use "
               "a wired interface, or a shared network";
    case INTERFACE_OTHER: break;
    }
    return NULL;
}

/* RFC 2365: 239.0.0.0/8 stays within a site, and here on one computer. */
static bool check_group(const char *option, const char *text, struct error *error) {
    scoped(alloc_release) char *copy = alloc_string(text ? text : "");
    char *colon = strchr(copy, ':');
    uint32_t group;
    uint64_t port;
    if (colon)
        *colon++ = 0;
    if (colon && name_parse_ip4(copy, &group) && group >> 24 == 239 &&
        name_parse_number(colon, 1024, UINT16_MAX, &port))
        return true;
    scoped(alloc_release) char *shown =
        name_printable(text ? text : "", text ? strlen(text) : 0, 40);
    return error_set(error, ERROR_INVALID,
                     "\"%s\" is not a multicast group with a port for %s: use one such as "
                     "239.71.3.9:41234, or a network of `pgsup network add`",
                     shown, option);
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
        return check_interface(kind, option, interface, error);
    case SPEC_ATTACH_GROUP: return check_group(option, interface, error);
    case SPEC_ATTACH_PEER: return true;
    case SPEC_ATTACH_HELPER_ONLY:
        if (!interface)
            return check_helper(option, NULL, error);
        break;
    case SPEC_ATTACH_NOTHING: break;
    }
    return !interface || error_set(error, ERROR_INVALID,
                                   "%s cannot be used with the network %s: omit it", option, word);
}
