#include "test.h"

#include "cloudinit/route.h"

#define TOKEN    "0123456789abcdef0123456789abcdef"
#define LABEL_63 "a23456789-123456789-123456789-123456789-123456789-123456789-123"
#define ID_127                                                                                     \
    "a123456789-123456789-123456789-123456789-123456789-123456789-123456789-123456789-123456789-"  \
    "123456789-123456789-123456789-123456"

static const struct {
    const char *method, *target;
    enum route_kind kind;
    enum seed_document document;
    const char *token, *instance_id, *allow;
} rows[] = {
    {"POST", "/phone-home/" TOKEN "/test-1", ROUTE_PHONE_HOME, 0, TOKEN, "test-1", NULL},
    {"POST", "/phone-home/t?x", ROUTE_PHONE_HOME, 0, "t", "", NULL},
    {"GET", "/phone-home/t/test-1", ROUTE_METHOD_NOT_ALLOWED, 0, "t", "test-1", "POST"},
    {"POST", "/phone-home/t/a/b", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/phone-home/", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/phone-home", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/phone-home/" TOKEN "0/test-1", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/phone-home/t/phone-home", ROUTE_PHONE_HOME, 0, "t", "phone-home", NULL},
    {"GET", "/seed/" TOKEN "/meta-data", ROUTE_DOCUMENT, SEED_META_DATA, TOKEN, "", NULL},
    {"HEAD", "/seed/" TOKEN "/user-data", ROUTE_DOCUMENT, SEED_USER_DATA, TOKEN, "", NULL},
    {"GET", "/seed/t-1/vendor-data", ROUTE_DOCUMENT, SEED_VENDOR_DATA, "t-1", "", NULL},
    {"GET", "/seed/t/network-config?a=/../b", ROUTE_DOCUMENT, SEED_NETWORK_CONFIG, "t", "", NULL},
    {"POST", "/seed/t/phone-home", ROUTE_PHONE_HOME, 0, "t", "", NULL},
    {"POST", "/seed/t/phone-home?x", ROUTE_PHONE_HOME, 0, "t", "", NULL},
    {"POST", "/seed/t/phone-home/test-1", ROUTE_PHONE_HOME, 0, "t", "test-1", NULL},
    {"POST", "/seed/t/phone-home/" ID_127, ROUTE_PHONE_HOME, 0, "t", ID_127, NULL},
    /* what a redirected or empty phone-home turns into */
    {"GET", "/seed/t/phone-home/test-1", ROUTE_METHOD_NOT_ALLOWED, 0, "t", "test-1", "POST"},
    {"HEAD", "/seed/t/phone-home", ROUTE_METHOD_NOT_ALLOWED, 0, "t", "", "POST"},
    {"POST", "/seed/t/meta-data", ROUTE_METHOD_NOT_ALLOWED, 0, "t", "", "GET, HEAD"},
    {"PUT", "/seed/t/user-data", ROUTE_METHOD_NOT_ALLOWED, SEED_USER_DATA, "t", "", "GET, HEAD"},
    {"get", "/seed/t/meta-data", ROUTE_METHOD_NOT_ALLOWED, 0, "t", "", "GET, HEAD"},
    /* everything else is nowhere, and gives no hint */
    {"GET", "", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/t", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/t/", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed//meta-data", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/" TOKEN "0/meta-data", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/T/meta-data", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/t/meta-dat", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/t/meta-data/", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/t/meta-datax", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/t/network-configuration", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/t/%6deta-data", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/../meta-data", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "/seed/t/../t/meta-data", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "//seed/t/meta-data", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"GET", "http://h/seed/t/meta-data", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/seed/t/phone-home/", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/seed/t/phone-home/a/b", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/seed/t/phone-home/../../x", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/seed/t/phone-home/a%0a", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/seed/t/phone-home/$INSTANCE_ID", ROUTE_NOT_FOUND, 0, "", "", NULL},
    {"POST", "/seed/t/phone-home/" ID_127 "8", ROUTE_NOT_FOUND, 0, "", "", NULL},
};

TEST(targets) {
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int before = test_failures;
        struct route route = route_parse(rows[i].method, rows[i].target);
        CHECK_INT(route.kind, rows[i].kind);
        CHECK_INT(route.document, rows[i].document);
        CHECK_STRING(route.token, rows[i].token);
        CHECK_STRING(route.instance_id, rows[i].instance_id);
        CHECK_STRING(route.allow, rows[i].allow);
        CHECK_STRING(route.name, "");
        bool own = strncmp(rows[i].target, "/phone-home/", 12) == 0;
        CHECK_INT(route.secret, own && route.kind != ROUTE_NOT_FOUND ? ROUTE_SECRET_PHONE_HOME
                                                                     : ROUTE_SECRET_SEED);
        if (test_failures > before)
            fprintf(stderr, "  in row %zu: %s %s\n", i, rows[i].method, rows[i].target);
    }
}

/* where cloud-init reports to */
static const struct {
    const char *method, *target;
    enum route_kind kind;
    const char *name, *token;
} reports[] = {
    {"POST", "/report/web-1/" TOKEN, ROUTE_REPORT, "web-1", TOKEN},
    {"POST", "/report/web-1/t?x", ROUTE_REPORT, "web-1", "t"},
    {"POST", "/report/" LABEL_63 "/t", ROUTE_REPORT, LABEL_63, "t"},
    {"GET", "/report/web-1/t", ROUTE_METHOD_NOT_ALLOWED, "web-1", "t"},
    {"POST", "/report", ROUTE_NOT_FOUND, "", ""},
    {"POST", "/report/", ROUTE_NOT_FOUND, "", ""},
    {"POST", "/report/web-1", ROUTE_NOT_FOUND, "", ""},
    {"POST", "/report/web-1/", ROUTE_NOT_FOUND, "", ""},
    {"POST", "/report//t", ROUTE_NOT_FOUND, "", ""},
    {"POST", "/report/web-1/t/", ROUTE_NOT_FOUND, "", ""},
    {"POST", "/report/../t", ROUTE_NOT_FOUND, "", ""},
    {"POST", "/report/web-1/" TOKEN "0", ROUTE_NOT_FOUND, "", ""},
    {"POST", "/report/" LABEL_63 "x/t", ROUTE_NOT_FOUND, "", ""},
};

TEST(reports_of_progress) {
    for (size_t i = 0; i < sizeof reports / sizeof reports[0]; i++) {
        int before = test_failures;
        struct route route = route_parse(reports[i].method, reports[i].target);
        bool known = reports[i].kind == ROUTE_METHOD_NOT_ALLOWED;
        CHECK_INT(route.kind, reports[i].kind);
        CHECK_STRING(route.name, reports[i].name);
        CHECK_INT(route.secret,
                  route.kind == ROUTE_NOT_FOUND ? ROUTE_SECRET_SEED : ROUTE_SECRET_REPORT);
        CHECK_STRING(route.token, reports[i].token);
        CHECK_STRING(route.allow, known ? "POST" : NULL);
        if (test_failures > before)
            fprintf(stderr, "  in row %zu: %s %s\n", i, reports[i].method, reports[i].target);
    }
}

TEST(document_names) {
    CHECK_STRING(seed_document_name(SEED_META_DATA), "meta-data");
    CHECK_STRING(seed_document_name(SEED_USER_DATA), "user-data");
    CHECK_STRING(seed_document_name(SEED_VENDOR_DATA), "vendor-data");
    CHECK_STRING(seed_document_name(SEED_NETWORK_CONFIG), "network-config");
}

int main(void) {
    return test_run();
}
