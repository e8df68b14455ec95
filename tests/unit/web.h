/* tests/fake/http_server.py as a child of a test program. */
#pragma once

#include "scratch.h"

struct web {
    pid_t pid;
    int input, output;
    int port;
};

static inline struct web web_start(const char *file) {
    struct web web;
    char *argv[] = {"/usr/bin/env", "python3", "fake/http_server.py", (char *)file, NULL};
    char line[16] = "";
    web.pid = scratch_spawn(argv, &web.input, &web.output);
    fcntl(web.input, F_SETFD, FD_CLOEXEC);
    for (size_t used = 0; used + 1 < sizeof line && !strchr(line, '\n'); used++)
        if (read(web.output, line + used, 1) != 1)
            break;
    web.port = atoi(line);
    CHECK(web.port > 0);
    setenv("no_proxy", "*", 1);
    return web;
}

static inline char *web_url(const struct web *web, const char *path) { /* caller frees */
    return alloc_printf("http://127.0.0.1:%d%s", web->port, path);
}

static inline void web_stop(struct web *web) {
    close(web->input), close(web->output);
    waitpid(web->pid, NULL, 0);
}
