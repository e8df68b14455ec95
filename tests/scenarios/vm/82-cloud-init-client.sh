# Goal: cloud-init's own code (Debian's package) takes the seed as a guest does, from the serial of
# the machine, from the drive and by both, posts home what its own tests post, and asks again while
# nobody answers. Its schema has nothing to say about any document.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../faults.sh"
if ! /usr/bin/python3 -c 'import cloudinit.config.cc_phone_home' 2>/dev/null; then
    [ "$(uname -s)" = Darwin ] || fail "cloud-init is not installed: scripts/setup test"
    echo "cloud-init has no package on macOS"
    exit 77
fi
make_machines test
make_machine drive --seed drive --ip 10.0.2.77
make_machine both --seed both --ip 10.0.2.78
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
expect_ok "$PGSUP" instance list --json
ids=$(json_of '" ".join("%s=%s" % (row["name"], row["instance_id"]) for row in it)')

cp "$(dirname "$0")/../cloud_init.py" "$WORK"
cat >"$WORK/client.py" <<'END'
import cloud_init, errno, logging, os, subprocess, sys, types
from cloudinit import dmi, helpers, templater, url_helper, user_data, util
from cloudinit.config import cc_phone_home
from cloudinit.net import network_state
from cloudinit.sources import DataSourceNoCloud as nocloud

work, home, port = sys.argv[1], sys.argv[2], sys.argv[3]
sys.path.insert(0, os.environ["AS_VM"])
import as_vm
ids = dict(pair.split("=") for pair in sys.argv[4].split())
util.get_cmdline = lambda: ""
paths = helpers.Paths({"cloud_dir": work + "/cloud", "run_dir": work + "/run"})

def expect(what, actual, expected):
    if actual != expected:
        sys.exit("%s is %r, expected %r" % (what, actual, expected))

def content(name, document):
    with open("%s/instances/%s/cloud-init/%s" % (home, name, document)) as file:
        return file.read()

def host(text):  # as the guest sees it -> as it is
    return text.replace("10.0.2.2:", "127.0.0.1:")

def text(value):
    return value.decode() if isinstance(value, bytes) else value

def source(kind, serial, drive=None):
    """What the datasource found: with this serial in DMI, and this drive among the devices."""
    dmi.read_dmi_data = lambda key: serial if key == "system-serial-number" else None
    found = kind({"datasource": {"NoCloud": {}}}, types.SimpleNamespace(), paths)
    found._get_devices = lambda label: [drive] if drive and label == "cidata" else []
    def mount(device, callback, data=None, **more):
        folder = work + "/mounted"
        subprocess.run(["rm", "-rf", folder], check=True)
        os.mkdir(folder)
        subprocess.run(["mcopy", "-s", "-i", device, "::*", folder], check=True)
        return callback(folder, data)
    nocloud.util.mount_cb = mount
    return found, found._get_data()

def keys(*types_):
    """Host keys of a guest that has only these."""
    def load_file(name, *rest, **more):
        for kind in types_:
            if name.endswith("ssh_host_%s_key.pub" % kind):
                return open("%s/%s.pub" % (work, kind)).read()
        raise FileNotFoundError(errno.ENOENT, name)
    cloud_init.read_files_by(load_file)

class Log(logging.Logger):
    said = []
    def _log(self, level, message, args, **more):
        if level >= logging.WARNING:
            self.said.append(str(message) % args if args else str(message))

def phone_home(name, settings):
    """Runs the module; what it complained about."""
    Log.said = []
    util.logexc = lambda log, message, *args, **more: Log.said.append(message % args)
    cloud = types.SimpleNamespace(get_instance_id=lambda: ids[name], paths=paths,
        get_hostname=lambda fqdn=False: types.SimpleNamespace(hostname=name + (".lan" if fqdn else "")))
    cloud_init.handle(cc_phone_home, "phone_home", settings, cloud, Log("client"))
    return [line for line in Log.said if "Failed to post" in line or "url" in line]

