#include "home/lab/lab_work.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "base/waiting.h"
#include "home/change/create.h"
#include "home/change/disk_change.h"
#include "home/change/forward_change.h"
#include "home/change/nic_change.h"
#include "home/change/remove.h"
#include "home/change/settings.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Keys take the longest, and their time differs from one to the next: with some more than there are
 * processors, those that are to be waited for in order leave none idle. */
#define JOBS_EACH_PROCESSOR 3u
#define JOBS_MAX            24u
#define LOOK_MS             500

/* --- new instances --- */

struct job { /* an instance that is being made */
    struct lab_options options;
    struct instance_creation creation;
    struct error error;
    pthread_t thread;
    int ended; /* at its end there is something to read here; -1: it has no thread */
    int end;   /* the other end, of the thread */
};

struct jobs {
    struct job items[JOBS_MAX]; /* a ring, in the order of the steps */
    size_t most, first, count;
    size_t next; /* the first step that none of them is for */
};

static void *fill(void *data) {
    struct job *job = data;
    instance_create_fill(&job->creation, &job->error);
    close(job->end);
    return NULL;
}

/* Without a thread it is made here and now. */
static void start(struct job *job) {
    int ends[2];
    job->ended = -1;
    if (child_pipe(ends, &(struct error){0})) {
        job->ended = ends[0];
        job->end = ends[1];
        if (pthread_create(&job->thread, NULL, fill, job) == 0)
            return;
        close(job->end);
        file_release(&job->ended);
    }
    instance_create_fill(&job->creation, &job->error);
}

static void wait_for(struct job *job, const char *name) {
    struct pollfd ended = {.fd = job->ended, .events = POLLIN};
    if (job->ended < 0)
        return;
    waiting_begin("creating", name);
    while (poll(&ended, 1, LOOK_MS) <= 0)
        waiting_tick();
    waiting_end();
    pthread_join(job->thread, NULL);
    file_release(&job->ended);
}

static bool begin(const struct lab_work *work, const struct lab_step *step, struct job *job) {
    *job =
        (struct job){.options = {.lab = work->lab, .instance = &work->lab->instances[step->index]}};
    bool good =
        lab_options_fill(work->home, NULL, &job->options, &job->error) &&
        instance_create_begin(work->home, &job->options.create, &job->creation, &job->error);
    if (good)
        start(job);
    else
        lab_options_done(&job->options);
    return good;
}

static bool add_disks(struct home_edit *edit, char *const *disks, struct error *error) {
    for (; disks && *disks; disks++) {
        scoped(alloc_release) char *name = alloc_slice(*disks, strcspn(*disks, "="));
        if (!disk_change_add(edit, name, *disks + strlen(name) + 1, error))
            return false;
    }
    return true;
}

static bool end(const struct lab_work *work, struct job *job, struct error *error) {
    const struct lab_instance *instance = job->options.instance;
    struct home_edit edit = {.home = work->home, .instance = instance->name};
    wait_for(job, instance->name);
    bool good = instance_create_end(&job->creation, NULL, &job->error) &&
                add_disks(&edit, lab_list(&instance->values[LAB_DISKS]), &job->error);
    alloc_release(&edit.notice);
    lab_options_done(&job->options);
    return good || error_copy(error, &job->error);
}

static struct job *job_at(struct jobs *jobs, size_t place) {
    return &jobs->items[(jobs->first + place) % JOBS_MAX];
}

/* Those that follow: what stands between them may be needed by those behind it. */
static bool begin_ahead(const struct lab_work *work, struct jobs *jobs, struct error *error) {
    const struct lab_plan *plan = work->plan;
    while (jobs->count < jobs->most && jobs->next < plan->count &&
           plan->steps[jobs->next].kind == LAB_CREATE) {
        struct job *job = job_at(jobs, jobs->count);
        if (!begin(work, &plan->steps[jobs->next], job)) /* those before it are ended first */
            return jobs->count > 0 || error_copy(error, &job->error);
        jobs->count++;
        jobs->next++;
    }
    return true;
}

static bool create(const struct lab_work *work, struct jobs *jobs, struct error *error) {
    if (!begin_ahead(work, jobs, error))
        return false;
    struct job *job = job_at(jobs, 0);
    jobs->first = (jobs->first + 1) % JOBS_MAX;
    jobs->count--;
    return end(work, job, error);
}

