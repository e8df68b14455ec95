#include "peer_words.h"

#include "cli/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define SHOW_ONE "`pgsup info NAME` shows everything about an instance"
#define SHOW_ALL "`pgsup list` shows all instances, `pgsup info NAME` one"
#define WATCH    "`pgsup list -w` keeps the list of all instances on the screen"
#define REMOVE   "`pgsup rm NAME` removes an instance"
#define CREATE   "`pgsup create NAME` defines an instance, `pgsup start NAME` starts it"
#define CHANGE   "`pgsup set NAME` changes an instance, `pgsup cloud set` the cloud"
#define SHELL    "`pgsup ssh NAME` opens a shell in the guest, `pgsup console NAME` its console"
#define RUN_IN                                                                                       \
    "`pgsup ssh NAME -- COMMAND` runs a command in the guest, `pgsup exec NAME -- COMMAND` without " \
    "network"
#define COPY_FILES "`pgsup cp FILE NAME:PATH` copies files into a guest, `pgsup cp NAME:PATH .` out"
#define SNAPSHOT                                                                                   \
    "`pgsup snapshot create NAME` keeps a point in time, `pgsup snapshot restore NAME SNAPSHOT` "  \
    "returns to it"
#define NO_FOLDERS "guests share no folders with the host: `pgsup cp FILE NAME:PATH` copies files"
#define NO_SCREEN  "guests have no screen: `pgsup console NAME` is the serial console"
#define BACK_UP                                                                                     \
    "`pgsup backup create NAME --to DIR` copies an instance, `pgsup export NAME --as libvirt` for " \
    "another engine"
#define DOWNLOADS "`pgsup image list --available` shows what `pgsup image download -n NAME` gets"
#define GET_IMAGE                                                                                  \
    "`pgsup image download -n NAME` downloads an image, `pgsup image import` adds a file"
#define DROP_IMAGE "`pgsup image remove NAME` removes an image"
#define SUPERVISE  "`pgsup up --detach` supervises the instances in the background"
#define NETWORKS                                                                                   \
    "`pgsup network list` shows networks of instances, `pgsup cloud get` that of the cloud"
#define FORGET "`pgsup trash empty` empties the trash, `pgsup image remove NAME` removes an image"
#define KEEP_STATE                                                                                 \
    "`pgsup suspend NAME` takes a guest with its memory to disk, `pgsup start NAME` lets it go on"
#define SWITCH_OFF "`pgsup stop -f NAME` switches it off, `pgsup rm NAME` removes it"

struct peer_word {
    const char *words, *answer;
};

static const struct peer_word top[] = {
    {"get show inspect describe dominfo dumpxml state domstate", SHOW_ONE},
    {"status ps vms", SHOW_ALL},
    {"top watch stats htop domstats", WATCH},
    {"delete del undefine erase uninstall unregister", REMOVE},
    {"destroy", SWITCH_OFF},
    {"new init define add make run install build", CREATE},
    {"edit config configure modify change update reconfigure setvcpus setmem setmaxmem", CHANGE},
    {"enter attach login connect dial sh bash", SHELL},
    {"execute run-command guestcontrol", RUN_IN},
    {"copy scp sftp transfer push file rsync", COPY_FILES},
    {"snapshots snap checkpoint revert restore-snapshot save-snapshot snapshot-create "
     "snapshot-create-as snapshot-list snapshot-revert",
     SNAPSHOT},
    {"mount umount unmount share", NO_FOLDERS},
    {"vnc spice display screen screenshot vncdisplay gui view viewer", NO_SCREEN},
    {"backups dump publish migrate save-image backup-begin", BACK_UP},
    {"find search available templates template-list catalogue catalog", DOWNLOADS},
    {"pull fetch download", GET_IMAGE},
    {"images", "`pgsup image list` lists the images"},
    {"rmi", DROP_IMAGE},
    {"instances machines domains", SHOW_ALL},
    {"daemon serve supervise server", SUPERVISE},
    {"networks net net-list bridges bridge", NETWORKS},
    {"purge prune gc clean cleanup", FORGET},
    {"recover restore undelete unremove undo",
     "`pgsup instance undelete NAME` restores a removed instance"},
    {"save managedsave hibernate suspend-disk", KEEP_STATE},
    {"unpause unsuspend continue cont", "`pgsup resume NAME` lets a paused guest go on"},
    {"poweroff halt off quit",
     "`pgsup stop NAME` shuts a guest down, `pgsup stop -f` switches it off"},
    {"poweron power-on boot on", "`pgsup start NAME` starts an instance"},
    {"reinstall factory-reset recreate rebuild",
     "`pgsup instance rebuild NAME` makes its disk anew from the image"},
    {"mv move ren", "`pgsup rename NAME NEW` renames an instance"},
    {"grow extend enlarge blockresize", "`pgsup resize NAME SIZE` enlarges a disk"},
    {"address addr ips domifaddr", "`pgsup ip NAME` prints the address of a guest"},
    {"port ports publish-port expose port-forward portforward tunnel",
     "`pgsup forward add NAME 8080:80` forwards a port"},
    {"volume volumes vol storage attach-disk", "`pgsup disk add NAME DISK SIZE` adds a disk"},
    {"device devices attach-interface nics interface",
     "`pgsup nic add NAME KIND` adds a network card, `pgsup disk add` a disk"},
    {"passwd password set-user-password",
     "`pgsup cloud set --admin-password-file FILE` sets the password of new instances"},
    {"history journal audit", "`pgsup events NAME` shows what happened"},
    {"ansible playbook converge", "`pgsup provision NAME` runs Ansible"},
    {"autostart enable disable", "`pgsup set NAME --autostart` or --no-autostart"},
    {"man manual docs usage commands", "`pgsup help` lists all commands and topics"},
    {"wait-for waitfor", "`pgsup wait NAME` waits until a guest is ready"},
    {"setup bootstrap", "`pgsup cloud create` makes a home"},
    {"ssh-copy-id authorize",
     "`pgsup cloud set --ssh-public-key FILE` sets the key of new instances"},
    {"du df disk-usage", "`pgsup list` shows the sizes of disks, `pgsup trash list` the trash"},
    {"list-all l", SHOW_ALL},
    {NULL, NULL},
};

