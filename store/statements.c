#include "store/statements.h"

/* Parameters and columns stand in the order in which the table's file binds and reads them. */

#define INSTANCE_SELECT                                                                            \
    "SELECT i.id, i.name, i.instance_id, i.uuid, i.token, i.mac, m.name, m.arch, i.seed, i.ip4,"   \
    " i.accel, i.vcpu, i.ram_mib, i.disk_bytes, i.ssh_port, i.package_upgrade, i.autostart,"       \
    " i.restart, a.name, i.wanted, i.created_ms, i.host_keys, i.phone_home_token,"                 \
    " i.report_token, i.holds_playbook, i.ssh_port_given, i.host_groups, i.host_variables,"        \
    " i.nested, i.machine, i.snapshot_every_s, i.snapshot_keep"                                    \
    " FROM instances i JOIN images m ON m.id = i.image"                                            \
    " LEFT JOIN instances a ON a.id = i.after "

#define IMAGE_SELECT                                                                               \
    "SELECT id, name, file, format, arch, sha256, origin, seed_source, default_user, shell,"       \
    " file_bytes, virtual_bytes, min_disk_bytes, min_ram_mib, phones_home, created_ms,"            \
    " checked_ms FROM images "

#define EVENT_SELECT                                                                               \
    "SELECT e.id, e.at_ms, coalesce(e.instance, 0), i.name, e.kind, e.text, e.stage, e.module,"    \
    " e.result FROM events e LEFT JOIN instances i ON i.id = e.instance "

#define HOME_NETWORK_SELECT                                                                        \
    "SELECT id, name, kind, interface, subnet, domain, created_ms, is_lab"                         \
    " FROM networks "

#define NIC_SELECT                                                                                 \
    "SELECT n.instance, i.name, n.position, n.kind, n.interface, n.mac, n.ip4,"                    \
    " coalesce(n.network, 0), w.name FROM nics n JOIN instances i ON i.id = n.instance"            \
    " LEFT JOIN networks w ON w.id = n.network "

/* ?1: an instance's id, 0 for all. A range, which an index finds: rows of others are not read. */
#define OF_ONE_OR_ALL " BETWEEN ?1 AND CASE ?1 WHEN 0 THEN 9223372036854775807 ELSE ?1 END "

