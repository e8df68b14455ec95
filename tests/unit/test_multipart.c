/* Golden files: tests/golden/multipart; golden/check_seed.py has them read by cloud-init itself. */
#include "golden.h"
#include "test.h"

#include "base/alloc.h"
#include "cloudinit/multipart.h"

#define LIMIT_BYTES 65536

static struct buffer buffer_of(const char *text) {
    return (struct buffer){.data = (char *)text, .length = strlen(text)};
}

static void check_golden(const char *name, const char *own) {
    scoped(buffer_done) struct buffer ours = {0}, text = {0};
    const struct buffer first = buffer_of(own);
    scoped(alloc_release) char *path = alloc_printf("golden/multipart/%s", name);
    CHECK(file_read("golden/seed/behind-own/user-data", LIMIT_BYTES, &ours, NULL));
    multipart_combine(&first, &ours, &text);
    golden_check(path, &text);
}

TEST(behind_a_cloud_config) {
    check_golden("config", "#cloud-config\n"
                           "locale: de_CH.UTF-8\n"
                           "write_files: [{path: /a, content: b}]\n"
                           "users: [{name: bob, gecos: \"Bj\xc3\xb6rn\"}]\n");
}

TEST(behind_a_script) {
    check_golden("script", "#!/bin/sh\necho gr\xc3\xbc\x65zi\n");
}

TEST(behind_what_is_mime_itself) {
    check_golden("mime", "\n\nContent-Type: multipart/mixed; boundary=\"==x\"\n"
                         "MIME-Version: 1.0\n"
                         "\n"
                         "--==x\n"
                         "Content-Type: text/x-shellscript\n"
                         "\n"
                         "#!/bin/sh\n"
                         "--==x\n"
                         "Content-Type: text/cloud-config\n"
                         "\n"
                         "#cloud-config\n"
                         "runcmd: [\"true\"]\n"
                         "--==x--");
}

static void check_base64(const char *content, const char *line) {
    scoped(buffer_done) struct buffer text = {0};
    const struct buffer first = buffer_of(content);
    multipart_combine(&first, &first, &text);
    scoped(alloc_release) char *part = alloc_printf("base64\n\n%s\n--", line);
    CHECK_CONTAINS(text.data, part);
}

TEST(base64) {
    check_base64("#", "Iw==");
    check_base64("#!", "IyE=");
    check_base64("#!\xff", "IyH/");
    check_base64(
        "#!/bin/sh this line has fifty-seven characters, that is it",
        "IyEvYmluL3NoIHRoaXMgbGluZSBoYXMgZmlmdHktc2V2ZW4gY2hhcmFjdGVycywgdGhhdCBpcyBp\ndA==");
}

int main(void) {
    return test_run();
}
