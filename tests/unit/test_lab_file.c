/* Lab files as text: what is refused, with its place; ranges, merges, order and the environment. */
#include "base/alloc.h"
#include "base/buffer.h"
#include "home/lab/lab_file.h"
#include "test.h"

#include <time.h>

static struct error error;

static void refuse(const char *text, const char *sentence) {
    struct lab lab = {0};
    error = (struct error){0};
    CHECK(!lab_file_parse("lab.yaml", text, strlen(text), &lab, &error));
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_CONTAINS(error.text, sentence);
    CHECK(!strchr(error.text, '\n'));
    lab_done(&lab);
    error = (struct error){0};
}

/* libyaml takes quadratic time for them. */
TEST(what_is_too_deep_is_refused_at_once) {
    static char text[100016];
    memset(text, '[', sizeof text - 1);
    memcpy(text, "instances: ", strlen("instances: "));
    refuse(text, "lab.yaml:1:139: more than 128 ");
    refuse(text, "more than 128 lists and mappings in one another");
}

TEST(what_is_no_lab_file) {
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"", "lab.yaml: there is nothing in it"},
        {"- a\n- b\n", "lab.yaml:1:1: a map of keys and values belongs here"},
        {"instances:\n\ta: {}\n", "lab.yaml:2:1: this is not YAML: a tab indents this line"},
        {"instances:\n  a: {vars: {x: 'gr\xf6\xdf'}}\n", "lab.yaml:2:21: this is not YAML: inva"},
        {"instances:\n  a:\n    image:b\n",
         "lab.yaml:3:5: a map of keys and values belongs here: a "
         "colon is followed by a space"},
        {"vms: {}\n", "lab.yaml:1:1: \"vms\" is not a key here: did you mean \"instances\"?"},
        {"instances:\n  a: {cpus: 2}\n", "\"cpus\" is not a key here: did you mean \"vcpu\"?"},
        {"instances:\n  a: {os: x}\n", "\"os\" is not a key here: did you mean \"image\"?"},
        {"networks:\n  a: {cidr: x}\n", "\"cidr\" is not a key here: did you mean \"subnet\"?"},
        {"networks:\n  a: {cpus: x}\n", "\"cpus\" is not a key here: `pgsup apply --schema`"},
        {"instances: {a: {vcpu: 2}\n", "this is not YAML"},
        {"instance: {}\n",
         "lab.yaml:1:1: \"instance\" is not a key here: did you mean \"instances\""},
        {"instances:\n  a: {vpcu: 2}\n",
         "lab.yaml:2:7: \"vpcu\" is not a key here: did you mean \"vcpu\""},
        {"instances:\n  a: {zzzzzz: 2}\n",
         "lab.yaml:2:7: \"zzzzzz\" is not a key here: `pgsup apply"},
        {"networks:\n  lab: {subnets: x}\n",
         "lab.yaml:2:9: \"subnets\" is not a key here: did you mean \"subnet\""},
        {"instances:\n  a: {vcpu: 2, vcpu: 3}\n", "lab.yaml:2:16: this key stands here twice"},
        {"instances:\n  a: {}\n  a: {}\n", "lab.yaml:3:3: this key stands here twice"},
        {"instances:\n  n-{1..2}: {}\n  n-2: {}\n",
         "lab.yaml:3:3: an instance of this name stands"},
        {"instances: [a, b]\n", "lab.yaml:1:12: a map of keys and values belongs here"},
        {"instances:\n  a: [x]\n", "lab.yaml:2:6: a map of keys and values belongs here"},
        {"instances:\n  a: {vcpu: [2]}\n", "lab.yaml:2:13: a list or a map stands where a text"},
        {"instances:\n  a: {vcpu: }\n", "lab.yaml:2:13: a value is missing here"},
        {"instances:\n  a: {nics: lab}\n", "lab.yaml:2:13: a list belongs here"},
        {"instances:\n  a: {nics: [{x: y}]}\n", "a list or a map stands where a text belongs"},
        {"instances:\n  a: {vars: [x]}\n", "lab.yaml:2:13: a map of keys and values belongs here"},
        {"instances:\n  a: {autostart: yes}\n", "true or false belongs here, not \"yes\""},
        {"instances:\n  a: {autostart: maybe}\n",
         "lab.yaml:2:18: true or false belongs here, not \"maybe\""},
        {"instances:\n  A_b: {}\n", "lab.yaml:2:3: \"A_b\""},
        {"instances:\n  a-{1..x}: {}\n", "lab.yaml:2:3: this is not a range of names"},
        {"instances:\n  a-{1..3: {}\n", "this is not a range of names"},
        {"instances:\n  a-{3..1}: {}\n", "lab.yaml:2:3: this range of names is empty"},
        {"instances:\n  a-{1..2}-{1..2}: {}\n", "this is not a range of names"},
        {"instances:\n  a-{1..2000}: {}\n", "more than 1000 instances"},
        {"instances:\n  a: {after: b}\n  b: {after: c}\n  c: {after: a}\n",
         "lab.yaml:2:14: \"a\" comes after \"b\""},
        {"instances:\n  a: {after: a}\n", "comes after itself: break the circle"},
        {"a: &x {<<: *x}\n", "is not a key here"},
        {"defaults: &x\n  <<: *x\n", "lab.yaml:1:11: merges (<<) within merges go too deep"},
        {"instances:\n  a: {vcpu: *none}\n", "this is not YAML"},
        {"instances:\n  a: {image: !env 'x-${PGSUP_NONE}'}\n",
         "lab.yaml:2:14: this variable is not in the environment: set it"},
        {"instances:\n  a: {image: !env '${}'}\n", "lab.yaml:2:14: this is not a variable"},
        {"instances:\n  a: {image: !env '${A'}\n", "lab.yaml:2:14: this is not a variable"},
        {"instances:\n  a: {image: !env '${A-B}'}\n", "lab.yaml:2:14: this is not a variable"},
        {"instances:\n  a: {nics: !env [a]}\n", "lab.yaml:2:13: !env is for a text"},
        {"instances:\n  a: !include b.yaml\n", "lab.yaml:2:6: this tag is not known"},
        {"images:\n  a: {sha: x}\n", "lab.yaml:2:7: \"sha\" is not a key here"},
        {"cloud: {ssh-public-keys: [x]}\n",
         "lab.yaml:1:9: \"ssh-public-keys\" is not a key here: did you mean \"ssh-public-key\"?"},
        {"instances: {}\n---\ninstances: {}\n", "lab.yaml:3:1: a second document stands here"},
        {"cloud: {users: [x]}\n", "lab.yaml:1:16: a map of keys and values belongs here"},
        {"images: [debian-12]\n", "lab.yaml:1:9: a map of keys and values belongs here"},
        {"instances:\n  ? [a]\n  : {}\n", "a list or a map stands where a text belongs"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        refuse(cases[i].text, cases[i].sentence);
}

