/* The backups in a folder, the newest first; what is being made, or is damaged, is among them with
 * a sentence. Blocking. */
#pragma once

#include "home/backup/backup_manifest.h"

#define BACKUP_LIST_MAX 10000u

struct backup_entry {
    char *folder;                    /* absolute */
    char *problem;                   /* why its manifest is empty; NULL: it is one */
    struct backup_manifest manifest; /* of a damaged one: empty */
    uint64_t bytes;                  /* of its files */
};
struct backup_list {
    struct backup_entry *items;
    size_t count;
};

bool backup_list(const char *folder, struct backup_list *list, struct error *error);
void backup_list_done(struct backup_list *list);
