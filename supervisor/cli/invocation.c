#include "invocation.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/duration.h"
#include "base/file.h"
#include "base/given_file.h"
#include "base/name.h"
#include "base/secret.h"
#include "machine/core/spec.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DAY_MS 86400000u

static const struct option_spec *spec_of(const struct invocation *invocation, const char *name) {
    const struct option_spec *spec = options_find(invocation->command->options, name, strlen(name));
    if (!spec) {
        fprintf(stderr, "pgsup: \"%s\" has no option \"%s\"\n", invocation->command->path, name);
        abort();
    }
    return spec;
}

const char *invocation_option(const struct invocation *invocation, const char *name) {
    const struct option_spec *spec = spec_of(invocation, name);
    const char *value = options_value(&invocation->options, name);
    return value ? value : spec->fallback;
}

char *const *invocation_values(const struct invocation *invocation, const char *name) {
    spec_of(invocation, name);
    return options_values(&invocation->options, name);
}

bool invocation_given(const struct invocation *invocation, const char *name) {
    spec_of(invocation, name);
    return options_value(&invocation->options, name) != NULL;
}

bool invocation_flag(const struct invocation *invocation, const char *name) {
    return invocation_given(invocation, name);
}

bool invocation_wants_json(const struct invocation *invocation) {
    const struct option_spec *specs = invocation->command ? invocation->command->options : NULL;
    return options_find(specs, "json", strlen("json")) && invocation_flag(invocation, "json");
}

size_t invocation_argument_count(const struct invocation *invocation) {
    return invocation->options.argument_count;
}

const char *invocation_argument(const struct invocation *invocation, size_t index) {
    return index < invocation->options.argument_count ? invocation->options.arguments[index] : NULL;
}

bool invocation_duration(const struct invocation *invocation, const char *name, uint64_t minimum_ms,
                         uint64_t *ms, struct error *error) {
    const char *text = invocation_option(invocation, name);
    bool good = text && duration_parse(text, ms);
    if (good && *ms >= minimum_ms && *ms <= DAY_MS)
        return true;
    return error_set(
        error, ERROR_USAGE,
        "option \"--%s\": \"%.80s\" is not a duration from %s to a day: write 90, 90s, "
        "5m or 1h30m",
        name, text ? text : "", minimum_ms ? "1 s" : "0");
}

const char *invocation_name(const struct invocation *invocation, const char *what,
                            struct error *error) {
    const char *option = invocation_option(invocation, "name");
    const char *argument = invocation_argument(invocation, 0);
    if (option && argument) {
        error_set(error, ERROR_USAGE, "two names were given for the %s, \"%s\" and \"%s\": use one",
                  what, option, argument);
        return NULL;
    }
    if (!option && !argument)
        error_set(error, ERROR_USAGE, "the %s needs a name: -n NAME", what);
    return option ? option : argument;
}

bool invocation_check_file(const char *path, const char *what, struct error *error) {
    if (strcmp(path, GIVEN_FILE_STANDARD_INPUT) == 0)
        return true;
    if (access(path, R_OK) == 0)
        return !file_is_directory(path) ||
               error_set(error, ERROR_INVALID, "the %s \"%s\" is a folder", what, path);
    if (errno == ENOENT || errno == ENOTDIR)
        return error_set(error, ERROR_NOT_FOUND, "the %s \"%s\" does not exist", what, path);
    return error_set(error, ERROR_WRONG_STATE, "the %s \"%s\" cannot be read: %s", what, path,
                     strerror(errno));
}

void invocation_wipe(const struct invocation *invocation, const char *name) {
    spec_of(invocation, name);
    char *value = options_value(&invocation->options, name);
    if (value)
        secret_wipe(value, strlen(value));
}

void invocation_warn(const char *format, ...) {
    va_list arguments;
    scoped(buffer_done) struct buffer warning = {0};
    va_start(arguments, format);
    buffer_vprintf(&warning, format, arguments);
    va_end(arguments);
    scoped(alloc_release) char *text = name_safe(warning.data ? warning.data : "");
    fprintf(stderr, "pgsup: warning: %s\n", text);
}

void invocation_notes(char *lines) {
    for (char *line = lines; line && *line;) {
        size_t length = strcspn(line, "\n");
        printf("note: %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
    free(lines);
}

void invocation_notice(char *notice) {
    if (notice)
        invocation_warn("%s", notice);
    free(notice);
}
