# Goal: a seed by both ways: name and network are on the drive, user-data and vendor-data are fetched
# by cloud-init's own code from the seed server, once: with the server away it has the same. vm.sh
# needs no server all the same. Refused where nothing can be served.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_cloud
make_image "$WORK/empty.qcow2"
expect_ok "$PGSUP" image import -n empty --arch aarch64 "$WORK/empty.qcow2"
expect_ok "$PGSUP" image import -n old --arch aarch64 --seed-source none "$WORK/empty.qcow2"
new_empty() { # NAME OPTION…
    expect_ok "$PGSUP" instance create --os empty --ram 64 --ssh-port "$(free_port)" "$@"
}
on_drive() { # IMAGE DOCUMENT
    mtype -i "$folder/$1" "::$2" | tr -d '\r'
}
folder=$PGSUP_HOME/instances/test

step "refused where nothing can be served"
expect_refused 2 'the image "old" does not support a seed over HTTP' \
    "$PGSUP" instance create test --os old --seed both
expect_refused 2 '"floppy" is not a way to seed a guest: use http, drive or both' \
    "$PGSUP" instance create test --os empty --seed floppy
in_store "UPDATE network SET kind = 'vmnet-shared'" # that of a host without an address of its own
expect_refused 2 "requires the address of this host" "$PGSUP" instance create test --os empty --seed both
in_store "UPDATE network SET kind = 'user'"

step "the drive: its own network, and where the rest is"
new_empty test --ip 10.0.2.77 --seed both
expect_ok "$PGSUP" instance get test --json
expect_equal "how it is seeded" "$(json_of 'it["seed"], it["ip4"]')" "('both', '10.0.2.77')"
drive=cloud-init-include.img
expect_equal "mode of the drive" "$(mode_of "$folder/$drive")" "-rw-------"
expect_equal "meta-data" "$(on_drive $drive meta-data)" "$(cat "$folder/cloud-init/meta-data")"
on_drive $drive network-config | grep -q '10\.0\.2\.77/24' || fail "no static address on the drive"
on_drive $drive user-data >"$WORK/user-data"
on_drive $drive vendor-data >"$WORK/vendor-data"
path=$(sed -n 's|.*http://[^/]*\(/seed/[0-9a-f]*/\)user-data|\1|p' "$WORK/user-data")
[ -n "$path" ] || fail "no address on the drive"
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
expect_equal "user-data" "$(cat "$WORK/user-data")" "#include-once
http://10.0.2.2:$port${path}user-data"
first_part() { # FILE; the other one has the host keys, which are not served
    python3 -c 'import email, sys
print(email.message_from_file(open(sys.argv[1])).get_payload()[0].get_payload(decode=True).decode(), end="")' "$1"
}
expect_equal "vendor-data" "$(first_part "$WORK/vendor-data" | tail -n 1)" "http://10.0.2.2:$port${path}vendor-data"
expect_no_text "$folder/cloud-init/vendor-data" manual-clean
expect_equal "what is left of the making" "$(find "$folder" -name '.include')" ""

step "vm.sh takes the drive that has all"
expect_text "$folder/vm.sh" "cloud-init.img"
expect_no_text "$folder/vm.sh" $drive
expect_equal "user-data there" "$(on_drive cloud-init.img user-data)" \
    "$(cat "$folder/cloud-init/user-data")"

step "the launch takes the other one"
idle test
echo "# mine" >>"$folder/cloud-init/user-data"
start_supervisor
run "$PGSUP" start test
expect_equal "status of start" "$STATUS" 0
ps -ww -o args= -p "$(pid_of test)" >"$WORK/args"
expect_text "$WORK/args" $drive
expect_no_text "$WORK/args" "$path"
run "$PGSUP" stop -f test

step "cloud-init's own reader of it, with the server and without"
read_seed() { # what comes of user-data and vendor-data
    /usr/bin/python3 - "$WORK" "$WORK/user-data" "$WORK/vendor-data" 2>"$ERR" <<'END'
import email, sys
from cloudinit import helpers, user_data
def local(message): # what the guest calls 10.0.2.2
    if message.is_multipart():
        for part in message.get_payload():
            local(part)
    else:
        text = message.get_payload(decode=True).decode().replace("10.0.2.2", "127.0.0.1")
        del message["Content-Transfer-Encoding"]
        message.set_payload(text, "utf-8")
    return message
paths = helpers.Paths({"cloud_dir": sys.argv[1] + "/cloud", "run_dir": sys.argv[1] + "/run"})
paths.get_ipath_cur = lambda name=None: sys.argv[1] + "/cloud"
for file in sys.argv[2:]:
    text = open(file).read().replace("10.0.2.2", "127.0.0.1")
    if text.startswith("MIME-Version:"):
        text = local(email.message_from_string(text)).as_string()
    for part in user_data.UserDataProcessor(paths).process(text).walk():
        if not part.is_multipart():
            print(part.get_content_type())
            print(part.get_payload(decode=True).decode())
END
}
if /usr/bin/python3 -c 'import cloudinit.user_data' 2>/dev/null; then
    mkdir -p "$WORK/cloud" "$WORK/run"
    read_seed >"$WORK/with"
    expect_text "$WORK/with" "text/cloud-config" "phone_home:" "# mine"
    expect_event test "user-data fetched by Cloud-Init/"
    expect_event test "vendor-data fetched by Cloud-Init/"
    end_supervisor
    read_seed >"$WORK/without"
    cmp -s "$WORK/with" "$WORK/without" || fail "without the server it is something else"
else
    echo "cloud-init is not installed here: the real guest's scenario shows it"
    end_supervisor
fi

step "another way, and it has no such drive any more"
expect_ok "$PGSUP" instance set test --seed drive
[ ! -e "$folder/$drive" ] || fail "the drive is still there"
expect_nothing_left
