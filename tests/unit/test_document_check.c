/* What a user may have made of a seed document, and what is said of it. */
#include "cloudinit/yaml_types.h"
#include "test.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "cloudinit/document.h"
#include "cloudinit/document_check.h"
#include "cloudinit/document_kind.h"

static bool check(enum seed_document document, const char *text, struct error *error) {
    return document_check(document, text, strlen(text), error);
}

static void takes(enum seed_document document, const char *text) {
    struct error error = {0};
    CHECK(check(document, text, &error));
    CHECK_STRING(error.text, "");
}

static void refuses(enum seed_document document, const char *text, const char *why) {
    struct error error = {0};
    CHECK(!check(document, text, &error));
    CHECK_INT(error.code, ERROR_INVALID);
    CHECK_CONTAINS(error.text, why);
}

TEST(which_kind_it_is) {
    static const char mime[] = "Content-Type: text/plain\nMIME-Version: 1.0\n\nx";
    static const char script[] = "#!/bin/sh\n# MIME-Version: 1.0\n";
    CHECK(document_kind_is_mime(mime, strlen(mime)));
    CHECK(!document_kind_is_mime(script, strlen(script)));
    CHECK(document_kind_is_gzip("\x1f\x8b\b", 3) && !document_kind_is_gzip("\x1f", 1));
    CHECK(document_kind_is_cloud_config("\n#cloud-config\r\na: b", 20));
    CHECK(document_kind_is_cloud_config("#cloud-config", 13));
    CHECK(!document_kind_is_cloud_config("#cloud-config-archive\n", 22));
    CHECK(!document_kind_is_cloud_config(script, strlen(script)));
}

TEST(what_pgsup_writes_itself) {
    const struct document_seed seed = {
        .instance_id = "0123",
        .hostname = "no",
        .ssh_public_key = "ssh-ed25519 AAAA anna@mac",
        .phone_home_url = "http://10.0.2.2:10300/seed/00/phone-home/${INSTANCE_ID}",
        .mac = "52:54:00:12:34:56",
        .address = "10.0.2.77/24",
    };
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        struct error error = {0};
        scoped(buffer_done) struct buffer text = {0};
        CHECK(document_write((enum seed_document)i, &seed, &text, &error));
        CHECK(document_check((enum seed_document)i, text.data, text.length, &error));
        CHECK_STRING(error.text, "");
    }
}

