/* Golden files: tests/golden/seed/CASE/DOCUMENT. UPDATE_GOLDEN=1 writes them anew. */
#include "test.h"

#include "base/alloc.h"
#include "base/file.h"
#include "cloudinit/document.h"

#define GOLDEN_LIMIT_BYTES 65536
#define HASH                                                                                       \
    "$6$saltsaltsaltsalt$rn2gEBXUMPvJfJbRCUhQbJZGCZx6cqiqUyQlTk6ZSDGgNKL2OGGqMc2jYFJSVAp3zLqYrRc8" \
    "xqVZ3XhKx1Dee/"
#define KEY                                                                                        \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICFlHli6+9Io45I6FolAKzZTGV/le+9jd9LdvOPlcWOp "            \
    "anna@mac.local"
#define KEY2       "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE+3kD9IFmHj+zI1Ri3cUzWKfYou3L/qKs6opzneZ02E"
#define REPORT_URL "http://10.0.2.2:10300/report/test/fedcba9876543210fedcba9876543210"
#define SEED_URL   "http://10.0.2.2:10300/seed/0123456789abcdef0123456789abcdef"

static const struct document_seed http_dhcp = {
    .instance_id = "test-1",
    .hostname = "test",
    .admin_password_hash = HASH,
    .ssh_public_key = KEY,
    .keep_cache = true,
    .phone_home_url = SEED_URL "/phone-home/${INSTANCE_ID}",
    .report_url = REPORT_URL,
    .mac = "52:54:00:12:34:56",
};

static const struct document_seed drive_static = {
    .instance_id = "web-20-3f9c",
    .hostname = "web-20",
    .admin_password_hash = HASH,
    .ssh_public_key = KEY,
    .locale = "en_US.UTF-8",
    .timezone = "Europe/Zurich",
    .package_upgrade = true,
    .phone_home_url = "http://172.16.3.10:10300/seed/0123456789abcdef0123456789abcdef/phone-home/"
                      "${INSTANCE_ID}",
    .report_url = "http://172.16.3.10:10300/report/web-20/fedcba9876543210fedcba9876543210",
    .mac = "52:54:00:AB:CD:EF",
    .address = "172.16.3.5/24",
    .gateway = "172.16.3.1",
    .nameserver = "172.16.3.1",
};

static const struct document_seed no_password = {
    .instance_id = "0x10", /* bare, YAML 1.1 reads sixteen */
    .hostname = "no",      /* bare, YAML 1.1 reads false */
    .ssh_public_key = KEY,
    .phone_home_url = SEED_URL "/phone-home/${INSTANCE_ID}",
    .mac = "52:54:00:12:34:56",
};

static const struct document_user users[] = {
    {"anna", KEY}, {"no", KEY "\n" KEY2}, /* bare, YAML 1.1 reads false */
};

static const struct document_seed more_users = {
    .instance_id = "test-1",
    .hostname = "test",
    .admin_password_hash = HASH,
    .ssh_public_key = KEY "\n" KEY2,
    .users = users,
    .user_count = 2,
    .phone_home_url = SEED_URL "/phone-home/${INSTANCE_ID}",
    .mac = "52:54:00:12:34:56",
};

static const struct document_seed no_phone_home = {
    .instance_id = "0123",
    .hostname = "1e3",
    .admin_password_hash = HASH,
    .ssh_public_key = KEY,
    .mac = "52:54:00:12:34:56",
    .address = "10.0.2.77/24",
};

static const struct document_nic additional_nics[] = {
    {"enp0s17", "52:54:01:AB:CD:EF", "10.1.0.5/24"}, {"enp0s18", "52:54:02:ab:cd:ef", NULL}};
static const struct document_seed several_nics = {
    .instance_id = "router-3",
    .hostname = "router",
    .admin_password_hash = HASH,
    .ssh_public_key = KEY,
    .mac = "52:54:00:AB:CD:EF",
    .address = "172.16.3.5/24",
    .gateway = "172.16.3.1",
    .additional_nics = additional_nics,
    .additional_nic_count = 2,
};

/* FreeBSD's: what nuageinit does not know is not in it. */
static const struct document_seed nuageinit = {
    .reader = DOCUMENT_NUAGEINIT,
    .shell = "/bin/sh",
    .instance_id = "bsd-1",
    .hostname = "bsd",
    .admin_password_hash = HASH,
    .ssh_public_key = KEY,
    .users = users,
    .user_count = 1,
    .package_upgrade = true,
    .keep_cache = true,
    .phone_home_url = SEED_URL "/phone-home/${INSTANCE_ID}",
    .report_url = REPORT_URL,
    .mac = "52:54:00:AB:CD:EF",
    .address = "172.16.3.5/24",
    .gateway = "172.16.3.1",
    .nameserver = "172.16.3.1",
};

/* Not a key that anybody has. */
static const struct document_host_key host_keys[] = {
    {"ed25519",
     (char *)"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA+/=\n"
             "-----END OPENSSH PRIVATE KEY-----\n",
     (char *)KEY2},
    {"rsa", (char *)"-----BEGIN OPENSSH PRIVATE KEY-----\nBBBB\n", (char *)"ssh-rsa AAAA"},
    {"ecdsa", NULL, NULL},
};

