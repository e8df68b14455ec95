/* Which file of a listing is the newest, whatever else the listing says. */
#include "base/alloc.h"
#include "home/images/newest.h"
#include "test.h"

#define PATTERN "https://example.org/pub/a-*.qcow2"

/* expected NULL: nothing is found. */
static void check_newest(const char *pattern, const char *listing, const char *expected) {
    struct newest newest;
    struct error error = {0};
    bool found = newest_find(pattern, listing, &newest, &error);
    scoped(alloc_release) char *address = found ? newest_address(pattern, &newest) : NULL;
    CHECK_STRING(address, expected);
    CHECK_INT(error.code, expected ? ERROR_NONE : ERROR_NOT_FOUND);
}

TEST(versions) {
    check_newest(PATTERN, "a-1.9.qcow2 a-1.10.qcow2 a-1.2.qcow2",
                 "https://example.org/pub/a-1.10.qcow2");
    check_newest(PATTERN, "a-1.9.qcow2\na-1.9.1.qcow2\n", "https://example.org/pub/a-1.9.1.qcow2");
    check_newest(PATTERN, "a-20260101.qcow2 a-20251231.qcow2",
                 "https://example.org/pub/a-20260101.qcow2");
    check_newest(PATTERN, "a-007.qcow2 a-6.qcow2", "https://example.org/pub/a-007.qcow2");
    check_newest(PATTERN, "a-1.7-2.qcow2 a-1.7-10.qcow2", "https://example.org/pub/a-1.7-10.qcow2");
}

TEST(forms_of_listings) {
    check_newest(PATTERN, "<a href=\"a-1.qcow2\">a-1.qcow2</a><a href=\"a-1.qcow2.sha256\">",
                 "https://example.org/pub/a-1.qcow2");
    check_newest(PATTERN, "00ff *a-3.qcow2\n00ff  ./a-4.qcow2\n",
                 "https://example.org/pub/a-4.qcow2");
    check_newest("https://x.org/v/15.*-RELEASE/arm/F-15.*-RELEASE.xz",
                 "<a href=\"15.0-RELEASE/\"> <a href=\"15.1-RELEASE/\"> <a href=\"15.2-BETA1/\">",
                 "https://x.org/v/15.1-RELEASE/arm/F-15.1-RELEASE.xz");
    check_newest("https://x.org/n-3.23.*-arm-r*.q",
                 "n-3.23.4-arm-r0.q n-3.23.4-arm-r1.q n-3.23.3-arm-r9.q",
                 "https://x.org/n-3.23.4-arm-r1.q");
}

TEST(what_is_not_meant) {
    check_newest(PATTERN, "", NULL);
    check_newest(PATTERN, "<html>Sign in to this network</html>", NULL);
    check_newest(PATTERN, "a-1.qcow2.sha256 ba-2.qcow2 a-.qcow2 a-beta.qcow2 a-1.qcow", NULL);
    check_newest(PATTERN, "a-../../1.qcow2 a-1/2.qcow2 a-1;x.qcow2 a-1%2f.qcow2", NULL);
    check_newest(PATTERN, "x.a-1.qcow2", NULL);
    char huge[5000] = "a-";
    memset(huge + 2, '1', sizeof huge - 10);
    strcpy(huge + sizeof huge - 8, ".qcow2");
    check_newest(PATTERN, huge, NULL);
    memset(huge + 2, '.', sizeof huge - 10);
    check_newest(PATTERN, huge, NULL);
}

TEST(patterns) {
    CHECK(newest_is_pattern(PATTERN));
    CHECK(!newest_is_pattern("https://example.org/a.qcow2"));
    CHECK(!newest_check(PATTERN));
    CHECK(newest_check("https://*.example.org/a.qcow2"));
    CHECK(newest_check("https://example.org"));
    CHECK(newest_check("https://example.org/a-**.qcow2"));
    CHECK(newest_check("https://example.org/a-*-*-*-*-*.qcow2"));
}

int main(void) {
    return test_run();
}
