#include "vm_json.h"

#include "base/clock.h"
#include "base/name.h"
#include "base/strv.h"

static json_t *optional(const char *text) {
    return text ? json_string(text) : json_null();
}

static void add_boot(json_t *object, const struct boot *boot) {
    json_t *failed = json_array();
    const char *stage = boot->done ? "done" : boot->stage;
    json_object_set_new(object, "boot_stage", optional(stage[0] ? stage : NULL));
    json_object_set_new(object, "boot_module", optional(boot->module[0] ? boot->module : NULL));
    for (size_t i = 0; i < boot->failed.count; i++)
        json_array_append_new(failed, json_string(boot->failed.items[i]));
    json_object_set_new(object, "failed_modules", failed);
}

static json_t *warnings_of(const struct vm *vm, bool alive) {
    json_t *list = json_array();
    const struct strv *warnings = vm_warnings(vm);
    for (size_t i = 0; alive && i < warnings->count; i++)
        json_array_append_new(list, json_string(warnings->items[i]));
    return list;
}

json_t *vm_json(const struct vm *vm) {
    json_t *object = json_object(), *phases = json_object();
    bool alive = lifecycle_has_process(vm->state);
    json_object_set_new(object, "name", json_string(vm->name));
    json_object_set_new(object, "state", json_string(lifecycle_state_word(vm->state)));
    json_object_set_new(object, "reason", optional(vm->reason));
    json_object_set_new(object, "pid",
                        alive && vm->launch.pid ? json_integer(vm->launch.pid) : json_null());
    json_object_set_new(
        object, "since_ms",
        json_integer(clock_wall_ms() - (int64_t)(clock_monotonic_ms() - vm->since_ms)));
    for (int phase = 0; phase < PHASE_COUNT; phase++)
        if (vm->launch.phases_ms[phase])
            json_object_set_new(phases, store_phase_word((enum store_phase)phase),
                                json_integer(vm->launch.phases_ms[phase]));
    json_object_set_new(object, "phases", phases);
    json_object_set_new(object, "warnings", warnings_of(vm, alive));
    json_object_set_new(object, "agent", alive ? json_boolean(vm->agent_answers) : json_null());
    json_object_set_new(object, "provisioning_ms", json_integer(vm->provisioning_ms));
    add_boot(object, &vm->boot);
    return object;
}

void vm_json_brief(const struct vm *vm, int64_t now_ms, struct buffer *words) {
    int64_t launched_ms = vm->launch.phases_ms[PHASE_LAUNCHED];
    bool known = lifecycle_has_process(vm->state) && launched_ms && launched_ms <= now_ms;
    char age[24] = "-";
    if (known)
        name_put_number((uint64_t)(now_ms - launched_ms), age);
    if (words->length)
        buffer_putc(words, ' ');
    buffer_puts(words, vm->name);
    buffer_putc(words, ' ');
    buffer_puts(words, age);
}
