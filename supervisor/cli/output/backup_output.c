#include "backup_output.h"

#include "base/name.h"
#include "cli/output/json_output.h"

#include <stdio.h>

uint64_t backup_output_bytes(const struct backup_manifest *manifest) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < manifest->file_count; i++)
        bytes += manifest->files[i].bytes;
    return bytes;
}

const char *backup_output_moment(enum backup_moment moment) {
    switch (moment) {
    case BACKUP_STOPPED: return "it was off";
    case BACKUP_FROZEN: return "its file systems were frozen for the moment of it";
    case BACKUP_CRASH: return "crash-consistent: as after a power cut at the moment of it";
    }
    return "";
}

json_t *backup_output_row(const char *folder, const struct backup_manifest *manifest,
                          uint64_t bytes, const char *problem) {
    const struct instance_facts *facts = &manifest->facts;
    json_t *row = json_object();
    bool known = problem == NULL;
    json_object_set_new(row, "name", json_output_text(facts->instance.name));
    json_object_set_new(row, "created", json_output_time(manifest->created_ms));
    json_object_set_new(row, "kind",
                        json_output_text(known ? backup_kind_words.words[manifest->kind] : NULL));
    json_object_set_new(
        row, "moment",
        json_output_text(known ? backup_moment_words.words[manifest->moment] : NULL));
    json_object_set_new(row, "description", json_output_text(manifest->description));
    json_object_set_new(row, "automatic", json_boolean(manifest->automatic));
    json_object_set_new(row, "image", json_output_text(facts->image.name));
    json_object_set_new(row, "bytes", json_output_bytes(bytes));
    json_object_set_new(row, "folder", json_output_text(folder));
    json_object_set_new(row, "problem", json_output_text(problem));
    return row;
}

void backup_output_made(const struct invocation *invocation, const char *folder,
                        const struct backup_manifest *manifest) {
    uint64_t bytes = backup_output_bytes(manifest);
    char size[32];
    if (invocation_wants_json(invocation)) {
        json_t *row = backup_output_row(folder, manifest, bytes, NULL);
        json_output_schema(row);
        json_output_print(row);
        return;
    }
    name_format_size(bytes, size);
    printf("%s backed up to %s: %s, %s\n", manifest->facts.instance.name, folder, size,
           backup_output_moment(manifest->moment));
    if (manifest->moment == BACKUP_CRASH && manifest->description && !manifest->automatic)
        printf("its file systems were not frozen: %s\n", manifest->description);
    if (manifest->kind == BACKUP_THIN && !manifest->automatic)
        printf("it is restored where the image \"%s\" is\n", manifest->facts.image.name);
}
