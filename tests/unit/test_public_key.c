#include "test.h"

#include "base/alloc.h"
#include "cloudinit/public_key.h"
#include "keys.h"

#define PEM "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEAAAAA\n"

static char *parse(const char *text, enum public_key_owner owner, struct error *error) {
    size_t length = strlen(text);
    /* a copy of exactly this size, so that a read beyond it is seen by the sanitizer */
    scoped(alloc_release) char *copy = alloc_zero(length);
    memcpy(copy, text, length);
    return public_key_parse(copy, length, owner, error);
}

static const struct {
    const char *text, *key;
} accepted[] = {
    {KEY_RSA_1024, KEY_RSA_1024},
    {KEY_RSA_3072, KEY_RSA_3072},
    {KEY_P256, KEY_P256},
    {KEY_P384, KEY_P384},
    {KEY_P521, KEY_P521},
    {KEY_ED25519, KEY_ED25519},
    {KEY_ED25519 "\n", KEY_ED25519},
    {KEY_ED25519 " root@test1\n", KEY_ED25519},
    {"  " KEY_ED25519 " two words \xC3\xA4 \r\n\n", KEY_ED25519},
    {KEY_ED25519 " ssh-rsa AAAA", KEY_ED25519}, /* a comment is a comment */
    {KEY_ED25519 "\tanna@mac", KEY_ED25519},
};

TEST(accepts_and_re_emits_without_the_comment) {
    for (size_t i = 0; i < sizeof accepted / sizeof accepted[0]; i++)
        for (int owner = PUBLIC_KEY_OF_USER; owner <= PUBLIC_KEY_OF_HOST; owner++) {
            struct error error = {0};
            scoped(alloc_release) char *key =
                parse(accepted[i].text, (enum public_key_owner)owner, &error);
            CHECK_STRING(key, accepted[i].key);
            CHECK_STRING(error.text, "");
        }
}

TEST(security_keys_belong_to_users) {
    static const char *const keys[] = {KEY_SK_ED25519, KEY_SK_P256};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        struct error error = {0};
        scoped(alloc_release) char *key = parse(keys[i], PUBLIC_KEY_OF_USER, &error);
        CHECK_STRING(key, keys[i]);
        CHECK(!parse(keys[i], PUBLIC_KEY_OF_HOST, &error));
        CHECK_CONTAINS(error.text, "does not begin with an accepted key type");
    }
}

