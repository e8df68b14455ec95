#include "test.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "cloudinit/phone_home.h"
#include "keys.h"

/* As a Debian 12 guest posted it: two keys of its own making, newline and comment included. */
static const char posted[] =
    "pub_key_rsa=ssh-rsa+AAAAB3NzaC1yc2EAAAADAQABAAABgQDhtMJwgO6jW6wGstqlY9TtssUxLO8Lq8Pc"
    "oX0zR7mmSJ1Kx2yGhpuuatPCytRNAwPwXW4GoGHILOZ6rgYrRjKu3g%2Fmvx6ZUpMYr0NWD%2FKp8MSIIsYC"
    "AcKc5DXZJxEudyoqN%2BlJaquBWgzoK7VRMp2GA6AfQ%2BDxTaybeGGhORilht%2F8m19bIwXpa%2BqdgEL%"
    "2B0V2tOBNh9oGAsDJibRa2ZCJYKNpOUGoDV0Xt%2BRRHJSLPet8S47l2R4yME%2FfcaGYw7xFWnmNjIZSEbo"
    "gKG85e2YXjjVB3U9X7VPjDDT4ngufKnpuG3v%2BaoRTgnx16WnujYicwWcsCiu5mW93ePrNyvVLPTOmS%2FC"
    "Bj%2FPabLmALotQSAeWHhIwWp%2BH3g7gkABEYSyEY4a1LZp2Z2ckaKVxduX4Z%2F8X8nPoOUe%2FY5xEG1Q"
    "hFhia12%2FjO5kycII%2B9YyOxBOycAFV8yg8yijR80jwxc8HqvAzxj3xUrdMGwFZRZwTlvFqSxMAnnWxp69"
    "dbtudq1V8%3D+root%40test1%0A&pub_key_ed25519=ssh-ed25519+AAAAC3NzaC1lZDI1NTE5AAAAICF"
    "lHli6%2B9Io45I6FolAKzZTGV%2Fle%2B9jd9LdvOPlcWOp+root%40test1%0A&instance_id=iid-0001"
    "%2Ftest1&hostname=test1&fqdn=test1";
static const char posted_rsa[] =
    "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDhtMJwgO6jW6wGstqlY9TtssUxLO8Lq8PcoX0zR7mmSJ1K"
    "x2yGhpuuatPCytRNAwPwXW4GoGHILOZ6rgYrRjKu3g/mvx6ZUpMYr0NWD/Kp8MSIIsYCAcKc5DXZJxEudyoq"
    "N+lJaquBWgzoK7VRMp2GA6AfQ+DxTaybeGGhORilht/8m19bIwXpa+qdgEL+0V2tOBNh9oGAsDJibRa2ZCJY"
    "KNpOUGoDV0Xt+RRHJSLPet8S47l2R4yME/fcaGYw7xFWnmNjIZSEbogKG85e2YXjjVB3U9X7VPjDDT4ngufK"
    "npuG3v+aoRTgnx16WnujYicwWcsCiu5mW93ePrNyvVLPTOmS/CBj/PabLmALotQSAeWHhIwWp+H3g7gkABEY"
    "SyEY4a1LZp2Z2ckaKVxduX4Z/8X8nPoOUe/Y5xEG1QhFhia12/jO5kycII+9YyOxBOycAFV8yg8yijR80jwx"
    "c8HqvAzxj3xUrdMGwFZRZwTlvFqSxMAnnWxp69dbtudq1V8=";
#define POSTED_ED25519                                                                             \
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICFlHli6+9Io45I6FolAKzZTGV/le+9jd9LdvOPlcWOp"

static bool parse(const char *body, size_t length, struct phone_home *form, struct error *error) {
    /* a copy of exactly this size, so that a read beyond it is seen by the sanitizer */
    scoped(alloc_release) char *copy = alloc_zero(length);
    memcpy(copy, body, length);
    return phone_home_parse(copy, length, form, error);
}

/* What Python's urlencode makes of a text. */
static void encode(struct buffer *body, const char *text) {
    for (; *text; text++)
        if (*text == ' ')
            buffer_putc(body, '+');
        else if (strchr("/+=@\n\r%&\"*\\\t,#:", *text) || (unsigned char)*text >= 0x7F)
            buffer_printf(body, "%%%02X", (unsigned)(unsigned char)*text);
        else
            buffer_putc(body, *text);
}

TEST(the_form_of_a_real_guest) {
    struct phone_home form;
    struct error error = {0};
    CHECK_INT(sizeof posted - 1, 790); /* its Content-Length */
    CHECK(parse(posted, sizeof posted - 1, &form, &error));
    CHECK_STRING(error.text, "");
    CHECK_STRING(form.instance_id, "iid-0001/test1");
    CHECK_STRING(form.hostname, "test1");
    CHECK_STRING(form.fqdn, "test1");
    CHECK_STRING(form.keys[PHONE_HOME_RSA], posted_rsa);
    CHECK_STRING(form.keys[PHONE_HOME_ECDSA], NULL);
    CHECK_STRING(form.keys[PHONE_HOME_ED25519], POSTED_ED25519);
    phone_home_done(&form);
    CHECK_STRING(form.keys[PHONE_HOME_RSA], NULL);
}

