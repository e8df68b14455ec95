#include "home/change/creations.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/file.h"
#include "base/waiting.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Keys take the longest, and their time differs from one to the next: with some more than there are
 * processors, those that are ended in order leave none idle. */
#define EACH_PROCESSOR 3u
#define CREATIONS_MAX  24u
#define LOOK_MS        500

struct job {
    struct instance_creation creation;
    struct error error;
    pthread_t thread;
    int ended; /* the thread closes the other end of this pipe; -1: there is no thread */
    int end;
};

struct creations {
    struct home *home;
    struct job jobs[CREATIONS_MAX]; /* a ring */
    size_t most, first, count;
};

struct creations *creations_new(struct home *home) {
    struct creations *creations = alloc_zero(sizeof *creations);
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = EACH_PROCESSOR * (processors > 0 ? (size_t)processors : 1);
    creations->home = home;
    creations->most = most < CREATIONS_MAX ? most : CREATIONS_MAX;
    return creations;
}

bool creations_is_full(const struct creations *creations) {
    return creations->count == creations->most;
}

static void *fill(void *data) {
    struct job *job = data;
    instance_create_fill(&job->creation, &job->error);
    close(job->end);
    return NULL;
}

/* Without a thread it is made here and now. */
static void job_start(struct job *job) {
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

static void wait_for(struct job *job) {
    struct pollfd ended = {.fd = job->ended, .events = POLLIN};
    if (job->ended < 0)
        return;
    waiting_begin("creating", job->creation.options->name);
    while (poll(&ended, 1, LOOK_MS) <= 0)
        waiting_tick();
    waiting_end();
    pthread_join(job->thread, NULL);
    file_release(&job->ended);
}

bool creations_begin(struct creations *creations, const struct instance_create_options *options,
                     struct error *error) {
    struct job *job = &creations->jobs[(creations->first + creations->count) % CREATIONS_MAX];
    *job = (struct job){.ended = -1};
    if (!instance_create_begin(creations->home, options, &job->creation, error))
        return false;
    creations->count++;
    job_start(job);
    return true;
}

static struct job *take_first(struct creations *creations) {
    struct job *job = &creations->jobs[creations->first];
    creations->first = (creations->first + 1) % CREATIONS_MAX;
    creations->count--;
    wait_for(job);
    return job;
}

bool creations_end(struct creations *creations, struct store_instance *made, struct error *error) {
    struct job *job = take_first(creations);
    return instance_create_end(&job->creation, made, &job->error) || error_copy(error, &job->error);
}

void creations_free(struct creations *creations) {
    while (creations && creations->count) {
        struct job *job = take_first(creations);
        job->creation.filled = false;
        instance_create_end(&job->creation, NULL, &job->error);
    }
    free(creations);
}
