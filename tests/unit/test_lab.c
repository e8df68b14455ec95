/* Lab files and a home: what they make of it, and the way from a home to a file again. */
#include "cloud_home.h"
#include "home/lab/lab_file.h"
#include "home/lab/lab_plan_make.h"
#include "home/lab/lab_rehearsal.h"
#include "home/lab/lab_schema.h"
#include "home/lab/lab_work.h"
#include "home/lab/lab_write.h"
#include "home/network/home_network.h"
#include "store/launch_table.h"
#include "store/network_table.h"

#include <glob.h>
#include <poll.h>

static struct error error;

/* --- a home --- */

static struct home home;

static bool make_plan(const char *text, enum lab_prune prune, struct lab *lab,
                      struct lab_plan *plan) {
    error = (struct error){0};
    return lab_file_parse("lab.yaml", text, strlen(text), lab, &error) &&
           lab_plan_make(&home, lab, prune, plan, &error);
}

/* The steps, a line for each. */
static void expect_plan(const char *text, enum lab_prune prune, const char *expected) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    scoped(buffer_done) struct buffer steps = {0};
    CHECK(make_plan(text, prune, &lab, &plan));
    CHECK_STRING(error.text, "");
    for (size_t i = 0; i < plan.count; i++)
        buffer_printf(&steps, "%s %s: %s\n", lab_step_word(plan.steps[i].kind), plan.steps[i].name,
                      plan.steps[i].detail);
    CHECK_STRING(steps.data ? steps.data : "", expected);
    lab_plan_done(&plan);
    lab_done(&lab);
}

static void carry_out(const char *text, enum lab_prune prune) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    CHECK(make_plan(text, prune, &lab, &plan));
    const struct lab_work work = {.home = &home, .lab = &lab, .plan = &plan};
    check_good(lab_work_do(&work, &error), &error);
    lab_plan_done(&plan);
    lab_done(&lab);
}

static void refuse_plan(const char *text, const char *sentence) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    struct store_networks networks = {0};
    CHECK(!make_plan(text, LAB_KEEP, &lab, &plan));
    CHECK_CONTAINS(error.text, sentence);
    CHECK_INT(error_exit_status(error.code), 2);
    error = (struct error){0};
    check_good(network_table_list(home.store, &networks, &error), &error);
    CHECK_INT(networks.count, 0);
    store_networks_done(&networks);
    lab_plan_done(&plan);
    lab_done(&lab);
}

#define LAB        "networks:\n  lab: {kind: multicast}\n  tiny: {kind: multicast, subnet: 10.78.0.0/29}\n"
#define BASE       "image: base, size: 64M"
#define BASE_LINES "image: base\n    size: 64M\n"

