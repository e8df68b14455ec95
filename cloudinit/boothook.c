#include "boothook.h"

#include "cloudinit/hosts_script.h"
#include "cloudinit/yaml_writer.h"

#define RUN_CONFIG       "/run/cloud-init/cloud.cfg" /* cloudinit/settings.py, RUN_CLOUD_CONFIG */
#define REPORT_TIMEOUT_S "5"
#define REPORT_RETRIES   "0" /* an unanswered post must not delay the boot: a stage makes three */

#define MACHINE "machine=$(cat /sys/class/dmi/id/product_uuid 2>/dev/null | tr -d - | tr A-F a-f)\n"
#define IF_COPY                                                                                    \
    "known=$(cat $instance/pgsup-machine 2>/dev/null)\n"                                           \
    "if [ -n \"$known\" ] && [ -n \"$machine\" ] && [ \"$known\" != \"$machine\" ]; then\n"        \
    "    echo \"this is a copy of another machine: cloud-init starts anew\"\n"

static const char head[] = "#cloud-boothook\n"
                           "#!/bin/sh\n"
                           "# Runs at each boot, before the modules of cloud-init.\n"
                           "instance=/var/lib/cloud/instance\n" MACHINE;

/* Without systemd. Waits, because cloud-init must not go on with another machine's documents. */
static const char leave_late[] = "\n" IF_COPY "    cloud-init clean\n"
                                 "    reboot\n"
                                 "    sleep 60\n"
                                 "fi\n";

/* With systemd the copy recognizes itself before cloud-init reads its cache and writes the network
 * of the other machine, in which the MAC address is another one. */
static const char leave_early[] =
    "cat >/var/lib/cloud/pgsup-copy <<'SCRIPT'\n"
    "# Runs at each boot, before cloud-init.\n"
    "instance=/var/lib/cloud/instance\n" MACHINE IF_COPY
    "    rm -rf $instance /var/lib/cloud/instances /var/lib/cloud/data /var/lib/cloud/sem\n"
    "fi\n"
    "SCRIPT\n"
    "mkdir -p /etc/systemd/system/cloud-init-local.service.d\n"
    "cat >/etc/systemd/system/cloud-init-local.service.d/pgsup.conf <<'UNIT'\n"
    "[Service]\n"
    "ExecStartPre=-/bin/sh /var/lib/cloud/pgsup-copy\n"
    "UNIT\n";

static const char first_boot[] = "\n"
                                 "# What follows is for the first boot of an instance.\n"
                                 "for done in $instance/sem/config_*; do\n"
                                 "    [ ! -e \"$done\" ] || exit 0\n"
                                 "done\n";

/* The file that manual_cache_clean makes; the schema of newer releases does not know that key. */
static const char keep_cache[] = "touch $instance/manual-clean\n"
                                 "echo \"$machine\" >$instance/pgsup-machine\n";

static const char by_mac[] =
    "\n"
    "changed=\n"
    "for file in /etc/systemd/network/10-cloud-init-*.network \\\n"
    "    /run/systemd/network/10-netplan-*.network; do\n"
    "    more=/etc/systemd/network/${file##*/}.d\n"
    "    [ -e \"$file\" ] && [ ! -e \"$more/pgsup.conf\" ] || continue\n"
    "    ! grep -q '^ClientIdentifier=mac' \"$file\" || continue\n"
    "    mkdir -p \"$more\"\n"
    "    printf '[DHCPv4]\\nClientIdentifier=mac\\n' >\"$more/pgsup.conf\"\n"
    "    changed=yes\n"
    "done\n"
    "\n"
    "if [ ${#machine} = 32 ] && [ -s /etc/machine-id ] &&\n"
    "    [ \"$machine\" != \"$(cat /etc/machine-id)\" ]; then\n"
    "    echo \"$machine\" >/etc/machine-id\n"
    "    [ ! -f /var/lib/dbus/machine-id ] || [ -L /var/lib/dbus/machine-id ] ||\n"
    "        echo \"$machine\" >/var/lib/dbus/machine-id\n"
    "    systemctl --no-block try-restart systemd-journald.service\n"
    "    if [ $changed ]; then\n"
    "        systemctl restart systemd-networkd.service\n"
    "        /usr/lib/systemd/systemd-networkd-wait-online --timeout=30\n"
    "    fi\n"
    "fi 2>/dev/null\n";

static bool write_reporting(const char *url, struct buffer *text, struct error *error) {
    struct yaml_writer writer;
    yaml_writer_begin(&writer, "");
    yaml_writer_begin_map(&writer);
    yaml_writer_plain(&writer, "reporting");
    yaml_writer_begin_map(&writer);
    yaml_writer_plain(&writer, "pgsup");
    yaml_writer_begin_map(&writer);
    yaml_writer_text_pair(&writer, "type", "webhook");
    yaml_writer_text_pair(&writer, "endpoint", url);
    yaml_writer_plain(&writer, "timeout");
    yaml_writer_plain(&writer, REPORT_TIMEOUT_S);
    yaml_writer_plain(&writer, "retries");
    yaml_writer_plain(&writer, REPORT_RETRIES);
    yaml_writer_end_map(&writer);
    yaml_writer_end_map(&writer);
    yaml_writer_end_map(&writer);
    return yaml_writer_finish(&writer, "the address of the reports", text, error);
}

/* ds-identify wrote the file first. */
static bool append_reporting(const char *url, struct buffer *text, struct error *error) {
    buffer_puts(text, "\ncat >>" RUN_CONFIG " <<'END'\n");
    if (!write_reporting(url, text, error))
        return false;
    buffer_puts(text, "END\n");
    return true;
}

bool boothook_write(const struct boothook *boothook, struct buffer *text, struct error *error) {
    struct buffer script = {0};
    buffer_puts(&script, head);
    if (boothook->keep_cache)
        buffer_puts(&script, leave_late);
    if (boothook->hosts)
        hosts_script(boothook->hosts, boothook->hosts_revision, HOSTS_OF_SEED, &script);
    buffer_puts(&script, first_boot);
    if (boothook->keep_cache) {
        buffer_puts(&script, keep_cache);
        buffer_puts(&script, leave_early);
    }
    buffer_puts(&script, by_mac);
    bool good = !boothook->report_url || append_reporting(boothook->report_url, &script, error);
    if (good) {
        buffer_puts(&script, "exit 0\n");
        buffer_append(text, script.data, script.length);
    }
    buffer_done(&script);
    return good;
}
