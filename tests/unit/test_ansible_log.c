/* What the recap of ansible-playbook counts, and what is none. */
#include "home/access/ansible_log.h"
#include "test.h"

TEST(counts_the_last_recap) {
    static const struct {
        const char *text;
        struct ansible_recap recap;
        bool found;
    } table[] = {
        {"", {0}, false},
        {"PLAY [Deploy]\nTASK [x]\nok: [test]\n", {0}, false},
        {"PLAY RECAP ***", {0}, false},
        {"PLAY RECAP ***\n\n", {0}, false},
        {"PLAY RECAP ***\ntest : ok=4    changed=3    unreachable=0    failed=0    skipped=1\n",
         {4, 3, 0, 0},
         true},
        {"PLAY RECAP ***\na : ok=1 changed=1 unreachable=0 failed=2\n"
         "b : ok=2 changed=0 unreachable=1 failed=0\n\nok=9 changed=9\n",
         {3, 1, 1, 2},
         true},
        {"PLAY RECAP ***\na : ok=7 changed=7 unreachable=7 failed=7\n\n"
         "PLAY RECAP ***\na : ok=1 changed=0 unreachable=0 failed=0\n",
         {1, 0, 0, 0},
         true},
        {"PLAY RECAP ***\n\033[0;33mtest\033[0m : \033[0;32mok=4 \033[0m \033[0;33mchanged=3\033[0m"
         " unreachable=0 failed=0\n",
         {4, 3, 0, 0},
         true},
        {"PLAY RECAP\nt : ok=99999999999999999999 changed=-1 unreachable= failed=x\n",
         {1000000, 1000000, 0, 0},
         true},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct ansible_recap recap;
        CHECK_INT(ansible_log_parse(table[i].text, &recap), table[i].found);
        CHECK_INT(recap.ok, table[i].recap.ok);
        CHECK_INT(recap.changed, table[i].recap.changed);
        CHECK_INT(recap.unreachable, table[i].recap.unreachable);
        CHECK_INT(recap.failed, table[i].recap.failed);
    }
}

int main(void) {
    return test_run();
}
