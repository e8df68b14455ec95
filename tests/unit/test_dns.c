/* What a cloud may say of its DNS, what nsupdate is given to read, and what is noted of it. */
#include "base/alloc.h"
#include "golden.h"
#include "home/cloud/dns_settings.h"
#include "home/names/dns_batch.h"
#include "scratch.h"

#include <string.h>

#define KEY "key \"lab\" {\n\talgorithm hmac-sha256;\n\tsecret \"c2VjcmV0\";\n};\n"

/* --- settings --- */

static struct store_cloud cloud;
static struct error error;

static bool apply(const char *server, const char *zone, const char *key) {
    const struct dns_settings settings = {.server = server, .zone = zone, .key = key};
    store_cloud_done(&cloud);
    error_clear(&error);
    cloud.network = alloc_string("bridge");
    return dns_settings_apply(&settings, &cloud, &error);
}

static void check_refused(const char *server, const char *zone, const char *text) {
    CHECK(!apply(server, zone, NULL));
    CHECK_CONTAINS(error.text, text);
    CHECK_INT(error.code, ERROR_INVALID);
}

TEST(server_and_zone) {
    CHECK(apply("192.0.2.53", "lab.example.org", NULL));
    CHECK_STRING(cloud.dns_server, "192.0.2.53");
    CHECK_STRING(cloud.dns_zone, "lab.example.org");
    CHECK(cloud.dns_key_path == NULL);
    CHECK(apply("127.0.0.1:5353", "lab.example.org.", NULL));
    CHECK_STRING(cloud.dns_server, "127.0.0.1:5353");
    CHECK_STRING(cloud.dns_zone, "lab.example.org");
    CHECK(apply("127.0.0.1", "lab", NULL));
    CHECK(apply(NULL, NULL, NULL));
    CHECK(apply(NULL, NULL, ""));
}

TEST(servers_that_are_none) {
    static const char *const servers[] = {"",
                                          "ns.example.org",
                                          "192.0.2",
                                          "192.0.2.53:",
                                          "192.0.2.53:0",
                                          "192.0.2.53:65536",
                                          "192.0.2.53:53 x",
                                          "2001:db8::1",
                                          "192.0.2.53\nsend"};
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++)
        check_refused(servers[i], "lab", "is not a server for --dns-server");
}

TEST(zones_that_are_none) {
    static const char *const zones[] = {
        "", ".", "lab..org", ".lab", "Lab.org", "lab.org\nsend", "lab.-x", "a b"};
    for (size_t i = 0; i < sizeof zones / sizeof *zones; i++)
        check_refused("127.0.0.1", zones[i], "is not a zone for --dns-zone");
    char zone[DNS_ZONE_MAX + 3] = "";
    for (size_t i = 0; i < sizeof zone - 1; i++)
        zone[i] = i % 2 ? '.' : 'a';
    check_refused("127.0.0.1", zone, "at most 189 characters");
    zone[DNS_ZONE_MAX] = 0;
    CHECK(apply("127.0.0.1", zone, NULL));
}

TEST(they_need_each_other) {
    check_refused("127.0.0.1", NULL, "--dns-server requires --dns-zone");
    check_refused(NULL, "lab", "--dns-zone requires --dns-server");
    struct dns_settings settings = {.server = "127.0.0.1", .zone = "lab"};
    store_cloud_done(&cloud);
    cloud.network = alloc_string("user");
    error_clear(&error);
    CHECK(!dns_settings_apply(&settings, &cloud, &error));
    CHECK_CONTAINS(error.text, "no addresses of their own");
    settings.none = true;
    error_clear(&error);
    CHECK(!dns_settings_apply(&settings, &cloud, &error));
    CHECK_INT(error.code, ERROR_USAGE);
}

TEST(none_forgets_and_the_rest_stays) {
    CHECK(apply("127.0.0.1", "lab", NULL));
    CHECK(dns_settings_apply(&(struct dns_settings){.zone = "other"}, &cloud, &error));
    CHECK_STRING(cloud.dns_server, "127.0.0.1");
    CHECK_STRING(cloud.dns_zone, "other");
    CHECK(dns_settings_apply(&(struct dns_settings){.none = true}, &cloud, &error));
    CHECK(!cloud.dns_server && !cloud.dns_zone && !cloud.dns_key_path);
}

static void check_key(const char *name, const char *text, mode_t mode, const char *problem) {
    scoped(alloc_release) char *path = scratch_path(name);
    if (text)
        scratch_write(path, text, strlen(text), mode);
    bool good = apply("127.0.0.1", "lab", path);
    CHECK_INT(good, problem == NULL);
    if (problem)
        CHECK_CONTAINS(error.text, problem);
    else
        CHECK_STRING(cloud.dns_key_path, path);
}

