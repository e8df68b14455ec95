#include "systemd_unit.h"

#include "base/buffer.h"

/* A word of a command line: quoted, with what systemd would expand doubled (systemd.service(5),
 * "Command lines"; systemd.unit(5), "Specifiers"). */
static void put_word(struct buffer *text, const char *word, bool command) {
    buffer_putc(text, '"');
    for (; *word; word++) {
        unsigned char byte = (unsigned char)*word;
        if (byte == '%' || (byte == '$' && command))
            buffer_putc(text, *word);
        if (byte == '"' || byte == '\\')
            buffer_putc(text, '\\');
        if (byte < 0x20 || byte == 0x7F)
            buffer_printf(text, "\\x%02x", byte);
        else
            buffer_putc(text, *word);
    }
    buffer_putc(text, '"');
}

char *systemd_unit_text(const struct service_definition *definition) {
    struct buffer text = {0};
    buffer_puts(&text, "# written by `pgsup service install`\n"
                       "[Unit]\n"
                       "Description=pgsup, supervisor of QEMU virtual machines\n"
                       "Documentation=man:pgsup(1)\n"
                       "\n"
                       "[Service]\n"
                       "Type=notify\n"
                       "ExecStart=");
    put_word(&text, definition->program, true);
    buffer_puts(&text, " -p ");
    put_word(&text, definition->home_path, true);
    buffer_printf(&text, " up --on-stop %s%s\n", definition->keep ? "keep" : "shutdown",
                  definition->as_root ? " --as-root" : "");
    buffer_puts(&text, "Environment=");
    struct buffer path = {0};
    buffer_printf(&path, "PATH=%s", definition->path);
    put_word(&text, path.data, false);
    buffer_done(&path);
    buffer_printf(&text,
                  "\nRestart=on-failure\n"
                  "RestartSec=2\n"
                  "# the command line is wrong, or another supervisor runs\n"
                  "RestartPreventExitStatus=2 3\n"
                  "WatchdogSec=%d\n"
                  "TimeoutStopSec=%d\n"
                  "# only the supervisor gets SIGTERM; what happens to the VMs is its affair\n"
                  "KillMode=%s\n"
                  "LimitNOFILE=%d\n"
                  "\n"
                  "[Install]\n"
                  "WantedBy=default.target\n",
                  SERVICE_WATCHDOG_S, SERVICE_STOP_TIMEOUT_S,
                  definition->keep ? "process" : "mixed", SERVICE_FILES);
    return buffer_take(&text);
}