static const struct {
    const char *text, *part;
} refused[] = {
    {"", "empty"},
    {" \n\t\n", "empty"},
    {PEM, "private key"},
    {PEM, "give the .pub file"},
    {"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n", "private key"},
    {"-----BEGIN PRIVATE KEY-----\nMIIE\n", "private key"},
    {"PuTTY-User-Key-File-2: ssh-ed25519\nEncryption: none\n", "PuTTY private key"},
    {"---- BEGIN SSH2 PUBLIC KEY ----\nComment: \"x\"\nAAAA\n", "ssh-keygen -i -f FILE"},
    {"-----BEGIN PUBLIC KEY-----\nMIGf\n", "ssh-keygen -i -m PKCS8 -f FILE"},
    {"-----BEGIN RSA PUBLIC KEY-----\nMIGf\n", "PEM format"},
    /* more than a key on the line, or more than a line */
    {KEY_ED25519 "\n" KEY_P256 "\n", "more than one"},
    {KEY_ED25519 "\n@cert-authority * " KEY_P256, "more than one"},
    {KEY_ED25519 "\rx", "more than one"},
    {KEY_ED25519 " \x1B[2J", "control byte 0x1b"},
    {KEY_ED25519 " \x7F", "control byte 0x7f"},
    {"@cert-authority * " KEY_ED25519, "this line does not begin with an accepted key type"},
    {"@revoked * " KEY_ED25519, "this line does not begin with an accepted key type"},
    {"* " KEY_ED25519, "this line does not begin with an accepted key type"},
    {"command=\"sh\" " KEY_ED25519, "this line does not begin with an accepted key type"},
    {"no-pty,command=\"x\" " KEY_ED25519, "does not begin with an accepted key type"},
    {"# a remark", "this line does not begin with an accepted key type"},
    {"sesame-4711", "this line does not begin with an accepted key type"},
    {KEY_DSA, "\"ssh-dss\" does not begin with an accepted key type"},
    {"ssh-ed25519-cert-v01@openssh.com AAAA", "does not begin with an accepted key type"},
    {"SSH-ED25519 AAAA", "does not begin with an accepted key type"},
    {"ssh-ed25519", "is not base64 of a whole key"},
    /* base64 in any but its one spelling */
    {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA*", "is not base64"},
    {"ssh-ed25519 AAA", "is not base64"},
    {"ssh-ed25519 ====", "is not base64"},
    {"ssh-ed25519 A===", "is not base64"},
    {"ssh-ed25519 AA=A", "is not base64"},
    {"ssh-ed25519 AB==", "is not base64"},
    {"ssh-ed25519 AAB=", "is not base64"},
    {"ssh-ed25519 AAAA====", "is not base64"},
    {"ssh-ed25519 AA__", "is not base64"},
    {KEY_ED25519 "=", "is not base64"},
    {KEY_ED25519 "AAAA", "bytes too many"},
    /* an inside that is not what the outside says */
    {"ssh-ed25519 AAAA", "data is of another type"},
    {BAD_WRONG_INNER, "says type ssh-ed25519, but its data is of another type"},
    {BAD_ED_31, "is damaged"},
    {BAD_ED_33, "is damaged"},
    {BAD_ED_TAIL, "2 bytes too many"},
    {BAD_ED_LONG_LENGTH, "is damaged"},
    {BAD_P256_CURVE, "is damaged"},
    {BAD_P256_COMPRESSED, "is damaged"},
    {BAD_P256_BAD_FORM, "is damaged"},
    {BAD_RSA_512, "has 512 bits, but must have 1024 to 16384"},
    {BAD_RSA_1023, "has 1023 bits"},
    {BAD_RSA_NEGATIVE, "is damaged"},
    {BAD_RSA_PADDED, "is damaged"},
    {BAD_RSA_ZERO, "is damaged"},
    {BAD_RSA_EVEN_EXPONENT, "is damaged"},
    {BAD_RSA_EXPONENT_ONE, "is damaged"},
    {BAD_RSA_NO_MODULUS, "is damaged"},
    {BAD_SK_NO_APPLICATION, "is damaged"},
    {BAD_SK_EMPTY_APPLICATION, "is damaged"},
    {BAD_SK_EVIL_APPLICATION, "is damaged"},
};

TEST(refuses_with_a_sentence) {
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct error error = {0};
        char *key = parse(refused[i].text, PUBLIC_KEY_OF_USER, &error);
        CHECK_STRING(key, NULL);
        CHECK_INT(error.code, ERROR_INVALID);
        CHECK_CONTAINS(error.text, refused[i].part);
        alloc_release(&key);
    }
}

TEST(no_byte_of_a_private_key_is_quoted) {
    struct error error = {0};
    CHECK(!parse(PEM, PUBLIC_KEY_OF_USER, &error));
    CHECK(!strstr(error.text, "b3Blb"));
}

TEST(refuses_an_embedded_nul) {
    static const char text[] = KEY_ED25519 "\0@cert-authority";
    struct error error = {0};
    CHECK(!public_key_parse(text, sizeof text - 1, PUBLIC_KEY_OF_USER, &error));
    CHECK_CONTAINS(error.text, "control byte 0x00");
}

/* Every cut of a good key is refused, except where only the comment is cut. */
TEST(refuses_every_cut_of_a_key) {
    static const char *const keys[] = {KEY_RSA_1024, KEY_P256, KEY_ED25519};
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        for (size_t length = 0; length < strlen(keys[i]); length++) {
            char *key = public_key_parse(keys[i], length, PUBLIC_KEY_OF_USER, NULL);
            CHECK_STRING(key, NULL);
            alloc_release(&key);
        }
}

TEST(refuses_what_is_too_long) {
    scoped(alloc_release) char *text = alloc_zero(PUBLIC_KEY_LIMIT_BYTES + 1);
    memset(text, 'x', PUBLIC_KEY_LIMIT_BYTES + 1);
    memcpy(text, KEY_ED25519 " ", strlen(KEY_ED25519 " "));
    struct error error = {0};
    scoped(alloc_release) char *key =
        public_key_parse(text, PUBLIC_KEY_LIMIT_BYTES, PUBLIC_KEY_OF_USER, &error);
    CHECK_STRING(key, KEY_ED25519);
    CHECK(!public_key_parse(text, PUBLIC_KEY_LIMIT_BYTES + 1, PUBLIC_KEY_OF_USER, &error));
    CHECK_CONTAINS(error.text, "longer than 16 kB");
}

int main(void) {
    return test_run();
}
