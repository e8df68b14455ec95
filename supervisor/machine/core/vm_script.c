#include "machine/core/vm_script.h"

#include "base/alloc.h"
#include "base/strv.h"
#include "machine/core/helper_argv.h"
#include "machine/core/qemu_argv.h"
#include "machine/core/run_file.h"
#include "machine/core/suspend_tag.h"

#include <string.h>

/* A placeholder for the process number of the running script. The control bytes distinguish it from
 * a "$$" in a path. */
#define PID_MARK "\x1f$$\x1f"
#define TAG      RUN_FILE_SCRIPT_TAG PID_MARK

/* Characters that mean nothing to bash inside a word. '~' is absent because it does at the start,
 * and everything outside ASCII because what it is depends on the locale. */
static const char plain_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

static bool needs_quotes(const char *value, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (!strchr(plain_characters, value[i]))
            return true;
    return length == 0;
}

static void quote_slice(const char *value, size_t length, struct buffer *text) {
    if (!needs_quotes(value, length)) {
        buffer_append(text, value, length);
        return;
    }
    buffer_putc(text, '\'');
    for (size_t i = 0; i < length; i++) {
        if (value[i] == '\'')
            buffer_puts(text, "'\\''");
        else
            buffer_putc(text, value[i]);
    }
    buffer_putc(text, '\'');
}

void vm_script_quote(const char *value, struct buffer *text) {
    quote_slice(value, strlen(value), text);
}

/* "$$" itself stays outside of the quotes, so that bash puts its process number there; QEMU keeps
 * that number, because the script ends in exec. */
static void quote_with_pid(const char *value, struct buffer *text) {
    const char *mark = strstr(value, PID_MARK);
    if (!mark) {
        vm_script_quote(value, text);
        return;
    }
    quote_slice(value, (size_t)(mark - value), text);
    buffer_puts(text, "$$");
    const char *rest = mark + strlen(PID_MARK);
    if (*rest)
        vm_script_quote(rest, text);
}

/* Lower descriptors are used by the script and by the programs that it starts. */
#define HELPER_FD 10

static void build_vector(const struct spec *spec, const char *run_folder, struct strv *argv) {
    scoped(alloc_release) char *pid_file = run_file_path(run_folder, spec->name, TAG, RUN_FILE_PID);
    scoped(alloc_release) char *qmp = run_file_path(run_folder, spec->name, TAG, RUN_FILE_QMP);
    scoped(alloc_release) char *spare =
        run_file_path(run_folder, spec->name, TAG, RUN_FILE_MONITOR);
    scoped(alloc_release) char *agent = run_file_path(run_folder, spec->name, TAG, RUN_FILE_AGENT);
    const struct qemu_argv_launch launch = {
        .style = QEMU_ARGV_SCRIPT,
        .pid_file = pid_file,
        .qmp_path = qmp,
        .second_path = spare,
        .agent_path = agent,
        .helper_fd = HELPER_FD,
    };
    qemu_argv_build(spec, &launch, argv);
}

static void render_head(const struct spec *spec, struct buffer *text) {
    buffer_printf(
        text,
        "#!/bin/bash\n"
        "# Runs the VM of the instance %s in this terminal, without a supervisor.\n"
        "#\n"
        "# Ctrl-A C  goes to QEMU's monitor and back: system_powerdown asks the guest to\n"
        "#           shut down, quit ends QEMU at once\n"
        "# Ctrl-A X  ends QEMU at once\n"
        "# Ctrl-A H  lists the other keys; Ctrl-C goes to the guest\n"
        "#\n"
        "# This file is yours to edit: pgsup does not overwrite it once it was changed.\n"
        "# Options stand one to a line: add some, or put a # before one to leave it out.\n"
        "# What you pass to this script is given to QEMU after them.\n",
        spec->name);
    if (spec_network_traits(spec->nics[0].network)->needs_root)
        buffer_puts(text, "# macOS lets only root use this network: run it with sudo.\n");
    buffer_puts(text, "set -e\n"
                      "umask 077 # nobody else may reach QEMU's monitors\n\n");
}

/* Disks, documents and what is made of them may each be of another time. */
static void render_refusal(const struct spec *spec, struct buffer *text) {
    const char *slash = strrchr(spec->disk, '/');
    scoped(alloc_release) char *mark =
        alloc_printf("%.*s/" VM_SCRIPT_UNFINISHED, slash ? (int)(slash - spec->disk) : 1,
                     slash ? spec->disk : ".");
    buffer_puts(text, "# Its disks are being replaced, or whoever did so was killed.\nif [ -e ");
    vm_script_quote(mark, text);
    buffer_printf(text,
                  " ]; then\n"
                  "  echo \"a restore or rebuild of %s is not complete:"
                  " \\`pgsup snapshot list %s\\` completes it\" >&2\n"
                  "  exit 3\n"
                  "fi\n\n",
                  spec->name, spec->name);
}

