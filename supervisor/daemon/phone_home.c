#include "daemon/phone_home.h"

#include "base/alloc.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/name.h"
#include "daemon/guest_peer.h"
#include "home/access/endpoint.h"
#include "home/access/guest_port.h"
#include "home/seed/host_keys.h"

#include <stdlib.h>
#include <string.h>

/* One post, as it is worked on. */
struct post {
    const struct phone_home_context *context;
    const struct store_instance *instance;
    const struct phone_home_call *call;
    struct vm *vm;
    struct store_guest guest;
    struct endpoint endpoint;
    char *keys;          /* those that are trusted */
    const char *problem; /* a sentence, if the guest sent others; NULL */
    bool first;          /* as this instance-id */
};

/* A VM of the same name may belong to an instance that was removed. */
static struct vm *find_vm(struct fleet *fleet, const struct store_instance *instance) {
    struct vm *vm = fleet_get(fleet, instance->name, NULL);
    return vm && vm->instance == instance->id ? vm : NULL;
}

/* The store may not have it yet. */
static bool is_known(const struct post *post) {
    return post->vm->phoned_home &&
           strcmp(post->vm->phoned_home, post->call->form->instance_id) == 0;
}

/* A guest that uses DHCP has the address that it called from. */
static void find_endpoint(struct post *post) {
    const struct store_guest guest = {.address = (char *)post->call->from->peer,
                                      .address_source = (char *)"phone-home"};
    endpoint_of(post->instance, &guest, &post->endpoint);
}

static char *join_keys(const struct phone_home *form) {
    struct buffer keys = {0};
    for (int i = 0; i < PHONE_HOME_KEY_COUNT; i++)
        if (form->keys[i])
            buffer_printf(&keys, "%s\n", form->keys[i]);
    return buffer_take(&keys);
}

/* The preseeded keys of a guest are trusted, whatever it sends; otherwise what it sends. False: the
 * preseeded keys cannot be read now. */
static bool judge_keys(struct post *post) {
    const struct home *home = post->context->fleet->home;
    scoped(alloc_release) char *sent = join_keys(post->call->form);
    post->keys = host_keys_are_preseeded(post->instance)
                     ? host_keys_public(home, post->instance, NULL)
                     : alloc_string(sent);
    if (post->keys && !host_keys_are_among(sent, post->keys))
        post->problem = "it phoned home with host keys that it was not given: they are not trusted";
    return post->keys != NULL;
}

/* A guest sends its keys once as each instance-id that its meta-data gave it. A repeated or a late
 * post changes nothing. */
static void remember_guest(struct post *post) {
    struct store_guest *guest = &post->guest;
    const struct phone_home *form = post->call->form;
    post->first = !guest->instance_id || strcmp(guest->instance_id, form->instance_id) != 0;
    if (!post->first)
        return;
    guest->phoned_home_ms = guest->address_ms = clock_wall_ms();
    guest->provisioned_ms = 0;
    alloc_replace(&guest->provision_result, NULL);
    alloc_replace(&guest->instance_id, alloc_string(form->instance_id));
    alloc_replace(&guest->hostname, alloc_string(form->hostname));
    alloc_replace(&guest->address, alloc_string(post->endpoint.address));
    alloc_replace(&guest->address_source, alloc_string(post->endpoint.source));
    alloc_replace(&guest->host_keys, alloc_string(post->keys));
    alloc_replace(&guest->host_key_problem, alloc_string(post->problem));
    recorder_guest(post->context->recorder, post->instance->id, guest);
}

/* False: the guest's row cannot be read now, so that it is not known whether this is news. */
static bool update_guest(struct post *post) {
    struct store *store = post->context->fleet->home->store;
    bool known = is_known(post);
    bool read = guest_table_get(store, post->instance->id, &post->guest, NULL);
    if (read && store_instance_uses_dhcp(post->instance))
        address_tracker_learn(post->context->tracker, &(struct address_report){
                                                          .instance = post->instance->id,
                                                          .name = post->instance->name,
                                                          .known = post->guest.address,
                                                          .address = post->call->from->peer,
                                                          .source = "phone-home",
                                                      });
    if (read && !known)
        remember_guest(post);
    return read || known;
}

static void record_events(const struct post *post) {
    struct journal *journal = post->context->fleet->journal;
    const struct phone_home_call *call = post->call;
    const struct store_instance *instance = post->instance;
    scoped(alloc_release) char *host =
        name_printable(call->form->hostname, strlen(call->form->hostname), 80);
    scoped(alloc_release) char *text =
        alloc_printf("%s phoned home%s (%s, from %s)", host, post->first ? "" : " again",
                     call->from->agent, call->from->peer);
    scoped(alloc_release) char *said = alloc_printf("vm=%s ", instance->name);
    journal_tell(journal,
                 &(struct gather_message){instance->id, STORE_EVENT_PHONE_HOME, NULL, text, said});
    scoped(alloc_release) char *warning = alloc_printf("warning: %s", said);
    const struct gather_message problem = {instance->id, STORE_EVENT_HOST_KEY, NULL, post->problem,
                                           warning};
    if (post->problem)
        journal_tell(journal, &problem);
}

