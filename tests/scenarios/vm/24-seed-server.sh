# Goal: the seed server gives a guest its documents as they are at that moment and takes its
# phone-home, once; whatever else comes from the network is refused and changes nothing, also what
# others say who know the token.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../faults.sh"
new_cloud
new_mini test
idle test
folder=$PGSUP_HOME/instances/test
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
expect_ok "$PGSUP" instance get test --json
id=$(json_of 'it["instance_id"]')
path=$(seed_path_of test)
home_path=$(phone_home_path_of test)
start_supervisor

# The client: what each part needs of HTTP.
cat >"$WORK/client.py" <<'END'
import http.client, os, socket, sys, urllib.parse
port, path, folder, instance = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
home_path, words = sys.argv[5], sys.argv[6:]
sys.path.insert(0, os.environ["AS_VM"])
import as_vm
home = folder.split("/instances/")[0]
documents = ["meta-data", "user-data", "vendor-data", "network-config"]
connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

def ask(method, target, body=None, headers={}):
    connection.request(method, target, body, {"User-Agent": "scenario", **headers})
    answer = connection.getresponse()
    return answer.status, answer.read(), answer

def expect(what, actual, expected):
    if actual != expected:
        sys.exit("%s is %r, expected %r" % (what, actual, expected))

def content(document):
    with open(folder + "/cloud-init/" + document, "rb") as file:
        return file.read()

def phone_home(suffix="", **changes):
    form = {"pub_key_rsa": "N/A", "pub_key_ecdsa": "N/A", "pub_key_ed25519": "N/A",
            "instance_id": instance, "hostname": "test", "fqdn": "test", **changes}
    return ask("POST", home_path + suffix, urllib.parse.urlencode(form),
               {"Content-Type": "application/x-www-form-urlencoded"})[0]
END
client() { # Python on the standard input, after client.py
    cat "$WORK/client.py" - >"$WORK/run.py"
    expect_ok "${PYTHON:-python3}" "$WORK/run.py" "$port" "$path" "$folder" "$id" "$home_path" "$@"
}
guest_of() {
    "$PGSUP" info test --json >"$OUT"
    json_of 'it["hostname"], it["phoned_home"]'
}

step "the documents, by GET and HEAD, over one connection"
client <<'END'
ask("HEAD", path + "meta-data")
first = connection.sock
for document in documents:
    status, body, answer = ask("GET", path + document)
    expect("GET " + document, (status, body), (200, content(document)))
    status, body, answer = ask("HEAD", path + document)
    expect("HEAD " + document, (status, body, answer.getheader("Content-Length")),
           (200, b"", str(len(content(document)))))
expect("a query", ask("GET", path + "meta-data?x=1")[0], 200)
expect("the connection is the first one", connection.sock is first and first is not None, True)
END
expect_event test "network-config fetched by scenario"

step "an edit counts at once, an absent document is empty"
echo "# edited by the user" >>"$folder/cloud-init/user-data"
rm "$folder/cloud-init/vendor-data"
client <<'END'
status, body, answer = ask("GET", path + "user-data")
expect("user-data", (status, body.endswith(b"# edited by the user\n")), (200, True))
expect("vendor-data", ask("GET", path + "vendor-data")[:2], (200, b""))
END

step "a document that cannot be read now is not taken for an empty one: the guest asks again"
mkdir "$folder/cloud-init/vendor-data"
client <<'END'
expect("vendor-data", ask("GET", path + "vendor-data")[0], 500)
END
rmdir "$folder/cloud-init/vendor-data"

step "anything else is refused"
client <<'END'
wrong = "/seed/" + "0" * 32 + "/"
for target in [wrong + "meta-data", path + "passwd", path + "../meta-data", path, "/", "/seed/",
               path.rstrip("/"), path + "meta-data/", "//" + path + "meta-data", path + "%2e%2e/x"]:
    expect(target, ask("GET", target)[0], 404)
for target in [wrong + "phone-home", "/phone-home/" + "0" * 32, path + "phone-home",
               "/phone-home/" + path.split("/")[2], "/seed/" + home_path.split("/")[2] + "/phone-home"]:
    expect("POST " + target, ask("POST", target, "a=b")[0], 404)
expect("its token in place of the seed's", ask("GET", "/seed/" + home_path.split("/")[2] + "/user-data")[0], 404)
expect("a phone-home by GET", ask("GET", home_path)[2].getheader("Allow"), "POST")
for method, target, allow in [("PUT", "meta-data", "GET, HEAD"), ("POST", "user-data", "GET, HEAD"),
                              ("DELETE", "vendor-data", "GET, HEAD")]:
    status, body, answer = ask(method, path + target)
    expect(method + " " + target, (status, answer.getheader("Allow")), (405, allow))

def raw(data):
    with socket.create_connection(("127.0.0.1", port), 20) as each:
        try:
            each.sendall(data)
        except OSError:
            pass
        got = b""
        while True:
            try:
                more = each.recv(4096)
            except ConnectionResetError:
                break
            if not more:
                break
            got += more
        return int(got.split(b" ")[1]) if got else None