TEST(what_makes_no_sense_changes_nothing) {
    const struct cloud_options cloud = user_options();
    make_home("lab", &cloud, &home);
    refuse_plan(LAB "instances:\n  a: {" BASE ", nics: [user, 'lab,ip=10.77.0.9']}\n"
                    "  b: {" BASE ", nics: [user, 'lab,ip=10.77.0.9']}\n",
                "lab.yaml:6:37: b: the address 10.77.0.9 in \"lab\" belongs to the instance \"a\"");
    refuse_plan(LAB "instances:\n  a: {" BASE ", nics: ['lab,ip=10.1.0.9']}\n",
                "lab.yaml:5:37: a: ip= 10.1.0.9 is outside the network 10.77.0.0/24");
    refuse_plan(LAB "instances:\n  a-{1..300}: {" BASE ", nics: [tiny]}\n",
                "a-6: the network \"tiny\" has no free address");
    if (!platform_is_macos())
        refuse_plan("networks: {link: {kind: pair}}\n"
                    "instances:\n  a-{1..3}: {" BASE ", nics: [user, link]}\n",
                    "lab.yaml:3:44: a-3: the network \"link\" is a pair, which connects two, and "
                    "\"a-1\" and \"a-2\" are in it");
    refuse_plan(LAB "instances:\n  a: {image: none}\n",
                "lab.yaml:5:14: there is no image \"none\", and none of that name is known");
    refuse_plan(LAB "instances:\n  a: {" BASE ", nics: [labb]}\n",
                "\"labb\" is not a kind of network: use one of ");
    refuse_plan(LAB "instances:\n  a: {" BASE ", nics: [user, lab,ip=10.77.0.5]}\n",
                "\"ip=10.77.0.5\" is a part of a network card: it follows its network in the same");
    refuse_plan("instances:\n  a:\n",
                "lab.yaml:2:3: a: it has no image, and ubuntu-jammy, which it");
    refuse_plan("cloud: {users: {root: /dev/null}}\n", "lab.yaml:1:8: ");
    refuse_plan("cloud: {ssh-public-key: [/nonexistent/x]}\n", "lab.yaml:1:8: ");
    refuse_plan("cloud: {trash-days: many}\n", "lab.yaml:1:8: ");
    refuse_plan("cloud: {dns-server: 192.0.2.1}\n", "lab.yaml:1:8: ");
    refuse_plan("instances:\n  a: {" BASE ", disks: {'x y': 1M}}\n", "lab.yaml:2:38: a: \"x y\"");
    refuse_plan("images: {a: {file: /}}\n", "there is no file /");
    refuse_plan("images: {debian-12: {sha256: x}}\n", "lab.yaml:1:10: sha256 goes with url");
    refuse_plan("images: {a: {url: 'ftp://x'}}\n", "lab.yaml:1:10: its url does not begin with");
    refuse_plan("images: {a: {url: 'http://x', file: x}}\n", "url and file exclude each other");
    refuse_plan("images: {a: {file: /nonexistent/x}}\n", "there is no file /nonexistent/x");
    refuse_plan("images: {a: {shell: /bin/sh}}\n", "seed-source, shell and force go with file");
    refuse_plan("images: {a: {file: /dev/null, seed-source: x}}\n", "\"x\" is not a seed source");
    refuse_plan("images: {a: {file: /dev/null, shell: x}}\n", "is not the path of a login shell");
    refuse_plan("images: {a: }\n", "lab.yaml:1:10: there is no image \"a\", and none of that name");
    refuse_plan("images: {A_b: {file: /dev/null}}\n", "lab.yaml:1:10: ");
    refuse_plan("instances: {a: {" BASE ", user-data: \"#cloud-config\\nx: [\\n\"}}\n",
                "lab.yaml:1:52: user-data: line 3");
    refuse_plan("networks:\n  a: {subnet: 10.0.2.0/24}\n", "lab.yaml:2:3: the subnet 10.0.2.0/24");
    refuse_plan("instances:\n  a: {" BASE ", after: nobody}\n", "after: no instance \"nobody\"");
    refuse_plan("instances:\n  a: {" BASE ", vcpu: 1000}\n", "lab.yaml:2:37: a: \"1000\"");
    refuse_plan("defaults: {vcpu: 1000}\ninstances:\n  a: {" BASE "}\n",
                "lab.yaml:1:18: a: \"1000\"");
    refuse_plan("defaults: {vcpu: 1000}\ninstances:\n  a: {" BASE ", vcpu: 2000}\n",
                "lab.yaml:3:37: a: \"2000\"");
    refuse_plan("defaults: {nics: [user, labb]}\ninstances:\n  a: {" BASE "}\n",
                "lab.yaml:1:18: a: --nic: \"labb\"");
    refuse_plan("instances:\n  a: {" BASE ", disks: {data: big}}\n", "\"big\"");
    refuse_plan("instances:\n  a: {" BASE ", user-data: /nonexistent/x}\n", "lab.yaml:2:42: ");
    refuse_plan("instances:\n  a: {" BASE ", user-data: '/nonexistent: v2.yaml'}\n",
                "/nonexistent: v2.yaml");
    refuse_plan("instances:\n  a: {" BASE ", vendor-data: '{x}.yaml'}\n",
                "\"{x}.yaml\" does not exist");
    refuse_plan("instances:\n  a: {" BASE ", vars: {x: \"{{ lookup('pipe', 'id') }}\"}}\n",
                "the variable x has a template, which Ansible evaluates on this computer");
    refuse_plan("instances:\n  a: {" BASE ", vars: {ansible_ssh_executable: /tmp/x}}\n",
                "the variable ansible_ssh_executable cannot be set");
    refuse_plan("instances:\n  a: {" BASE ", forwards: ['31191:80']}\n  b: {" BASE
                ", forwards: ['31191:80']}\n",
                "lab.yaml:3:41: b: ");
}

static const struct {
    const char *key, *value;
    bool is_of_new; /* nothing that one which exists is compared by */
} faults[] = {{"vcpu", "1000", false},
              {"ram", "1k", false},
              {"size", "big", false},
              {"ip", "somewhere", false},
              {"ssh-port", "many", false},
              {"nics", "[user, labb]", false},
              {"forwards", "[many]", false},
              {"disks", "{data: big}", false},
              {"seed", "mail", false},
              {"host-keys", "found", true},
              {"accel", "warp", false},
              {"restart", "seldom", false},
              {"after", "nobody", false},
              {"groups", "[a b]", false},
              {"vars", "{ansible_ssh_executable: x}", false},
              {"snapshot-every", "1ms", false},
              {"snapshot-keep", "0", false},
              {"backup-to", "/nonexistent/x", false},
              {"backup-every", "1ms", false},
              {"backup-keep", "0", false}};

static void expect_places(bool is_new) {
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        scoped(alloc_release) char *start = alloc_printf("defaults: {%s: ", faults[i].key);
        scoped(alloc_release) char *text =
            alloc_printf("%s%s}\ninstances:\n  placed: {image: base}\n", start, faults[i].value);
        scoped(alloc_release) char *place =
            alloc_printf("lab.yaml:1:%zu: placed: ", strlen(start) + 1);
        if (is_new || !faults[i].is_of_new)
            refuse_plan(text, place);
    }
}