/* Once for each identity of the guest: from then on these keys are checked. */
static void tell_trust(const struct post *post) {
    const struct store_instance *instance = post->instance;
    if (!post->first || host_keys_are_preseeded(instance))
        return;
    scoped(alloc_release) char *keys = host_keys_fingerprints(post->keys);
    scoped(alloc_release) char *said = alloc_printf("vm=%s ", instance->name);
    scoped(alloc_release) char *text =
        alloc_printf("trusts the host keys that the guest has reported over HTTP (%s); with "
                     "`--seed drive` it is given them",
                     keys);
    const struct gather_message trust = {instance->id, STORE_EVENT_HOST_KEY, NULL, text, said};
    if (*keys)
        journal_tell(post->context->fleet->journal, &trust);
}

static void update_vm(const struct post *post) {
    struct vm *vm = post->vm;
    if (post->first)
        vm_set_provision_result(vm, NULL);
    vm_phoned_home(vm, post->call->form->instance_id, post->endpoint.address);
}

/* A deploy.yaml from elsewhere runs on this host only when its user has asked for it. */
static void provision(const struct post *post) {
    struct provisioning *provisioning = post->context->provisioning;
    const struct store_instance *instance = post->instance;
    struct error error = {0};
    if (instance->holds_playbook) {
        scoped(alloc_release) char *why =
            alloc_printf("deploy.yaml waits until you ask for it (it was imported, or "
                         "--no-provision was given): read it and what lies beside it, then `pgsup "
                         "provision %s`",
                         instance->name);
        provisioning_skip(provisioning, instance, why);
    } else if (!guest_port_check(instance, (pid_t)post->vm->launch.pid, &error)) {
        provisioning_skip(provisioning, instance, error.text);
    } else {
        const struct provisioning_guest guest = {&post->endpoint, post->keys, NULL};
        vm_provisioning_begins(post->vm);
        provisioning_run(provisioning, instance, &guest);
    }
}

/* False: it cannot be recorded now. */
static bool take(struct post *post) {
    find_endpoint(post);
    if (!judge_keys(post) || !update_guest(post))
        return false;
    record_events(post);
    tell_trust(post);
    update_vm(post);
    if (post->first)
        provision(post);
    return true;
}

/* A repeated post as an identity that is known changes nothing that is trusted. */
static bool is_news(const struct post *post) {
    struct store_guest guest = {0};
    bool read =
        guest_table_get(post->context->fleet->home->store, post->instance->id, &guest, NULL);
    bool known =
        read && guest.instance_id && strcmp(guest.instance_id, post->call->form->instance_id) == 0;
    store_guest_done(&guest);
    return !known;
}

/* Its host keys will be trusted, and it will be given secrets: who knows the token may say nothing
 * for the guest. */
static bool is_from_guest(const struct post *post) {
    struct store *store = post->context->fleet->home->store;
    const struct store_instance *instance = post->instance;
    const struct seed_caller *from = post->call->from;
    struct error error = {0};
    if (guest_peer_check(store, post->vm, instance, &from->ends, &error) &&
        (!is_news(post) || guest_peer_has_seed(store, post->vm, instance, &error)))
        return true;
    scoped(alloc_release) char *text =
        alloc_printf("refused a phone-home (%s, from %s): %s", from->agent, from->peer, error.text);
    scoped(alloc_release) char *said = alloc_printf("warning: vm=%s ", instance->name);
    const struct gather_message refusal = {instance->id, STORE_EVENT_PHONE_HOME, from->peer, text,
                                           said};
    journal_tell(post->context->fleet->journal, &refusal);
    return false;
}

static void on_post_written(void *context, bool written) {
    seed_request_settle(context, written ? SEED_TAKEN : SEED_FAILED);
}

void phone_home_receive(const struct phone_home_context *context,
                        const struct store_instance *instance, const struct phone_home_call *call) {
    struct post post = {.context = context,
                        .instance = instance,
                        .call = call,
                        .vm = find_vm(context->fleet, instance)};
    if (!is_from_guest(&post))
        seed_request_settle(call->answer, SEED_REFUSED);
    else if (take(&post))
        recorder_when_written(context->recorder, on_post_written, call->answer);
    else
        seed_request_settle(call->answer, SEED_FAILED);
    free(post.keys);
    store_guest_done(&post.guest);
}