static const struct peer_word image[] = {
    {"delete del destroy erase rmi prune", DROP_IMAGE},
    {"pull get fetch add new create", GET_IMAGE},
    {"find search available catalogue catalog list-remote", DOWNLOADS},
    {"show inspect describe", "`pgsup image info NAME` shows an image"},
    {"check test", "`pgsup image verify NAME` checks an image"},
    {"upload load copy", "`pgsup image import -n NAME FILE` adds a file"},
    {"update upgrade refresh", GET_IMAGE},
    {NULL, NULL},
};

static const struct peer_word instance[] = {
    {"delete del destroy undefine erase", "`pgsup instance remove NAME` removes an instance"},
    {"show inspect describe", "`pgsup instance get NAME` shows an instance"},
    {"new add define init", "`pgsup instance create NAME` defines an instance"},
    {"edit config modify change update", "`pgsup instance set NAME` changes an instance"},
    {"copy cp", "`pgsup instance clone NAME COPY` copies a stopped instance"},
    {"mv move", "`pgsup instance rename NAME NEW` renames an instance"},
    {"snapshot snapshots snap restore", SNAPSHOT},
    {"export backup", BACK_UP},
    {"exec execute", RUN_IN},
    {NULL, NULL},
};

static const struct peer_word cloud[] = {
    {"show info list ls inspect status", "`pgsup cloud get` shows the settings of the cloud"},
    {"init new add make", "`pgsup cloud create` makes a home"},
    {"edit config modify change update", "`pgsup cloud set` changes the cloud"},
    {"delete remove rm destroy erase",
     "a cloud is its folder: stop its instances and the supervisor, then delete the folder"},
    {NULL, NULL},
};

static const struct peer_word part[] = {
    /* of an instance */
    {"delete del detach destroy erase", "\"remove\" is the word"},
    {"create new attach make", "\"add\" is the word"},
    {"show info inspect get", "\"list\" is the word"},
    {"resize grow extend enlarge", "`pgsup resize NAME SIZE` enlarges the disk of an instance"},
    {NULL, NULL},
};

static const struct peer_word snapshot[] = {
    {"take new add save make", "`pgsup snapshot create NAME` keeps a point in time"},
    {"revert rollback apply go load", "`pgsup snapshot restore NAME SNAPSHOT` returns to it"},
    {"delete del destroy erase", "`pgsup snapshot remove NAME SNAPSHOT` removes it"},
    {"show info ls", "`pgsup snapshot list NAME` shows them"},
    {NULL, NULL},
};

static const struct peer_word backup[] = {
    {"take new add save make run", "`pgsup backup create NAME --to DIR` makes one"},
    {"check test", "`pgsup backup verify FOLDER` reads it back"},
    {"delete del remove rm", "a backup is a folder: delete it"},
    {"show info ls", "`pgsup backup list DIR` shows them"},
    {NULL, NULL},
};

static const struct peer_word trash[] = {
    {"clear clean purge delete rm remove", "`pgsup trash empty` removes what is in it"},
    {"restore undelete recover get", "`pgsup instance undelete NAME` restores an instance"},
    {"show info", "`pgsup trash list` shows what is in it"},
    {NULL, NULL},
};

static const struct peer_word service[] = {
    {"start enable add create", "`pgsup service install` installs and starts it"},
    {"stop disable uninstall delete", "`pgsup service remove` ends and removes it"},
    {"restart reload", "`pgsup service remove`, then `pgsup service install`: VMs go on running"},
    {"logs journal", "`pgsup service log` shows what it wrote"},
    {"info show state", "`pgsup service status` shows its state"},
    {NULL, NULL},
};

static const struct {
    const char *group;
    const struct peer_word *rows;
} groups[] = {
    {"", top},          {"image", image}, {"instance", instance}, {"cloud", cloud},
    {"disk", part},     {"nic", part},    {"forward", part},      {"snapshot", snapshot},
    {"backup", backup}, {"trash", trash}, {"service", service},
};

const char *peer_words_answer(const char *group, const char *word) {
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++)
        for (const struct peer_word *row = groups[i].rows;
             strcmp(groups[i].group, group) == 0 && row->words; row++)
            if (options_has_word(row->words, word, strlen(word)))
                return row->answer;
    return NULL;
}
