/* The steps for images: each that the file or one of its instances names, and the home lacks, is
 * fetched. Until the transaction is rolled back, the store has its row as if it were there. */
#pragma once

#include "home/lab/lab_plan.h"

/* One that stands under "images". */
bool lab_plan_image(struct home *home, const struct lab *lab, size_t index, struct lab_plan *plan,
                    struct error *error);
/* That of an instance, which no section need name if it can be downloaded by its name. */
bool lab_plan_image_of(struct home *home, const struct lab *lab,
                       const struct lab_instance *instance, struct lab_plan *plan,
                       struct error *error);