host = b" HTTP/1.1\r\nHost: x\r\n"
expect("a long header", raw(b"GET " + path.encode() + b"meta-data" + host + b"X: " + b"y" * 9000 +
                            b"\r\n\r\n"), 431)
expect("a long body", raw(b"POST " + home_path.encode() + host +
                          b"Content-Length: 20000\r\n\r\n"), 413)
expect("no HTTP", raw(b"\x16\x03\x01 hello\r\n\r\n"), 400)
END

step "a phone-home of something else changes nothing"
client <<'END'
expect("a wrong id", phone_home(instance_id="i-4711"), 400)
expect("a wrong id in the path", phone_home("/i-4711"), 400)
expect("no id", phone_home(instance_id="N/A"), 400)
expect("no form", ask("POST", home_path, "hello")[0], 400)
expect("a bad escape", ask("POST", home_path, "instance_id=%zz")[0], 400)
expect("a name too long", phone_home(hostname="x" * 300), 400)
END
expect_equal "the guest" "$(guest_of)" "(None, None)"
[ ! -e "$folder/known_hosts" ] || fail "known_hosts was written"

step "the token was stolen: nobody phones home in the place of a VM that does not run"
key=$(cut -d' ' -f1,2 "$KEY.pub")
client "$key" <<'END'
expect("a thief", phone_home("/" + instance, pub_key_ed25519=words[0] + "\n"), 403)
END
expect_event test "refused a phone-home (scenario, from 127.0.0.1): test does not run"

step "... nor of one that runs, and what a thief fetched does not count as fetched"
expect_ok "$PGSUP" -q start test
client "$key" <<'END'
expect("its seed", ask("GET", path + "meta-data")[0], 200)
expect("a thief", phone_home("/" + instance, pub_key_ed25519=words[0] + "\n"), 403)
as_vm.speak(home + "/run", "test", port)
connection.close()
expect("a guest without a seed", phone_home("/" + instance, pub_key_ed25519=words[0] + "\n"), 403)
END
expect_event test "meta-data fetched by scenario; it does not come from the guest of test, but from another process of this host"
expect_event test "refused a phone-home (scenario, from 127.0.0.1): it does not come from the guest of test"
expect_event test "refused a phone-home (scenario, from 127.0.0.1): test has not fetched its seed in this boot"
expect_equal "the guest" "$(guest_of)" "(None, None)"
[ ! -e "$folder/known_hosts" ] || fail "known_hosts was written"
[ ! -e "$folder/ansible.log" ] || fail "Ansible was run"

step "a phone-home, with names that want to deceive the reader"
client "$key" <<'END'
as_vm.speak(home + "/run", "test", port)
expect("its seed", ask("GET", path + "meta-data")[0], 200)
expect("status", phone_home("/" + instance, pub_key_ed25519=words[0] + " root@x\n",
       hostname="evil\n\x1b[31m12:00:00 vm=other stopped\r\u009b\u202e", fqdn="\x07"), 200)