TEST(a_default_at_fault_is_placed_by_its_key) {
    expect_places(true);
    carry_out("instances: {placed: {" BASE "}}\n", LAB_KEEP);
    expect_places(false);
    carry_out("instances: {}\n", LAB_PRUNE_OTHERS);
}

#define TWO                                                                                        \
    LAB "instances:\n  a: {" BASE ", nics: [user, lab], vars: {x: y}, groups: [g]}\n"              \
        "  b: {" BASE ", vcpu: 1, nics: [lab], after: a, disks: {data: 8M}}\n"

TEST(a_second_time_there_is_nothing_to_do) {
    expect_plan(TWO, LAB_KEEP,
                "create network lab: 10.77.0.0/24\ncreate network tiny: 10.78.0.0/29\n"
                "create a: base, card lab\ncreate b: base, 1 vcpu, card lab\n");
    carry_out(TWO, LAB_KEEP);
    scoped(alloc_release) char *folder = home_file(&home, HOME_INSTANCES);
    scoped(alloc_release) char *before = fingerprint(folder);
    expect_plan(TWO, LAB_KEEP, "");
    carry_out(TWO, LAB_PRUNE_OTHERS);
    scoped(buffer_done) struct buffer text = {0};
    static char *const all[] = {NULL};
    check_good(lab_write(&home, all, &text, &error), &error);
    expect_plan(text.data, LAB_PRUNE_OTHERS, "");
    CHECK_CONTAINS(text.data, "lab,ip=10.77.0.2");
    scoped(alloc_release) char *after = fingerprint(folder);
    CHECK_STRING(after, before);
}

static void refuse_change(const char *text, const char *sentence) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    CHECK(!make_plan(text, LAB_KEEP, &lab, &plan));
    CHECK_CONTAINS(error.text, sentence);
    CHECK_INT(error_exit_status(error.code), 2);
    error = (struct error){0};
    lab_done(&lab);
    expect_plan(TWO, LAB_KEEP, "");
}

/* As by another apply at the same time. */
TEST(what_was_taken_since_the_plan_is_no_matter_of_names) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    struct store_instance taken = {0};
    const struct instance_create_options options = {.name = "late", .image = "base", .disk = "64M"};
    CHECK(make_plan("instances: {late: {" BASE "}}\n", LAB_KEEP, &lab, &plan));
    make_instance(&home, &options, &taken);
    const struct lab_work work = {.home = &home, .lab = &lab, .plan = &plan};
    CHECK(!lab_work_do(&work, &error));
    CHECK_STRING(error.text,
                 "create late: the instance \"late\" exists already: another command has "
                 "taken that meanwhile; give the same command again");
    error = (struct error){0};
    check_good(instance_table_remove(home.store, taken.id, &error), &error);
    store_instance_done(&taken);
    lab_plan_done(&plan);
    lab_done(&lab);
}

TEST(a_change_that_does_not_fit_changes_nothing) {
    refuse_change(
        LAB "instances: {a: {nics: [user, tiny, tiny, tiny, tiny, tiny, tiny, tiny, tiny]}}\n",
        "lab.yaml:4:23: a: ");
    refuse_change(
        LAB "instances: {a: {nics: ['lab,ip=10.77.0.3']}}\n",
        "lab.yaml:4:23: a: the address 10.77.0.3 in \"lab\" belongs to the instance \"b\"");
    refuse_change(LAB "instances: {a: {disks: {'x y': 1M}}}\n", "lab.yaml:4:24: a: \"x y\"");
    refuse_change(LAB "instances: {a: {forwards: ['18099:80']}, b: {forwards: ['18099:80']}}\n",
                  "lab.yaml:4:56: b: ");
    refuse_change(LAB "instances: {a: {vcpu: 1, after: b}}\n", "lab.yaml:4:33: a: ");
}

static void check_connections(const char *name, const char *ip4, const char *mac, int ssh_port) {
    struct instance_facts facts = {0};
    check_good(instance_facts_load(&home, name, &facts, &error), &error);
    CHECK_INT(facts.nics.count, 1);
    CHECK_STRING(facts.nics.items[0].ip4, ip4);
    CHECK_STRING(facts.nics.items[0].mac, mac);
    CHECK_INT(facts.instance.ssh_port, ssh_port);
    instance_facts_done(&facts);
}

/* "free p, change p" */
static void expect_order(const char *text, const char *expected) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    scoped(buffer_done) struct buffer steps = {0};
    CHECK(make_plan(text, LAB_KEEP, &lab, &plan));
    CHECK_STRING(error.text, "");
    for (size_t i = 0; i < plan.count; i++)
        buffer_printf(&steps, "%s%s %s", i ? ", " : "", lab_step_word(plan.steps[i].kind),
                      plan.steps[i].name);
    CHECK_STRING(steps.data ? steps.data : "", expected);
    lab_plan_done(&plan);
    lab_done(&lab);
}