/* A client of 24.1 or newer, which sends "N/A" for what it lacks. */
TEST(absent_values) {
    static const char body[] = "pub_key_rsa=N%2FA&pub_key_ecdsa=N%2FA&pub_key_ed25519=N%2FA&"
                               "instance_id=i-A-1&hostname=web1&fqdn=N%2FA";
    struct phone_home form;
    CHECK(parse(body, sizeof body - 1, &form, NULL));
    CHECK_STRING(form.instance_id, "i-A-1");
    CHECK_STRING(form.hostname, "web1");
    CHECK_STRING(form.fqdn, "");
    for (int i = 0; i < PHONE_HOME_KEY_COUNT; i++)
        CHECK_STRING(form.keys[i], NULL);
    phone_home_done(&form);
}

static const struct {
    enum phone_home_key slot;
    const char *field, *text, *key;
} key_rows[] = {
    {PHONE_HOME_RSA, "pub_key_rsa", KEY_RSA_3072 " root@web1\n", KEY_RSA_3072},
    {PHONE_HOME_ECDSA, "pub_key_ecdsa", KEY_P256 " root@web1\n", KEY_P256},
    {PHONE_HOME_ECDSA, "pub_key_ecdsa", KEY_P384, KEY_P384},
    {PHONE_HOME_ECDSA, "pub_key_ecdsa", KEY_P521, KEY_P521},
    {PHONE_HOME_ED25519, "pub_key_ed25519", KEY_ED25519 " root@web1\n", KEY_ED25519},
    /* known_hosts injection: what is not one host key is no key at all */
    {PHONE_HOME_ED25519, "pub_key_ed25519", KEY_ED25519 "\n@cert-authority * " KEY_P256, NULL},
    {PHONE_HOME_ED25519, "pub_key_ed25519", KEY_ED25519 "\r\nevil.example " KEY_P256, NULL},
    {PHONE_HOME_ED25519, "pub_key_ed25519", "@cert-authority * " KEY_ED25519, NULL},
    {PHONE_HOME_ED25519, "pub_key_ed25519", "@revoked * " KEY_ED25519, NULL},
    {PHONE_HOME_ED25519, "pub_key_ed25519", "command=\"sh\" " KEY_ED25519, NULL},
    {PHONE_HOME_ED25519, "pub_key_ed25519", "*,10.0.0.1 " KEY_ED25519, NULL},
    {PHONE_HOME_ED25519, "pub_key_ed25519", "# " KEY_ED25519, NULL},
    {PHONE_HOME_ED25519, "pub_key_ed25519", "", NULL},
    {PHONE_HOME_ED25519, "pub_key_ed25519", BAD_WRONG_INNER, NULL},
    {PHONE_HOME_ED25519, "pub_key_ed25519", BAD_ED_TAIL, NULL},
    {PHONE_HOME_RSA, "pub_key_rsa", BAD_RSA_512, NULL},
    /* a good key in the slot of another */
    {PHONE_HOME_ED25519, "pub_key_ed25519", KEY_RSA_3072, NULL},
    {PHONE_HOME_RSA, "pub_key_rsa", KEY_ED25519, NULL},
    {PHONE_HOME_ECDSA, "pub_key_ecdsa", KEY_ED25519, NULL},
    /* keys of persons are no host keys */
    {PHONE_HOME_ED25519, "pub_key_ed25519", KEY_SK_ED25519, NULL},
    {PHONE_HOME_ECDSA, "pub_key_ecdsa", KEY_SK_P256, NULL},
};

TEST(keys_are_good_or_absent) {
    for (size_t i = 0; i < sizeof key_rows / sizeof key_rows[0]; i++) {
        int before = test_failures;
        scoped(buffer_done) struct buffer body = {0};
        buffer_printf(&body, "%s=", key_rows[i].field);
        encode(&body, key_rows[i].text);
        buffer_puts(&body, "&hostname=web1");
        struct phone_home form;
        CHECK(parse(body.data, body.length, &form, NULL));
        for (int slot = 0; slot < PHONE_HOME_KEY_COUNT; slot++)
            CHECK_STRING(form.keys[slot], slot == (int)key_rows[i].slot ? key_rows[i].key : NULL);
        CHECK_STRING(form.hostname, "web1"); /* the rest of the form is of use all the same */
        phone_home_done(&form);
        if (test_failures > before)
            fprintf(stderr, "  in row %zu: %s\n", i, key_rows[i].text);
    }
}

