/* Rows to put into a store: every column filled, and as many as possible NULL. */
#pragma once

#include "scratch.h"
#include "store/cloud_table.h"
#include "store/image_table.h"
#include "store/instance_table.h"

#define OK(call)                                                                                   \
    do {                                                                                           \
        struct error error = {0};                                                                  \
        CHECK(call);                                                                               \
        CHECK_STRING(error.text, "");                                                              \
    } while (0)

/* The call must fail with this code and a sentence that has this part. */
#define FAILS(call, expected, part)                                                                \
    do {                                                                                           \
        struct error error = {0};                                                                  \
        CHECK(!(call));                                                                            \
        CHECK_STRING(error_word(error.code), error_word(expected));                                \
        CHECK_CONTAINS(error.text, part);                                                          \
    } while (0)

static const struct store_cloud full_cloud = {
    .name = "home",
    .admin_password_hash = "$6$salt$hash",
    .ssh_public_key = "ssh-ed25519 AAAA",
    .ssh_public_key_path = "/home/login/.ssh/id_ed25519.pub",
    .ssh_private_key_path = "/home/login/.ssh/id_ed25519",
    .ssh_user = "login",
    .mac_base = 0xFFFFFFFFu,
    .created_ms = 1763900000123,
    .network = "vmnet-bridged",
    .interface = "en0",
    .host_ip4 = "192.168.1.2",
    .host_nm4 = "255.255.255.0",
    .host_gw4 = "192.168.1.1",
    .host_ns4 = "192.168.1.53",
    .phone_home_port = 65535,
    .dns_server = "192.168.1.53:5353",
    .dns_zone = "lab.example.org",
    .dns_key_path = "/home/login/lab.key",
    .package_upgrade = true,
    .auto_up = true,
    .trash_days = 30,
};
static const struct store_cloud bare_cloud = {.name = "bare", .network = "user"};

static const struct store_image full_image = {
    .name = "debian-12",
    .file = "debian-12.qcow2",
    .format = "qcow2",
    .arch = "aarch64",
    .sha256 = "00ff",
    .origin = "https://example.org/debian-12.qcow2",
    .seed_source = "nocloud-net",
    .default_user = "debian",
    .shell = "/bin/ash",
    .min_disk_bytes = 3u << 30,
    .min_ram_mib = 256,
    .phones_home = true,
    .checked_ms = 8,
    .file_bytes = 1u << 30,
    .virtual_bytes = UINT64_C(1) << 40,
    .created_ms = 7,
};
static const struct store_image bare_image = {
    .name = "bare", .file = "bare.qcow2", .format = "qcow2", .arch = "x86_64"};

static const struct store_instance full_instance = {
    .id = 1,
    .name = "test",
    .instance_id = "i-1-test",
    .uuid = "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
    .token = "0123456789abcdef0123456789abcdef",
    .phone_home_token = "fedcba98765432100123456789abcdef",
    .report_token = "00112233445566778899aabbccddeeff",
    .holds_playbook = true,
    .mac = "52:54:00:00:00:01",
    .image = "debian-12",
    .seed = STORE_SEED_DRIVE,
    .ip4 = "192.168.1.20",
    .accel = "tcg",
    .vcpu = 4,
    .ram_mib = 8192,
    .disk_bytes = UINT64_C(1) << 41,
    .ssh_port = 10022,
    .package_upgrade = true,
    .autostart = true,
    .nested = true,
    .machine = "virt-7.2",
    .restart = STORE_RESTART_ON_FAILURE,
    .wanted = true,
    .created_ms = 1763900000456,
    .groups = "web,db",
    .variables = "role=first\nlist=[1, 2]\n",
    .snapshot_every_s = 86400,
    .snapshot_keep = 7,
};

static inline struct store *new_store(const char *name) {
    scoped(alloc_release) char *path = scratch_path(name);
    struct store *store = NULL;
    struct error error = {0};
    if (!store_open(path, STORE_CREATE, &store, &error)) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    return store;
}

static inline void add_image(struct store *store) {
    struct store_image image = full_image;
    OK(image_table_add(store, &image, &error));
}

/* The database is removed with the scratch folder, so each test takes a name of its own. */
static inline struct store *with_image(const char *name) {
    struct store *store = new_store(name);
    add_image(store);
    return store;
}

/* An instance that has nothing but what it must have; the numbers keep it apart from others. */
static inline int64_t add_instance(struct store *store, const char *name, const char *after) {
    int64_t id = 0;
    OK(instance_table_next_id(store, &id, &error));
    scoped(alloc_release) char *unique = alloc_printf("%s-%lld", name, (long long)id);
    struct store_instance instance = {.id = id,
                                      .name = (char *)name,
                                      .instance_id = unique,
                                      .uuid = unique,
                                      .token = unique,
                                      .mac = unique,
                                      .image = "debian-12",
                                      .seed = STORE_SEED_HTTP,
                                      .after = (char *)after};
    OK(instance_table_add(store, &instance, &error));
    return id;
}