#define BEFORE_EXCHANGE                                                                            \
    LAB "defaults: {" BASE ", nics: [user]}\ninstances:\n"                                         \
        "  p: {nics: ['lab,ip=10.77.0.21,mac=52:54:02:00:00:01'], "                                \
        "ssh-port: 31197, forwards: ['31192:80']}\n"                                               \
        "  q: {nics: ['lab,ip=10.77.0.22,mac=52:54:02:00:00:02']}\n"                               \
        "  r: {nics: ['lab,ip=10.77.0.23,mac=52:54:02:00:00:03'], "                                \
        "ssh-port: 31198, forwards: ['31193:80', '31195:53/udp']}\n"
#define AFTER_EXCHANGE                                                                             \
    LAB "defaults: {" BASE ", nics: [user]}\ninstances:\n"                                         \
        "  new: {forwards: ['31195:53/udp']}\n"                                                    \
        "  p: {nics: ['lab,ip=10.77.0.22,mac=52:54:02:00:00:03'], "                                \
        "ssh-port: 31198, forwards: ['31193:80']}\n"                                               \
        "  q: {nics: ['lab,ip=10.77.0.23,mac=52:54:02:00:00:02']}\n"                               \
        "  r: {nics: ['lab,ip=10.77.0.21,mac=52:54:02:00:00:01'], "                                \
        "ssh-port: 31197, forwards: ['31192:80']}\n"

TEST(addresses_and_ports_can_be_exchanged) {
    carry_out(BEFORE_EXCHANGE, LAB_KEEP);
    expect_order(BEFORE_EXCHANGE, "");
    expect_order(AFTER_EXCHANGE,
                 "free p, free q, free r, create new, change p, change q, change r");
    carry_out(AFTER_EXCHANGE, LAB_KEEP);
    expect_order(AFTER_EXCHANGE, "");
    check_connections("p", "10.77.0.22/24", "52:54:02:00:00:03", 31198);
    check_connections("r", "10.77.0.21/24", "52:54:02:00:00:01", 31197);
    expect_plan(LAB "instances:\n  r: {forwards: []}\n  q: {nics: []}\n"
                    "  s: {" BASE ", nics: ['lab,ip=10.77.0.23']}\n",
                LAB_KEEP,
                "free q: card lab,ip=10.77.0.23,mac=52:54:02:00:00:02\n"
                "change r: forward -127.0.0.1:31192:80\n"
                "create s: base, card lab,ip=10.77.0.23\n");
    refuse_change(LAB "instances: {p: {nics: ['lab,ip=10.77.0.23']}}\n",
                  "the address 10.77.0.23 in \"lab\" belongs to the instance \"q\"");
    carry_out(TWO, LAB_PRUNE_OTHERS);
}

static void check_ssh_port(const char *name, bool is_free, bool is_given) {
    struct instance_facts facts = {0};
    check_good(instance_facts_load(&home, name, &facts, &error), &error);
    CHECK(is_free == (facts.instance.ssh_port != 31197 && facts.instance.ssh_port != 31198));
    CHECK_INT(facts.instance.ssh_port_given, is_given);
    instance_facts_done(&facts);
}

static struct buffer told;

static void on_notice(const char *instance, const char *sentence, void *context) {
    (void)context;
    buffer_printf(&told, "%s: %s\n", instance, sentence);
}

/* Its plan is good; aside: a file that is not there any more when it is carried out. */
static void fail_to_carry_out(const char *text, const char *aside, const char *sentence) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    scoped(alloc_release) char *kept = scratch_path("kept-aside");
    buffer_clear(&told);
    CHECK(make_plan(text, LAB_KEEP, &lab, &plan));
    CHECK_STRING(error.text, "");
    const struct lab_work work = {.home = &home, .lab = &lab, .plan = &plan, .notice = on_notice};
    CHECK(!aside || rename(aside, kept) == 0);
    CHECK(!lab_work_do(&work, &error));
    CHECK(!aside || rename(kept, aside) == 0);
    CHECK_CONTAINS(error.text, sentence);
    error = (struct error){0};
    lab_plan_done(&plan);
    lab_done(&lab);
}

#define UNREACHABLE "images: {mine: {url: 'http://127.0.0.1:1/x.qcow2', arch: aarch64}}\n"

TEST(nothing_is_given_up_while_an_image_is_fetched) {
    carry_out(BEFORE_EXCHANGE, LAB_KEEP);
    fail_to_carry_out(UNREACHABLE AFTER_EXCHANGE, NULL, "get image mine");
    CHECK_STRING(told.data ? told.data : "", "");
    expect_order(BEFORE_EXCHANGE, "");
    check_ssh_port("p", false, true);
}

TEST(an_apply_that_failed_halfway_is_told_and_goes_on) {
    scoped(alloc_release) char *image = home_file(&home, HOME_IMAGES "/base.qcow2");
    fail_to_carry_out(AFTER_EXCHANGE, image, "create new");
    CHECK_CONTAINS(told.data ? told.data : "",
                   "p: it has given up forward 127.0.0.1:31192:80, card lab,ip=10.77.0.21");
    CHECK_CONTAINS(told.data, "and lacks what the file says instead: the same `pgsup apply` goes");
    check_ssh_port("p", true, false);
    expect_order(AFTER_EXCHANGE, "create new, change p, change q, change r");
    carry_out(AFTER_EXCHANGE, LAB_KEEP);
    expect_order(AFTER_EXCHANGE, "");
    check_ssh_port("p", false, true);
    carry_out(TWO, LAB_PRUNE_OTHERS);
    buffer_done(&told);
}

