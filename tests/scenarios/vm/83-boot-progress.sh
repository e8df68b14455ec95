# Goal: what cloud-init's own reporter tells of a boot is shown: the stage and the module that run,
# the modules that failed. Readiness does not depend on it, nothing else may be told that way, and
# the event log is not flooded.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../faults.sh"
make_machines one two
expect_ok "$PGSUP" cloud get --json
port=$(json_of 'it["ph_port"]')
expect_ok "$PGSUP" instance get one --json
id=$(json_of 'it["instance_id"]')
report_path() { # NAME
    sed -n 's|.*http://[^/]*\(/report/[a-z0-9-]*/[0-9a-f]*\)".*|\1|p' \
        "$PGSUP_HOME/instances/$1/cloud-init/vendor-data"
}
seed_path=$(seed_path_of one)
home_path=$(phone_home_path_of one)
path=$(report_path one)
case $path in /report/one/*) ;; *) fail "no address to report to in vendor-data" ;; esac
start_supervisor
quietly start one

cat >"$WORK/client.py" <<'END'
import glob, http.client, json, os, sys, time, urllib.parse
port, path, seed_path, instance = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
home_path, words = sys.argv[5], sys.argv[6:]

sys.path.insert(0, os.environ["AS_VM"])
import as_vm
if "STRANGER" not in os.environ and glob.glob(os.environ["PGSUP_HOME"] + "/run/s/one.*.mon"):
    as_vm.speak(os.environ["PGSUP_HOME"] + "/run", "one", port)

def expect(what, actual, expected):
    if actual != expected:
        sys.exit("%s is %r, expected %r" % (what, actual, expected))

def ask(method, target, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    connection.request(method, target, body, {"User-Agent": "scenario"})
    answer = connection.getresponse()
    return answer.status, answer.read()

def post(body, to=path):
    return ask("POST", to, body)[0]

def event(name, result=None, **more):
    """As cloudinit.reporting.events posts it."""
    told = {"name": name, "description": "running " + name, "origin": "cloudinit",
            "event_type": "finish" if result else "start", "timestamp": time.time(), **more}
    if result:
        told["result"] = result
    return json.dumps(told)

def tell(name, result=None, **more):
    expect("status of " + name, post(event(name, result, **more)), 200)
END
client() { # Python on the standard input, after client.py
    cat "$WORK/client.py" - >"$WORK/run.py"
    expect_ok "${PYTHON:-python3}" "$WORK/run.py" "$port" "$path" "$seed_path" "$id" "$home_path" "$@"
}
boot_of() { # NAME: what is known of its boot
    info_of "$1" 'it["boot_stage"], it["boot_module"], it["failed_modules"]'
}
count_events() { # NAME: those that cloud-init's reports have left
    "$PGSUP" events -v -n all "$1" | grep -c '  cloud-init  ' || true
}
has_events() { # NAME NUMBER
    [ "$(count_events "$1")" = "$2" ]
}

step "who waits on a terminal sees one line that changes, elsewhere it is a line for each module"
expect_equal "what is known" "$(boot_of one)" "(None, None, [])"
on_terminal "$PGSUP" start one --wait --timeout 120
"$PGSUP" start one --wait --timeout 120 >"$WORK/wait.out" 2>"$WORK/wait.err" &
waiting=$!
at_exit "kill $waiting 2>/dev/null"
nudge() { # until both wait
    client <<'END'
tell("modules-config/config-m%d" % time.monotonic_ns())
END
    grep -q 's  cloud-init: modules-config, m' "$WORK/wait.err" &&
        grep -qE 'one  cloud-init [0-9]+:[0-9]+  modules-config, m' "$SCREEN"
}
wait_until 60 nudge
client <<'END'
tell("modules-config/config-locale")
END
wait_until 20 grep -q 's  cloud-init: modules-config, locale$' "$WORK/wait.err"
wait_until 20 grep -qE 'one  cloud-init [0-9]+:[0-9]+  modules-config, locale' "$SCREEN"
grep -qF "$(printf '\r\033[J')" "$SCREEN" || fail "the line is not redrawn"
expect_equal "what is known" "$(boot_of one)" "('modules-config', 'locale', [])"

step "a module fails, the boot goes on"
client <<'END'
tell("modules-config/config-locale", "FAIL", description="running config-locale with frequency once-per-instance")
tell("modules-config/config-ntp")
tell("modules-config/config-ntp", "WARN")
tell("modules-config", "FAIL")
tell("modules-final/config-package-update-upgrade-install")
END
expect_equal "what is known" "$(boot_of one)" \
    "('modules-final', 'package-update-upgrade-install', ['modules-config/locale'])"
expect_ok "$PGSUP" info one
expect_text "$OUT" "modules-final, package-update-upgrade-install; failed: modules-config/locale"
expect_event one "modules-config/locale failed: running config-locale with frequency once-per-instance"
expect_event one "modules-config ended, not all of it well"
expect_text "$UP_LOG" "vm=one cloud-init: modules-config/locale failed"
wait_until 20 grep -q 's  failed: modules-config/locale failed: running config-locale' "$WORK/wait.err"

step "a start that is stuck there says so"
expect_fail 5 'last sign of its boot was "started", cloud-init is in modules-final, package-update-upgrade-install (failed: modules-config/locale); the VM keeps running' \
    "$PGSUP" -q start --wait --timeout 2 one

step "told again, and much of it: nothing new is recorded, what is kept has an end"
wait_until 20 has_events one 4
client <<'END'
for i in range(20):
    tell("modules-config/config-locale", "FAIL")
    tell("modules-config", "FAIL")
    tell("modules-final/config-package-update-upgrade-install")
for i in range(200):
    tell("modules-final/config-m%d" % i)
    tell("modules-final/config-m%d" % i, "SUCCESS")
for i in range(300):
    tell("modules-final/config-m%d" % i, "FAIL")
tell("modules-final/config-scripts-user")
END
expect_equal "failed modules" "$(info_of one 'len(it["failed_modules"])')" 32
expect_event one "modules-final/m30 failed"
expect_equal "events" "$(count_events one)" "$((4 + 31))"

step "anything else is refused, and changes nothing"
known=$(boot_of one)
client "$(report_path two)" <<'END'
two = words[0]
token, other = path.rsplit("/", 1)[1], two.rsplit("/", 1)[1]
seed = seed_path.split("/")[2]
for target in ["/report/one/" + "0" * 32, "/report/one/" + other, "/report/two/" + token,
               "/report/three/" + token, "/report/one/" + seed, "/report/one/", "/report/" + token,
               path + "/x", seed_path + "report"]:
    expect(target, ask("POST", target, event("modules-final/config-evil")), (404, b"not found\n"))
expect("its token in place of the seed's", ask("GET", "/seed/%s/user-data" % token)[0], 404)
for method in ["GET", "PUT", "DELETE"]:
    expect(method, ask(method, path)[0], 405)
for body in ["", "hello", "[]", "{}", "null", "name: modules-final\n", event("modules-final")[:-1],
             event("modules-final") * 2, event("modules-final", "PERFECT"),
             event("modules-final/config-a\nb"), event("modules-final/config-\x1b[31m"),
             event("modules-final", description="\u009b31m"), event("modules-final", description=None),
             event("modules-final", event_type="stop"), event("modules-final/config-" + "x" * 64),
             event("modules-final", description="x" * 512), b"\xff\xfe", b"\0" * 100]:
    expect(repr(body), post(body), 400)
expect("9 kB", post(event("modules-final", files="x" * 9000)), 400)
expect("20 kB", post(event("modules-final", files="x" * 20000)), 413)
tell("azure-ds/get-metadata")  # what is no module of a boot
tell("single/config-evil", "FAIL")
expect("of one that does not run", post(event("modules-final"), two), 403)
END
STRANGER=1 client <<'END'
expect("of another process", post(event("modules-final/config-evil", "FAIL")), 403)
END
expect_event two "refused a report from 127.0.0.1: two does not run"
expect_event one "refused a report from 127.0.0.1: it does not come from the guest of one"
expect_equal "what is known" "$(boot_of one)" "$known"
expect_equal "what is known of the other one" "$(boot_of two)" "(None, None, [])"
expect_event "" "refused a request from 127.0.0.1: the event's description is longer than 511 bytes"
"$PGSUP" events -v -n all >"$WORK/events"
expect_no_text "$WORK/events" evil "${path##*/}"