status, body, answer = ask("GET", path + "meta-data", None, {"User-Agent": "a\xff\x9b31mb"})
expect("a strange agent", status, 200)
END
expect_event test "phoned home (scenario, from 127.0.0.1)"
expect_event test "meta-data fetched by a"
wait_until 20 test -s "$folder/known_hosts"
expect_event test "evil"
expect_event test "trusts the host keys that the guest has reported over HTTP ($(ssh-keygen -lf "$KEY.pub" |
    awk '{ print "ssh-ed25519 " $2 }')); with \`--seed drive\` it is given them"
"$PGSUP" events -v -n all >"$WORK/events"
"$PGSUP" info test >"$WORK/info"
for file in "$UP_LOG" "$WORK/events" "$WORK/info"; do
    expect_text "$file" 'evil\x0A\x1B[31m12:00:00 vm=other stopped\x0D'
    expect_equal "control bytes in ${file##*/}" "$(LC_ALL=C tr -d '\n -~' <"$file")" ""
done
! grep -q '^12:00:00' "$UP_LOG" "$WORK/events" || fail "a line was forged"
expect_equal "known_hosts" "$(sed 's/^[^ ]* //' "$folder/known_hosts")" "$key"

step "a second one is answered, and changes nothing"
before=$(guest_of)
known=$(cksum <"$folder/known_hosts")
client "$key" <<'END'
as_vm.speak(home + "/run", "test", port)
for i in range(3):
    expect("status", phone_home(pub_key_ed25519=words[0][:-4] + "AAAA", hostname="other"), 200)
END
expect_event test "other phoned home again"
expect_equal "the guest" "$(guest_of)" "$before"
expect_equal "known_hosts" "$(cksum <"$folder/known_hosts")" "$known"

step "in a later launch, without a fetch: what it said before counts, nothing new does"
expect_ok "$PGSUP" -q stop -f test
expect_ok "$PGSUP" -q start test
client "$key" <<'END'
as_vm.speak(home + "/run", "test", port)
expect("as before", phone_home(pub_key_ed25519=words[0]), 200)
END
expect_equal "the guest" "$(guest_of)" "$before"
python3 -c 'import sqlite3, sys
store = sqlite3.connect(sys.argv[1])
store.execute("UPDATE guests SET instance_id = ?", ("older",))
store.commit()' "$PGSUP_HOME/cloud.sqlite3"
client "$key" <<'END'
as_vm.speak(home + "/run", "test", port)
expect("as a new one", phone_home(pub_key_ed25519=words[0]), 403)
expect("its seed", ask("GET", path + "user-data")[0], 200)
expect("without its meta-data", phone_home(pub_key_ed25519=words[0]), 403)
expect("its seed", ask("GET", path + "meta-data")[0], 200)
END
expect_event test "refused a phone-home (scenario, from 127.0.0.1): test has not fetched its seed in this boot"

step "... but a guest that was ended before it phoned home keeps what it fetched"
expect_ok "$PGSUP" -q stop -f test
expect_ok "$PGSUP" -q start test
client "$key" <<'END'
as_vm.speak(home + "/run", "test", port)
expect("from its cache", phone_home(pub_key_ed25519=words[0]), 200)
END

step "it listens on the loopback only"
client <<'END'
addresses = ["127.0.0.2"] if sys.platform == "linux" else []
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as each:
    try:
        each.connect(("192.0.2.1", 9))  # sends nothing: which address would be used?
        addresses.append(each.getsockname()[0])
    except OSError:
        pass
for address in addresses:
    try:
        socket.create_connection((address, port), 5).close()
    except OSError:
        continue
    sys.exit("it answers on " + address)
END

step "cloud-init's own client"
if /usr/bin/python3 -c 'import cloudinit.config.cc_phone_home' 2>/dev/null; then
    new_mini second
    idle second
    in_store "UPDATE instances SET holds_playbook = 1 WHERE name = 'second'"
    expect_ok "$PGSUP" -q start second
    folder=$PGSUP_HOME/instances/second
    expect_ok "$PGSUP" instance get second --json
    id=$(json_of 'it["instance_id"]')
    path=$(seed_path_of second)
    home_path=$(phone_home_path_of second)
    cp "$(dirname "$0")/../cloud_init.py" "$WORK"
    PYTHON=/usr/bin/python3 client "$key" "$WORK" <<'END'
import cloud_init, logging, types
from cloudinit import helpers, util
as_vm.speak(home + "/run", "second", port)
from cloudinit.config import cc_phone_home

meta, user, vendor, network = cloud_init.read_seeded("http://127.0.0.1:%d%s" % (port, path), timeout=20)
expect("instance-id", meta["instance-id"], instance)
expect("user-data", user, content("user-data"))
expect("vendor-data", vendor, content("vendor-data"))
for each in network:
    expect("network-config", each, util.load_yaml(content("network-config")))

def load_file(name, *rest, **more):  # the host keys of a guest
    if name.endswith("ed25519_key.pub"):
        return words[0] + " root@guest\n"
    raise FileNotFoundError(name)
cloud_init.read_files_by(load_file)
settings = util.load_yaml(user)
settings["phone_home"]["url"] = settings["phone_home"]["url"].replace("10.0.2.2", "127.0.0.1")
settings["phone_home"]["tries"] = 1
name = types.SimpleNamespace(hostname="second")
cloud = types.SimpleNamespace(get_instance_id=lambda: meta["instance-id"],
                              get_hostname=lambda fqdn=False: name,
                              paths=helpers.Paths({"cloud_dir": words[1] + "/cloud"}))
logging.getLogger().addHandler(logging.NullHandler())
cloud_init.handle(cc_phone_home, "phone_home", settings, cloud, logging.getLogger())
END
    expect_event second "user-data fetched by Cloud-Init/"
    expect_event second "second phoned home (Cloud-Init/"

    step "its deploy.yaml is of an imported home: it runs when its user has asked for it"
    expect_event second "skipped: deploy.yaml waits until you ask for it (it was imported, or --no-provision was given): read it and what lies beside it, then \`pgsup provision second\`"
    [ ! -e "$folder/ansible.log" ] || fail "it was run"
    expect_ok "$PGSUP" -q provision second --wait
    [ -s "$folder/ansible.log" ] || fail "it was not run"
    expect_equal "what holds it" "$(in_store 'SELECT sum(holds_playbook) FROM instances')" 0
    wait_until 20 test -s "$folder/known_hosts"
    expect_equal "known_hosts" "$(sed 's/^[^ ]* //' "$folder/known_hosts")" "$key"
else
    echo "cloud-init is not installed here: the real guest's scenario shows it"
fi
expect_ok "$PGSUP" -q stop -f --all
end_supervisor