#define PAIR "networks: {link: {kind: pair}}\ndefaults: {" BASE ", nics: [user]}\ninstances:\n"

/* Before and after the one that gives it up. */
TEST(a_place_in_a_pair_is_handed_over) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    static const char *const after[] = {
        PAIR "  p: {nics: [link]}\n  r: {nics: [link]}\n  q: {}\n",
        PAIR "  p: {}\n  q: {nics: [link]}\n  r: {nics: [link]}\n",
    };
    if (platform_is_macos())
        return;
    carry_out(PAIR "  p: {nics: [link]}\n  q: {nics: [link]}\n  r: {}\n", LAB_KEEP);
    for (size_t i = 0; i < sizeof after / sizeof *after; i++) {
        expect_order(after[i], i ? "free p, change q" : "free q, change r");
        carry_out(after[i], LAB_KEEP);
        expect_order(after[i], "");
    }
    CHECK(!make_plan(PAIR "  p: {nics: [link]}\n", LAB_KEEP, &lab, &plan));
    CHECK_CONTAINS(error.text, "\"q\" and \"r\" are in it: remove one of the two");
    error = (struct error){0};
    lab_done(&lab);
    carry_out(TWO, LAB_PRUNE_OTHERS);
}

TEST(what_is_to_be_known_of_a_pair_is_told) {
    struct store_network network = {0};
    struct lab lab = {0};
    struct lab_plan plan = {0};
    if (platform_is_macos())
        return;
    CHECK(make_plan("networks: {link: {kind: pair}}\n", LAB_KEEP, &lab, &plan));
    const struct lab_work work = {.home = &home, .lab = &lab, .plan = &plan, .notice = on_notice};
    buffer_clear(&told);
    check_good(lab_work_do(&work, &error), &error);
    check_good(network_table_get(home.store, "link", &network, &error), &error);
    const char *remark = home_network_remark(&network);
    scoped(alloc_release) char *expected = remark ? alloc_printf("link: %s\n", remark) : NULL;
    CHECK_STRING(told.data ? told.data : "", expected ? expected : "");
    check_good(home_network_remove(&home, "link", &error), &error);
    store_network_done(&network);
    buffer_done(&told);
    lab_plan_done(&plan);
    lab_done(&lab);
}

#define STATIC(one, two)                                                                           \
    "defaults: {" BASE ", seed: drive}\ninstances: {a: {ip: " one "}, b: {ip: " two "}}\n"

TEST(static_addresses_can_be_exchanged) {
    struct home lab = home;
    const struct cloud_options cloud = bridged_options();
    make_home("bridged", &cloud, &home);
    carry_out(STATIC("172.16.3.21", "172.16.3.22"), LAB_KEEP);
    expect_plan(STATIC("172.16.3.22", "172.16.3.21"), LAB_KEEP,
                "free a: ip 172.16.3.21\nfree b: ip 172.16.3.22\n"
                "change a: ip none -> 172.16.3.22\nchange b: ip none -> 172.16.3.21\n");
    carry_out(STATIC("172.16.3.22", "172.16.3.21"), LAB_KEEP);
    expect_plan(STATIC("172.16.3.22", "172.16.3.21"), LAB_KEEP, "");
    home_close(&home);
    home = lab;
}

