#include "cli/doctor/attachment.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/tcp_owner.h"
#include "home/running.h"
#include "host/bridge_helper.h"
#include "host/network.h"
#include "host/port.h"
#include "machine/bridge_tap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CONF_LIMIT_BYTES 65536u

void attachment_network(const struct surroundings *surroundings, struct finding *finding) {
    const struct store_cloud *cloud = &surroundings->cloud;
    const char *network = cloud->network;
    enum spec_network kind;
    struct error error = {0};
    if (!network_kind_check(network, &kind, &error)) {
        finding_fail(finding, "%s", error.text);
        finding_mend(finding, "pgsup", "cloud", "set", "--network", "user");
    } else if (!network_interface_check(kind, "--host-if", cloud->interface, &error)) {
        finding_fail(finding, "the network %s: %s", network, error.text);
        if (kind == SPEC_NET_SOCKET)
            finding_mend(finding, "sudo", "brew", "services", "start", "socket_vmnet");
    } else {
        finding_ok(finding, "%s%s%s", network, cloud->interface ? ", by " : "",
                   cloud->interface ? cloud->interface : "");
    }
}

/* A user's QEMU gets its tap device by a helper that is setuid root; root's needs none of that. */
void attachment_bridge_helper(const struct surroundings *surroundings, struct finding *finding) {
    const char *path = bridge_tap_helper();
    struct stat status;
    if (!surroundings_use_network(surroundings, SPEC_NET_BRIDGE)) {
        finding_ok(finding, "not needed: no network is a bridge");
    } else if (!path) {
        finding_fail(finding, "qemu-bridge-helper is not installed, which connects guests to a "
                              "bridge");
        finding_mend_by_root(finding, "apt-get", "install", "qemu-system-common");
    } else if (geteuid() != 0 && stat(path, &status) == 0 &&
               !(status.st_uid == 0 && (status.st_mode & S_ISUID))) {
        finding_fail(finding,
                     "%s is not setuid root, so that only `sudo pgsup up` can use a bridge", path);
        finding_mend_by_root(finding, "chmod", "u+s", path);
    } else {
        finding_ok(finding, "%s", path);
    }
}

/* The bridge of the cloud, or of the first card that is in one; NULL. */
static const char *bridge_of(const struct surroundings *surroundings) {
    const char *word = spec_network_word(SPEC_NET_BRIDGE);
    if (strcmp(surroundings->cloud.network, word) == 0)
        return surroundings->cloud.interface;
    for (size_t i = 0; i < surroundings->nics.count; i++)
        if (strcmp(surroundings->nics.items[i].kind, word) == 0)
            return surroundings->nics.items[i].interface;
    return NULL;
}

void attachment_bridge_conf(const struct surroundings *surroundings, struct finding *finding) {
    const char *bridge = bridge_of(surroundings), *conf = surroundings->bridge_conf;
    scoped(buffer_done) struct buffer text = {0};
    if (!bridge) {
        finding_ok(finding, "not needed: no network is a bridge");
        return;
    }
    if (file_exists(conf) && access(conf, R_OK) < 0) {
        finding_ok(finding, "%s can be read by root alone", conf);
        return;
    }
    bool read = file_read(conf, CONF_LIMIT_BYTES, &text, NULL) && text.data;
    if (read && bridge_helper_rule(text.data, bridge) == BRIDGE_ALLOWED) {
        finding_ok(finding, "%s allows %s", conf, bridge);
        return;
    }
    finding_fail(finding, "%s does not allow the bridge %s", conf, bridge);
    scoped(alloc_release) char *line =
        alloc_printf("mkdir -p /etc/qemu && echo allow %s >> %s", bridge, conf);
    finding_mend_by_root(finding, "sh", "-c", line);
}