TEST(an_instance_id) {
    static const struct {
        const char *text, *id;
    } rows[] = {
        {"instance-id: test-1\n", "test-1"},
        {"local-hostname: a\ninstance-id: 'test-2'", "test-2"},
        {"{\"instance-id\": \"test-3\", \"local-hostname\": \"a\"}", "test-3"},
        {"instance-id: \"0123\"", "0123"},
        {"instance-id: a\ninstance-id: b\n", "b"},
        {"# mine\nname: &id test-4\ninstance-id: *id\n", "test-4"},
        {"deep: {instance-id: wrong}\ninstance-id: right\n", "right"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct error error = {0};
        char id[DOCUMENT_CHECK_ID_SIZE] = "";
        CHECK(document_check_instance_id(rows[i].text, strlen(rows[i].text), id, &error));
        CHECK_STRING(id, rows[i].id);
        CHECK_STRING(error.text, "");
    }
}

TEST(no_instance_id) {
    scoped(buffer_done) struct buffer endless = {0};
    buffer_puts(&endless, "instance-id: ");
    for (unsigned i = 0; i < DOCUMENT_CHECK_ID_SIZE; i++)
        buffer_putc(&endless, 'a');
    refuses(SEED_META_DATA, "", "has no instance-id");
    refuses(SEED_META_DATA, "local-hostname: a\n", "has no instance-id");
    refuses(SEED_META_DATA, "- instance-id\n- a\n", "has no instance-id");
    refuses(SEED_META_DATA, "instance-id: [a]\n", "has no instance-id");
    refuses(SEED_META_DATA, "a: b\ninstance-id:\n", "line 2: an instance-id is 1 to 127");
    refuses(SEED_META_DATA, "instance-id: a/b\n", "line 1: an instance-id is 1 to 127");
    refuses(SEED_META_DATA, "instance-id: Test\n", "lower-case letters");
    refuses(SEED_META_DATA, "instance-id: \"a\\0b\"\n", "lower-case letters");
    refuses(SEED_META_DATA, "\n\ninstance-id: 0123\n", "line 3: this instance-id must be quoted");
    refuses(SEED_META_DATA, "instance-id: no\n", "must be quoted");
    refuses(SEED_META_DATA, endless.data, "an instance-id is 1 to 127");
}

TEST(yaml_that_cannot_be_read) {
    refuses(SEED_META_DATA, "instance-id: a\n\tb: c\n", "line 2, column 1: ");
    refuses(SEED_NETWORK_CONFIG, "version: 2\nethernets:\n  a: {b: c\n", "line ");
    refuses(SEED_USER_DATA, "#cloud-config\nusers:\n- name: x\n sudo: y\n", "line ");
    refuses(SEED_USER_DATA, "#cloud-config\na: *nobody\n",
            "line 2, column 4: found undefined alias");
    refuses(SEED_NETWORK_CONFIG, "a: b\n---\nc: d\n", "a second document begins");
    refuses(SEED_NETWORK_CONFIG, "a: \xff\xfe\n", "byte 3: ");
}

/* What libyaml reads and PyYAML does not, so that cloud-init would drop the document. */
TEST(yaml_that_only_libyaml_reads) {
    refuses(SEED_USER_DATA, "#cloud-config\na: b\nlocale:\tC.UTF-8\n", "line 3: a tab");
    refuses(SEED_USER_DATA, "#cloud-config\nlocale: C.UTF-8\t# mine\n", "a tab");
    refuses(SEED_USER_DATA, "#cloud-config\n\xc3\xa9: [a,\tb]\n", "line 2: a tab");
    refuses(SEED_USER_DATA, "#cloud-config\na: b\tc\n", "line 2: a tab");
    refuses(SEED_META_DATA, "instance-id: a\t\n", "a tab");
    refuses(SEED_USER_DATA, "#cloud-config\nhostname: {{ v1.x }}\n",
            "line 2, column 12: a key that is");
    refuses(SEED_USER_DATA, "#cloud-config\na: !secret b\n", "line 2, column 4: a tag that");
    refuses(SEED_META_DATA, "\xff\xfei\0n\0", "it is UTF-16 text: save it as UTF-8");
    takes(SEED_USER_DATA, "#cloud-config\n#\ta comment\na: b # one\tmore\n");
    takes(SEED_USER_DATA, "#cloud-config\nruncmd:\n- |\n  echo\t\xc3\xa9\n- \"a\tb\"\n- 'c\td'\n");
    takes(SEED_USER_DATA, "#cloud-config\na: !!str 1\n");
}

/* A text of brackets alone, of which each costs libyaml more than the one before. */
TEST(nesting) {
    enum { BRACKETS = 200000 };
    scoped(alloc_release) char *text = alloc_zero(BRACKETS + 32);
    size_t head = (size_t)sprintf(text, "#cloud-config\na: ");
    memset(text + head, '[', YAML_TYPES_DEPTH_LIMIT);
    memset(text + head + YAML_TYPES_DEPTH_LIMIT - 1, ']', YAML_TYPES_DEPTH_LIMIT - 1);
    takes(SEED_USER_DATA, text); /* the mapping is one level */
    memset(text + head, '[', BRACKETS);
    refuses(SEED_USER_DATA, text, "line 2, column 131: more than 128 lists and mappings");
}

TEST(types_that_nothing_constructs) {
    refuses(SEED_USER_DATA, "#cloud-config\nbootcmd: [[test, a, =, b]]\n",
            "line 2, column 21: a = alone");
    refuses(SEED_USER_DATA, "#cloud-config\nx: 2024-02-30\n",
            "line 2, column 4: read as a date, and there is none such: quote it");
    refuses(SEED_USER_DATA, "#cloud-config\nx: !!python/tuple [a]\n", "a tag that cloud-init");
    refuses(SEED_USER_DATA, "#cloud-config\n<<: 5\n", "line 2, column 5: what << merges");
    refuses(SEED_NETWORK_CONFIG, "x: 0x_\n", "line 1, column 4: read as a number, and none");
}

TEST(another_shape) {
    refuses(SEED_NETWORK_CONFIG, "- a\n", "line 1: \"key: value\" is expected");
    refuses(SEED_USER_DATA, "#cloud-config\nhello\n", "line 2: \"key: value\" is expected");
    takes(SEED_NETWORK_CONFIG, "");
    takes(SEED_NETWORK_CONFIG, "# nothing\n");
    takes(SEED_USER_DATA, "#cloud-config\n");
    takes(SEED_USER_DATA, "#cloud-config\n{}\n");
}

/* Of the kinds of user-data only those that are YAML are read. */
TEST(kinds_of_user_data) {
    static const char *const good[] = {
        "",
        " \n",
        "#!/bin/sh\necho {\n",
        "#include\nhttp://10.0.2.2/x\n",
        "#include-once http://10.0.2.2/x\n",
        "\n  #Cloud-Config\na: b\n",
        "#cloud-config-archive\n- type: text/cloud-config\n  content: x\n",
        "#cloud-config-jsonp\n[{\"op\": \"add\"}]\n",
        "#cloud-boothook\n#!/bin/sh\n",
        "## template: jinja\n#cloud-config\n{% if a %}\n",
        "Content-Type: multipart/mixed; boundary=\"x\"\nMIME-Version: 1.0\n\n--x\n",
        "\x1f\x8b\x08 anything",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        takes(SEED_USER_DATA, good[i]);
        takes(SEED_VENDOR_DATA, good[i]);
    }
    refuses(SEED_USER_DATA, "users:\n- name: x\n", "line 1: a document must begin with its kind");
    refuses(SEED_VENDOR_DATA, "cloud-config\n", "#cloud-config");
    refuses(SEED_USER_DATA, "#cloud-config-archive\n- {\n", "line ");
}

int main(void) {
    return test_run();
}
