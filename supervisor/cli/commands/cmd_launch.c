/* From nothing to a guest that is ready: commands of this program, one after the other, of which
 * only those are run that are not done yet. */
#include "base/alloc.h"
#include "base/file.h"
#include "base/name.h"
#include "cli/commands/table.h"
#include "cli/input/image_choice.h"
#include "cli/input/key_choice.h"
#include "cli/input/network_options.h"
#include "cli/invocation.h"
#include "cli/link/client.h"
#include "cli/link/create_compare.h"
#include "cli/link/own_command.h"
#include "home/home.h"
#include "home/images/image.h"
#include "store/image_table.h"
#include "store/instance_table.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEFAULT_IMAGE "debian-13"

static const struct option_spec options[] = {
    {"name", 'n', "NAME", .help = "name of the instance; default: that of the image"},
#include "cli/input/create_option_rows.h"
    {"arch", 0, "aarch64|x86_64",
     .help = "with a file or an address: architecture of the image; default: the one in its name, "
             "else this computer's"},
    NETWORK_OPTIONS,
    {"no-wait", .help = "return as soon as it boots"},
    {"timeout", 0, "DURATION", .help = "stop waiting after this time; the VM keeps running",
     .fallback = "600"},
    {"as-root", .help = "run the supervisor as root, for a home of root's own"},
    OPTIONS_END,
};

/* Those above that are not for `instance create`. */
static const char *const own_options[] = {"name", "arch", "no-wait", "timeout", "as-root"};

/* Of these, those for `cloud create`. */
static const char *const network_options[] = {"network",  "host-if",  "host-ip4",
                                              "host-nm4", "host-gw4", "host-ns4"};

struct launch {
    const struct invocation *invocation;
    struct own_command own;
    char *home_path;
    char *image;        /* its name in the home */
    const char *source; /* the file or address that it comes from; NULL: the catalogue */
    char *name;         /* of the instance */
    bool has_home, has_image, has_instance, is_supervised;
    struct buffer unseen; /* options that an instance which exists was not compared with */
    int status;           /* of the command that failed */
};

static void launch_done(struct launch *launch) {
    own_command_done(&launch->own);
    alloc_release(&launch->home_path);
    alloc_release(&launch->image);
    alloc_release(&launch->name);
    buffer_done(&launch->unseen);
}

/* --- what is there --- */

/* "images/Mini Guest.v2.qcow2" -> "mini-guest": what an instance and an image can be called. */
static char *make_label(const char *source) {
    const char *base = strrchr(source, '/');
    char *label = alloc_string(base ? base + 1 : source);
    size_t length = strcspn(label, ".");
    if (length > NAME_LABEL_MAX)
        length = NAME_LABEL_MAX;
    label[length] = '\0';
    for (char *each = label; *each; each++)
        *each = isalnum((unsigned char)*each) ? (char)tolower((unsigned char)*each) : '-';
    return label;
}

static bool is_source(const char *text) {
    return catalogue_is_url(text) || strchr(text, '/') != NULL;
}

/* A name without a slash that is the name of a file here. */
static bool check_file_name(const char *image, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(image, strlen(image), 80);
    struct stat status;
    return stat(image, &status) < 0 || !S_ISREG(status.st_mode) ||
           error_set(error, ERROR_NOT_FOUND,
                     "no image is called \"%s\": for the file of that name write \"./%s\"", shown,
                     shown);
}

/* Of a name that none of these images has: fails if none can be downloaded by it either. */
static bool check_catalogue(const struct launch *launch, const struct home *home,
                            const struct store_images *images, struct error *error) {
    struct catalogue catalogue = {0};
    const struct home path_only = {.path = launch->home_path};
    if (!image_catalogue(home ? home : &path_only, &catalogue, error))
        return false;
    bool known = catalogue_find(&catalogue, launch->image) != NULL;
    scoped(alloc_release) char *names = catalogue_names(&catalogue);
    catalogue_done(&catalogue);
    if (known)
        return true;
    if (!check_file_name(launch->image, error))
        return false;
    if (home)
        return image_choice_fail_absent(home, images, launch->image, error);
    scoped(alloc_release) char *shown = name_printable(launch->image, strlen(launch->image), 80);
    return error_set(error, ERROR_NOT_FOUND,
                     "no image is called \"%s\": there are %s, or give a file or an address", shown,
                     names);
}

