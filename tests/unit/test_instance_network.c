/* How an instance is reached: its endpoint, further network cards, forwarded ports. */
#include "home/access/endpoint.h"
#include "home/change/home_edit.h"
#include "home/change/nic_change.h"
#include "home/instance/forward.h"
#include "instance_samples.h"
#include "store/guest_table.h"

static void check_endpoint(const struct store_instance *instance, const char *address,
                           uint16_t port) {
    struct endpoint endpoint = {0};
    struct error error = {0};
    check_good(endpoint_find(&home, instance, &endpoint, &error), &error);
    CHECK_STRING(endpoint.address, address);
    CHECK_INT(endpoint.port, port);
}

TEST(endpoints) {
    struct cloud_options cloud = bridged_options();
    struct store_instance user = {0}, fixed = {0}, dynamic = {0};
    struct error error = {0};
    open_user("endpoint-user");
    make("user", NULL, &user);
    check_endpoint(&user, "127.0.0.1", user.ssh_port);
    home_close(&home);
    make_home("endpoint-bridged", &cloud, &home);
    make("fixed", "172.16.3.5", &fixed);
    make("dynamic", NULL, &dynamic);
    check_endpoint(&fixed, "172.16.3.5", 22);
    check_endpoint(&dynamic, "", 22);
    struct store_guest guest = {.address = (char *)"172.16.3.77"};
    check_good(guest_table_put(home.store, dynamic.id, &guest, &error), &error);
    check_endpoint(&dynamic, "172.16.3.77", 22);
    store_instance_done(&user);
    store_instance_done(&fixed);
    store_instance_done(&dynamic);
    home_close(&home);
}

static void refuse_nic(const char *instance, const char *text, enum error_code code,
                       const char *says) {
    struct home_edit edit = {.home = &home, .instance = instance};
    struct store_nic nic = {0};
    struct error error = {0};
    CHECK(!nic_change_add(&edit, text, &nic, &error));
    CHECK_INT(error.code, code);
    CHECK_CONTAINS(error.text, says);
    store_nic_done(&nic);
}

static void add_nic(const char *instance, const char *text, int position) {
    struct home_edit edit = {.home = &home, .instance = instance};
    struct store_nic nic = {0};
    struct error error = {0};
    check_good(nic_change_add(&edit, text, &nic, &error), &error);
    CHECK_INT(nic.position, position);
    store_nic_done(&nic);
}

static void remove_nic(const char *instance, const char *which, int position) {
    struct home_edit edit = {.home = &home, .instance = instance};
    struct store_nic nic = {0};
    struct error error = {0};
    check_good(nic_change_remove(&edit, which, &nic, &error), &error);
    CHECK_INT(nic.position, position);
    store_nic_done(&nic);
}

TEST(network_cards_come_and_go) {
    struct cloud_options cloud = bridged_options();
    struct store_instance one = {0}, two = {0};
    struct store_cloud stored = {0};
    struct error error = {0};
    make_home("nics", &cloud, &home);
    check_good(cloud_table_get(home.store, &stored, &error), &error);
    make("one", "172.16.3.5", &one);
    make("two", NULL, &two);
    scoped(alloc_release) char *on_cloud =
        alloc_printf("%s,if=%s,ip=", stored.network, stored.interface);
    scoped(alloc_release) char *of_one = alloc_printf("%s172.16.3.5/24", on_cloud);
    scoped(alloc_release) char *of_host = alloc_printf("%s172.16.3.10/24", on_cloud);
    scoped(alloc_release) char *of_gateway = alloc_printf("%s172.16.3.1/24", on_cloud);
    scoped(alloc_release) char *free_one = alloc_printf("%s172.16.3.9/24", on_cloud);
    refuse_nic("two", of_one, ERROR_EXISTS, "172.16.3.5 belongs to the instance \"one\"");
    refuse_nic("two", of_host, ERROR_EXISTS, "172.16.3.10 belongs to the host");
    refuse_nic("two", of_gateway, ERROR_EXISTS, "172.16.3.1 belongs to the gateway");
    refuse_nic("three", "user", ERROR_NOT_FOUND, "three");
    add_nic("two", free_one, 1);
    refuse_nic("one", free_one, ERROR_EXISTS, "172.16.3.9/24 belongs to a card");
    struct instance_create_options taken = small("three");
    taken.ip4 = "172.16.3.9";
    check_refusal(&taken, ERROR_EXISTS, "172.16.3.9 belongs to the network card 1 of the instance");
    add_nic("two", "user", 2);
    add_nic("two", "user,mac=5A:00:00:00:00:03", 3);
    remove_nic("two", "2", 2);
    remove_nic("two", "5a:00:00:00:00:03", 3);
    add_nic("two", "user", 2);
    remove_nic("two", "1", 1);
    add_nic("two", free_one, 1);
    store_cloud_done(&stored);
    store_instance_done(&one);
    store_instance_done(&two);
    home_close(&home);
}

static void check_forward(const char *text, const char *again) {
    struct store_forward forward = {0};
    struct error error = {0};
    check_good(forward_parse(text, &forward, &error), &error);
    scoped(alloc_release) char *written = forward_text(&forward);
    CHECK_STRING(written, again);
    store_forward_done(&forward);
}

TEST(forwards_are_read_and_written) {
    check_forward("8080:80", "127.0.0.1:8080:80");
    check_forward("8080:80/tcp", "127.0.0.1:8080:80");
    check_forward("0.0.0.0:65535:1/udp", "0.0.0.0:65535:1/udp");
    check_forward("192.168.1.5:1:65535", "192.168.1.5:1:65535");
}

TEST(forwards_of_a_new_instance) {
    open_user("forwards");
    scoped(alloc_release) char *port = alloc_string(free_port());
    scoped(alloc_release) char *web = alloc_printf("%s:80", port);
    scoped(alloc_release) char *names = alloc_printf("%s:53/udp", port);
    struct instance_create_options options = {
        .name = "web", .image = "base", .forwards = (char *[]){web, names, NULL}};
    struct store_instance made = {0};
    struct store_forwards forwards = {0};
    struct error error = {0};
    make_instance(&home, &options, &made);
    check_good(forward_table_list(home.store, made.id, &forwards, &error), &error);
    CHECK_INT(forwards.count, 2);
    store_forwards_done(&forwards);
    scoped(alloc_release) char *folder = home_instance_folder(&home, "web");
    scoped(alloc_release) char *script = read_text(folder, "vm.sh");
    scoped(alloc_release) char *tcp = alloc_printf("hostfwd=tcp:127.0.0.1:%s-:80", port);
    scoped(alloc_release) char *udp = alloc_printf("hostfwd=udp:127.0.0.1:%s-:53", port);
    CHECK_CONTAINS(script, tcp);
    CHECK_CONTAINS(script, udp);
    store_instance_done(&made);
    home_close(&home);
}

int main(void) {
    return test_run();
}