/* A boot would write to the disks, which its memory does not fit any more then. qemu-img may have
 * moved since, and a PATH by sudo lacks folders. */
static void render_suspended(const struct spec *spec, const char *qemu_img, struct buffer *text) {
    buffer_puts(text, "# While its memory is in its disk, it does not boot.\nimg=");
    vm_script_quote(qemu_img, text);
    buffer_puts(text, "\n[ -x \"$img\" ] || img=qemu-img\n"
                      "saved=$(\"$img\" info -U -f qcow2 ");
    vm_script_quote(spec->disk, text);
    buffer_printf(text,
                  " 2>&1) || {\n"
                  "  echo \"%s is not started, because qemu-img does not tell whether it is "
                  "suspended: $saved\" >&2\n"
                  "  exit 3\n"
                  "}\n"
                  "case $saved in *" SUSPEND_TAG "*)\n"
                  "  echo '%s is suspended: `pgsup start %s` lets it go on, `pgsup stop %s "
                  "--discard` discards its memory' >&2\n"
                  "  exit 3 ;;\n"
                  "esac\n\n",
                  spec->name, spec->name, spec->name, spec->name);
}

/* The sockets by which a guest is connected to one other, which sends to them. */
static void quote_pairs(const struct spec *spec, struct buffer *text) {
    for (size_t i = 0; i < spec->nic_count; i++)
        if (spec->nics[i].network == SPEC_NET_PAIR) {
            buffer_puts(text, " ");
            vm_script_quote(spec->nics[i].interface, text);
        }
}

/* /tmp, where the folder may be, is emptied when the host starts. What root makes would be closed
 * to the home's owner, who must see that the VM runs and reach it: QEMU keeps the owner of a pid
 * file that is there, but its sockets it makes itself, a moment later. */
static void render_run_folder(const struct spec *spec, const char *run_folder,
                              struct buffer *text) {
    scoped(buffer_done) struct buffer pairs = {0};
    quote_pairs(spec, &pairs);
    buffer_puts(text, "# Sockets and the pid file, by which a supervisor finds this VM.\nrun=");
    vm_script_quote(run_folder, text);
    buffer_puts(text, "\n[ -d \"$run\" ] || mkdir -p \"$run\"\n"
                      "if [ \"$EUID\" = 0 ]; then # by sudo: these are for the owner of the disk\n"
                      "  owner=$(ls -ln ");
    vm_script_quote(spec->disk, text);
    buffer_printf(
        text,
        " | awk 'NR == 1 { print $3 \":\" $4 }')\n"
        "  : >\"$run/%s.sh$$.pid\"\n"
        "  chown \"$owner\" \"$run\" \"$run/%s.sh$$.pid\"\n"
        "  ( (for n in 1 2 3 4 5; do sleep 1 && chown \"$owner\" \"$run/%s.sh$$\".*%s; done) "
        "</dev/null >/dev/null 2>&1 &)\n"
        "  [ \"${owner%%%%:*}\" = 0 ] || set -- \"$@\" %s\"$owner\" # root no longer than it needs\n"
        "fi\n\n",
        spec->name, spec->name, spec->name, pairs.data ? pairs.data : "",
        spec_qemu_is_since(&spec->qemu, 9, 1) ? "-run-with user=" : "-runas ");
}

static void render_options(const char *name, const struct strv *argv, struct buffer *text) {
    buffer_printf(text, "%s=(\n", name);
    for (size_t i = 0; i < argv->count; i++) {
        buffer_puts(text, "  ");
        quote_with_pid(argv->items[i], text);
        if (i > 0 && argv->items[i][0] == '-' && i + 1 < argv->count &&
            argv->items[i + 1][0] != '-') {
            buffer_putc(text, ' ');
            quote_with_pid(argv->items[++i], text);
        }
        buffer_putc(text, '\n');
    }
    buffer_puts(text, ")\n");
}

/* The options for a seed by HTTP instead of by drive, as a comment. */
static void render_seed_hint(const struct spec *spec, struct buffer *text) {
    if (!spec->seed_drive || !spec->seed_url)
        return;
    struct buffer file = {0};
    qemu_argv_seed(spec, &file);
    buffer_puts(
        text, "# To seed over HTTP while a supervisor runs, leave out the two lines with seed0 and "
              "add:\n#  -smbios ");
    vm_script_quote(file.data, text);
    buffer_puts(text, "\n");
    buffer_done(&file);
}