static bool check_image(const struct launch *launch, const struct home *home,
                        const struct store_images *images, struct error *error) {
    if (!launch->source && invocation_given(launch->invocation, "arch"))
        return error_set(error, ERROR_USAGE, "--arch is for an IMAGE that is a file or an address");
    if (launch->has_image)
        return true;
    if (!launch->source)
        return check_catalogue(launch, home, images, error);
    return catalogue_is_url(launch->source) ||
           invocation_check_file(launch->source, "image", error);
}

/* The one that was asked for; else the only one of the home, else the usual one. */
static bool choose_image(struct launch *launch, struct home *home, struct error *error) {
    const char *given = invocation_argument(launch->invocation, 0);
    struct store_images images = {0};
    if (home && !image_table_list(home->store, &images, error))
        return false;
    launch->source = given && is_source(given) ? given : NULL;
    launch->image = launch->source      ? make_label(given)
                    : given             ? alloc_string(given)
                    : images.count == 1 ? alloc_string(images.items[0].name)
                                        : alloc_string(DEFAULT_IMAGE);
    for (size_t i = 0; i < images.count; i++)
        launch->has_image = launch->has_image || strcmp(images.items[i].name, launch->image) == 0;
    bool good = check_image(launch, home, &images, error);
    store_images_done(&images);
    return good;
}

static bool choose_name(struct launch *launch, struct error *error) {
    const char *given = invocation_option(launch->invocation, "name");
    launch->name = given ? alloc_string(given) : make_label(launch->image);
    return name_check_instance(launch->name, error);
}

/* One of this name that has another image is not what is asked for. */
static bool find_instance(struct launch *launch, struct home *home, struct error *error) {
    struct store_instance instance = {0};
    struct error none = {0};
    launch->has_instance = instance_table_get(home->store, launch->name, &instance, &none);
    if (!launch->has_instance)
        return none.code == ERROR_NOT_FOUND || error_copy(error, &none);
    bool good =
        strcmp(instance.image, launch->image) == 0 || !invocation_argument(launch->invocation, 0);
    if (!good)
        error_set(error, ERROR_EXISTS,
                  "instance \"%s\" exists, with the image \"%s\": choose another name with -n",
                  launch->name, instance.image);
    good = good && create_compare(launch->invocation, home, &instance, &launch->unseen, error);
    store_instance_done(&instance);
    return good;
}

static bool is_network(const char *given, const char *has) {
    return !given || (has && strcmp(given, has) == 0) || (!*given && !has);
}

/* A home that exists has its network. */
static bool check_network(const struct launch *launch, struct home *home, struct error *error) {
    const struct network_settings given = network_options_read(launch->invocation);
    struct store_cloud cloud = {0};
    if (!network_settings_are_given(&given))
        return true;
    if (!cloud_table_get(home->store, &cloud, error))
        return false;
    bool same =
        is_network(given.kind, cloud.network) && is_network(given.interface, cloud.interface) &&
        is_network(given.host_ip4, cloud.host_ip4) && is_network(given.host_nm4, cloud.host_nm4) &&
        is_network(given.host_gw4, cloud.host_gw4) && is_network(given.host_ns4, cloud.host_ns4);
    if (!same)
        error_set(error, ERROR_EXISTS,
                  "the home exists, and its network is not as asked for (`pgsup cloud get` shows "
                  "it): `pgsup cloud set` changes it, or name another home with -p");
    store_cloud_done(&cloud);
    return same;
}

static bool find_supervisor(struct launch *launch, const struct home *home, struct error *error) {
    struct error absent = {0};
    struct client *client = client_open_any(home, &absent);
    launch->is_supervised = client != NULL;
    client_close(client);
    return launch->is_supervised || absent.code == ERROR_NO_SUPERVISOR ||
           error_copy(error, &absent);
}

static bool look_in(struct launch *launch, struct home *home, struct error *error) {
    return choose_image(launch, home, error) && choose_name(launch, error) &&
           (!home || (check_network(launch, home, error) && find_instance(launch, home, error) &&
                      find_supervisor(launch, home, error)));
}