TEST(the_first_of_repeated_fields_wins) {
    scoped(buffer_done) struct buffer body = {0};
    buffer_puts(&body, "hostname=first&pub_key_ed25519=");
    encode(&body, KEY_ED25519);
    buffer_puts(&body, "&hostname=second&pub_key_ed25519=");
    encode(&body, POSTED_ED25519);
    buffer_puts(&body, "&pub_key_rsa=broken&pub_key_rsa=");
    encode(&body, KEY_RSA_3072);
    struct phone_home form;
    CHECK(parse(body.data, body.length, &form, NULL));
    CHECK_STRING(form.hostname, "first");
    CHECK_STRING(form.keys[PHONE_HOME_ED25519], KEY_ED25519);
    CHECK_STRING(form.keys[PHONE_HOME_RSA], NULL);
    phone_home_done(&form);
}

static const struct {
    const char *body, *hostname;
} hostname_rows[] = {
    {"", ""},
    {"hostname=", ""},
    {"other=1&hostname=a+b&x%20y=z", "a b"},
    {"%68ostname=a", "a"}, /* a name may be escaped, too */
    {"hostname=a%3db%26c", "a=b&c"},
    {"hostname=a=b", "a=b"},
    {"Hostname=a", ""},
    {"=a&hostname=b", "b"},
    {"hostname=%1b%5B2J%0a%c3%28", "\x1B[2J\n\xC3("}, /* made printable where it is printed */
};

TEST(hostnames) {
    for (size_t i = 0; i < sizeof hostname_rows / sizeof hostname_rows[0]; i++) {
        struct phone_home form;
        CHECK(parse(hostname_rows[i].body, strlen(hostname_rows[i].body), &form, NULL));
        CHECK_STRING(form.hostname, hostname_rows[i].hostname);
        phone_home_done(&form);
    }
}

#define TEXT(text) text, sizeof text - 1

static const struct {
    const char *body;
    size_t length;
    const char *part;
} bad_forms[] = {
    {TEXT("hostname=%"), "%-escape"},
    {TEXT("hostname=%4"), "%-escape"},
    {TEXT("hostname=%zz"), "%-escape"},
    {TEXT("hostname=%4&fqdn=1"), "%-escape"},
    {TEXT("hostname=%+1"), "%-escape"},
    {TEXT("hostname=a%00b"), "%-escape"},
    {TEXT("host%00name=a"), "%-escape"},
    {TEXT("unknown=%"), "%-escape"},
    {TEXT("hostname=a\0b"), "raw byte 0x00"},
    {TEXT("hostname=a\nb"), "raw byte 0x0a"},
    {TEXT("hostname=a b"), "raw byte 0x20"},
    {TEXT("hostname=\xC3\xA4"), "raw byte 0xc3"},
    {TEXT("hostname"), "without \"=\""},
    {TEXT("hostname=a&&fqdn=b"), "without \"=\""},
    {TEXT("{\"hostname\": \"a\"}"), "without \"=\""},
};

TEST(bad_forms_are_refused_whole) {
    for (size_t i = 0; i < sizeof bad_forms / sizeof bad_forms[0]; i++) {
        scoped(buffer_done) struct buffer body = {0};
        buffer_puts(&body, "instance_id=i&pub_key_ed25519=");
        encode(&body, KEY_ED25519);
        buffer_putc(&body, '&');
        buffer_append(&body, bad_forms[i].body, bad_forms[i].length);
        struct phone_home form;
        struct error error = {0};
        CHECK(!parse(body.data, body.length, &form, &error));
        CHECK_INT(error.code, ERROR_INVALID);
        CHECK_CONTAINS(error.text, bad_forms[i].part);
        CHECK_STRING(form.instance_id, ""); /* nothing of it is left to be used, or freed */
        CHECK_STRING(form.keys[PHONE_HOME_ED25519], NULL);
    }
}

static bool parse_long(const char *field, size_t length, struct phone_home *form,
                       struct error *error) {
    scoped(buffer_done) struct buffer body = {0};
    buffer_printf(&body, "%s=", field);
    for (size_t i = 0; i < length; i++)
        buffer_putc(&body, 'a');
    return parse(body.data, body.length, form, error);
}

TEST(sizes_are_bounded) {
    static const struct {
        const char *field;
        size_t limit;
    } rows[] = {{"instance_id", 127}, {"hostname", 255}, {"fqdn", 255}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct phone_home form;
        struct error error = {0};
        CHECK(parse_long(rows[i].field, rows[i].limit, &form, &error));
        phone_home_done(&form);
        CHECK(!parse_long(rows[i].field, rows[i].limit + 1, &form, &error));
        CHECK_CONTAINS(error.text, rows[i].field);
    }
}

TEST(a_megabyte_is_refused_unread) {
    struct phone_home form;
    struct error error = {0};
    CHECK(parse_long("unknown", PHONE_HOME_LIMIT_BYTES - strlen("unknown="), &form, &error));
    phone_home_done(&form);
    CHECK(!parse_long("unknown", 1 << 20, &form, &error));
    CHECK_CONTAINS(error.text, "longer than 16384 bytes");
}

int main(void) {
    return test_run();
}
