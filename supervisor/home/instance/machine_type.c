#include "home/instance/machine_type.h"

#include "base/alloc.h"
#include "host/machine_types.h"
#include "host/program.h"
#include "machine/core/spec.h"

bool machine_type_settle(struct store *store, struct store_instance *instance,
                         struct error *error) {
    enum spec_arch arch;
    if (instance->machine || !spec_arch_from_word(instance->arch, &arch))
        return true;
    scoped(alloc_release) char *name = alloc_printf("qemu-system-%s", instance->arch);
    scoped(alloc_release) char *program = program_find(name, error);
    if (!program)
        return false;
    instance->machine = machine_types_resolve(program, spec_machine_alias(arch));
    return !instance->machine ||
           instance_table_set_machine(store, instance->id, instance->machine, error);
}
