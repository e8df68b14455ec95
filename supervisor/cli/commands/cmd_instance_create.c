#include "base/alloc.h"
#include "base/interrupt.h"
#include "base/name.h"
#include "base/strv.h"
#include "cli/commands/table.h"
#include "cli/input/document_options.h"
#include "cli/input/image_choice.h"
#include "cli/invocation.h"
#include "cli/link/instance_report.h"
#include "home/change/creations.h"
#include "home/instance/definition.h"
#include "home/instance/host_limits.h"
#include "store/transaction.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT_MAX 1000u

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the instance and host name of its guest"},
    {"os", 0, "IMAGE",
     .help = "image that its disk is based on; default: the only one of the home, "
             "or " IMAGE_CHOICE_DEFAULT,
     .also = "image i"},
#include "cli/input/create_option_rows.h"
    {"count", 0, "NUMBER",
     .help = "create this many, side by side: NAME1, NAME2 and so on, all other options alike"},
    INSTANCE_REPORT_OPTION,
    OPTIONS_END,
};

static bool read_packages(const struct invocation *invocation, enum instance_packages *packages,
                          struct error *error) {
    bool on = invocation_flag(invocation, "package-upgrade");
    bool off = invocation_flag(invocation, "no-package-upgrade");
    if (on && off)
        return error_set(error, ERROR_USAGE, "--no-package-upgrade excludes --package-upgrade");
    *packages = on    ? INSTANCE_PACKAGES_UPGRADE
                : off ? INSTANCE_PACKAGES_KEEP
                      : INSTANCE_PACKAGES_AS_CLOUD;
    return true;
}

static bool read_options(const struct invocation *invocation, struct user_documents *own,
                         struct instance_create_options *wanted, struct error *error) {
    *wanted = (struct instance_create_options){
        .own = own,
        .vcpu = invocation_option(invocation, "vcpu"),
        .ram = invocation_option(invocation, "ram"),
        .disk = invocation_option(invocation, "size"),
        .ip4 = invocation_option(invocation, "ip"),
        .ssh_port = invocation_option(invocation, "ssh-port"),
        .seed = invocation_option(invocation, "seed"),
        .forwards = invocation_values(invocation, "forward"),
        .nics = invocation_values(invocation, "nic"),
        .no_lab = invocation_flag(invocation, "no-lab"),
        .host_keys = invocation_option(invocation, "host-keys"),
        .accel = invocation_option(invocation, "accel"),
        .nested = invocation_flag(invocation, "nested"),
        .startup = {.restart = invocation_option(invocation, "restart"),
                    .after = invocation_option(invocation, "after"),
                    .autostart = invocation_flag(invocation, "autostart")
                                     ? STARTUP_AUTOSTART_ON
                                     : STARTUP_AUTOSTART_AS_IT_IS},
        .ansible = {.groups = invocation_values(invocation, "group"),
                    .variables = invocation_values(invocation, "var"),
                    .playbook = invocation_flag(invocation, "no-provision")
                                    ? ANSIBLE_PLAYBOOK_HELD
                                    : ANSIBLE_PLAYBOOK_RUNS},
    };
    return read_packages(invocation, &wanted->packages, error) &&
           document_options_read(invocation, own, error);
}

static void tell_created(const struct invocation *invocation,
                         const struct store_instance *created) {
    scoped(alloc_release) char *folder = home_instance_folder(invocation->home, created->name);
    printf("instance \"%s\" created in %s\n", created->name, folder);
    fflush(stdout);
    document_options_remark(invocation, created);
    invocation_notes(host_limits_remarks(invocation->home, created->name));
}

/* NAME, or with --count NAME1, NAME2 … */
static bool read_names(const struct invocation *invocation, struct strv *names,
                       struct error *error) {
    const char *name = invocation_name(invocation, "instance", error);
    const char *given = invocation_option(invocation, "count");
    uint64_t count = 0;
    if (!name)
        return false;
    if (given && !name_parse_number(given, 1, COUNT_MAX, &count)) {
        scoped(alloc_release) char *shown = name_printable(given, strlen(given), 40);
        return error_set(error, ERROR_INVALID, "--count takes a number from 1 to %u, not \"%s\"",
                         COUNT_MAX, shown);
    }
    for (uint64_t i = 1; i <= count; i++)
        strv_pushf(names, "%s%llu", name, (unsigned long long)i);
    if (!given)
        strv_push(names, name);
    return true;
}