static const char *const sql[STATEMENT_COUNT] = {
    [STORE_DATA_VERSION] = "PRAGMA data_version",

    [CLOUD_GET] =
        "SELECT c.name, c.admin_password_hash, c.ssh_public_key, c.ssh_public_key_path,"
        " c.ssh_private_key_path, c.ssh_user, c.mac_base, c.created_ms,"
        " c.package_upgrade, c.auto_up, c.trash_days, n.kind, n.interface, n.host_ip4, n.host_nm4,"
        " n.host_gw4, n.host_ns4, n.phone_home_port,"
        " n.dns_server, n.dns_zone, n.dns_key_path, n.phone_home_auto"
        " FROM cloud c JOIN network n ON n.id = c.id",
    [CLOUD_PUT] = "INSERT OR REPLACE INTO cloud (id, name, admin_password_hash, ssh_public_key,"
                  " ssh_public_key_path, ssh_private_key_path, ssh_user, mac_base, created_ms,"
                  " package_upgrade, auto_up, trash_days, home_path, names_revision)"
                  " VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                  " (SELECT c.home_path FROM cloud c WHERE c.id = 1),"
                  " coalesce((SELECT c.names_revision FROM cloud c WHERE c.id = 1), 0))",
    [CLOUD_GET_PLACE] = "SELECT home_path FROM cloud",
    [CLOUD_SET_PLACE] = "UPDATE cloud SET home_path = ?1",
    [NETWORK_PUT] = "INSERT OR REPLACE INTO network (id, kind, interface, host_ip4, host_nm4,"
                    " host_gw4, host_ns4, phone_home_port, dns_server, dns_zone, dns_key_path,"
                    " phone_home_auto) VALUES (1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",

    [USER_LIST] = "SELECT name, ssh_public_keys FROM users ORDER BY name",
    [USER_PUT] = "INSERT OR REPLACE INTO users (name, ssh_public_keys) VALUES (?1, ?2)",
    [USER_REMOVE] = "DELETE FROM users WHERE name = ?1",

    [IMAGE_ADD] = "INSERT INTO images (name, file, format, arch, sha256, origin, seed_source,"
                  " default_user, shell, file_bytes, virtual_bytes, min_disk_bytes, min_ram_mib,"
                  " phones_home, created_ms, checked_ms)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,"
                  " ?16)",
    [IMAGE_GET] = IMAGE_SELECT "WHERE name = ?1",
    [IMAGE_LIST] = IMAGE_SELECT "ORDER BY name",
    [IMAGE_SET_CHECKED] = "UPDATE images SET checked_ms = ?2 WHERE name = ?1",
    [IMAGE_REMOVE] = "DELETE FROM images WHERE name = ?1",

    /* AUTOINCREMENT keeps the highest id ever used in sqlite_sequence. */
    [INSTANCE_NEXT_ID] =
        "SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'instances'), 0) + 1",
    [INSTANCE_ADD] = "INSERT INTO instances (id, name, instance_id, uuid, token, mac, image, seed,"
                     " ip4, accel, vcpu, ram_mib, disk_bytes, ssh_port, package_upgrade,"
                     " autostart, restart, after, wanted, created_ms, host_keys, phone_home_token,"
                     " report_token, holds_playbook, ssh_port_given, host_groups, host_variables,"
                     " nested, snapshot_every_s, snapshot_keep, machine)"
                     " VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT id FROM images WHERE name = ?7),"
                     " ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17,"
                     " (SELECT id FROM instances WHERE name = ?18), ?19, ?20, ?21, ?22, ?23, ?24,"
                     " ?25, ?26, ?27, ?28, ?29, ?30, ?31)",
    [INSTANCE_GET] = INSTANCE_SELECT "WHERE i.name = ?1",
    [INSTANCE_GET_BY_TOKEN] = INSTANCE_SELECT "WHERE i.token = ?1",
    [INSTANCE_GET_BY_PHONE_HOME_TOKEN] = INSTANCE_SELECT "WHERE i.phone_home_token = ?1",
    [INSTANCE_LIST] = INSTANCE_SELECT "ORDER BY i.name",
    [INSTANCE_LIST_BRIEF] =
        "SELECT i.id, i.name, m.name, i.ip4, i.vcpu, i.ram_mib, i.disk_bytes, i.ssh_port"
        " FROM instances i JOIN images m ON m.id = i.image ORDER BY i.id",
    [INSTANCE_LIST_RESTARTED] = INSTANCE_SELECT "WHERE i.wanted <> 0 AND i.restart <> 'no'"
                                                " ORDER BY i.name",
    [INSTANCE_UPDATE] =
        "UPDATE instances SET name = ?2, seed = ?3, ip4 = ?4, accel = ?5,"
        " vcpu = ?6, ram_mib = ?7, disk_bytes = ?8, ssh_port = ?9,"
        " package_upgrade = ?10, autostart = ?11, restart = ?12,"
        " after = (SELECT id FROM instances WHERE name = ?13), wanted = ?14,"
        " ssh_port_given = ?15, host_groups = ?16, host_variables = ?17, nested = ?18,"
        " snapshot_every_s = ?19, snapshot_keep = ?20"
        " WHERE id = ?1",
    [INSTANCE_SET_IDENTITY] = "UPDATE instances SET instance_id = ?2, token = ?3,"
                              " phone_home_token = ?4, report_token = ?5 WHERE id = ?1",
    [INSTANCE_SET_WANTED] = "UPDATE instances SET wanted = ?2 WHERE id = ?1",
    [INSTANCE_SET_DISK] = "UPDATE instances SET disk_bytes = ?2 WHERE id = ?1",
    [INSTANCE_SET_MACHINE] = "UPDATE instances SET machine = ?2 WHERE id = ?1",
    [INSTANCE_SET_HOLDS_PLAYBOOK] = "UPDATE instances SET holds_playbook = ?2 WHERE id = ?1",
    [INSTANCE_REMOVE] = "DELETE FROM instances WHERE id = ?1",

    /* A launch without a tag gets one of its number. AUTOINCREMENT is about to assign that
     * number, and no other connection can take it while this statement holds the write lock. */
    [LAUNCH_ADD] =
        "INSERT INTO launches (instance, tag, pid, pid_start, state, reason, launched_ms,"
        " started_ms, firmware_ms, kernel_ms, seed_ms, phone_home_ms, ready_ms, provisioned_ms,"
        " ended_ms, end_cause, end_text, serial_tail, presses) VALUES (?1, coalesce(?2,"
        " '" STORE_LAUNCH_TAG "' ||"
        " (coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'launches'), 0) + 1)),"
        " ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
    [LAUNCH_PUT] = "UPDATE launches SET instance = ?1, tag = ?2, pid = ?3, pid_start = ?4,"
                   " state = ?5, reason = ?6, launched_ms = ?7, started_ms = ?8, firmware_ms = ?9,"
                   " kernel_ms = ?10, seed_ms = ?11, phone_home_ms = ?12, ready_ms = ?13,"
                   " provisioned_ms = ?14, ended_ms = ?15, end_cause = ?16, end_text = ?17,"
                   " serial_tail = ?18, presses = ?19 WHERE number = ?20",
    /* A launch is the Nth boot of its instance, counting those of vm.sh. */
    [LAUNCH_LIST] = "SELECT number, instance, tag, pid, pid_start, state, reason, launched_ms,"
                    " started_ms, firmware_ms, kernel_ms, seed_ms, phone_home_ms, ready_ms,"
                    " provisioned_ms, ended_ms, end_cause, end_text, serial_tail, presses,"
                    " (SELECT count(*) FROM launches o WHERE o.instance = launches.instance"
                    " AND o.number <= launches.number)"
                    " FROM launches WHERE instance = ?1 ORDER BY number DESC LIMIT ?2",

    /* SQLite takes the other columns from the row with the highest number. */
    [LAUNCH_LIST_LAST] =
        "SELECT max(number), instance, tag, pid, pid_start, state, reason, launched_ms,"
        " started_ms, firmware_ms, kernel_ms, seed_ms, phone_home_ms, ready_ms,"
        " provisioned_ms, ended_ms, end_cause, end_text, NULL, presses, 0"
        " FROM launches GROUP BY instance ORDER BY instance",

    [GUEST_GET] =
        "SELECT phoned_home_ms, instance_id, hostname, address, address_source,"
        " address_ms, host_keys, provisioned_ms, provision_result, host_key_problem, trusts_cache"
        " FROM guests"
        " WHERE instance = ?1",
    [GUEST_LIST_ADDRESSES] = "SELECT instance, address, address_source, address_ms FROM guests"
                             " WHERE address IS NOT NULL ORDER BY instance",
    [GUEST_PUT] =
        "INSERT INTO guests (instance, phoned_home_ms, instance_id, hostname,"
        " address, address_source, address_ms, host_keys, provisioned_ms, provision_result,"
        " host_key_problem) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
        " ON CONFLICT (instance) DO UPDATE SET phoned_home_ms = ?2, instance_id = ?3,"
        " hostname = ?4, address = ?5, address_source = ?6, address_ms = ?7, host_keys = ?8,"
        " provisioned_ms = ?9, provision_result = ?10, host_key_problem = ?11",
    [GUEST_SET_ADDRESS] =
        "INSERT INTO guests (instance, phoned_home_ms, address, address_source, address_ms,"
        " provisioned_ms) VALUES (?1, 0, ?2, ?3, ?4, 0) ON CONFLICT (instance) DO UPDATE SET"
        " address = ?2, address_source = ?3, address_ms = ?4",
    [GUEST_SET_PROVISIONED] =
        "UPDATE guests SET provisioned_ms = ?2, provision_result = ?3 WHERE instance = ?1",
    [GUEST_SET_TRUST] =
        "INSERT INTO guests (instance, phoned_home_ms, provisioned_ms, trusts_cache)"
        " VALUES (?1, 0, 0, ?2) ON CONFLICT (instance) DO UPDATE SET"
        " trusts_cache = ?2",
    [GUEST_REMOVE] = "DELETE FROM guests WHERE instance = ?1",

    /* seq counts the events of one kind of one instance, so that the oldest one to keep is found
     * without counting rows. */
    [EVENT_ADD] =
        "INSERT INTO events (instance, seq, at_ms, kind, text, stage, module, result)"
        " VALUES (?1,"
        " coalesce((SELECT max(seq) FROM events WHERE instance IS ?1 AND kind = ?3), 0) + 1,"
        " ?2, ?3, ?4, ?5, ?6, ?7)",
    [EVENT_PRUNE] = "DELETE FROM events WHERE instance IS ?1 AND kind = ?2 AND seq <="
                    " (SELECT max(seq) FROM events WHERE instance IS ?1 AND kind = ?2) - ?3",
    [EVENT_LIST] = EVENT_SELECT "WHERE e.id > ?1 AND e.at_ms >= ?2 ORDER BY e.id LIMIT ?3",
    [EVENT_LIST_INSTANCE] =
        EVENT_SELECT "WHERE e.id > ?1 AND e.at_ms >= ?2 AND e.instance = ?4 ORDER BY e.id LIMIT ?3",
    [EVENT_LIST_KIND] = /* "+": by its kind, not by the number, which each event has */
    EVENT_SELECT "WHERE +e.id > ?1 AND e.at_ms >= ?2 AND e.instance = ?4 AND e.kind = ?5"
                 " ORDER BY e.seq LIMIT ?3",
    [EVENT_NEWEST] = EVENT_SELECT "WHERE e.id < ?1 AND e.at_ms >= ?2 ORDER BY e.id DESC LIMIT ?3",
    [EVENT_NEWEST_INSTANCE] = EVENT_SELECT "WHERE e.id < ?1 AND e.at_ms >= ?2 AND e.instance = ?4"
                                           " ORDER BY e.id DESC LIMIT ?3",

    [GENERATED_GET] = "SELECT digest FROM generated WHERE instance = ?1 AND path = ?2",
    [GENERATED_PUT] =
        "INSERT OR REPLACE INTO generated (instance, path, digest) VALUES (?1, ?2, ?3)",

    [DISK_LIST] = "SELECT instance, name, bytes, created_ms FROM disks"
                  " WHERE instance" OF_ONE_OR_ALL "ORDER BY id",
    [DISK_ADD] = "INSERT INTO disks (instance, name, bytes, created_ms) VALUES (?1, ?2, ?3, ?4)",
    [DISK_REMOVE] = "DELETE FROM disks WHERE instance = ?1 AND name = ?2",

    [DISK_RESIZE] = "UPDATE disks SET bytes = ?3 WHERE instance = ?1 AND name = ?2",

    [BACKUP_GET] = "SELECT folder, every_s, keep, made_ms FROM backups WHERE instance = ?1",
    [BACKUP_PUT] = "INSERT OR REPLACE INTO backups (instance, folder, every_s, keep, made_ms)"
                   " VALUES (?1, ?2, ?3, ?4, ?5)",
    [BACKUP_SET_MADE] = "UPDATE backups SET made_ms = ?2 WHERE instance = ?1",

    [SCHEDULE_LIST] = "SELECT i.id, i.name, 0, i.snapshot_every_s, coalesce((SELECT max(created_ms)"
                      " FROM snapshots s WHERE s.instance = i.id AND s.origin = 'automatic'"
                      " AND s.created_ms / 1000 <= CAST(strftime('%s', 'now') AS INTEGER)), 0)"
                      " FROM instances i WHERE i.snapshot_every_s > 0"
                      " UNION ALL SELECT i.id, i.name, 1, b.every_s, b.made_ms"
                      " FROM backups b JOIN instances i ON i.id = b.instance"
                      " WHERE b.every_s > 0 AND b.folder IS NOT NULL",
    [FREEZE_PUT] = "INSERT OR REPLACE INTO freezes (instance, began_ms) VALUES (?1, ?2)",
    [FREEZE_LIST] = "SELECT instance, began_ms FROM freezes WHERE instance" OF_ONE_OR_ALL,
    [FREEZE_REMOVE] = "DELETE FROM freezes WHERE instance = ?1",

    [SNAPSHOT_LIST] =
        "SELECT s.instance, i.name, s.name, s.state, s.origin, s.consistency, s.comment,"
        " s.created_ms, s.has_guest, s.phoned_home_ms, s.hostname, s.instance_id, s.host_keys,"
        " s.trusts_cache, s.identity FROM snapshots s JOIN instances i ON i.id = s.instance"
        " WHERE s.instance" OF_ONE_OR_ALL "ORDER BY i.name, s.created_ms, s.name",
    [SNAPSHOT_ADD] =
        "INSERT INTO snapshots (instance, name, state, origin, consistency, comment, created_ms,"
        " has_guest, phoned_home_ms, hostname, instance_id, host_keys, trusts_cache, identity)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    [SNAPSHOT_SET_STATE] =
        "UPDATE snapshots SET state = ?3, consistency = ?4 WHERE instance = ?1 AND name = ?2",
    [SNAPSHOT_REMOVE] = "DELETE FROM snapshots WHERE instance = ?1 AND name = ?2",
    [SNAPSHOT_ADD_DISK] = "INSERT INTO snapshot_disks (instance, snapshot, disk, bytes)"
                          " VALUES (?1, ?2, ?3, ?4)",
    [SNAPSHOT_LIST_DISKS] = "SELECT disk, bytes FROM snapshot_disks"
                            " WHERE instance = ?1 AND snapshot = ?2 ORDER BY disk",

    [FORWARD_LIST] = "SELECT f.instance, i.name, f.protocol, f.host_address, f.host_port,"
                     " f.guest_port FROM forwards f JOIN instances i ON i.id = f.instance"
                     " WHERE f.instance" OF_ONE_OR_ALL
                     "ORDER BY i.name, f.protocol, f.host_port, f.host_address",
    [FORWARD_ADD] = "INSERT INTO forwards (instance, protocol, host_address, host_port,"
                    " guest_port) VALUES (?1, ?2, ?3, ?4, ?5)",
    [FORWARD_REMOVE] = "DELETE FROM forwards WHERE instance = ?1 AND protocol = ?2"
                       " AND host_address = ?3 AND host_port = ?4 AND guest_port = ?5",

    [HOME_NETWORK_LIST] = HOME_NETWORK_SELECT "ORDER BY name",
    [HOME_NETWORK_GET] = HOME_NETWORK_SELECT "WHERE name = ?1",
    [HOME_NETWORK_ADD] = "INSERT INTO networks (name, kind, interface, subnet, domain, created_ms)"
                         " VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [HOME_NETWORK_REMOVE] = "DELETE FROM networks WHERE id = ?1",
    [HOME_NETWORK_GET_LAB] = HOME_NETWORK_SELECT "WHERE is_lab",
    [HOME_NETWORK_SET_LAB] = "UPDATE networks SET is_lab = (name IS ?1)",
    [HOME_NETWORK_REVISION] = "SELECT names_revision FROM cloud",
    [CLOUD_MEMBER_LIST] = "SELECT i.id, i.name, coalesce(i.ip4, g.address) FROM instances i"
                          " LEFT JOIN guests g ON g.instance = i.id"
                          " WHERE coalesce(i.ip4, g.address) IS NOT NULL ORDER BY i.name",

    [NIC_LIST] = NIC_SELECT "ORDER BY i.name, n.position",
    [NIC_LIST_INSTANCE] = NIC_SELECT "WHERE n.instance = ?1 ORDER BY n.position",
    [NIC_ADD] = "INSERT INTO nics (instance, position, kind, interface, mac, ip4, network)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, 0))",
    [NIC_REMOVE] = "DELETE FROM nics WHERE instance = ?1 AND position = ?2",
};

const char *statements_sql(enum statement statement) {
    return sql[statement];
}
