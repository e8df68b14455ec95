#include "run_file.h"

#include "base/alloc.h"

#include <stdbool.h>
#include <string.h>

#define APART         "s"
#define NUMBER_TAG    'n'
#define APART_TAG_MAX (sizeof "n999999" - 1)

#define RUN_FILE_ROW(name, kind) [name] = kind,
static const char *const kinds[] = {RUN_FILES(RUN_FILE_ROW)};
#undef RUN_FILE_ROW

const char *run_file_kind(enum run_file file) {
    return kinds[file];
}

static bool is_apart(const char *tag, enum run_file file) {
    return file != RUN_FILE_PID && tag[0] == NUMBER_TAG && strlen(tag) <= APART_TAG_MAX;
}

char *run_file_path(const char *run, const char *name, const char *tag, enum run_file file) {
    return alloc_printf("%s/%s%s.%s.%s", run, is_apart(tag, file) ? APART "/" : "", name, tag,
                        kinds[file]);
}

char *run_file_apart(const char *run) {
    return alloc_printf("%s/" APART, run);
}
