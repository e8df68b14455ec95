#include "daemon/guest_service.h"

#include "base/alloc.h"
#include "base/log.h"
#include "cloudinit/document_check.h"
#include "daemon/fleet.h"
#include "daemon/guest_peer.h"
#include "daemon/journal.h"
#include "daemon/reports.h"
#include "daemon/seed_server.h"
#include "home/instance/phone_home_port.h"
#include "home/seed/seed.h"
#include "machine/vm_phases.h"
#include "store/cloud_table.h"
#include "store/guest_table.h"

#include <string.h>

/* --- what guests ask and say --- */

/* A guest that fetches another instance-id than that of its last phone-home phones home again: one
 * that was cleaned, or the clone of one that trusts its cache. */
static void expect_phone_home(struct guest_service *service, struct vm *vm,
                              const struct store_instance *instance) {
    char id[DOCUMENT_CHECK_ID_SIZE];
    struct store_guest guest = {0};
    if (vm_expects_phone_home(vm))
        return;
    if (guest_table_get(service->home->store, instance->id, &guest, NULL) && guest.instance_id &&
        seed_instance_id(service->home, instance, id, NULL) && strcmp(id, guest.instance_id) != 0)
        vm_expect_phone_home(vm);
    store_guest_done(&guest);
}

/* Until NULL. Without printf(3) and malloc(3): each document that is fetched goes through here. */
static const char *put_words(struct buffer *text, const char *const *words) {
    buffer_clear(text);
    for (; *words; words++)
        buffer_puts(text, *words);
    return text->data;
}

static void on_document(void *context, const struct store_instance *instance,
                        enum seed_document document, const struct seed_caller *from) {
    struct guest_service *service = context;
    struct error stranger = {0};
    struct vm *vm = fleet_get_by_id(service->fleet, instance->id);
    bool own = guest_peer_check_again(service->home->store, vm, instance, from->guest, &stranger);
    const struct gather_message message = {
        .instance = instance->id,
        .kind = STORE_EVENT_SEED,
        .text = put_words(&service->text,
                          (const char *[]){seed_document_name(document), " fetched by ",
                                           from->agent, own ? NULL : "; ", stranger.text, NULL}),
        .said = put_words(&service->said, (const char *[]){"vm=", instance->name, " seed: ", NULL}),
    };
    journal_tell(service->journal, &message);
    if (own && document == SEED_META_DATA) {
        expect_phone_home(service, vm, instance);
        vm_seed_fetched(vm);
    } else if (own && instance->seed != STORE_SEED_HTTP) {
        vm_phase(vm, PHASE_SEED);
    }
}

static void on_phone_home(void *context, const struct store_instance *instance,
                          const struct phone_home_call *call) {
    struct guest_service *service = context;
    phone_home_receive(&service->phone_home, instance, call);
}

/* What decides when a start is over, and what is shown of it, comes from the guest alone. */
static bool on_report(void *context, const struct store_instance *instance,
                      const struct report *report, const struct seed_caller *from) {
    struct guest_service *service = context;
    struct error stranger = {0};
    struct vm *vm = fleet_get_by_id(service->fleet, instance->id);
    if (guest_peer_check(service->home->store, vm, instance, &from->ends, &stranger)) {
        reports_take(service->journal, &service->fleet->waiters, vm, report);
        return true;
    }
    scoped(alloc_release) char *text =
        alloc_printf("refused a report from %s: %s", from->peer, stranger.text);
    scoped(alloc_release) char *said = alloc_printf("warning: vm=%s ", instance->name);
    journal_tell(service->journal, &(struct gather_message){instance->id, STORE_EVENT_CLOUD_INIT,
                                                            from->peer, text, said});
    return false;
}

static void on_refused(void *context, const char *peer, const char *why) {
    struct guest_service *service = context;
    scoped(alloc_release) char *text = alloc_printf("refused a request from %s: %s", peer, why);
    journal_tell(service->journal, &(struct gather_message){0, STORE_EVENT_SEED, peer, text, NULL});
}

/* --- the server --- */

static bool serve_at(struct guest_service *service, const char *address, uint16_t port,
                     uint64_t timeout_ms, struct error *error) {
    const struct seed_server_options options = {
        .address = address,
        .port = port,
        .timeout_ms = timeout_ms,
        .calls = {on_document, on_phone_home, on_report, on_refused, service},
        .recorder = service->recorder,
    };
    service->server = seed_server_open(service->loop, service->home, &options, error);
    if (service->server)
        log_info("serving seeds on http://%s:%u", address, port);
    return service->server != NULL;
}

/* With `--ph-port auto`, at another port if another program has this one. */
static bool serve_seeds(struct guest_service *service, struct store_cloud *cloud,
                        uint64_t timeout_ms, struct error *error) {
    const char *address = cloud->host_ip4 ? cloud->host_ip4 : "127.0.0.1";
    uint16_t before = cloud->phone_home_port;
    struct error problem = {0};
    bool changed = false;
    if (serve_at(service, address, before, timeout_ms, &problem))
        return true;
    if (!phone_home_port_renew(service->home, address, cloud, &changed, error))
        return false;
    if (!changed)
        return error_copy(error, &problem);
    log_info("port %u is in use by another program: from now on it is port %u; guests that run "
             "know the old one until they are started again",
             before, cloud->phone_home_port);
    return serve_at(service, address, cloud->phone_home_port, 0, error);
}

/* Guests with user networking reach the loopback of the host; others the host's own address. macOS
 * creates the interface of a shared or host network with its first VM: until then the address does
 * not exist, and the scan tries again. */
bool guest_service_open(struct guest_service *service, uint64_t timeout_ms, struct error *error) {
    struct store_cloud cloud = {0};
    struct error problem = {0};
    if (!cloud_table_get(service->home->store, &cloud, error))
        return false;
    enum spec_network network;
    bool known = spec_network_from_word(cloud.network, &network);
    bool comes_later = known && spec_network_traits(network)->appears_with_first_vm;
    if (known && !cloud.host_ip4 && !cloud.interface && spec_network_has_helper(network)) {
        store_cloud_done(&cloud); /* until the first VM shows which network it is */
        return true;
    }
    bool good = serve_seeds(service, &cloud, timeout_ms, &problem) ||
                (comes_later && problem.code == ERROR_INVALID) || error_copy(error, &problem);
    store_cloud_done(&cloud);
    return good;
}

void guest_service_look(struct guest_service *service) {
    if (!service->server)
        guest_service_open(service, 0, NULL);
}

void guest_service_close(struct guest_service *service) {
    seed_server_close(service->server);
    service->server = NULL;
    buffer_done(&service->text);
    buffer_done(&service->said);
}