step "ready is it by its phone-home, with a warning for what failed"
client <<'END'
expect("its seed", ask("GET", seed_path + "meta-data")[0], 200)
form = {"instance_id": instance, "hostname": "one", "fqdn": "one"}
expect("phone-home", post(urllib.parse.urlencode(form), home_path), 200)
tell("modules-final", "FAIL")
END
wait $waiting || fail "the start ended with status $?"
expect_text "$WORK/wait.out" "one is ready after"
expect_text "$WORK/wait.err" "pgsup: warning: one: cloud-init failed in modules-config/locale, modules-final/m0,"
wait "$TERMINAL" || fail "the start on a terminal ended with status $?"
expect_text "$SCREEN" "one ready in 0:" "· pgsup ssh one" "warning: one: cloud-init failed in modules-config/locale, "
expect_equal "what is known" "$(info_of one 'it["state"], it["boot_stage"], it["boot_module"]')" \
    "('ready', 'done', None)"
quietly start one --wait
expect_text "$ERR" "pgsup: warning: one: cloud-init failed in modules-config/locale, modules-final/m0,"

step "the next boot begins with nothing"
quietly stop -f one
quietly start one
expect_equal "what is known" "$(boot_of one)" "(None, None, [])"

step "... and its reports come behind what the guest does"
"$PGSUP" start one --wait --timeout 120 >"$WORK/wait.out" 2>"$WORK/wait.err" &
waiting=$!
at_exit "kill $waiting 2>/dev/null"
nudge() { # until it waits
    client <<'END'
tell("modules-final/config-m%d" % time.monotonic_ns())
END
    grep -q 's  cloud-init: modules-final, m' "$WORK/wait.err"
}
wait_until 60 nudge
client <<'END'
expect("its seed", ask("GET", seed_path + "meta-data")[0], 200)
form = {"instance_id": instance, "hostname": "one", "fqdn": "one"}
expect("phone-home", post(urllib.parse.urlencode(form), home_path), 200)
tell("modules-final/config-scripts-user", "FAIL")
tell("modules-final/config-phone_home")
END
wait $waiting || fail "the start ended with status $?"
expect_text "$WORK/wait.err" "warning: one: cloud-init failed in modules-final/scripts-user: see"
quietly stop -f one
quietly start one