/* A document of a mebibyte of nonsense is refused soon. */
TEST(nonsense_is_refused) {
    struct buffer text = {0};
    while (text.length < LAB_FILE_LIMIT_BYTES)
        buffer_puts(&text, "[{\"a\": b}, x: *y,\n");
    refuse(text.data, "more than 128 lists and mappings in one another");
    buffer_clear(&text);
    for (int i = 0; i < 2000; i++)
        buffer_printf(&text, "k%d: 1\n", i);
    refuse(text.data, "more than 1024 keys");
    buffer_clear(&text);
    buffer_puts(&text, "defaults:\n  nics:\n");
    for (int i = 0; i < 2000; i++)
        buffer_puts(&text, "  - user\n");
    refuse(text.data, "lab.yaml:3:3: more than 1024 items in one list");
    buffer_done(&text);
}

/* Of the processor, which other programs do not use up. */
#define SOON (10 * CLOCKS_PER_SEC)

/* Each level names the one before it 30 times. */
TEST(merges_that_multiply_are_refused_soon) {
    scoped(buffer_done) struct buffer text = {0};
    clock_t begun = clock();
    buffer_puts(&text, "defaults: &m0 {vcpu: 1}\ninstances:\n");
    for (int level = 1; level < 8; level++) {
        buffer_printf(&text, "  a%d: &m%d\n    <<: [", level, level);
        for (int i = 0; i < 30; i++)
            buffer_printf(&text, "%s*m%d", i ? ", " : "", level - 1);
        buffer_puts(&text, "]\n");
    }
    refuse(text.data, "lab.yaml:");
    refuse(text.data, ": merges (<<) make too many maps of this file");
    CHECK(clock() - begun < SOON);
}

