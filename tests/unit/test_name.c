/* Words that people write and are shown: labels, addresses, sizes, printable text. */
#include "base/alloc.h"
#include "base/name.h"
#include "test.h"

TEST(labels_are_rfc1123) {
    struct error error = {0};
    CHECK(name_check_label("name", "test-1", &error));
    static const char *const bad[] = {"",    "Test", "-a",  "a-",   "a_b",
                                      "a.b", "a b",  "a/b", "\x1b", "ä"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        error_clear(&error);
        CHECK(!name_check_label("name", bad[i], &error));
        CHECK_CONTAINS(error.text, "RFC 1123");
    }
    char longest[65];
    memset(longest, 'a', 64);
    longest[64] = 0;
    CHECK(!name_check_label("name", longest, NULL));
    CHECK(name_check_label("name", longest + 1, NULL));
}

TEST(addresses_are_strict) {
    uint32_t ip;
    unsigned prefix;
    char text[16];
    uint8_t mac[6];
    char mac_text[18];
    CHECK(name_parse_mac("52:54:00:aB:CD:0f", mac));
    name_format_mac(mac, mac_text);
    CHECK_STRING(mac_text, "52:54:00:ab:cd:0f");
    CHECK(!name_parse_mac("52:54:00:12:34:5", mac));
    CHECK(!name_parse_mac("52:54:00:12:34:5g", mac));
    CHECK(!name_parse_mac("52-54-00-12-34-56", mac));
    CHECK(!name_parse_mac("52:54:00:12:34:567", mac));
    CHECK(name_parse_ip4("172.16.3.5", &ip));
    name_format_ip4(ip, text);
    CHECK_STRING(text, "172.16.3.5");
    static const char *const bad[] = {"",         "1.2.3",    "1.2.3.4.", "1.2.3.256",
                                      "1.2.3.4x", "01.2.3.4", "1..2.3",   " 1.2.3.4"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!name_parse_ip4(bad[i], &ip));
    CHECK(name_parse_netmask("255.255.255.0", &prefix) && prefix == 24);
    CHECK(name_parse_netmask("255.255.255.255", &prefix) && prefix == 32);
    CHECK(name_parse_netmask("0.0.0.0", &prefix) && prefix == 0);
    CHECK(!name_parse_netmask("255.0.255.0", &prefix));
}

TEST(of_one_there_is_one) {
    CHECK_STRING(name_plural(0), "s");
    CHECK_STRING(name_plural(1), "");
    CHECK_STRING(name_plural(2), "s");
}

TEST(sizes_know_their_units) {
    uint64_t bytes;
    char text[32];
    CHECK(name_parse_size("4G", &bytes) && bytes == UINT64_C(4) << 30);
    CHECK(name_parse_size("512MiB", &bytes) && bytes == UINT64_C(512) << 20);
    CHECK(name_parse_size("10", &bytes) && bytes == 10);
    CHECK(name_parse_size("1.5G", &bytes) && bytes == UINT64_C(1536) << 20);
    CHECK(name_parse_size("1 GiB", &bytes) && bytes == UINT64_C(1) << 30);
    CHECK(name_parse_size("2g", &bytes) && bytes == UINT64_C(2) << 30);
    CHECK(name_parse_size("0.25 tb", &bytes) && bytes == UINT64_C(256) << 30);
    CHECK(name_parse_size("100 B", &bytes) && bytes == 100);
    static const char *const bad[] = {"",       "G",     "-1",  "4GG",       "99999999999999999999",
                                      "17000P", "1.5",   "1.G", ".5G",       "1.2.3G",
                                      "1,5G",   "4 G B", "4X",  "1.1234567G"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK(!name_parse_size(bad[i], &bytes));
    name_format_size(116457472, text);
    CHECK_STRING(text, "111 MiB");
    name_format_size(1536, text);
    CHECK_STRING(text, "1.5 KiB");
    name_format_size(UINT64_MAX, text);
    CHECK_STRING(text, "16383.9 PiB");
    name_format_size_short(0, text);
    CHECK_STRING(text, "0B");
    CHECK(name_put_number(UINT64_MAX, text) == text + 20);
    CHECK_STRING(text, "18446744073709551615");
}

TEST(printable_text_has_no_controls) {
    static const char hostile[] = "a\x1b[2J\n\\ \xc3\xa4 \xff \xc2\x9b";
    char *text = name_printable(hostile, sizeof hostile - 1, 100);
    CHECK_STRING(text, "a\\x1B[2J\\x0A\\\\ ä \\xFF \\xC2\\x9B");
    free(text);
    /* right-to-left override, isolate, Arabic letter mark, line separator; a joiner is text */
    text = name_safe("a\u202eb\u2066\u061c\u2028 \\ \u200d\x1b");
    CHECK_STRING(text, "a\\xE2\\x80\\xAEb\\xE2\\x81\\xA6\\xD8\\x9C\\xE2\\x80\\xA8 \\ \u200d\\x1B");
    char *again = name_safe(text);
    CHECK_STRING(again, text);
    free(again);
    free(text);
    CHECK_INT(name_hidden_control("\u202e"), 0x202E);
    CHECK_INT(name_hidden_control("\xE2"), 0);
    text = name_printable("abcdef", 6, 3);
    CHECK_STRING(text, "abc...");
    free(text);
}

int main(void) {
    return test_run();
}
