#include "home/instance/launch_check.h"

#include "base/alloc.h"
#include "base/file.h"
#include "home/images/image.h"
#include "home/instance/forward.h"
#include "home/layout.h"
#include "host/network.h"
#include "host/port.h"

#include <errno.h>
#include <string.h>

static bool check_disks(const struct home *home, const struct instance_facts *facts,
                        struct error *error) {
    scoped(alloc_release) char *disk = layout_os_disk(home, facts->instance.name);
    scoped(alloc_release) char *image = image_path(home, &facts->image);
    if (!file_exists(image))
        return error_set(
            error, ERROR_NOT_FOUND,
            "the image %s is missing, and the disk of \"%s\" depends on it: restore it", image,
            facts->instance.name);
    return file_exists(disk) ||
           error_set(error, ERROR_NOT_FOUND,
                     "the disk %s is missing: restore it, or create a new machine with `pgsup "
                     "instance rebuild %s`",
                     disk, facts->instance.name);
}

static bool check_extra_disks(const struct home *home, const struct instance_facts *facts,
                              struct error *error) {
    const struct store_disks *disks = &facts->disks;
    const struct store_instance *instance = &facts->instance;
    for (size_t i = 0; i < disks->count; i++) {
        const char *name = disks->items[i].name;
        scoped(alloc_release) char *path = layout_extra_disk(home, instance->name, name);
        if (!file_exists(path))
            return error_set(
                error, ERROR_NOT_FOUND,
                "the disk %s is missing: restore it, or remove it with `pgsup disk remove %s "
                "%s`",
                path, instance->name, name);
    }
    return true;
}

static bool check_ssh_port(const struct store_instance *instance, struct error *error) {
    struct port port = {PORT_LOOPBACK, .number = instance->ssh_port};
    if (!instance->ssh_port || port_is_free(&port))
        return true;
    return error_set(error, ERROR_WRONG_STATE,
                     "port %u of 127.0.0.1, forwarded to the SSH of \"%s\", is in use by another "
                     "program: end that program, or set another port with `pgsup instance set %s "
                     "--ssh-port PORT`",
                     instance->ssh_port, instance->name, instance->name);
}

static const char *reason_not_free(int number) {
    switch (number) {
    case EACCES: return "can be used only by root:";
    case EADDRNOTAVAIL: return "is at an address that this host does not have:";
    default: return "is in use by another program: end that program, or";
    }
}

static bool check_forwards(const struct instance_facts *facts, struct error *error) {
    const char *name = facts->instance.name;
    for (size_t i = 0; i < facts->forwards.count; i++) {
        const struct store_forward *each = &facts->forwards.items[i];
        struct port port = {each->host_address, each->host_port, each->transport};
        if (port_is_free(&port))
            continue;
        const char *reason = reason_not_free(errno);
        scoped(alloc_release) char *text = forward_text(each);
        return error_set(
            error, ERROR_WRONG_STATE,
            "port %u of %s, forwarded to port %u of \"%s\", %s remove the forward with "
            "`pgsup forward remove %s %s`",
            each->host_port, each->host_address, each->guest_port, name, reason, name, text);
    }
    return true;
}

/* Interfaces and sockets come and go. */
static bool check_networks(const struct instance_facts *facts, struct error *error) {
    struct error problem = {0};
    enum spec_network kind;
    bool good = network_kind_check(facts->cloud.network, &kind, &problem) &&
                network_interface_check(kind, "the network of this cloud", facts->cloud.interface,
                                        &problem);
    for (size_t i = 0; good && i < facts->nics.count; i++) {
        const struct store_nic *nic = &facts->nics.items[i];
        good = network_kind_check(nic->kind, &kind, &problem) &&
               network_interface_check(kind, "a network card", nic->interface, &problem);
    }
    return good || error_set(error, ERROR_WRONG_STATE, "%s", problem.text);
}

bool launch_check(const struct home *home, const struct instance_facts *facts,
                  struct error *error) {
    return check_disks(home, facts, error) && check_extra_disks(home, facts, error) &&
           check_networks(facts, error) && check_ssh_port(&facts->instance, error) &&
           check_forwards(facts, error);
}