TEST(what_differs_is_changed) {
    static const char changed[] = LAB
        "instances:\n  a: {" BASE ", vcpu: 3, nics: [user, lab, tiny], vars: {z: y}, groups: []}\n"
        "  c: {" BASE "}\n";
    expect_plan(changed, LAB_PRUNE_OTHERS,
                "change a: vcpu 2 -> 3, groups g -> none, vars, card +tiny\ncreate c: base\n"
                "prune b: to the trash\n");
    carry_out(changed, LAB_PRUNE_OTHERS);
    expect_plan(changed, LAB_PRUNE_OTHERS, "");
    struct lab lab = {0};
    struct lab_plan plan = {0};
    CHECK(!make_plan("instances: {a: {}}\n", LAB_PRUNE_OTHERS, &lab, &plan));
    CHECK_CONTAINS(error.text, "the network \"lab\" is not in it, but \"a\" has a card there");
    CHECK_INT(error_exit_status(error.code), 2);
    lab_done(&lab);
    static const char named[] = LAB "instances: {a: {nics: [user, lab, 'lab,ip=10.77.0.4']}}\n";
    carry_out(LAB "instances: {a: {nics: ['lab,ip=10.77.0.4', 'lab,ip=10.77.0.50']}}\n", LAB_KEEP);
    expect_plan(named, LAB_KEEP, "");
    carry_out("instances: {a: {nics: [user]}}\n", LAB_KEEP);
    carry_out(LAB "instances: {a: {nics: [user, lab, 'lab,ip=10.77.0.2']}}\n", LAB_KEEP);
    carry_out("instances: {a: {nics: [user]}}\n", LAB_KEEP);
    expect_plan(
        "instances: {a: {nics: [user]}}\n", LAB_PRUNE_OTHERS,
        "prune c: to the trash\nprune network lab: 10.77.0.0/24\nprune network tiny: 10.78.0.0/29\n");
    expect_plan("instances:\n  a: {nested: false, user-data: \"#cloud-config\\nlocale: C\\n\"}\n"
                "  d: {image: debian-12, package-upgrade: true}\n"
                "images: {mine: {url: 'http://127.0.0.1/x.qcow2', arch: aarch64}}\n",
                LAB_KEEP,
                "get image mine: http://127.0.0.1/x.qcow2\nchange a: user-data\n"
                "get image debian-12: by its name\ncreate d: debian-12\n");
    expect_plan(
        LAB "instances: {a: {image: other, size: 1G}}\n", LAB_KEEP,
        "note a: its image is \"base\", not \"other\", which no command changes: `pgsup instance "
        "remove a` and the same apply make it anew, without its data, resize needed: its disk has "
        "64 MiB, not 1 GiB (`pgsup instance resize a 1073741824`)\n");
    expect_plan(LAB "instances: {a: {size: 32 MiB}}\n", LAB_KEEP,
                "note a: its disk has 64 MiB, not 32 MiB, and a disk does not shrink\n");
    carry_out(LAB "instances: {a: {disks: {data: 8M}, vars: {none: null}}}\n", LAB_KEEP);
    expect_plan(LAB "instances: {a: {disks: {data: 8192k}, vars: {none: null}}}\n", LAB_KEEP, "");
    expect_plan(LAB "instances: {a: {disks: {data: 16M}}}\n", LAB_KEEP,
                "note a: its disk data has 8 MiB, not 16 MiB, which no command changes\n");
    home_close(&home);
}

/* --- documents and notices --- */

/* Says that each document is old, if it can write to the store meanwhile; counts how often. */
static void fake_cloud_init(void) {
    static const char text[] =
        "#!/usr/bin/env python3\nimport os, sqlite3\n"
        "open(os.environ['ASKED'], 'a').write('x')\n"
        "store = sqlite3.connect(os.environ['STORE'], timeout=0.1, isolation_level=None)\n"
        "store.execute('BEGIN IMMEDIATE')\nstore.execute('ROLLBACK')\n"
        "print('schema deprecations: it is old')\n";
    scoped(alloc_release) char *folder = scratch_path("bin");
    scoped(alloc_release) char *program = scratch_path("bin/cloud-init");
    scoped(alloc_release) char *store = home_file(&home, HOME_DATABASE);
    scoped(alloc_release) char *asked = scratch_path("asked");
    scoped(alloc_release) char *path = alloc_printf("%s:%s", folder, getenv("PATH"));
    mkdir(folder, 0700);
    scratch_write(program, text, sizeof text - 1, 0755);
    setenv("STORE", store, 1);
    setenv("ASKED", asked, 1);
    setenv("PATH", path, 1);
}

/* The remarks of the plan, then what is told while it is carried out. */
static void expect_told(const char *text, const char *first, const char *second) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    buffer_clear(&told);
    CHECK(make_plan(text, LAB_KEEP, &lab, &plan));
    CHECK_STRING(error.text, "");
    for (size_t i = 0; i < plan.asked.remarks.count; i++)
        buffer_printf(&told, "%s\n", plan.asked.remarks.items[i]);
    const struct lab_work work = {.home = &home, .lab = &lab, .plan = &plan, .notice = on_notice};
    check_good(lab_work_do(&work, &error), &error);
    CHECK_CONTAINS(told.data ? told.data : "", first);
    CHECK_CONTAINS(told.data ? told.data : "", second);
    lab_plan_done(&plan);
    lab_done(&lab);
}

static void add_launch(const char *name) {
    struct store_instance instance = {0};
    struct store_launch launch = {0};
    check_good(instance_table_get(home.store, name, &instance, &error), &error);
    check_good(launch_table_add(home.store, instance.id, &launch, &error), &error);
    store_launch_done(&launch);
    store_instance_done(&instance);
}

#define NEWER "\"#cloud-config\\nlocale: D\\n\""
#define NET   "\"version: 2\\nethernets: {a: {match: {name: 'e*'}, dhcp4: true}}\\n\""
#define OLD   "\"#cloud-config\\nlocale: C\\n\""

