#include "test.h"

#include "base/alloc.h"
#include "home/cloud/user.h"
#include "keys.h"
#include "scratch.h"

static char *write_keys(const char *text) { /* caller frees the path */
    char *path = scratch_path("keys");
    scratch_write(path, text, strlen(text), 0600);
    return path;
}

TEST(names_are_those_of_accounts) {
    static const char *const good[] = {"anna", "_x", "a-b_9", "no",
                                       "abcdefghijklmnopqrstuvwxyzabcdef"};
    static const char *const bad[] = {
        "",     "Anna",     "9a",
        "-a",   "a.b",      "a b",
        "a\n",  "\xC3\xA4", "abcdefghijklmnopqrstuvwxyzabcdefg",
        "root", "ansible",  "cloudadmin",
        "sudo", "www-data", "default",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct error error = {0};
        CHECK(user_check_name(good[i], &error));
        CHECK_STRING(error.text, "");
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error error = {0};
        CHECK(!user_check_name(bad[i], &error));
        CHECK_INT(error.code, ERROR_INVALID);
    }
}

TEST(a_file_of_many_keys) {
    struct error error = {0};
    scoped(alloc_release) char *path =
        write_keys("# those of anna\n" KEY_ED25519 " anna@mac\r\n\n\t" KEY_RSA_3072 "\n" KEY_P256
                   " x\n" KEY_ED25519 " again");
    scoped(alloc_release) char *keys =
        user_read_keys((const char *const[]){path, path, NULL}, &error);
    CHECK_STRING(error.text, "");
    CHECK_STRING(keys, KEY_ED25519 "\n" KEY_RSA_3072 "\n" KEY_P256);
}

static void check_refused(const char *text, const char *says) {
    struct error error = {0};
    scoped(alloc_release) char *path = write_keys(text);
    CHECK(user_read_keys((const char *const[]){path, NULL}, &error) == NULL);
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_CONTAINS(error.text, says);
    CHECK_CONTAINS(error.text, path);
}

TEST(files_that_hold_something_else) {
    check_refused("", "no public key");
    check_refused("# nothing\n\n", "no public key");
    check_refused(KEY_ED25519 "\nssh-ed25519 AAAA\n", "line 2");
    check_refused("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n", "private key");
    check_refused(KEY_ED25519 "\n" KEY_DSA "\n", "ssh-dss");
    check_refused("command=\"x\" " KEY_ED25519 "\n", "does not begin with an accepted key type");
}

TEST(a_user_is_a_name_and_a_file) {
    struct error error = {0};
    struct store_user user = {0};
    scoped(alloc_release) char *path = write_keys(KEY_ED25519 "\n");
    scoped(alloc_release) char *text = alloc_printf("anna:%s", path);
    CHECK(user_parse(text, &user, &error));
    CHECK_STRING(user.name, "anna");
    CHECK_STRING(user.ssh_public_keys, KEY_ED25519);
    store_user_done(&user);
    static const char *const bad[][2] = {
        {"anna", "NAME:KEYFILE"},          {"anna:", "NAME:KEYFILE"},
        {":/x", "not a valid user name"},  {"root:/x", "\"root\""},
        {"anna:/nowhere/x", "/nowhere/x"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct error problem = {0};
        CHECK(!user_parse(bad[i][0], &user, &problem));
        CHECK_CONTAINS(problem.text, bad[i][1]);
    }
}

int main(void) {
    return test_run();
}
