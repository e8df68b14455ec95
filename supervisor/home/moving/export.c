#include "home/moving/export.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/name.h"
#include "home/facts.h"
#include "home/generated.h"
#include "home/images/overlay.h"
#include "home/instance/machine_type.h"
#include "home/layout.h"
#include "home/moving/export_form.h"
#include "home/moving/export_guide.h"
#include "home/moving/export_stage.h"
#include "home/moving/incus_instance.h"
#include "home/moving/kubevirt_machine.h"
#include "home/moving/libvirt_domain.h"
#include "home/seed/seed.h"
#include "home/seed/seed_drive.h"
#include "host/accelerator.h"
#include "host/program.h"
#include "host/qemu_img.h"

#include <string.h>

/* A Secret of Kubernetes holds 1 MiB (core/v1, MaxSecretSize), Base64 not counted. */
#define SEED_LIMIT_BYTES (1u << 20)

/* In the stage: disks of a VM that runs, as they were copied from it. */
#define OF_RUNNING ".running"

struct export {
    const struct export_request *request;
    struct home *home;
    enum export_engine engine;
    struct instance_facts facts;
    struct export_stage stage;
    struct export_form form;
    char *disks; /* the folder that they are copied from */
    struct buffer documents[SEED_DOCUMENT_COUNT];
};

typedef bool form_writer(const struct export_form *form, struct buffer *text, struct error *error);

#define FORMS_MAX 2
static const struct {
    const char *word;
    struct {
        const char *file;
        mode_t mode;
        form_writer *write;
    } forms[FORMS_MAX];
} engines[] = {
    [EXPORT_LIBVIRT] = {"libvirt", {{"domain.xml", 0644, libvirt_domain_write}}},
    [EXPORT_INCUS] = {"incus",
                      {{"metadata.yaml", 0644, incus_instance_write_metadata},
                       {"instance.yaml", 0644, incus_instance_write}}},
    [EXPORT_KUBEVIRT] = {"kubevirt",
                         {{"vm.yaml", 0644, kubevirt_machine_write},
                          {"seed.yaml", 0600, kubevirt_machine_write_seed}}},
};
#define ENGINES (sizeof engines / sizeof *engines)

bool export_engine_from_word(const char *word, enum export_engine *engine, struct error *error) {
    scoped(alloc_release) char *shown = name_printable(word, strlen(word), 40);
    for (size_t i = 0; i < ENGINES; i++)
        if (strcmp(engines[i].word, word) == 0) {
            *engine = (enum export_engine)i;
            return true;
        }
    return error_set(error, ERROR_USAGE, "\"%s\" is no engine: use libvirt, incus or kubevirt",
                     shown);
}

/* --- the parts --- */

static bool copy_extra_disk(struct export *export, const char *name, struct error *error) {
    bool raw = export->engine == EXPORT_INCUS;
    scoped(alloc_release) char *file =
        raw ? export_form_raw_disk(name) : export_form_extra_disk(name);
    scoped(alloc_release) char *from = layout_extra_disk_in(export->disks, name);
    scoped(alloc_release) char *to = alloc_printf("%s/%s", export->stage.folder, file);
    return raw ? qemu_img_to_raw(from, to, error) : qemu_img_copy(from, NULL, to, error);
}

static bool find_disks(struct export *export, struct error *error) {
    const struct export_request *request = export->request;
    const struct instance_facts *facts = &export->facts;
    if (!request->copy_running) {
        scoped(alloc_release) char *os = layout_os_disk(export->home, facts->instance.name);
        export->disks = home_instance_folder(export->home, facts->instance.name);
        return overlay_settle(export->home, &facts->image, os, error);
    }
    export->disks = alloc_printf("%s/" OF_RUNNING, export->stage.folder);
    return file_make_directory(export->disks, 0700, error) &&
           request->copy_running(request->context, export->disks, error);
}

static bool copy_disks(struct export *export, struct error *error) {
    const struct instance_facts *facts = &export->facts;
    if (!find_disks(export, error))
        return false;
    scoped(alloc_release) char *from = alloc_printf("%s/" LAYOUT_OS_DISK, export->disks);
    scoped(alloc_release) char *to = alloc_printf("%s/" EXPORT_FORM_DISK, export->stage.folder);
    bool good = qemu_img_copy(from, NULL, to, error);
    for (size_t i = 0; good && i < facts->disks.count; i++)
        good = copy_extra_disk(export, facts->disks.items[i].name, error);
    return good && (!export->request->copy_running || file_remove_tree(export->disks, error));
}