static void check_golden(const char *name, const char *text, size_t length) {
    scoped(alloc_release) char *path = alloc_printf("golden/seed/%s", name);
    scoped(buffer_done) struct buffer golden = {0};
    struct error error = {0};
    if (getenv("UPDATE_GOLDEN"))
        CHECK(file_write(path, text, length, 0644, &error));
    CHECK(file_read(path, GOLDEN_LIMIT_BYTES, &golden, &error));
    CHECK_STRING(error.text, "");
    CHECK_STRING(text, golden.data);
}

static void check_documents(const char *name, const struct document_seed *seed) {
    scoped(alloc_release) char *folder = alloc_printf("golden/seed/%s", name);
    if (getenv("UPDATE_GOLDEN"))
        CHECK(file_make_directory(folder, 0755, NULL));
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        scoped(buffer_done) struct buffer text = {0};
        struct error error = {0};
        CHECK(document_write((enum seed_document)i, seed, &text, &error));
        CHECK_STRING(error.text, "");
        scoped(alloc_release) char *file =
            alloc_printf("%s/%s", name, seed_document_name((enum seed_document)i));
        check_golden(file, text.data, text.length);
    }
}

TEST(several_network_cards) {
    check_documents("several-nics", &several_nics);
}

TEST(freebsd) {
    check_documents("nuageinit", &nuageinit);
}

TEST(http_with_dhcp) {
    check_documents("http-dhcp", &http_dhcp);
}

TEST(drive_with_static_address) {
    check_documents("drive-static", &drive_static);
}

TEST(behind_a_document_of_its_users) {
    struct document_seed seed = http_dhcp;
    seed.merges = true;
    check_documents("behind-own", &seed);
}

TEST(without_password) {
    check_documents("no-password", &no_password);
    check_documents("more-users", &more_users);
}

TEST(without_phone_home) {
    check_documents("no-phone-home", &no_phone_home);
}

TEST(appends_to_what_is_there) {
    scoped(buffer_done) struct buffer text = {0};
    buffer_puts(&text, "before\n");
    CHECK(document_write(SEED_META_DATA, &http_dhcp, &text, NULL));
    CHECK_STRING(text.data, "before\ninstance-id: test-1\nlocal-hostname: test\n");
}

static void check_refused(enum seed_document document, const struct document_seed *seed,
                          const char *part) {
    scoped(buffer_done) struct buffer text = {0};
    buffer_puts(&text, "before");
    struct error error = {0};
    CHECK(!document_write(document, seed, &text, &error));
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_CONTAINS(error.text, part);
    CHECK_STRING(text.data, "before");
}

TEST(refuses_values_that_would_break_a_seed) {
    struct document_seed seed = http_dhcp;
    seed.instance_id = "id/test";
    check_refused(SEED_META_DATA, &seed, "\"id/test\" is not a valid instance id");
    seed.instance_id = "";
    check_refused(SEED_META_DATA, &seed, "instance id");
    seed = http_dhcp;
    seed.hostname = "a_b";
    check_refused(SEED_META_DATA, &seed, "\"a_b\" is not a valid hostname");
    seed = http_dhcp;
    seed.mac = "52-54-00-12-34-56";
    check_refused(SEED_NETWORK_CONFIG, &seed, "MAC");
    seed.mac = "52:54:00:12:34:56:78";
    check_refused(SEED_NETWORK_CONFIG, &seed, "MAC");
    seed = http_dhcp;
    seed.ssh_public_key = NULL;
    check_refused(SEED_USER_DATA, &seed, "SSH public key");
    seed.ssh_public_key = KEY "\r\nssh-ed25519 AAAA";
    check_refused(SEED_USER_DATA, &seed, "control character");
    seed.ssh_public_key = "ssh-ed25519 AAAA \xC3(";
    check_refused(SEED_USER_DATA, &seed, "cannot write user-data");
    seed = http_dhcp;
    seed.report_url = "http://h/\nx: y";
    check_refused(SEED_VENDOR_DATA, &seed, "control character");
}

TEST(host_keys_are_a_document_of_their_own) {
    scoped(buffer_done) struct buffer text = {0};
    struct error error = {0};
    CHECK(document_write_host_keys(host_keys, 3, &text, &error));
    check_golden("host-keys.yaml", text.data, text.length);
}

/* At a "$" other than ${INSTANCE_ID} cloud-init posts nothing, and the wait would never end. */
TEST(refuses_a_dollar_in_the_phone_home_url) {
    struct document_seed seed = http_dhcp;
    seed.phone_home_url = "http://h/$INSTANCE_ID.json";
    check_refused(SEED_USER_DATA, &seed, "phone-home URL");
    seed.phone_home_url = "http://h/${INSTANCE_ID}/$x";
    check_refused(SEED_USER_DATA, &seed, "phone-home URL");
}

int main(void) {
    return test_run();
}
