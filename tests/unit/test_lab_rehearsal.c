/* A lab file that is checked without a home, and the schema by which an editor checks it. */
#include "home/lab/lab_rehearsal.h"
#include "home/lab/lab_schema.h"
#include "lab_samples.h"

#include <glob.h>
#include <poll.h>

static void find_rehearsals(glob_t *found) {
    *found = (glob_t){0};
    if (glob("/tmp/pgsup-lab.*", 0, NULL, found) != 0)
        found->gl_pathc = 0;
}

/* Those of other processes, which come and go meanwhile, are waited for. */
static void check_none_left(const glob_t *before) {
    glob_t after;
    find_rehearsals(&after);
    for (size_t i = 0; i < after.gl_pathc; i++) {
        bool known = false;
        for (size_t n = 0; n < before->gl_pathc; n++)
            known |= strcmp(after.gl_pathv[i], before->gl_pathv[n]) == 0;
        for (int tries = 0; !known && tries < 300 && file_exists(after.gl_pathv[i]); tries++)
            poll(NULL, 0, 100);
        CHECK(known || !file_exists(after.gl_pathv[i]));
    }
    globfree(&after);
}

static void rehearse(const char *text, const char *steps, const char *sentence) {
    struct lab lab = {0};
    struct lab_plan plan = {0};
    scoped(buffer_done) struct buffer found = {0};
    glob_t before;
    find_rehearsals(&before);
    error = (struct error){0};
    check_good(lab_file_parse("lab.yaml", text, strlen(text), &lab, &error), &error);
    CHECK(lab_rehearse(&lab, LAB_KEEP, &plan, &error) == !*sentence);
    CHECK_CONTAINS(error.text, sentence);
    CHECK_INT(error_exit_status(error.code), *sentence ? 2 : 0);
    for (size_t i = 0; i < plan.count; i++)
        buffer_printf(&found, "%s %s\n", lab_step_word(plan.steps[i].kind), plan.steps[i].name);
    CHECK_STRING(found.data ? found.data : "", steps);
    check_none_left(&before);
    globfree(&before);
    lab_plan_done(&plan);
    lab_done(&lab);
}

TEST(without_a_home_the_whole_file_is_checked_all_the_same) {
    scoped(alloc_release) char *image = scratch_path("base-arm64.qcow2");
    scoped(alloc_release) char *text = alloc_printf(
        "cloud: {network: user, auto-up: true}\nimages: {x: {file: %s, arch: aarch64}}\n", image);
    scoped(alloc_release) char *right =
        alloc_printf("%sinstances: {a: {image: x, nics: [user, lab]}}\n", text);
    scoped(alloc_release) char *wrong =
        alloc_printf("%sinstances: {a: {image: x, vcpu: many}}\n", text);
    rehearse(right, "get image x\ncreate a\n", "");
    rehearse(wrong, "", "lab.yaml:3:33: a: \"many\"");
    rehearse("cloud: {network: user, no-lab: true}\ninstances: {a: {nics: [user, lab]}}\n", "",
             "lab.yaml:2:13: a: ");
    rehearse("cloud: {network: carrier-pigeon}\n", "", "lab.yaml:1:8: ");
    rehearse("cloud: {ph-port: many}\n", "", "lab.yaml:1:8: ");
}

TEST(the_schema_names_every_key) {
    json_t *schema = lab_schema();
    scoped(alloc_release) char *text = json_dumps(schema, JSON_COMPACT);
    CHECK(schema != NULL);
    for (size_t i = 0; i < LAB_KEY_COUNT; i++)
        CHECK_CONTAINS(text, lab_keys[i].name);
    for (size_t i = 0; i < LAB_IMAGE_KEY_COUNT; i++)
        CHECK_CONTAINS(text, lab_image_keys[i].name);
    for (size_t i = 0; i < LAB_CLOUD_KEY_COUNT; i++)
        CHECK_CONTAINS(text, lab_cloud_keys[i].name);
    json_decref(schema);
}

int main(void) {
    const struct cloud_options cloud = user_options();
    make_home("lab", &cloud, &home);
    int status = test_run();
    home_close(&home);
    return status;
}
