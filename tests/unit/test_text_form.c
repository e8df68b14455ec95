/* What editors and web pages put before or into text without showing it: which character it is, and
 * what each kind of file makes of it. A row says where the like was reported, if that is public;
 * the others were found here. */
#include "base/alloc.h"
#include "base/name.h"
#include "base/text_form.h"
#include "cloudinit/document_check.h"
#include "cloudinit/public_key.h"
#include "keys.h"
#include "test.h"

#define TEXT(text) text, sizeof text - 1
#define BOM        TEXT_FORM_BOM
#define NBSP       "\xC2\xA0"
#define ZWSP       "\xE2\x80\x8B"

TEST(characters) {
    static const struct {
        const char *text;
        size_t length, invisible, quote;
        const char *name;
    } table[] = {
        {TEXT("a"), 0, 0, NULL},
        {TEXT(""), 0, 0, NULL},
        {TEXT(" "), 0, 0, NULL},
        {TEXT("\xC3\xA9"), 0, 0, NULL},
        {TEXT("\xF0\x9F\x98\x80"), 0, 0, NULL},
        {TEXT("\xE2\x82\xAC"), 0, 0, NULL},
        {TEXT(NBSP "x"), 2, 0, "a no-break space (U+00A0)"},
        {TEXT("\xC2\xAD"), 2, 0, "a soft hyphen (U+00AD)"},
        {TEXT(ZWSP), 3, 0, "a zero-width space (U+200B)"},
        {TEXT("\xE2\x80\x8E"), 3, 0, "an invisible character (U+200E)"},
        {TEXT("\xE2\x80\xA8"), 3, 0, "an invisible character (U+2028)"},
        {TEXT("\xE2\x80\xAE"), 3, 0, "an invisible character (U+202E)"},
        {TEXT("\xE2\x80\xAF"), 3, 0, "a narrow no-break space (U+202F)"},
        {TEXT("\xE2\x81\xA0"), 3, 0, "a word joiner (U+2060)"},
        {TEXT("\xE2\x81\xA6"), 3, 0, "an invisible character (U+2066)"},
        {TEXT("\xE3\x80\x80"), 3, 0, "an ideographic space (U+3000)"},
        {TEXT("\xEF\xB8\x8F"), 3, 0, "an invisible character (U+FE0F)"},
        {TEXT(BOM), 3, 0, "a byte order mark (U+FEFF)"},
        {TEXT("\xF3\xA0\x80\x81"), 4, 0, "an invisible character (U+E0001)"},
        {TEXT("\""), 0, 1, "a quotation mark (U+0022)"},
        {TEXT("'"), 0, 1, "a quotation mark (U+0027)"},
        {TEXT("`"), 0, 1, "a quotation mark (U+0060)"},
        {TEXT("\xE2\x80\x9C"), 0, 3, "a quotation mark (U+201C)"},
        {TEXT("\xE2\x80\x99"), 0, 3, "a quotation mark (U+2019)"},
        {TEXT("\xC2\xAB"), 0, 2, "a quotation mark (U+00AB)"},
        {TEXT("\xC2"), 0, 0, NULL},
        {TEXT("\xE2\x80"), 0, 0, NULL},
        {TEXT("\xFF\xFE"), 0, 0, NULL},
        {TEXT("\xA0"), 0, 0, NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        const char *text = table[i].text;
        CHECK_INT(text_form_invisible(text, table[i].length), table[i].invisible);
        CHECK_INT(text_form_quote(text, table[i].length), table[i].quote);
        scoped(alloc_release) char *name = text_form_name(text, table[i].length);
        if (table[i].name)
            CHECK_STRING(name, table[i].name);
    }
}

TEST(forms) {
    static const struct {
        const char *text;
        size_t length;
        const char *says; /* NULL: UTF-8 without a mark */
    } table[] = {
        {TEXT(""), NULL},
        {TEXT("a"), NULL},
        {TEXT("secret\n"), NULL},
        {TEXT("\xC3\xA9\n"), NULL},
        {TEXT("a\0b\n"), NULL}, /* a NUL alone is no UTF-16 */
        {TEXT("\0\0\0\0\0\0"), NULL},
        {TEXT(BOM "secret\n"), "begins with a byte order mark (U+FEFF)"},
        {TEXT(BOM), "begins with a byte order mark (U+FEFF)"},
        {TEXT("\xFF\xFEs\0e\0\n\0"), "UTF-16"}, /* `echo secret > FILE` of PowerShell 5 */
        {TEXT("\xFE\xFF\0s\0e\0\n"), "UTF-16"},
        {TEXT("s\0e\0c\0\n\0"), "UTF-16"},
        {TEXT("\0s\0e\0c\0\n"), "UTF-16"},
        {TEXT("\xFF\xFE\0\0s\0\0\0"), "UTF-32"},
        {TEXT("\0\0\xFE\xFF\0\0\0s"), "UTF-32"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error error = {0};
        bool good = text_form_check_no_bom(table[i].text, table[i].length, &error);
        CHECK_INT(good, table[i].says == NULL);
        if (table[i].says)
            CHECK_CONTAINS(error.text, table[i].says);
    }
    struct buffer text = {0};
    buffer_puts(&text, BOM "a");
    text_form_strip_bom(&text);
    CHECK_STRING(text.data, "a");
    buffer_done(&text);
    text_form_strip_bom(&text);
}

TEST(documents) {
    static const struct {
        enum seed_document document;
        const char *text;
        size_t length;
        const char *says; /* NULL: it is as good as it looks */
    } table[] = {
        {SEED_USER_DATA, TEXT(BOM "#cloud-config\na: b\n"),
         "byte order mark"}, /* hetznercloud/cli#511 */
        {SEED_USER_DATA, TEXT(BOM "MIME-Version: 1.0\n\n"), "byte order mark"},
        {SEED_USER_DATA, TEXT(BOM "#!/bin/sh\n"), "byte order mark"},
        {SEED_USER_DATA, TEXT(BOM "## template: jinja\n#cloud-config\n"), "byte order mark"},
        {SEED_VENDOR_DATA, TEXT(BOM "#cloud-config\n"), "byte order mark"},
        {SEED_NETWORK_CONFIG, TEXT(BOM "version: 2\n"), "byte order mark"},
        {SEED_META_DATA, TEXT(BOM "instance-id: a\n"), "byte order mark"},
        {SEED_USER_DATA, TEXT("\xFF\xFE#\0c\0"), "UTF-16"},
        {SEED_USER_DATA, TEXT("#\0c\0l\0o\0"), "UTF-16"},
        {SEED_NETWORK_CONFIG, TEXT("\xFE\xFF\0v\0e"), "UTF-16"},
        {SEED_USER_DATA, TEXT(NBSP "#cloud-config\n"), "begins with a no-break space"},
        {SEED_USER_DATA, TEXT("\n" ZWSP "#cloud-config\n"), "begins with a zero-width space"},
        {SEED_USER_DATA, TEXT("\xE2\x80\x9C#cloud-config\n"), "begins with a quotation mark"},
        {SEED_USER_DATA, TEXT("'#cloud-config\n"), "begins with a quotation mark"},
        {SEED_USER_DATA, TEXT("#cloud-config\npackages:\n" NBSP NBSP "- htop\n"),
         "line 3: a no-break space (U+00A0), where YAML has only blanks"},
        {SEED_USER_DATA, TEXT("#cloud-config\nruncmd:\n-" NBSP "ls\n"), "a no-break space"},
        {SEED_USER_DATA, TEXT("#cloud-config\nlocale: " NBSP "C\n"), "a no-break space"},
        {SEED_USER_DATA, TEXT("#cloud-config\nlocale:" NBSP "C\n"), "line 2: a no-break space"},
        {SEED_USER_DATA, TEXT("#cloud-config\nlocale: C" ZWSP "\n"), "a zero-width space"},
        {SEED_NETWORK_CONFIG, TEXT("version: 2" NBSP "\n"), "a no-break space"},
        {SEED_NETWORK_CONFIG, TEXT("\"version\": 2\n"), NULL},
        {SEED_META_DATA, TEXT("'instance-id': a\n"), NULL},
        {SEED_USER_DATA, TEXT("#cloud-config\nfinal_message: 10" NBSP "km\n"), NULL},
        {SEED_USER_DATA, TEXT("#cloud-config\nfinal_message: \"" NBSP "quoted\"\n"), NULL},
        {SEED_USER_DATA, TEXT("#cloud-config\nfinal_message: |\n " NBSP "a block\n"), NULL},
        {SEED_USER_DATA, TEXT("#cloud-config\na: b # " NBSP "a comment\n"), NULL},
        {SEED_USER_DATA, TEXT("#!/bin/sh\n" NBSP "echo\n"), NULL},
        {SEED_USER_DATA, TEXT("#cloud-config\r\na: b\r\n"), NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error error = {0};
        document_check(table[i].document, table[i].text, table[i].length, &error);
        if (table[i].says)
            CHECK_CONTAINS(error.text, table[i].says);
        else
            CHECK_STRING(error.text, "");
    }
}

TEST(public_keys) {
    static const struct {
        const char *text, *says; /* NULL: taken */
    } table[] = {
        {"\"" KEY_ED25519 "\"",
         "begins with a quotation mark (U+0022): remove the quotation marks"},
        {"'" KEY_ED25519 "'", "begins with a quotation mark (U+0027)"},
        {"`" KEY_ED25519 "`", "begins with a quotation mark (U+0060)"},
        {"\xE2\x80\x9C" KEY_ED25519 "\xE2\x80\x9D", "begins with a quotation mark (U+201C)"},
        {NBSP KEY_ED25519, "begins with a no-break space (U+00A0)"},
        {BOM KEY_ED25519, "begins with a byte order mark (U+FEFF)"},
        {"ssh-ed25519" NBSP "AAAA", "contains a no-break space (U+00A0)"},
        {"ssh-ed25519 AAAA" ZWSP "BBBB", "contains a zero-width space (U+200B)"},
        {KEY_ED25519 NBSP, "contains a no-break space (U+00A0)"},
        {KEY_ED25519 " the" NBSP "comment", NULL},
        {"  " KEY_ED25519 " it's a \"comment\"", NULL},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct error error = {0};
        scoped(alloc_release) char *key =
            public_key_parse(table[i].text, strlen(table[i].text), PUBLIC_KEY_OF_USER, &error);
        if (table[i].says)
            CHECK_CONTAINS(error.text, table[i].says);
        else
            CHECK_STRING(key, KEY_ED25519);
    }
}

/* What is quoted in a sentence shows what nobody would see in it. */
TEST(sentences) {
    static const char *const table[][2] = {
        {BOM "test", "\\xEF\\xBB\\xBFtest"},
        {"10.0.0.5" NBSP, "10.0.0.5\\xC2\\xA0"},
        {"a" ZWSP "b", "a\\xE2\\x80\\x8Bb"},
        {"a\xE2\x80\xAE"
         "b",
         "a\\xE2\\x80\\xAEb"},
        {"caf\xC3\xA9", "caf\xC3\xA9"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        scoped(alloc_release) char *shown = name_printable(table[i][0], strlen(table[i][0]), 80);
        CHECK_STRING(shown, table[i][1]);
    }
}

TEST(utf8) {
    static const struct {
        const char *text;
        size_t length, bytes;
    } table[] = {
        {TEXT("a"), 1},
        {TEXT("\xC3\xA9"), 2},
        {TEXT("\xE2\x82\xAC"), 3},
        {TEXT("\xF0\x9F\x98\x80"), 4},
        {TEXT("\xE9same"), 0},
        {TEXT("\xC0\xAF"), 0},
        {TEXT("\xC2\x85"), 0},
        {TEXT("\xC2\xA0"), 2},
        {TEXT("\xED\xA0\x80"), 0},
        {TEXT("\xE0\x80\xAF"), 0},
        {TEXT("\xF4\x90\x80\x80"), 0},
        {TEXT("\xF5\x80\x80\x80"), 0},
        {TEXT("\xE2\x82"), 0},
        {TEXT("\x80"), 0},
        {TEXT(""), 0},
        {TEXT("\xFF"), 0},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        CHECK_INT(text_form_character(table[i].text, table[i].length), table[i].bytes);
}

int main(void) {
    return test_run();
}
