#include "home/lab/lab_fetches.h"

#include "base/alloc.h"
#include "base/child.h"
#include "base/file.h"
#include "base/interrupt.h"
#include "home/images/image.h"
#include "home/images/image_download.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fetch {
    const struct lab_fetches_source *source;
    const struct image_progress *progress;
    const atomic_bool *cancelled;
    size_t step;
    bool is_used, good;
    struct error error;
    pthread_t thread;
    int ended; /* the thread closes the other end of this pipe; -1: there is no thread */
    int end;
};

struct lab_fetches {
    struct lab_fetches_source source;
    struct fetch items[LAB_FETCHES_MAX];
    size_t count;
    atomic_bool cancelled;
};

struct lab_fetches *lab_fetches_new(const struct lab_fetches_source *source) {
    struct lab_fetches *fetches = alloc_zero(sizeof *fetches);
    fetches->source = *source;
    return fetches;
}

bool lab_fetches_is_full(const struct lab_fetches *fetches) {
    return fetches->count == LAB_FETCHES_MAX;
}

/* --- one --- */

static bool fetch_entry(struct home *home, const struct lab *lab, const struct lab_entry *entry,
                        const struct image_progress *progress, struct error *error) {
    const struct lab_value *values = entry->values;
    const char *url = lab_text(&values[LAB_IMAGE_URL]), *file = lab_text(&values[LAB_IMAGE_FILE]);
    const char *arch = lab_text(&values[LAB_IMAGE_ARCH]);
    const char *force = lab_text(&values[LAB_IMAGE_FORCE]);
    scoped(alloc_release) char *path = file ? lab_path(lab, file) : NULL;
    const struct image_address address = {entry->name, url, lab_text(&values[LAB_IMAGE_SHA256]),
                                          arch};
    const struct image_file import = {
        .name = entry->name,
        .path = path,
        .arch = arch,
        .seed_source = lab_text(&values[LAB_IMAGE_SEED_SOURCE]),
        .shell = lab_text(&values[LAB_IMAGE_SHELL]),
        .trust = force && strcmp(force, "true") == 0 ? IMAGE_TRUST_RAW : IMAGE_TRUST_NOTHING,
    };
    return url    ? image_download_from(home, &address, progress, error)
           : file ? image_import(home, &import, progress, error)
                  : image_download(home, entry->name, progress, error);
}

static bool fetch_run(struct fetch *fetch) {
    const struct lab_fetches_source *source = fetch->source;
    const struct lab_step *step = &source->plan->steps[fetch->step];
    struct home home = {0};
    bool good = home_open(source->home->path, &home, &fetch->error) &&
                (step->index == LAB_NOWHERE
                     ? image_download(&home, step->name, fetch->progress, &fetch->error)
                     : fetch_entry(&home, source->lab, &source->lab->images[step->index],
                                   fetch->progress, &fetch->error));
    home_close(&home);
    return good;
}

static void *fetch_thread(void *data) {
    struct fetch *fetch = data;
    interrupt_follow(fetch->cancelled);
    fetch->good = fetch_run(fetch);
    close(fetch->end);
    return NULL;
}

/* Without a thread it is fetched here and now. */
static void fetch_start(struct fetch *fetch) {
    int ends[2];
    fetch->ended = -1;
    if (child_pipe(ends, &(struct error){0})) {
        fetch->ended = ends[0];
        fetch->end = ends[1];
        if (pthread_create(&fetch->thread, NULL, fetch_thread, fetch) == 0)
            return;
        close(fetch->end);
        file_release(&fetch->ended);
    }
    fetch->good = fetch_run(fetch);
}

/* --- all --- */

void lab_fetches_begin(struct lab_fetches *fetches, size_t step) {
    const struct lab_fetches_calls *calls = fetches->source.calls;
    struct fetch *fetch = fetches->items;
    while (fetch->is_used)
        fetch++;
    *fetch = (struct fetch){.source = &fetches->source,
                            .cancelled = &fetches->cancelled,
                            .step = step,
                            .is_used = true};
    if (calls->begins)
        fetch->progress = calls->begins(fetches->source.plan->steps[step].name, calls->context);
    fetches->count++;
    fetch_start(fetch);
}

static struct fetch *find_ended(struct lab_fetches *fetches, int timeout_ms) {
    struct pollfd ends[LAB_FETCHES_MAX];
    for (size_t i = 0; i < LAB_FETCHES_MAX; i++) {
        struct fetch *fetch = &fetches->items[i];
        ends[i] = (struct pollfd){.fd = fetch->is_used ? fetch->ended : -1, .events = POLLIN};
        if (fetch->is_used && fetch->ended < 0)
            return fetch;
    }
    if (poll(ends, LAB_FETCHES_MAX, timeout_ms) <= 0) /* a signal: they see it themselves */
        return NULL;
    for (size_t i = 0; i < LAB_FETCHES_MAX; i++)
        if (ends[i].revents)
            return &fetches->items[i];
    return NULL;
}

static void end_fetch(struct lab_fetches *fetches, struct fetch *fetch) {
    const struct lab_fetches_calls *calls = fetches->source.calls;
    if (fetch->ended >= 0) {
        pthread_join(fetch->thread, NULL);
        file_release(&fetch->ended);
    }
    if (calls->ends)
        calls->ends(fetch->progress, calls->context);
    fetch->is_used = false;
    fetches->count--;
}

bool lab_fetches_take(struct lab_fetches *fetches, enum lab_wait wait, size_t *step,
                      struct error *error) {
    struct fetch *fetch = NULL;
    *step = LAB_NOWHERE;
    while (fetches->count && !(fetch = find_ended(fetches, wait == LAB_WAIT ? -1 : 0)))
        if (wait == LAB_LOOK)
            return true;
    if (!fetch)
        return true;
    *step = fetch->step;
    end_fetch(fetches, fetch);
    return fetch->good || error_copy(error, &fetch->error);
}

void lab_fetches_free(struct lab_fetches *fetches) {
    size_t step;
    if (!fetches)
        return;
    fetches->cancelled = true;
    while (fetches->count)
        lab_fetches_take(fetches, LAB_WAIT, &step, &(struct error){0});
    free(fetches);
}