static bool read_documents(struct export *export, const char *drive, struct error *error) {
    size_t sum = 0;
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++) {
        struct buffer *text = &export->documents[i];
        if (!seed_drive_read(drive, (enum seed_document)i, text, error))
            return false;
        export->form.documents[i] = text->data ? text->data : "";
        sum += text->length;
    }
    return sum <= SEED_LIMIT_BYTES ||
           error_set(error, ERROR_INVALID,
                     "the seed is larger than a Secret of Kubernetes may be, which is 1 MiB");
}

/* KubeVirt carries the seed as texts, the others as the drive that the guest knows: that of a VM
 * that runs is as it was started. */
static bool copy_seed(struct export *export, struct error *error) {
    scoped(buffer_done) struct buffer image = {0};
    struct generated generated = {.home = export->home, .facts = &export->facts};
    scoped(alloc_release) char *drive = seed_image_path(export->home, &export->facts.instance);
    scoped(alloc_release) char *to = alloc_printf("%s/" EXPORT_FORM_SEED, export->stage.folder);
    bool good = export->request->copy_running || seed_write(&generated, error);
    if (good && export->engine == EXPORT_KUBEVIRT)
        good = read_documents(export, drive, error);
    else if (good)
        good = file_read(drive, SEED_DRIVE_LIMIT_BYTES, &image, error) &&
               file_write(to, image.data, image.length, 0600, error);
    generated_done(&generated);
    return good;
}

static bool write_forms(const struct export *export, struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < FORMS_MAX && engines[export->engine].forms[i].file; i++) {
        scoped(buffer_done) struct buffer text = {0};
        scoped(alloc_release) char *path =
            alloc_printf("%s/%s", export->stage.folder, engines[export->engine].forms[i].file);
        good =
            engines[export->engine].forms[i].write(&export->form, &text, error) &&
            file_write(path, text.data, text.length, engines[export->engine].forms[i].mode, error);
    }
    return good;
}

static bool write_guide(const struct export *export, struct error *error) {
    scoped(buffer_done) struct buffer text = {0};
    scoped(alloc_release) char *path = alloc_printf("%s/README.md", export->stage.folder);
    export_guide_write(export->engine, &export->form, &text);
    return file_write(path, text.data, text.length, 0644, error);
}

/* A host with its own virtualisation runs it with that, as this one does. */
static bool export_load(struct export *export, const char *name, struct error *error) {
    struct store_instance *instance = &export->facts.instance;
    enum spec_arch arch = SPEC_AARCH64;
    enum spec_accel accel = SPEC_TCG;
    if (!instance_facts_load(export->home, name, &export->facts, error) ||
        !machine_type_settle(export->home->store, instance, error))
        return false;
    spec_arch_from_word(instance->arch, &arch);
    scoped(alloc_release) char *emulator = alloc_printf("qemu-system-%s", instance->arch);
    scoped(alloc_release) char *program = program_find(emulator, error);
    scoped(alloc_release) char *arguments = layout_file(export->home, name, LAYOUT_ARGUMENTS);
    export->form.has_arguments = file_exists(arguments);
    export->form.facts = &export->facts;
    export->form.folder = export->stage.path;
    if (!program || !accelerator_choose(instance->accel, arch, program, &accel, error))
        return false;
    export->form.emulated = accel == SPEC_TCG;
    return true;
}

bool export_run(const struct export_request *request, struct error *error) {
    struct export export = {.request = request, .home = request->home, .engine = request->engine};
    scoped(alloc_release) char *parent = file_parent(request->to);
    if (!home_check_outside(request->home, parent, error)) /* it would be taken for a part of it */
        return false;
    bool good = export_stage_open(request->to, &export.stage, error) &&
                export_load(&export, request->name, error) && copy_seed(&export, error) &&
                write_forms(&export, error) && write_guide(&export, error) &&
                copy_disks(&export, error) && export_stage_commit(&export.stage, error);
    *request->replaced = export.stage.replaced;
    export_stage_close(&export.stage);
    for (int i = 0; i < SEED_DOCUMENT_COUNT; i++)
        buffer_done(&export.documents[i]);
    instance_facts_done(&export.facts);
    alloc_release(&export.disks);
    return good;
}