step "cloud-init's own code: the script adds to its configuration for this boot, and it reports as that says"
if ! /usr/bin/python3 -c 'import cloudinit.reporting' 2>/dev/null; then
    [ "$(uname -s)" = Darwin ] || fail "cloud-init is not installed: scripts/setup test"
    echo "cloud-init has no package on macOS"
    quietly stop -f --all
    end_supervisor
    exit 0
fi
cp "$(dirname "$0")/../cloud_init.py" "$WORK"
cat >"$WORK/reporter.py" <<'END'
import cloud_init, subprocess
from cloudinit import reporting, util
from cloudinit.reporting import events

work, home = words
with open(home + "/instances/one/cloud-init/vendor-data") as file:
    script = file.read()
expect("its file is there", cloud_init.RUN_CLOUD_CONFIG in script, True)
script = script.replace(cloud_init.RUN_CLOUD_CONFIG, work + "/cloud.cfg")
for top in "sys", "var", "etc", "run":
    script = script.replace("/%s/" % top, "%s/none/" % work)
with open(work + "/cloud.cfg", "w") as cfg:  # as ds-identify leaves it
    cfg.write("datasource_list: [ NoCloud, None ]\n")
subprocess.run(["sh", "-c", script], stderr=subprocess.DEVNULL, check=True)
config = util.read_conf(work + "/cloud.cfg")
expect("its keys", sorted(config), ["datasource_list", "reporting"])
handler = config["reporting"]["pgsup"]
handler["endpoint"] = handler["endpoint"].replace("10.0.2.2:", "127.0.0.1:")

def stage(name, modules):
    """A stage as cmd/main.py and config/modules.py run it."""
    whole = events.ReportEventStack(name, "running modules for " + name, reporting_enabled=True)
    with whole:
        reporting.update_configuration(config["reporting"])
        for module in modules:
            each = events.ReportEventStack("config-" + module, "running config-%s with frequency "
                                           "once-per-instance" % module, parent=whole)
            try:
                with each:
                    if module == "scripts-user":
                        raise RuntimeError("Runparts: 1 failures")
            except RuntimeError:
                pass
    reporting.flush_events()
END
real_client() { # Python on the standard input, after client.py and reporter.py
    cat "$WORK/reporter.py" - >"$WORK/real.py"
    PYTHON=/usr/bin/python3 client "$WORK" "$PGSUP_HOME" <"$WORK/real.py"
}
real_client <<'END'
stage("modules-config", ["locale", "ntp"])
stage("modules-final", ["package-update-upgrade-install", "scripts-user", "final-message"])
END
expect_equal "what is known" "$(boot_of one)" "('done', None, ['modules-final/scripts-user'])"
expect_event one "modules-final ended, not all of it well"

step "... and comes to its end while nobody answers"
kill_supervisor
real_client <<'END'
import logging
logging.getLogger().addHandler(logging.NullHandler())  # newer versions warn of each report that nobody hears
stage("modules-config", ["m%d" % i for i in range(30)])
END
start_supervisor

step "another supervisor knows what was recorded, and records it once"
expect_equal "what is known" "$(boot_of one)" "('done', None, ['modules-final/scripts-user'])"
before=$(count_events one)
real_client <<'END'
stage("modules-final", ["scripts-user"])
stage("single", ["scripts-user"])
END
expect_equal "what is known" "$(boot_of one)" "('done', None, ['modules-final/scripts-user'])"
quietly stop -f --all
end_supervisor
expect_equal "events" "$(count_events one)" "$before"
expect_no_process