TEST(documents_are_judged_once_while_others_can_write) {
    const struct cloud_options cloud = user_options();
    make_home("documents", &cloud, &home);
    fake_cloud_init();
    refuse_plan("instances: {a: {" BASE ", user-data: \"#cloud-config\\ngroups: [ansible]\\n\"}}\n",
                "lab.yaml:1:52: user-data: ");
    unlink(getenv("ASKED"));
    expect_told("instances: {'a{1..3}': {" BASE ", user-data: " OLD "}}\n",
                "user-data: `cloud-init schema` reports: it is old\n", "");
    scoped(alloc_release) char *asked = read_text(scratch(), "asked");
    CHECK_STRING(asked, "x");
    scoped(alloc_release) char *script = home_file(&home, HOME_INSTANCES "/a1/vm.sh");
    scratch_write(script, "#!/bin/sh\n", strlen("#!/bin/sh\n"), 0700);
    expect_told("instances: {a1: {vcpu: 3, vendor-data: " OLD "}}\n",
                "vendor-data: `cloud-init schema` reports: it is old\n", "a1: ");
    CHECK_CONTAINS(told.data, "vm.sh.new");
    CHECK(!strstr(told.data, "cloud-init runs again"));
    add_launch("a1");
    expect_told("instances: {a1: {vendor-data: " NEWER "}}\n", "a1: its guest reads its documents",
                "pgsup instance set a1 --rerun-cloud-init");
    expect_plan("instances: {a1: {vcpu: 3, vendor-data: " OLD "}}\n", LAB_KEEP,
                "change a1: vendor-data\n");
    scoped(alloc_release) char *image = scratch_path("base-arm64.qcow2");
    scoped(alloc_release) char *over_http = alloc_printf(
        "images: {old: {file: %s, arch: aarch64, seed-source: nocloud}}\n"
        "instances: {b: {image: old, size: 64M, seed: http, network-config: " NET "}}\n",
        image);
    expect_told(over_http, "b: network-config: over HTTP only cloud-init 24.3 and later fetches it",
                "");
    buffer_done(&told);
    home_close(&home);
}

static void export_all(struct buffer *text) {
    static char *const all[] = {NULL};
    check_good(lab_write(&home, all, text, &error), &error);
}

/* Whatever can be said of an instance: it is exported, and makes the same in another home. */
TEST(what_is_exported_makes_the_same_again) {
    const struct cloud_options cloud = user_options();
    scoped(alloc_release) char *folder = scratch_path("backups");
    scoped(buffer_done) struct buffer first = {0}, second = {0}, said = {0};
    mkdir(folder, 0700);
    buffer_printf(&said,
                  LAB "instances:\n  plain: {" BASE ", nics: [], network-config: %s}\n"
                      "  line: {" BASE ", nics: [], network-config: %s}\n"
                      "  most:\n    " BASE_LINES "    vcpu: 1\n    ram: 256M\n    nested: true\n"
                      "    package-upgrade: true\n    seed: both\n    accel: tcg\n"
                      "    nics: [user, lab, 'tiny,ip=10.78.0.5,mac=52:54:99:01:02:03', user]\n"
                      "    disks: {data: 8M, 'more': 16M}\n    restart: always\n    after: plain\n"
                      "    groups: [a, b]\n    vars: {x: 'it: {is} \"q\" #1', y: ' sp', z: ''}\n"
                      "    provision: false\n    snapshot-every: 1h\n    snapshot-keep: 3\n"
                      "    backup-to: %s\n    backup-every: 12h\n    backup-keep: 2\n"
                      "    user-data: \"#!/bin/sh\\n\\techo 'x: $X'  \\r\\n\\n  # \\xFC\\n\\n\"\n"
                      "    vendor-data: '#include http://192.0.2.1/x'\n"
                      "    network-config: |\n      version: 2\n      ethernets:\n"
                      "        all: {match: {name: 'en*'}, dhcp4: true}\n",
                  "' {version: 2, ethernets: {all: {match: {name: ''en*''}, dhcp4: true}}} '",
                  "'network: {version: 2, ethernets: {e0: {dhcp4: true}}}'", folder);
    make_home("exported", &cloud, &home);
    carry_out(said.data, LAB_KEEP);
    expect_plan(said.data, LAB_PRUNE_OTHERS, "");
    export_all(&first);
    expect_plan(first.data, LAB_PRUNE_OTHERS, "");
    for (int i = 0; i < LAB_KEY_COUNT; i++) { /* but those of other networks, and ports */
        scoped(alloc_release) char *key = alloc_printf("    %s:", lab_keys[i].name);
        CHECK(strstr(first.data, key) || i == LAB_IP || i == LAB_SSH_PORT || i == LAB_FORWARDS ||
              i == LAB_HOST_KEYS);
    }
    home_close(&home);
    make_home("again", &cloud, &home);
    carry_out(first.data, LAB_KEEP);
    export_all(&second);
    CHECK_STRING(second.data, first.data);
    carry_out("instances: {most: {backup-to: '', snapshot-every: '', nics: [], provision: true}}\n",
              LAB_KEEP);
    buffer_clear(&second);
    export_all(&second);
    CHECK(!strstr(second.data, "backup-to") && !strstr(second.data, "snapshot-every"));
    carry_out(first.data, LAB_KEEP);
    buffer_clear(&second);
    export_all(&second);
    CHECK_STRING(second.data, first.data);
    home_close(&home);
}