static void abandon(struct jobs *jobs) {
    for (; jobs->count; jobs->count--, jobs->first = (jobs->first + 1) % JOBS_MAX) {
        struct job *job = job_at(jobs, 0);
        wait_for(job, job->options.instance->name);
        job->creation.filled = false;
        instance_create_end(&job->creation, NULL, &job->error);
        lab_options_done(&job->options);
    }
}

/* --- changes --- */

static bool change_nics(struct home_edit *edit, const struct lab_difference *difference,
                        struct error *error) {
    bool good = true;
    for (size_t i = 0; good && i < difference->removed_nics.count; i++) {
        struct store_nic nic = {0};
        good = nic_change_remove(edit, difference->removed_nics.items[i], &nic, error);
        store_nic_done(&nic);
    }
    for (size_t i = 0; good && i < difference->added_nics.count; i++) {
        struct store_nic nic = {0};
        good = nic_change_add(edit, difference->added_nics.items[i], &nic, error);
        store_nic_done(&nic);
    }
    return good;
}

static bool change_disks(struct home_edit *edit, const struct strv *disks, struct error *error) {
    for (size_t i = 0; i + 1 < disks->count; i += 2)
        if (!disk_change_add(edit, disks->items[i], disks->items[i + 1], error))
            return false;
    return true;
}

/* Each of these is whole or undone; the next plan finds what is left. */
static bool apply_difference(struct home_edit *edit, struct lab_options *options,
                             const struct lab_difference *difference, struct error *error) {
    if (difference->documents)
        options->change.own = &options->own;
    return ((!difference->settings && !difference->documents) ||
            settings_change(edit, &options->change, error)) &&
           change_nics(edit, difference, error) &&
           (!difference->removed_forwards.count ||
            forward_change_remove(edit, difference->removed_forwards.items, error)) &&
           (!difference->added_forwards.count ||
            forward_change_add(edit, difference->added_forwards.items, error)) &&
           change_disks(edit, &difference->added_disks, error);
}

static bool change(struct home *home, const struct lab *lab, const struct lab_instance *instance,
                   struct error *error) {
    struct lab_options options = {.lab = lab, .instance = instance};
    struct lab_difference difference = {0};
    struct home_edit edit = {.home = home, .instance = instance->name};
    bool good = lab_plan_compare(home, &options, &difference, error) &&
                apply_difference(&edit, &options, &difference, error);
    alloc_release(&edit.notice);
    lab_difference_done(&difference);
    lab_options_done(&options);
    return good;
}

static bool prune_instance(struct home *home, const char *name, struct error *error) {
    struct store_instance instance = {0};
    bool good = instance_table_get(home->store, name, &instance, error) &&
                instance_remove(home, &instance, error);
    store_instance_done(&instance);
    return good;
}

static bool make_network(struct home *home, const struct lab_network *network,
                         struct error *error) {
    const struct home_network_options options = lab_plan_network(network);
    struct store_network made = {0};
    bool good = home_network_create(home, &options, &made, error);
    store_network_done(&made);
    return good;
}

static bool do_step(const struct lab_work *work, const struct lab_step *step, struct jobs *jobs,
                    struct error *error) {
    const struct lab *lab = work->lab;
    switch (step->kind) {
    case LAB_ADD_NETWORK: return make_network(work->home, &lab->networks[step->index], error);
    case LAB_CREATE: return create(work, jobs, error);
    case LAB_CHANGE: return change(work->home, lab, &lab->instances[step->index], error);
    case LAB_PRUNE: return prune_instance(work->home, step->name, error);
    case LAB_PRUNE_NETWORK: return home_network_remove(work->home, step->name, error);
    case LAB_NOTE: break;
    }
    return true;
}

static size_t most_jobs(void) {
    size_t most = JOBS_EACH_PROCESSOR * (size_t)sysconf(_SC_NPROCESSORS_ONLN);
    return most < JOBS_MAX ? most : JOBS_MAX;
}

bool lab_work_do(const struct lab_work *work, struct error *error) {
    struct jobs *jobs = alloc_zero(sizeof *jobs);
    bool good = true;
    jobs->most = most_jobs();
    for (size_t i = 0; good && i < work->plan->count; i++) {
        const struct lab_step *step = &work->plan->steps[i];
        jobs->next = jobs->count ? jobs->next : i;
        good = (interrupt_check(error) && do_step(work, step, jobs, error)) ||
               error_prefix(error, "%s %s", lab_step_word(step->kind), step->name);
        if (good && work->done)
            work->done(step, work->context);
    }
    abandon(jobs);
    free(jobs);
    return good;
}
