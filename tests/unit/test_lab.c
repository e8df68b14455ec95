/* What a lab file makes of a home: what is refused, and what is made and changed. */
#include "home/lab/lab_write.h"
#include "lab_samples.h"

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

int main(void) {
    return test_run();
}
