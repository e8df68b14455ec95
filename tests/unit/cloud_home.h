/* A cloud home for tests, made by the code under test: a key, an image of 64 MiB, a cloud. */
#pragma once

#include "base/interface.h"
#include "base/platform.h"
#include "home/change/create.h"
#include "home/cloud/cloud.h"
#include "home/home.h"
#include "home/images/image.h"
#include "home/instance/definition.h"
#include "host/program.h"
#include "keys.h"
#include "scratch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define PASSWORD "a pass phrase, %s\\n 'quoted'"

/* A port that nothing else on this host asks for, as it would for the first free one from 10022 or
 * for a usual number. */
static inline const char *free_port(void) {
    static char text[8];
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    scoped(file_release) int fd = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
    CHECK(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    snprintf(text, sizeof text, "%u", ntohs(address.sin_port));
    return text;
}

static inline void check_good(bool good, const struct error *error) {
    CHECK(good);
    CHECK_STRING(error->text, "");
}

static inline mode_t mode_of(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

static inline const char *public_key_file(void) {
    static char path[128];
    if (!path[0]) {
        snprintf(path, sizeof path, "%s/id_ed25519.pub", scratch());
        scratch_write(path, KEY_ED25519 " me@here\n", sizeof KEY_ED25519 " me@here\n" - 1, 0644);
    }
    return path;
}

static inline const char *const *public_key_files(void) {
    static const char *files[2];
    files[0] = public_key_file();
    return files;
}

static inline char *run_output(char *const argv[]) { /* caller frees */
    struct buffer output = {0};
    struct error error = {0};
    check_good(program_run(argv, 60000, &output, &error), &error);
    return buffer_take(&output);
}

static inline void run_program(char *const argv[]) {
    free(run_output(argv));
}

/* A network that guests are bridged to, on the first interface that is not the loopback. */
static inline struct cloud_options bridged_options(void) {
    static char interface[64];
    char *list = interface_names(), *first = list;
    if (strncmp(first, "lo", 2) == 0)
        first += strcspn(first, ",") + strspn(first + strcspn(first, ","), ", ");
    snprintf(interface, sizeof interface, "%.*s", (int)strcspn(first, ","), first);
    free(list);
    return (struct cloud_options){
        .name = "lab",
        .admin_password = PASSWORD,
        .ssh_public_keys = public_key_files(),
        .network.any_host = true,
        .network.interface = interface,
        .network.host_ip4 = "172.16.3.10",
        .network.host_nm4 = "255.255.255.0",
        .network.host_gw4 = "172.16.3.1",
        .network.host_ns4 = "9.9.9.9",
    };
}

static inline struct cloud_options user_options(void) {
    return (struct cloud_options){.name = "lab",
                                  .admin_password = PASSWORD,
                                  .ssh_public_keys = public_key_files(),
                                  .network.kind = "user"};
}

/* Opened, with the image "base" in it. */
static inline void make_home(const char *name, const struct cloud_options *options,
                             struct home *home) {
    struct error error = {0};
    scoped(alloc_release) char *path = scratch_path(name);
    scoped(alloc_release) char *image = scratch_path("base-arm64.qcow2");
    char *argv[] = {"qemu-img", "create", "-q", "-f", "qcow2", image, "64M", NULL};
    check_good(cloud_create(path, options, &error), &error);
    check_good(home_open(path, home, &error), &error);
    if (!file_exists(image))
        run_program(argv);
    check_good(
        image_import(home, &(struct image_file){.name = "base", .path = image}, NULL, &error),
        &error);
}

static inline void make_instance(struct home *home, const struct instance_create_options *options,
                                 struct store_instance *instance) {
    struct error error = {0};
    check_good(instance_create(home, options, instance, &error), &error);
}

static inline char *read_text(const char *folder, const char *name) { /* caller frees */
    struct buffer text = {0};
    struct error error = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/%s", folder, name);
    check_good(file_read(path, 1 << 22, &text, &error), &error);
    return buffer_take(&text);
}

/* Every name, mode and content below a folder, as a digest of what find and cksum say. */
static inline char *fingerprint(const char *folder) { /* caller frees */
    scoped(alloc_release) char *script =
        alloc_printf("cd '%s' && find . -exec ls -ldn {} + | awk '{print $1, $3, $4, $NF}' | sort "
                     "&& find . -type f -exec cksum {} + | sort",
                     folder);
    char *argv[] = {"sh", "-c", script, NULL};
    return run_output(argv);
}

static inline int count_entries(const char *folder) {
    scoped(alloc_release) char *script = alloc_printf("ls -A '%s' | wc -l", folder);
    char *argv[] = {"sh", "-c", script, NULL};
    scoped(alloc_release) char *text = run_output(argv);
    return atoi(text);
}
