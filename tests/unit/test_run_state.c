/* Why QEMU stopped a VM, in words. */
#include "test.h"

#include "base/alloc.h"
#include "machine/core/run_state.h"

static void check_reason(const char *word, const char *accel, const char *text,
                         const char *expected) {
    struct run_state_context context = {"one", accel, text};
    scoped(alloc_release) char *reason = run_state_reason(word, &context);
    CHECK_STRING(reason, expected);
}

TEST(who_stopped_it_knows_why) {
    check_reason("paused", "kvm", "", NULL);
    check_reason("running", "kvm", "", NULL);
    check_reason("prelaunch", "kvm", "", NULL);
}

TEST(run_states_have_sentences) {
    check_reason("guest-panicked", "kvm", "", "the kernel of the guest panicked");
    check_reason("save-vm", "kvm", "", "QEMU stopped it to save a snapshot");
    check_reason("shutdown", "kvm", "", "the guest has shut down, and QEMU was told not to end");
    check_reason("of the future\n", "kvm", "", "QEMU says \"of the future\\x0A\"");
}

TEST(an_internal_error_comes_with_qemus_words_and_advice) {
    check_reason("internal-error", "tcg", "", "QEMU stopped it because of an internal error");
    check_reason("internal-error", "kvm", "KVM internal error. Suberror: 1; emulation failure",
                 "QEMU stopped it because of an internal error (KVM internal error. Suberror: 1; "
                 "emulation failure); after `pgsup instance set one --accel tcg` it starts without "
                 "kvm");
    check_reason("internal-error", NULL, "",
                 "QEMU stopped it because of an internal error; after `pgsup instance set one "
                 "--accel tcg` it starts without hardware acceleration");
}

TEST(qemu_halts_a_guest_by_itself) {
    CHECK(run_state_is_halt("guest-panicked"));
    CHECK(run_state_is_halt("internal-error"));
    CHECK(run_state_is_halt("of the future"));
    CHECK(!run_state_is_halt("paused"));
    CHECK(!run_state_is_halt("running"));
    CHECK(!run_state_is_halt("prelaunch"));
}

TEST(qemu_resumes_all_but_two) {
    CHECK(run_state_ends_boot("guest-panicked"));
    CHECK(run_state_ends_boot("internal-error"));
    CHECK(!run_state_ends_boot("io-error"));
    CHECK(!run_state_ends_boot("paused"));
    CHECK(run_state_needs_reset("internal-error"));
    CHECK(run_state_needs_reset("shutdown"));
    CHECK(!run_state_needs_reset("guest-panicked"));
    CHECK(!run_state_needs_reset("paused"));
    CHECK(!run_state_needs_reset("of the future"));
}

int main(void) {
    return test_run();
}
