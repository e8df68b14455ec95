# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016,SC2034
# Sourced by the scenarios of the lab tests/labs/quorum.yaml: three real guests get etcd from an APT
# repository of this computer while cloud-init runs, and form a quorum.
#
#   PGSUP_ETCD_PACKAGES  a folder with etcd-server and etcd-client of bookworm for arm64; fetched when
#                        not given
. "$(dirname "${BASH_SOURCE[0]}")/../debian.sh"
LAB_FILE=$WORK/lab.yaml
LAB_TIMEOUT_S=3000 # of the one command: without hardware acceleration, on a slow computer

fetch_packages() { # FOLDER: with lists of their own, so that this computer's apt is left as it is
    local apt=$WORK/apt sources=$WORK/apt.list
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
    : >"$apt/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(sh "$(dirname "${BASH_SOURCE[0]}")/../../../scripts/debian-mirror") bookworm main" >"$sources"
    local options=(-q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root
        -o Acquire::Retries=3
        -o Dir::State="$apt" -o Dir::State::Lists="$apt/lists" -o Dir::State::status="$apt/status"
        -o Dir::Cache="$apt/cache" -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::sourcelist="$sources")
    apt-get "${options[@]}" update >"$WORK/apt.log" 2>&1 || fail "apt-get update: $(tail -n2 "$WORK/apt.log")"
    (cd "$1" && apt-get "${options[@]}" download etcd-server etcd-client) >"$WORK/apt.log" 2>&1 ||
        fail "apt-get download: $(tail -n2 "$WORK/apt.log")"
}

serve_packages() { # sets LAB_APT, the line by which a guest finds them
    local folder=$WORK/repository port
    mkdir "$folder"
    if [ -n "${PGSUP_ETCD_PACKAGES:-}" ]; then
        cp "$PGSUP_ETCD_PACKAGES"/etcd-*.deb "$folder"
    else
        fetch_packages "$folder"
    fi
    (cd "$folder" && dpkg-scanpackages -m . >Packages) 2>"$WORK/scan.log" || fail "dpkg-scanpackages: $(cat "$WORK/scan.log")"
    port=$(free_port)
    python3 -m http.server "$port" --bind 127.0.0.1 -d "$folder" >"$WORK/http.log" 2>&1 &
    at_exit "kill $! 2>/dev/null"
    wait_until 30 grep -q Serving "$WORK/http.log"
    export LAB_APT="deb [trusted=yes] http://10.0.2.2:$port ./"
}

BEGINNING= # while apply may begin a supervisor in the background
end_background() {
    local pid
    [ -z "$BEGINNING" ] || ! pid=$(supervisor_pid) || [ -z "$pid" ] || kill -9 "$pid"
}
at_exit end_background

make_quorum() { # from an empty home, by one command
    export LAB_IMAGE=${PGSUP_TEST_IMAGE:?the image of the Debian guest}
    sed "s/^cloud: {/&ph-port: $(free_port), /" "$(dirname "${BASH_SOURCE[0]}")/../../labs/quorum.yaml" >"$LAB_FILE"
    [ ! -e "$PGSUP_HOME" ] || fail "a home is there"
    BEGINNING=1
    # shellcheck disable=SC2086  # one word or none
    run "$PGSUP" apply -f "$LAB_FILE" --wait --timeout $LAB_TIMEOUT_S $AS_ROOT
    expect_equal "status of apply" "$STATUS" 0
    expect_no_text "$ERR" "cloud-init failed"
    cp "$ERR" "$WORK/apply.log"
    SUPERVISOR=$(supervisor_pid)
    [ -n "$SUPERVISOR" ] || fail "no supervisor runs"
    BEGINNING=
    wait_until 300 has_members server 3
}

etcd() { # NAME ARGUMENT…: what etcdctl says there is in $OUT; through the agent, which needs no supervisor
    run "$PGSUP" exec "$1" --no-stdin --env ETCDCTL_API=3 -- etcdctl --dial-timeout=20s --command-timeout=60s "${@:2}"
    [ "$STATUS" = 0 ]
}
has_members() { # NAME COUNT: a quorum of so many, all of them healthy
    etcd "$1" endpoint health --cluster && [ "$(cat "$OUT" "$ERR" | grep -c 'is healthy')" = "$2" ]
}
expect_value() { # NAME VALUE: of the key "lab"
    wait_until 120 etcd "$1" get lab
    expect_text "$OUT" "$2"
}