TEST(keys) {
    check_key("lab.key", KEY, 0600, NULL);
    check_key("group.key", KEY, 0640, NULL);
    check_key("world.key", KEY, 0644, "others can read the DNS key");
    check_key("no.key", "c2VjcmV0", 0600, "is not a TSIG key: use a file written by `tsig-keygen`");
    check_key("empty.key", "", 0600, "is not a TSIG key");
    check_key("none.key", NULL, 0, "none.key");
    check_key("a\nb", KEY, 0600, "control characters: ");
    CHECK(!apply(NULL, NULL, "/dev/null"));
    CHECK_CONTAINS(error.text, "is not a TSIG key");
    scoped(alloc_release) char *path = scratch_path("lab.key");
    CHECK(!apply(NULL, NULL, path));
    CHECK_CONTAINS(error.text, "--dns-key requires --dns-server and --dns-zone");
}

/* --- records --- */

static const char records_text[] = "told 172.16.3.5 test lab.example.org 192.0.2.53 -\n"
                                   "telling 172.16.3.6 test lab.example.org 192.0.2.53 -\n"
                                   "told 172.16.3.7 web lab.example.org 192.0.2.53:5353 /a b/c\n";

static struct dns_records parsed(void) {
    struct dns_records records = {0};
    error_clear(&error);
    CHECK(dns_records_parse(records_text, &records, &error));
    return records;
}

TEST(records_are_read_as_they_are_written) {
    struct dns_records records = parsed();
    scoped(buffer_done) struct buffer text = {0};
    CHECK_INT(records.count, 3);
    CHECK(records.items[0].told && !records.items[1].told && records.items[2].told);
    CHECK(records.items[0].key == NULL);
    CHECK_STRING(records.items[2].key, "/a b/c");
    dns_records_format(&records, &text);
    CHECK_STRING(text.data, records_text);
    dns_records_done(&records);
}

TEST(records_that_are_none) {
    static const char *const lines[] = {
        "\n",
        "told 172.16.3.5 test lab 192.0.2.53",
        "told 172.16.3.5 test lab 192.0.2.53 ",
        "perhaps 172.16.3.5 test lab 192.0.2.53 -",
        "told 172.16.3 test lab 192.0.2.53 -",
        "told 172.16.3.5 te/st lab 192.0.2.53 -",
        "told  test lab 192.0.2.53 -",
        "x",
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct dns_records records = {0};
        scoped(alloc_release) char *text = alloc_printf("%s%s", records_text, lines[i]);
        error_clear(&error);
        CHECK(!dns_records_parse(text, &records, &error));
        CHECK_CONTAINS(error.text, "line 4 was not written by pgsup");
        dns_records_done(&records);
    }
}

TEST(records_of_a_name) {
    struct dns_records records = parsed();
    struct dns_record like = records.items[1];
    CHECK(dns_records_find(&records, &like) == &records.items[1]);
    like.zone = "other";
    CHECK(dns_records_find(&records, &like) == NULL);
    scoped(alloc_release) char *address = alloc_string("172.16.3.6");
    like = (struct dns_record){
        .address = address, .name = "test", .zone = "lab.example.org", .server = "192.0.2.53"};
    dns_records_drop(&records, &like);
    CHECK_INT(records.count, 1);
    CHECK_STRING(records.items[0].name, "web");
    dns_records_done(&records);
}

/* --- what nsupdate reads --- */

static void add_batch(struct buffer *text, const char *title, const struct dns_batch *batch) {
    buffer_printf(text, "; %s\n", title);
    dns_batch_format(batch, text);
}

TEST(batches) {
    struct dns_records records = parsed();
    const struct dns_records nothing = {0};
    scoped(buffer_done) struct buffer text = {0};
    struct dns_record name = {
        .address = "172.16.3.9", .name = "test", .zone = "lab.example.org", .server = "192.0.2.53"};
    struct dns_batch batch = {.records = &nothing, .name = &name, .condition = DNS_NO_ADDRESS};
    add_batch(&text, "a new name", &batch);
    batch.records = &records;
    batch.condition = DNS_ONLY_ADDRESS;
    batch.only = "172.16.3.6";
    add_batch(&text, "a name that an update without an answer may have put there", &batch);
    batch.condition = DNS_UNCONDITIONAL;
    add_batch(&text, "another address", &batch);
    name.address = "172.16.3.6";
    add_batch(&text, "one of the known addresses", &batch);
    name.address = NULL;
    add_batch(&text, "no address any more", &batch);
    name.name = "web";
    name.server = "192.0.2.53:5353";
    add_batch(&text, "on another port", &batch);
    golden_check("golden/dns/batches.txt", &text);
    dns_records_done(&records);
    store_cloud_done(&cloud);
}

int main(void) {
    return test_run();
}