static bool look(struct launch *launch, struct error *error) {
    struct home home = {0};
    scoped(alloc_release) char *database = alloc_printf("%s/" HOME_DATABASE, launch->home_path);
    launch->has_home = file_exists(database);
    if (!launch->has_home)
        return look_in(launch, NULL, error);
    bool good = home_open(launch->home_path, &home, error) && look_in(launch, &home, error);
    home_close(&home);
    return good;
}

/* What would fail after a long download only. */
static bool check_rights(const struct invocation *invocation, struct error *error) {
    return geteuid() != 0 || invocation_flag(invocation, "as-root") ||
           error_set(error, ERROR_WRONG_STATE,
                     "the supervisor does not run as root for nobody: call `pgsup launch` as "
                     "yourself, or say --as-root for a home of root's own");
}

/* --- doing it --- */

/* stdout is the list of commands: it can be run again elsewhere. */
static bool do_step(struct launch *launch, struct strv *words, struct error *error) {
    scoped(alloc_release) char *text = own_command_text(&launch->own, words);
    puts(text);
    fflush(stdout);
    launch->status = own_command_run(&launch->own, words, error);
    strv_done(words);
    return launch->status == 0;
}

static void push_all(struct strv *words, const char *const *list) {
    for (; *list; list++)
        strv_push(words, *list);
}

/* As it was given: one word where the value would be taken for an option. */
static void push_value(struct strv *words, const char *name, const char *value) {
    if (*value == '-' && value[1]) {
        strv_pushf(words, "--%s=%s", name, value);
        return;
    }
    strv_pushf(words, "--%s", name);
    strv_push(words, value);
}

static bool push_network(struct strv *words, const struct invocation *invocation) {
    bool given = false;
    for (size_t i = 0; i < sizeof network_options / sizeof *network_options; i++) {
        if (!invocation_given(invocation, network_options[i]))
            continue;
        push_value(words, network_options[i], invocation_option(invocation, network_options[i]));
        given = true;
    }
    return given;
}

static bool make_home(struct launch *launch, struct error *error) {
    struct strv words = {0};
    scoped(alloc_release) char *key = key_choice_find();
    push_all(&words, (const char *const[]){"cloud", "create", "--no-admin-password", NULL});
    if (key)
        push_all(&words, (const char *const[]){"--ssh-public-key", key, NULL});
    else
        strv_push(&words, "--new-ssh-key");
    if (!push_network(&words, launch->invocation))
        push_all(&words, (const char *const[]){"--network", "user", NULL});
    push_all(&words, (const char *const[]){"--ph-port", "auto", NULL});
    return do_step(launch, &words, error);
}

static bool get_image(struct launch *launch, struct error *error) {
    const char *source = launch->source;
    struct strv words = {0};
    bool is_file = source && !catalogue_is_url(source);
    push_all(&words, (const char *const[]){"image", is_file ? "import" : "download", "-n",
                                           launch->image, NULL});
    if (is_file)
        strv_push(&words, source);
    else if (source)
        push_all(&words, (const char *const[]){"--url", source, NULL});
    if (source && invocation_given(launch->invocation, "arch"))
        push_value(&words, "arch", invocation_option(launch->invocation, "arch"));
    return do_step(launch, &words, error);
}

static bool is_own(const char *name) {
    for (size_t i = 0; i < sizeof own_options / sizeof *own_options; i++)
        if (strcmp(own_options[i], name) == 0)
            return true;
    for (size_t i = 0; i < sizeof network_options / sizeof *network_options; i++)
        if (strcmp(network_options[i], name) == 0)
            return true;
    return false;
}

static void push_options(struct strv *words, const struct invocation *invocation) {
    for (const struct option_spec *spec = options; spec->name; spec++) {
        if (is_own(spec->name) || !invocation_given(invocation, spec->name))
            continue;
        if (!spec->value)
            strv_pushf(words, "--%s", spec->name);
        else if (!spec->many)
            push_value(words, spec->name, invocation_option(invocation, spec->name));
        for (char *const *each = spec->many ? invocation_values(invocation, spec->name) : NULL;
             each && *each; each++)
            push_value(words, spec->name, *each);
    }
}

