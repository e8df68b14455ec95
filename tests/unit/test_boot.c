#include "test.h"

#include "base/alloc.h"
#include "machine/core/boot.h"

static void check_step(struct boot *boot, const struct boot_step *step, const char *sentence,
                       const char *where) {
    scoped(alloc_release) char *said = boot_take(boot, step);
    scoped(alloc_release) char *is = boot_where(boot);
    CHECK_STRING(said, sentence);
    CHECK_STRING(is, where);
}

static void begin(struct boot *boot, const char *stage, const char *module, const char *sentence,
                  const char *where) {
    struct boot_step step = {stage, module, "", .begins = true};
    check_step(boot, &step, sentence, where);
}

static void end(struct boot *boot, const char *stage, const char *module, bool failed,
                const char *sentence, const char *where) {
    struct boot_step step = {stage, module, failed ? "it broke" : "", .failed = failed,
                             .last = strcmp(stage, "modules-final") == 0};
    check_step(boot, &step, sentence, where);
}

TEST(a_boot_of_which_nothing_is_known) {
    struct boot boot = {0};
    scoped(alloc_release) char *clause = boot_clause(&boot);
    CHECK_STRING(boot_where(&boot), NULL);
    CHECK_STRING(clause, "");
    CHECK(!boot_is_behind(&boot));
    boot_done(&boot);
}

/* cloud-init's first word of a stage is of its first module: the reporter begins with that. */
TEST(a_whole_boot) {
    struct boot boot = {0};
    begin(&boot, "modules-config", "locale", "modules-config began", "modules-config, locale");
    end(&boot, "modules-config", "locale", true, "modules-config/locale failed: it broke",
        "modules-config");
    begin(&boot, "modules-config", "ntp", NULL, "modules-config, ntp");
    end(&boot, "modules-config", "ntp", false, NULL, "modules-config");
    end(&boot, "modules-config", "", true, "modules-config ended, not all of it well",
        "modules-config");
    begin(&boot, "modules-final", "", "modules-final began", "modules-final");
    CHECK(boot_is_behind(&boot));
    begin(&boot, "modules-final", "phone-home", NULL, "modules-final, phone-home");
    CHECK(!boot_is_behind(&boot));
    scoped(alloc_release) char *clause = boot_clause(&boot);
    CHECK_STRING(clause,
                 ", cloud-init is in modules-final, phone-home (failed: modules-config/locale)");
    end(&boot, "modules-final", "", false, "modules-final ended", "done");
    CHECK_INT(boot.failed.count, 1);
    scoped(alloc_release) char *last = boot_clause(&boot);
    CHECK_STRING(last, ", cloud-init is done (failed: modules-config/locale)");
    boot_done(&boot);
    CHECK_STRING(boot.stage, "");
}

TEST(what_is_told_again_is_no_news) {
    struct boot boot = {0};
    begin(&boot, "modules-config", "", "modules-config began", "modules-config");
    end(&boot, "modules-config", "ntp", true, "modules-config/ntp failed: it broke",
        "modules-config");
    for (int i = 0; i < 3; i++) {
        end(&boot, "modules-config", "ntp", true, NULL, "modules-config");
        begin(&boot, "init-network", "ssh", i ? NULL : "init-network began", "init-network, ssh");
        begin(&boot, "modules-config", "", NULL, "modules-config");
    }
    CHECK_INT(boot.failed.count, 1);
    boot_done(&boot);
}

TEST(what_is_kept_has_an_end) {
    struct boot boot = {0};
    int said = 0;
    for (int i = 0; i < 1000; i++) {
        scoped(alloc_release) char *module = alloc_printf("m-%d", i);
        scoped(alloc_release) char *stage = alloc_printf("s-%d", i);
        struct boot_step failure = {"modules-final", module, "", .failed = true};
        struct boot_step beginning = {stage, "", "", .begins = true};
        scoped(alloc_release) char *first = boot_take(&boot, &failure);
        scoped(alloc_release) char *second = boot_take(&boot, &beginning);
        said += (first != NULL) + (second != NULL);
    }
    CHECK_INT(boot.failed.count, BOOT_FAILED_LIMIT);
    CHECK_INT(said, BOOT_FAILED_LIMIT + BOOT_TOLD_LIMIT);
    scoped(alloc_release) char *clause = boot_clause(&boot);
    CHECK_STRING(clause, ", cloud-init is in s-999 (failed: modules-final/m-0, modules-final/m-1, "
                         "modules-final/m-2, modules-final/m-3 …)");
    boot_done(&boot);
}

int main(void) {
    return test_run();
}
