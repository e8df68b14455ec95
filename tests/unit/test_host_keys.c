#include "test.h"

#include "home/seed/host_keys.h"

#define ED25519 "ssh-ed25519 AAAAC3Nz\n"
#define ECDSA   "ecdsa-sha2-nistp256 AAAAE2Vj\n"
#define RSA     "ssh-rsa AAAAB3Nz\n"

TEST(what_a_guest_reports_is_what_it_was_given) {
    CHECK(host_keys_are_among(ED25519, ED25519 ECDSA));
    CHECK(host_keys_are_among(ECDSA ED25519, ED25519 ECDSA));
    CHECK(host_keys_are_among("", ED25519 ECDSA));
    CHECK(!host_keys_are_among("ssh-ed25519 AAAAC3Ny\n", ED25519 ECDSA));
    CHECK(!host_keys_are_among("ssh-ed25519 AAAAC3NzX\n", ED25519 ECDSA));
    CHECK(!host_keys_are_among(ED25519 "ecdsa-sha2-nistp256 AAAA\n", ED25519 ECDSA));
}

TEST(a_type_that_it_was_not_given_counts_only_alone) {
    CHECK(host_keys_are_among(RSA ECDSA ED25519, ED25519 ECDSA));
    CHECK(!host_keys_are_among(RSA, ED25519 ECDSA));
    CHECK(!host_keys_are_among(RSA "ssh-ed25519 AAAAC3Ny\n", ED25519 ECDSA));
    CHECK(!host_keys_are_among("ssh-rsa AAAAB3Ny\n" ED25519, ED25519 ECDSA RSA));
    CHECK(!host_keys_are_among("ssh-ed25519\n", ED25519));
    CHECK(!host_keys_are_among("ecdsa-sha2-nistp384 AAAA\n" ED25519, ED25519 ECDSA));
    CHECK(host_keys_are_among("ecdsa-sha2-nistp384 AAAA\n" ED25519, ED25519));
}

int main(void) {
    return test_run();
}