TEST(a_long_chain_is_sorted_soon) {
    scoped(buffer_done) struct buffer text = {0};
    struct lab lab = {0};
    clock_t begun = clock();
    buffer_puts(&text, "instances:\n  n-0: {}\n");
    for (unsigned i = LAB_INSTANCES_MAX - 1; i > 0; i--)
        buffer_printf(&text, "  n-%u: {after: n-%u}\n", i, i - 1);
    CHECK(lab_file_parse("lab.yaml", text.data, text.length, &lab, &error));
    CHECK_STRING(error.text, "");
    CHECK_STRING(lab.instances[999].name, "n-999");
    CHECK_STRING(lab.instances[1].name, "n-1");
    CHECK(clock() - begun < SOON);
    lab_done(&lab);
}

TEST(ranges_defaults_merges_and_order) {
    static const char text[] =
        "networks:\n  lab:\n  other: {subnet: 10.9.0.0/24}\n"
        "defaults: &d {vcpu: 1, groups: [all], vars: {a: b, c: 'd e'}}\n"
        "instances:\n"
        "  agent-{08..10}: {after: server, <<: {vcpu: 4, ram: 512}}\n"
        "  server:\n    <<: [{ram: 1G}, {ram: 2G, size: 9G}]\n    groups: []\n    nested: True\n";
    struct lab lab = {0};
    CHECK(lab_file_parse("x/lab.yaml", text, sizeof text - 1, &lab, &error));
    CHECK_STRING(error.text, "");
    CHECK_INT(lab.network_count, 2);
    CHECK_STRING(lab_text(&lab.networks[1].values[LAB_NETWORK_SUBNET]), "10.9.0.0/24");
    CHECK_INT(lab.instance_count, 4);
    CHECK_STRING(lab.instances[0].name, "server");
    CHECK_STRING(lab_text(&lab.instances[0].values[LAB_RAM]), "1G");
    CHECK_STRING(lab_text(&lab.instances[0].values[LAB_SIZE]), "9G");
    CHECK_STRING(lab_text(&lab.instances[0].values[LAB_VCPU]), "1");
    CHECK(lab_list(&lab.instances[0].values[LAB_GROUPS]) != NULL);
    CHECK(lab_list(&lab.instances[0].values[LAB_GROUPS])[0] == NULL);
    CHECK_STRING(lab_text(&lab.instances[0].values[LAB_NESTED]), "true");
    CHECK_STRING(lab.instances[1].name, "agent-08");
    CHECK_STRING(lab.instances[3].name, "agent-10");
    CHECK_STRING(lab_text(&lab.instances[3].values[LAB_VCPU]), "4");
    CHECK_STRING(lab_list(&lab.instances[3].values[LAB_VARS])[1], "c=d e");
    CHECK_INT(lab.instances[3].place.line, 6);
    lab_done(&lab);
}

TEST(only_what_is_marked_is_of_the_environment) {
    static const char text[] =
        "instances:\n"
        "  a: {image: !env 'x-${PGSUP_IT}-${PGSUP_NO:-or this}$'}\n"
        "  b: {image: '${PGSUP_IT}', accel: !!str tcg, ip: !env '${PGSUP_NO:-}'}\n";
    struct lab lab = {0};
    setenv("PGSUP_IT", "it: {y}", 1);
    CHECK(lab_file_parse("lab.yaml", text, sizeof text - 1, &lab, &error));
    CHECK_STRING(error.text, "");
    CHECK_STRING(lab_text(&lab.instances[0].values[LAB_IMAGE]), "x-it: {y}-or this$");
    CHECK_STRING(lab_text(&lab.instances[1].values[LAB_IMAGE]), "${PGSUP_IT}");
    CHECK_STRING(lab_text(&lab.instances[1].values[LAB_IP]), "");
    lab_done(&lab);
}

int main(void) {
    return test_run();
}