/* --- the cloud --- */

TEST(the_cloud_is_compared_as_it_would_be_set) {
    const struct cloud_options cloud = user_options();
    make_home("clouds", &cloud, &home);
    scoped(alloc_release) char *same =
        alloc_printf("cloud: {name: x, network: user, ssh-public-key: [%s], auto-up: false, "
                     "ssh-user: '', trash-days: 7, no-lab: true}\n",
                     public_key_file());
    scoped(alloc_release) char *other =
        alloc_printf("cloud: {network: bridge, ph-port: 10301, users: {anna: %s}, auto-up: true, "
                     "ssh-user: anna, package-upgrade: true, trash-days: 3}\n",
                     public_key_file());
    expect_plan(same, LAB_KEEP, "");
    expect_plan(
        other, LAB_KEEP,
        "note the cloud: its network is \"user\", not as the file says (`pgsup cloud set --network "
        "…`), its ph-port is \"10300\", not as the file says (`pgsup cloud set --ph-port …`)\n"
        "change the cloud: user anna, ssh-user, package-upgrade, auto-up, "
        "trash-days\n");
    carry_out(other, LAB_KEEP);
    expect_plan("cloud: {auto-up: true, trash-days: 3}\n", LAB_KEEP, "");
    home_close(&home);
}

static void find_rehearsals(glob_t *found) {
    *found = (glob_t){0};
    if (glob("/tmp/pgsup-lab.*", 0, NULL, found) != 0)
        found->gl_pathc = 0;
}

/* Those of other processes, which come and go meanwhile, are waited for. */
static void check_none_left(const glob_t *before) {
    glob_t after;
    find_rehearsals(&after);
    for (size_t i = 0; i < after.gl_pathc; i++) {
        bool known = false;
        for (size_t n = 0; n < before->gl_pathc; n++)
            known |= strcmp(after.gl_pathv[i], before->gl_pathv[n]) == 0;
        for (int tries = 0; !known && tries < 300 && file_exists(after.gl_pathv[i]); tries++)
            poll(NULL, 0, 100);
        CHECK(known || !file_exists(after.gl_pathv[i]));
    }
    globfree(&after);
}

static void rehearse(const char *text, const char *steps, const char *sentence) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    scoped(buffer_done) struct buffer found = {0};
    glob_t before;
    find_rehearsals(&before);
    error = (struct error){0};
    check_good(lab_file_parse("lab.yaml", text, strlen(text), &lab, &error), &error);
    CHECK(lab_rehearse(&lab, LAB_KEEP, &plan, &error) == !*sentence);
    CHECK_CONTAINS(error.text, sentence);
    CHECK_INT(error_exit_status(error.code), *sentence ? 2 : 0);
    for (size_t i = 0; i < plan.count; i++)
        buffer_printf(&found, "%s %s\n", lab_step_word(plan.steps[i].kind), plan.steps[i].name);
    CHECK_STRING(found.data ? found.data : "", steps);
    check_none_left(&before);
    globfree(&before);
    lab_plan_done(&plan);
    lab_done(&lab);
}

TEST(without_a_home_the_whole_file_is_checked_all_the_same) {
    scoped(alloc_release) char *image = scratch_path("base-arm64.qcow2");
    scoped(alloc_release) char *text = alloc_printf(
        "cloud: {network: user, auto-up: true}\nimages: {x: {file: %s, arch: aarch64}}\n", image);
    scoped(alloc_release) char *right =
        alloc_printf("%sinstances: {a: {image: x, nics: [user, lab]}}\n", text);
    scoped(alloc_release) char *wrong =
        alloc_printf("%sinstances: {a: {image: x, vcpu: many}}\n", text);
    rehearse(right, "get image x\ncreate a\n", "");
    rehearse(wrong, "", "lab.yaml:3:33: a: \"many\"");
    rehearse("cloud: {network: user, no-lab: true}\ninstances: {a: {nics: [user, lab]}}\n", "",
             "lab.yaml:2:13: a: ");
    rehearse("cloud: {network: carrier-pigeon}\n", "", "lab.yaml:1:8: ");
    rehearse("cloud: {ph-port: many}\n", "", "lab.yaml:1:8: ");
}

TEST(the_schema_names_every_key) {
    json_t *schema = lab_schema();
    scoped(alloc_release) char *text = json_dumps(schema, JSON_COMPACT);
    CHECK(schema != NULL);
    for (size_t i = 0; i < LAB_KEY_COUNT; i++)
        CHECK_CONTAINS(text, lab_keys[i].name);
    for (size_t i = 0; i < LAB_IMAGE_KEY_COUNT; i++)
        CHECK_CONTAINS(text, lab_image_keys[i].name);
    for (size_t i = 0; i < LAB_CLOUD_KEY_COUNT; i++)
        CHECK_CONTAINS(text, lab_cloud_keys[i].name);
    json_decref(schema);
}

int main(void) {
    return test_run();
}