static bool make_instance(struct launch *launch, struct error *error) {
    struct strv words = {0};
    push_all(&words, (const char *const[]){"instance", "create", "-n", launch->name, "--os",
                                           launch->image, NULL});
    push_options(&words, launch->invocation);
    return do_step(launch, &words, error);
}

static bool begin_supervisor(struct launch *launch, struct error *error) {
    struct strv words = {0};
    push_all(&words, (const char *const[]){"up", "--detach", NULL});
    if (invocation_flag(launch->invocation, "as-root"))
        strv_push(&words, "--as-root");
    return do_step(launch, &words, error);
}

static bool start_guest(struct launch *launch, struct error *error) {
    const struct invocation *invocation = launch->invocation;
    struct strv words = {0};
    push_all(&words, (const char *const[]){"start", launch->name, NULL});
    if (!invocation_flag(invocation, "no-wait"))
        strv_push(&words, "--wait");
    if (!invocation_flag(invocation, "no-wait") && invocation_given(invocation, "timeout"))
        push_value(&words, "timeout", invocation_option(invocation, "timeout"));
    return do_step(launch, &words, error);
}

static bool do_missing(struct launch *launch, struct error *error) {
    return (launch->has_home || make_home(launch, error)) &&
           (launch->has_image || launch->has_instance || get_image(launch, error)) &&
           (launch->has_instance || make_instance(launch, error)) &&
           (launch->is_supervised || begin_supervisor(launch, error));
}

static void tell_way_in(const struct launch *launch) {
    scoped(strv_done) struct strv words = {0};
    struct own_command own = launch->own;
    own.quiet = false;
    push_all(&words, (const char *const[]){"ssh", launch->name, NULL});
    scoped(alloc_release) char *text = own_command_text(&own, &words);
    if (!launch->invocation->quiet)
        fprintf(stderr, "get in: %s\n", text);
}

static int run_launch(struct invocation *invocation, struct error *error) {
    struct launch launch = {.invocation = invocation,
                            .home_path = home_default_path(invocation->home_option)};
    uint64_t timeout_ms;
    bool good = invocation_duration(invocation, "timeout", 1000, &timeout_ms, error) &&
                check_rights(invocation, error) &&
                own_command_init(&launch.own, invocation, error) && look(&launch, error);
    if (good && launch.unseen.length)
        invocation_warn("instance \"%s\" exists: not applied, nor compared with what it has: %s",
                        launch.name, launch.unseen.data);
    if (good && do_missing(&launch, error)) {
        if (start_guest(&launch, error))
            tell_way_in(&launch);
    } else if (good && error->code == ERROR_NONE && !invocation->quiet)
        fputs("the same `pgsup launch` goes on from here\n", stderr);
    launch_done(&launch);
    return good ? launch.status : EXIT_FAILURE;
}

const struct command cmd_launch = {
    .path = "launch",
    .summary = "Go from nothing to a running guest in one command",
    .arguments = "[IMAGE]",
    .details = "Creates the home if there is none, with the first of ~/.ssh/id_ed25519.pub, "
               "id_ecdsa.pub and id_rsa.pub, or a key of its own; downloads the image; creates "
               "the instance; starts a supervisor in the background and the instance; waits "
               "until the guest is ready. It uses what exists already; if that does not match "
               "the options, it fails. On stdout it prints each command that it runs, as you "
               "could type it; all else goes to stderr. If a step fails or is interrupted, the "
               "same `pgsup launch` continues there.\n"
               "\n"
               "IMAGE is a name that `pgsup image list --available` shows, the path of a file "
               "with a slash in it, or an address. Default: the only image of the home, else "
               "debian-13.\n"
               "\n"
               "  pgsup launch\n"
               "  pgsup launch ubuntu-noble -n web --ram 4G --forward 8080:80\n"
               "  pgsup launch ./disk.qcow2 --no-wait",
    .options = options,
    .max_arguments = 1,
    .section = SECTION_CLOUD,
    .completes = COMPLETES_LAUNCHABLE,
    .needs = NEEDS_NOTHING,
    .run = run_launch,
};