def settings_of(name, **changes):
    settings = util.load_yaml(content(name, "user-data"))
    settings["phone_home"]["url"] = host(settings["phone_home"]["url"])
    settings["phone_home"].update(tries=1, **changes)
    return settings
END
client() { # Python on the standard input, after client.py
    cat "$WORK/client.py" - >"$WORK/run.py"
    run /usr/bin/python3 "$WORK/run.py" "$WORK" "$PGSUP_HOME" "$port" "$ids" "$@"
    [ "$STATUS" = 0 ] || fail "the client ended with status $STATUS"
}
for kind in rsa ecdsa ed25519; do
    ssh-keygen -q -t $kind -N '' -C "root@guest" -f "$WORK/$kind"
done

step "the documents under cloud-init's schema"
for name in test drive both; do
    run cloud-init schema -c "$PGSUP_HOME/instances/$name/cloud-init/user-data"
    expect_equal "status of the schema for user-data of $name" "$STATUS" 0
    cat "$ERR" >>"$OUT"
    ! grep -qiE 'deprecat|warn|invalid' "$OUT" || fail "the schema complains of user-data of $name"
done

step "nobody serves yet: it asks again until somebody does"
token_path=$(seed_path_of test)
export TOKEN_PATH="$token_path"
cat "$WORK/client.py" - >"$WORK/early.py" <<'END'
meta, user, vendor, network = cloud_init.read_seeded("http://127.0.0.1:%s%s" % (port, sys.argv[5]), timeout=20, retries=60)
expect("instance-id", meta["instance-id"], ids["test"])
expect("user-data", text(user), content("test", "user-data"))
END
/usr/bin/python3 "$WORK/early.py" "$WORK" "$PGSUP_HOME" "$port" "$ids" "$token_path" >"$WORK/early" 2>&1 &
early=$!
sleep 1.5
kill -0 $early || fail "it gave up: $(cat "$WORK/early")"
start_supervisor
wait $early || fail "it was not served: $(cat "$WORK/early")"

step "by the serial of the machine, as QEMU gives it"
quietly start test
tr '\0' '\n' <"$PGSUP_HOME/instances/test/smbios.bin" | sed -n 's/^ds=/&/p' >"$WORK/serial"
[ -s "$WORK/serial" ] || fail "there is no serial"
client "$(cat "$WORK/serial")" <<'END'
serial = host(sys.argv[5])
found, taken = source(nocloud.DataSourceNoCloud, serial)
expect("what the local stage makes of it", taken, False)
found, taken = source(nocloud.DataSourceNoCloudNet, serial)
expect("what the network stage makes of it", taken, True)
expect("seed", found.seed, "dmi," + serial.split(";s=", 1)[1])
expect("mode", found.dsmode, "net")
expect("instance-id", found.get_instance_id(), ids["test"])
expect("its name", found.metadata["local-hostname"], "test")
expect("user-data", text(found.userdata_raw), content("test", "user-data"))
expect("vendor-data", text(found.vendordata_raw), content("test", "vendor-data"))
message = user_data.UserDataProcessor(paths).process(found.userdata_raw)
expect("its parts", [part.get_content_type() for part in message.walk()][1:], ["text/cloud-config"])
END
wait_until 20 has_event test "user-data fetched by Cloud-Init/"

step "from the drive"
client <<'END'
found, taken = source(nocloud.DataSourceNoCloud, None, home + "/instances/drive/cloud-init.img")
expect("taken", taken, True)
expect("mode", found.dsmode, "net")
expect("instance-id", found.get_instance_id(), ids["drive"])
expect("user-data", text(found.userdata_raw), content("drive", "user-data"))
message = user_data.UserDataProcessor(paths).process(found.vendordata_raw)
bodies = [text(part.get_payload(decode=True)) for part in message.walk() if not part.is_multipart()]
expect("vendor-data, host keys behind it", content("drive", "vendor-data") in bodies, True)
config = util.load_yaml(found._network_config) if isinstance(found._network_config, (bytes, str)) \
    else found._network_config
