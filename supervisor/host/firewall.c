#include "host/firewall.h"

#include "base/alloc.h"
#include "host/program.h"

#include <stdlib.h>
#include <string.h>

#define TOOL            "socketfilterfw"
#define TOOL_PATH       "/usr/libexec/ApplicationFirewall/" TOOL
#define TOOL_TIMEOUT_MS 5000

/* "Firewall is enabled. (State = 1)"; 2: blocks all. */
enum firewall firewall_read_state(const char *text) {
    static const char before[] = "State = ";
    const char *state = strstr(text, before);
    switch (state ? state[strlen(before)] : 0) {
    case '0': return FIREWALL_OFF;
    case '1': return FIREWALL_ASKS;
    case '2': return FIREWALL_BLOCKS;
    default: return FIREWALL_UNKNOWN;
    }
}

/* "1 :  /usr/libexec/bootpd " and, on the next line, "     ( Allow incoming connections ) ". */
enum firewall firewall_read_apps(const char *text, const char *program) {
    size_t length = strlen(program);
    for (const char *found = text; (found = strstr(found, program)); found += length) {
        const char *after = found + length;
        bool whole = found > text && found[-1] == ' ' && after[strspn(after, " \t\r")] == '\n';
        const char *verdict = whole ? strchr(after, '(') : NULL;
        if (verdict)
            return strncmp(verdict + 1 + strspn(verdict + 1, " "), "Allow", strlen("Allow")) == 0
                       ? FIREWALL_ALLOWS
                       : FIREWALL_BLOCKS;
    }
    return FIREWALL_ASKS;
}

static bool ask_tool(char *tool, const char *what, struct buffer *text) {
    char *argv[] = {tool, (char *)what, NULL};
    return program_run(argv, TOOL_TIMEOUT_MS, text, NULL) && text->data;
}

enum firewall firewall_ask(const char *program) {
    struct error ignored = {0};
    scoped(buffer_done) struct buffer state = {0}, apps = {0};
    scoped(alloc_release) char *on_path = program_find(TOOL, &ignored);
    scoped(alloc_release) char *tool = alloc_string(on_path ? on_path : TOOL_PATH);
    if (!ask_tool(tool, "--getglobalstate", &state))
        return FIREWALL_UNKNOWN;
    enum firewall answer = firewall_read_state(state.data);
    if (answer == FIREWALL_ASKS && ask_tool(tool, "--listapps", &apps))
        answer = firewall_read_apps(apps.data, program);
    return answer;
}
