/* What a lab file says of the cloud: how one is created that is not there, and what one lacks that
 * is. Its password, network and port are settings of the creation; one that differs is noted. */
#pragma once

#include "base/buffer.h"
#include "base/strv.h"
#include "home/home.h"
#include "home/lab/lab.h"

/* "cloud", "create", … of this program's own command line. The lab has a cloud. */
void lab_cloud_words(const struct lab *lab, struct strv *words);
/* A cloud as that command would create it, in the home at path, without a password. */
bool lab_cloud_create(const struct lab *lab, const char *path, struct error *error);
/* detail: what lab_cloud_set() would change, for people; notes: what takes another command. */
bool lab_cloud_compare(struct home *home, const struct lab *lab, struct buffer *detail,
                       struct buffer *notes, struct error *error);
bool lab_cloud_set(struct home *home, const struct lab *lab, struct error *error);
