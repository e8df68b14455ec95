#include "cli/doctor/surroundings.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/platform.h"
#include "home/home.h"
#include "host/program.h"
#include "host/qemu_program.h"
#include "store/store.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

void surroundings_init(struct surroundings *surroundings, const char *home_option) {
    *surroundings = (struct surroundings){
        .macos = platform_is_macos(),
        .home_path = home_default_path(home_option),
        .home_named = home_option != NULL,
        .kvm = "/dev/kvm",
        .tun = "/dev/net/tun",
        .bridge_conf = "/etc/qemu/bridge.conf",
        .leases = "/var/db/dhcpd_leases",
    };
    surroundings->database = alloc_printf("%s/" HOME_DATABASE, surroundings->home_path);
}

char *surroundings_ask(const char *const words[]) {
    struct buffer output = {0};
    if (program_run((char *const *)words, SURROUNDINGS_PROGRAM_MS, &output, NULL))
        return buffer_take(&output);
    buffer_done(&output);
    return NULL;
}

static bool read_disks(struct surroundings *read, struct store *store, struct error *error) {
    bool good = true;
    read->disks = alloc_zero((read->instances.count + 1) * sizeof *read->disks);
    for (size_t i = 0; i < read->instances.count && good; i++)
        good = disk_table_list(store, read->instances.items[i].id, &read->disks[i], error);
    return good;
}

static void read_store(struct surroundings *read) {
    struct store *store = NULL;
    struct error *error = &read->store_problem;
    if (!store_open(read->database, STORE_READ, &store, error))
        return;
    read->store_version = store_version(store);
    read->has_store = read->store_version == store_newest_version() &&
                      cloud_table_get(store, &read->cloud, error) &&
                      image_table_list(store, &read->images, error) &&
                      instance_table_list(store, &read->instances, error) &&
                      nic_table_list(store, 0, &read->nics, error) &&
                      forward_table_list(store, 0, &read->forwards, error) &&
                      read_disks(read, store, error);
    store_close(store);
}

/* Without an image guests of this computer's kind are meant, or of the one kind that is installed.
 */
static void read_qemu(struct surroundings *read) {
    const char *arch =
        read->images.count > 0 ? read->images.items[0].arch : platform_architecture();
    read->arch = strcmp(arch, "x86_64") == 0 ? SPEC_X86_64 : SPEC_AARCH64;
    for (int tries = 0; tries < 2 && !read->qemu; tries++) {
        scoped(alloc_release) char *name =
            alloc_printf("qemu-system-%s", spec_arch_word(read->arch));
        read->qemu = program_find(name, NULL);
        if (!read->qemu && read->images.count == 0)
            read->arch = read->arch == SPEC_AARCH64 ? SPEC_X86_64 : SPEC_AARCH64;
    }
}

static void read_version(struct surroundings *read) {
    struct error error = {0};
    scoped(buffer_done) struct buffer output = {0};
    char *words[] = {read->qemu, "-help", NULL};
    bool ran = program_run(words, SURROUNDINGS_PROGRAM_MS, &output, &error);
    const char *said = output.data ? output.data : "";
    if (ran && !qemu_program_parse_version(said, &read->qemu_facts))
        error_set(&error, ERROR_FAILED, "it does not tell its version");
    read->qemu_facts.sandbox = qemu_program_lists(said, "-sandbox");
    if (error.code != ERROR_NONE)
        read->qemu_problem = alloc_string(error.text);
}

void surroundings_read(struct surroundings *read) {
    char real[PATH_MAX];
    scoped(alloc_release) char *run = alloc_printf("%s/run", read->home_path);
    read->has_home = file_is_directory(read->home_path);
    read->run = alloc_string(realpath(run, real) ? real : run);
    if (read->has_home)
        read_store(read);
    read_qemu(read);
    if (read->qemu)
        read_version(read);
}

bool surroundings_use_network(const struct surroundings *surroundings, enum spec_network kind) {
    const char *word = spec_network_word(kind);
    if (surroundings->has_store && strcmp(surroundings->cloud.network, word) == 0)
        return true;
    for (size_t i = 0; i < surroundings->nics.count; i++)
        if (strcmp(surroundings->nics.items[i].kind, word) == 0)
            return true;
    return false;
}

void surroundings_done(struct surroundings *surroundings) {
    for (size_t i = 0; surroundings->disks && i < surroundings->instances.count; i++)
        store_disks_done(&surroundings->disks[i]);
    free(surroundings->disks);
    store_cloud_done(&surroundings->cloud);
    store_images_done(&surroundings->images);
    store_instances_done(&surroundings->instances);
    store_nics_done(&surroundings->nics);
    store_forwards_done(&surroundings->forwards);
    free(surroundings->home_path);
    free(surroundings->run);
    free(surroundings->database);
    free(surroundings->qemu);
    free(surroundings->qemu_problem);
    *surroundings = (struct surroundings){0};
}