void attachment_tun(const struct surroundings *surroundings, struct finding *finding) {
    bool needed = surroundings_use_network(surroundings, SPEC_NET_BRIDGE) ||
                  surroundings_use_network(surroundings, SPEC_NET_TAP);
    if (!needed) {
        finding_ok(finding, "not needed: no network is a bridge or a tap device");
    } else if (access(surroundings->tun, F_OK) < 0) {
        finding_fail(finding, "there is no %s, by which QEMU gets its cards", surroundings->tun);
        finding_mend_by_root(finding, "modprobe", "tun");
    } else if (access(surroundings->tun, R_OK | W_OK) < 0) {
        finding_warn(finding,
                     "%s may be opened by root alone, so that only `sudo pgsup up` can use it",
                     surroundings->tun);
        finding_mend_by_root(finding, "chmod", "a+rw", surroundings->tun);
    } else {
        finding_ok(finding, "%s", surroundings->tun);
    }
}

/* A supervisor of this home may have it; without one nobody should. The address of a network that
 * comes with the first VM is not there yet. */
void attachment_phone_home_port(const struct surroundings *surroundings, struct finding *finding) {
    const struct store_cloud *cloud = &surroundings->cloud;
    const char *own = cloud->host_ip4 ? cloud->host_ip4 : PORT_ANY_ADDRESS;
    const char *address = strcmp(cloud->network, "user") == 0 ? PORT_LOOPBACK : own;
    const struct port port = {address, cloud->phone_home_port, TRANSPORT_TCP};
    scoped(alloc_release) char *supervisor = alloc_printf("%s/pgsup.sock", surroundings->run);
    if (port_is_free(&port) || errno != EADDRINUSE) {
        finding_ok(finding, "port %u of %s is free", port.number, address);
    } else if (file_exists(supervisor)) {
        finding_ok(finding, "port %u is in use while a supervisor runs", port.number);
    } else if (cloud->phone_home_auto) {
        finding_ok(finding, "port %u is in use: another one will be chosen", port.number);
    } else {
        const struct tcp_socket socket = {.local = {ntohl(inet_addr(address)), port.number}};
        scoped(alloc_release) char *who = tcp_owner_describe(&socket);
        finding_fail(finding, "port %u, where guests phone home, cannot be used: it belongs to %s",
                     port.number, who);
        finding_mend(finding, "pgsup", "cloud", "set", "--ph-port", "auto");
    }
}

static bool runs_now(const struct running_list *running, const char *name) {
    for (size_t i = 0; i < running->count; i++)
        if (strcmp(running->items[i].name, name) == 0)
            return true;
    return false;
}

static void note_taken(struct buffer *taken, const char *name, const struct port *port) {
    if (!port_is_free(port) && errno != EACCES)
        buffer_printf(taken, "%s%s needs port %u of %s", taken->length ? ", " : "", name,
                      port->number, port->address);
}

/* Ports of guests that do not run. */
void attachment_ports(const struct surroundings *surroundings, struct finding *finding) {
    struct running_list running = {0};
    scoped(buffer_done) struct buffer taken = {0};
    running_look(surroundings->run, &running, NULL);
    for (size_t i = 0; i < surroundings->instances.count; i++) {
        const struct store_instance *each = &surroundings->instances.items[i];
        const struct port port = {PORT_LOOPBACK, each->ssh_port, TRANSPORT_TCP};
        if (each->ssh_port && each->ssh_port_given && !runs_now(&running, each->name))
            note_taken(&taken, each->name, &port);
    }
    for (size_t i = 0; i < surroundings->forwards.count; i++) {
        const struct store_forward *each = &surroundings->forwards.items[i];
        const struct port port = {each->host_address, each->host_port, each->transport};
        if (!runs_now(&running, each->name))
            note_taken(&taken, each->name, &port);
    }
    running_list_done(&running);
    if (taken.length)
        finding_warn(finding, "other programs have ports that guests need: %s", taken.data);
    else
        finding_ok(finding, "the ports of all guests that do not run are free");
}