static void render_machine_hint(const struct spec *spec, struct buffer *text) {
    if (spec->machine)
        buffer_printf(text,
                      "# -machine %s is what it was first started as. If QEMU does not know it any "
                      "more:\n# pgsup instance set %s --machine-update\n",
                      spec->machine, spec->name);
}

/* Bash cannot make a pair of sockets; perl is on every Mac. What perl opens is closed to programs
 * that it runs, what dup2() makes is not. A helper must not have QEMU's ends, else it would not see
 * them closed; 200 is between because dup2() of 3 to 3 would leave it as it is. */
static const char launcher[] =
    "exec perl -MPOSIX -MSocket -e '\n"
    "  my ($log, $fd) = (shift, shift);\n"
    "  while (my $words = shift) {\n"
    "    my @helper = splice @ARGV, 0, $words;\n"
    "    socketpair my $ours, my $its, AF_UNIX, SOCK_DGRAM, 0 or die \"socketpair: $!\\n\";\n"
    "    for ($ours, $its) {\n"
    "      setsockopt $_, SOL_SOCKET, SO_SNDBUF, pack \"i\", 65 << 10;\n"
    "      setsockopt $_, SOL_SOCKET, SO_RCVBUF, pack \"i\", 4 << 20;\n"
    "    }\n"
    "    pipe my $hear, my $say or die \"pipe: $!\\n\";\n"
    "    defined(my $pid = fork) or die \"fork: $!\\n\";\n"
    "    if (!$pid) {\n"
    "      setsid;\n"
    "      open STDIN, \"<\", \"/dev/null\";\n"
    "      open STDERR, \">>\", $log;\n"
    "      dup2 fileno $say, 1;\n"
    "      dup2 fileno $its, 200;\n"
    "      dup2 200, 3;\n"
    "      POSIX::close $_ for 10 .. 200;\n"
    "      exec { $helper[0] } @helper or POSIX::_exit 127;\n"
    "    }\n"
    "    close $_ for $its, $say;\n"
    "    $SIG{ALRM} = sub { kill TERM => $pid; die \"the network helper did not start in time: see $log\\n\" };\n"
    "    alarm 10;\n"
    "    (<$hear> // \"\") =~ /^\\{/ or die \"the network helper did not start: see $log\\n\";\n"
    "    alarm 0;\n"
    "    dup2 fileno $ours, $fd++;\n"
    "  }\n"
    "  exec { $ARGV[0] } @ARGV or die \"$ARGV[0]: $!\\n\";\n"
    "' ";

static void render_helpers(const struct spec *spec, struct buffer *text) {
    buffer_puts(text,
                "\n# What carries the frames of each card of vmnet-helper: it gets one end of a "
                "pair of\n# sockets, QEMU the other.\n");
    for (size_t i = 0; i < spec->nic_count; i++) {
        const struct spec_nic *nic = &spec->nics[i];
        scoped(strv_done) struct strv argv = {0};
        scoped(alloc_release) char *name = alloc_printf("helper%u", nic->position);
        if (!spec_network_has_helper(nic->network))
            continue;
        helper_argv_build(spec, nic, &argv);
        render_options(name, &argv, text);
    }
}

static void render_exec(const struct spec *spec, struct buffer *text) {
    if (!spec->helper.program) {
        buffer_puts(text, "exec \"${vm[@]}\" \"$@\"\n");
        return;
    }
    render_helpers(spec, text);
    buffer_puts(text, launcher);
    vm_script_quote(spec->helper.log, text);
    buffer_printf(text, " %d", HELPER_FD);
    for (size_t i = 0; i < spec->nic_count; i++)
        if (spec_network_has_helper(spec->nics[i].network))
            buffer_printf(text, " \\\n  ${#helper%u[@]} \"${helper%u[@]}\"", spec->nics[i].position,
                          spec->nics[i].position);
    buffer_puts(text, " \\\n  0 \"${vm[@]}\" \"$@\"\n");
}

void vm_script_render(const struct spec *spec, const struct vm_script_host *host,
                      struct buffer *text) {
    struct strv argv = {0};
    build_vector(spec, host->run_folder, &argv);
    render_head(spec, text);
    render_refusal(spec, text);
    render_suspended(spec, host->qemu_img ? host->qemu_img : "qemu-img", text);
    render_run_folder(spec, host->run_folder, text);
    render_seed_hint(spec, text);
    render_machine_hint(spec, text);
    render_options("vm", &argv, text);
    render_exec(spec, text);
    strv_done(&argv);
}
