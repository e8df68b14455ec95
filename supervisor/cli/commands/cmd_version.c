#include "cli/commands/table.h"

#include "base/alloc.h"
#include "base/platform.h"
#include "cli/doctor/libraries.h"
#include "cli/invocation.h"
#include "cli/output/json_output.h"
#include "control/protocol.h"
#include "host/program.h"
#include "host/qemu_program.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

/* NULL in the document: it is not installed, or does not tell its version. */
static json_t *qemu_row(enum spec_arch arch) {
    struct spec_qemu qemu = {0};
    scoped(alloc_release) char *name = alloc_printf("qemu-system-%s", spec_arch_word(arch));
    scoped(alloc_release) char *path = program_find(name, NULL);
    if (path)
        qemu_program_inspect(path, NULL, &qemu);
    scoped(alloc_release) char *version =
        qemu.version.major ? alloc_printf("%u.%u", qemu.version.major, qemu.version.minor) : NULL;
    return json_pack("{s:s, s:o, s:o}", "program", name, "path", json_output_text(path), "version",
                     json_output_text(version));
}

static int run_version(struct invocation *invocation, struct error *error) {
    (void)error;
    if (!invocation_flag(invocation, "json")) {
        puts("pgsup " PGSUP_VERSION);
        return EXIT_SUCCESS;
    }
    json_output_print(json_pack(
        "{s:i, s:s, s:i, s:i, s:s, s:s, s:o, s:[o, o]}", "schema", JSON_OUTPUT_SCHEMA, "version",
        PGSUP_VERSION, "store_version", store_newest_version(), "protocol", CONTROL_VERSION,
        "system", platform_is_macos() ? "macos" : "linux", "architecture", platform_architecture(),
        "libraries", libraries_list(), "qemu", qemu_row(SPEC_AARCH64), qemu_row(SPEC_X86_64)));
    return EXIT_SUCCESS;
}

static const struct option_spec version_options[] = {
    {.name = "json", .help = "print a JSON document, with libraries and the QEMU that was found"},
    OPTIONS_END,
};

const struct command cmd_version = {
    .path = "version",
    .summary = "Print the version",
    .options = version_options,
    .section = SECTION_MORE,
    .run = run_version,
};
