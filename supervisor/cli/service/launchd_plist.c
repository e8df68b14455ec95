#include "launchd_plist.h"

#include "base/buffer.h"

#include <stdlib.h>

static void put_string(struct buffer *text, const char *value) {
    buffer_puts(text, "<string>");
    for (; *value; value++) {
        if (*value == '&')
            buffer_puts(text, "&amp;");
        else if (*value == '<')
            buffer_puts(text, "&lt;");
        else if (*value == '>')
            buffer_puts(text, "&gt;");
        else
            buffer_putc(text, *value);
    }
    buffer_puts(text, "</string>\n");
}

static void put_pair(struct buffer *text, const char *key, const char *value) {
    buffer_printf(text, "  <key>%s</key>\n  ", key);
    put_string(text, value);
}

static bool is_printable(const char *text) {
    for (; *text; text++)
        if ((unsigned char)*text < 0x20)
            return false;
    return true;
}

static void put_arguments(struct buffer *text, const struct service_definition *definition) {
    const char *words[] = {definition->program,
                           "-p",
                           definition->home_path,
                           "up",
                           "--on-stop",
                           definition->keep ? "keep" : "shutdown",
                           "--as-root"};
    buffer_puts(text, "  <key>ProgramArguments</key>\n  <array>\n");
    size_t count = sizeof words / sizeof *words - (definition->as_root ? 0 : 1);
    for (size_t i = 0; i < count; i++) {
        buffer_puts(text, "    ");
        put_string(text, words[i]);
    }
    buffer_puts(text, "  </array>\n");
}

/* ProcessType: without "Interactive" QEMU inherits a throttled disk tier, with "Background" it
 * crawls. AbandonProcessGroup: the end of the job ends no VM. Session type Background in the domain
 * user/UID: it runs after the logout too. */
char *launchd_plist_text(const struct service_definition *definition, struct error *error) {
    struct buffer text = {0};
    if (!is_printable(definition->program) || !is_printable(definition->home_path) ||
        !is_printable(definition->path)) {
        error_set(error, ERROR_INVALID,
                  "a path with control characters cannot be in a property list");
        return NULL;
    }
    buffer_puts(&text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" "
                       "\"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n"
                       "<plist version=\"1.0\">\n<dict>\n");
    put_pair(&text, "Label", definition->label);
    put_arguments(&text, definition);
    buffer_puts(&text, "  <key>EnvironmentVariables</key>\n  <dict>\n  ");
    put_pair(&text, "PATH", definition->path);
    if (definition->user) {
        put_pair(&text, "SUDO_USER", definition->user);
        put_pair(&text, "SUDO_UID", definition->uid);
        put_pair(&text, "SUDO_GID", definition->gid);
    }
    buffer_puts(&text, "  </dict>\n"
                       "  <key>RunAtLoad</key>\n  <true/>\n"
                       "  <key>KeepAlive</key>\n  <dict>\n"
                       "    <key>SuccessfulExit</key>\n    <false/>\n  </dict>\n"
                       "  <key>AbandonProcessGroup</key>\n  <true/>\n");
    buffer_printf(&text, "  <key>ExitTimeOut</key>\n  <integer>%d</integer>\n",
                  SERVICE_STOP_TIMEOUT_S);
    buffer_printf(&text,
                  "  <key>SoftResourceLimits</key>\n  <dict>\n"
                  "    <key>NumberOfFiles</key>\n    <integer>%d</integer>\n  </dict>\n",
                  SERVICE_FILES);
    put_pair(&text, "ProcessType", "Interactive");
    if (!definition->system)
        put_pair(&text, "LimitLoadToSessionType", "Background");
    put_pair(&text, "StandardOutPath", definition->log_path);
    put_pair(&text, "StandardErrorPath", definition->log_path);
    buffer_puts(&text, "</dict>\n</plist>\n");
    return buffer_take(&text);
}
