/* What instances give up for one another: addresses, ports, places in a pair. */
#include "home/network/home_network.h"
#include "lab_samples.h"

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

int main(void) {
    const struct cloud_options cloud = user_options();
    make_home("lab", &cloud, &home);
    carry_out(TWO, LAB_KEEP);
    int status = test_run();
    home_close(&home);
    return status;
}
