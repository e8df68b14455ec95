#include "home/facts.h"

bool instance_facts_load(struct home *home, const char *name, struct instance_facts *facts,
                         struct error *error) {
    return instance_table_get(home->store, name, &facts->instance, error) &&
           cloud_table_get(home->store, &facts->cloud, error) &&
           image_table_get(home->store, facts->instance.image, &facts->image, error) &&
           forward_table_list(home->store, facts->instance.id, &facts->forwards, error) &&
           disk_table_list(home->store, facts->instance.id, &facts->disks, error) &&
           nic_table_list(home->store, facts->instance.id, &facts->nics, error);
}

void instance_facts_done(struct instance_facts *facts) {
    store_cloud_done(&facts->cloud);
    store_image_done(&facts->image);
    store_instance_done(&facts->instance);
    store_forwards_done(&facts->forwards);
    store_disks_done(&facts->disks);
    store_nics_done(&facts->nics);
}