state = network_state.parse_net_config_data(config)
subnets = [subnet for each in state.iter_interfaces() for subnet in each["subnets"]]
expect("addresses", [(subnet.get("address"), subnet.get("prefix")) for subnet in subnets], [("10.0.2.77", 24)])
END

step "by both: the address from the drive, the accounts by HTTP"
quietly start both
client "$(ls "$PGSUP_HOME/instances/both/"cloud-init-include.img)" <<'END'
found, taken = source(nocloud.DataSourceNoCloud, None, sys.argv[5])
expect("taken", taken, True)
expect("instance-id", found.get_instance_id(), ids["both"])
include = host(text(found.userdata_raw))
expect("a way to the rest", include.startswith("#include"), True)
os.makedirs(paths.get_ipath_cur("data") or work + "/cloud", exist_ok=True)
paths.get_ipath_cur = lambda name=None: work + "/cloud/" + (name or "")
os.makedirs(work + "/cloud/data/urlcache", exist_ok=True)
message = user_data.UserDataProcessor(paths).process(include)
bodies = [text(part.get_payload(decode=True)) for part in message.walk() if not part.is_multipart()]
expect("user-data", any("hashed_passwd" in body and "phone_home" in body for body in bodies), True)
END

step "home is phoned as cloud-init's own tests do"
client <<'END'
as_vm.speak(home + "/run", "test", int(port))
source(nocloud.DataSourceNoCloudNet, "ds=nocloud-net;s=http://127.0.0.1:%s%s" % (port, os.environ["TOKEN_PATH"]))
keys("rsa", "ecdsa", "ed25519")
expect("without a url", [line for line in phone_home("test", {"phone_home": {}}) if "Failed" in line], [])
expect("without the module", phone_home("test", {}), [])
wrong = settings_of("test")
wrong["phone_home"]["url"] = wrong["phone_home"]["url"].replace("/phone-home/", "/phone-home/0")
expect("to a wrong place", len(phone_home("test", wrong)), 1)
ids["test"], true = "i-4711", ids["test"]
expect("as another one", len(phone_home("test", settings_of("test"))), 1)
ids["test"] = true
expect("all", phone_home("test", settings_of("test")), [])
expect("again", phone_home("test", settings_of("test")), [])
keys()
expect("without any key", phone_home("test", settings_of("test")), [])
expect("a part of it", phone_home("test", settings_of("test", post=["hostname", "instance_id"])), [])
expect("what is not there", phone_home("test", settings_of("test", post=["instance_id", "pub_key_sk"])), [])
END
wait_state test ready 20
known=$PGSUP_HOME/instances/test/known_hosts
wait_until 20 test -s "$known"
sed 's/^[^ ]* //' "$known" | sort >"$WORK/known"
cat "$WORK"/rsa.pub "$WORK"/ecdsa.pub "$WORK"/ed25519.pub | cut -d' ' -f1,2 | sort >"$WORK/expected"
cmp "$WORK/known" "$WORK/expected" || fail "known_hosts has other keys"
expect_equal "what the guest told" "$(info_of test 'it["hostname"]')" test

step "... with the supervisor away for a while"
kill_supervisor
cat "$WORK/client.py" - >"$WORK/late.py" <<'END'
as_vm.speak(home + "/run", "both", int(port))
keys("ed25519")
settings = settings_of("both")
settings["phone_home"]["tries"] = 20
expect("it failed", phone_home("both", settings), [])
END
/usr/bin/python3 "$WORK/late.py" "$WORK" "$PGSUP_HOME" "$port" "$ids" >"$WORK/late" 2>&1 &
late=$!
sleep 1
start_supervisor
wait $late || fail "it did not get through: $(cat "$WORK/late")"
wait_state both ready 20
quietly stop -f --all