/* Of several either all make sense together, or none is made. */
static bool rehearse(struct home *home, const struct instance_create_options *wanted, size_t count,
                     struct error *error) {
    bool good = store_begin(home->store, error);
    if (!good)
        return false;
    for (size_t i = 0; good && i < count; i++)
        good = instance_create_rehearse(home, &wanted[i], error) ||
               error_prefix(error, "%s: nothing was done", wanted[i].name);
    store_rollback(home->store);
    return good;
}

static bool create_one(const struct invocation *invocation,
                       const struct instance_create_options *wanted, struct error *error) {
    struct store_instance created = {0};
    bool good = instance_create(invocation->home, wanted, &created, error);
    if (good)
        tell_created(invocation, &created);
    store_instance_done(&created);
    return good;
}

static bool create_all(const struct invocation *invocation,
                       const struct instance_create_options *wanted, size_t count,
                       struct error *error) {
    if (!rehearse(invocation->home, wanted, count, error))
        return false;
    struct creations *creations = creations_new(invocation->home);
    bool good = true;
    interrupt_watch();
    for (size_t ended = 0, begun = 0; good && ended < count; ended++) {
        struct store_instance created = {0};
        for (; good && begun < count && !creations_is_full(creations); begun++)
            good = creations_begin(creations, &wanted[begun], error);
        good = good && interrupt_check(error) && creations_end(creations, &created, error);
        if (good)
            tell_created(invocation, &created);
        store_instance_done(&created);
    }
    creations_free(creations);
    return good;
}

static int run_instance_create(struct invocation *invocation, struct error *error) {
    struct user_documents own = {0};
    struct instance_create_options wanted;
    scoped(strv_done) struct strv names = {0};
    scoped(alloc_release) char *image = NULL;
    if (!read_names(invocation, &names, error))
        return EXIT_FAILURE;
    image = image_choice_resolve(invocation->home, invocation_option(invocation, "os"), error);
    bool good = image && read_options(invocation, &own, &wanted, error);
    struct instance_create_options *each = alloc_zero(names.count * sizeof *each);
    for (size_t i = 0; good && i < names.count; i++) {
        each[i] = wanted;
        each[i].name = names.items[i];
        each[i].image = image;
    }
    good = good &&
           (invocation_given(invocation, "count") ? create_all(invocation, each, names.count, error)
                                                  : create_one(invocation, each, error));
    free(each);
    user_documents_done(&own);
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static void report_created(struct invocation *invocation, struct error *error) {
    scoped(strv_done) struct strv names = {0};
    bool good = read_names(invocation, &names, error);
    for (size_t i = 0; good && i < names.count && error->code == ERROR_NONE; i++)
        instance_report_one(invocation, names.items[i], error);
}

const struct command cmd_instance_create = {
    .path = "instance create",
    .brief = "create",
    .summary = "Define a virtual machine",
    .arguments = "[NAME]",
    .details = "Creates the instance's folder with its disk, its cloud-init documents and "
               "vm.sh, a script that boots it without pgsup. It does not start the instance: "
               "see `pgsup help start`.\n"
               "\n"
               "  pgsup instance create -n test --os debian-12 --ram 1024 -s 10G\n"
               "  pgsup instance create -n web --forward 8080:80 --nic bridge,if=br1\n"
               "  pgsup instance create -n db --ip 172.16.3.7 --seed both --user-data "
               "db.yaml\n"
               "  pgsup instance create -n web --group web,lab --var role=first\n"
               "  pgsup instance create --count 3 -n node- --nic lab",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .needs = NEEDS_HOME,
    .changes_names = true,
    .run = run_instance_create,
    .report = report_created,
};
