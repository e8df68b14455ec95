# Goal: a FIFO, or a file without an end, in the place of any file of a home makes no command and no
# supervisor hang; both say what is wrong or do without the file.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../faults.sh"
make_machines test
start_supervisor
quietly start test
run "$PGSUP" ssh-config
quietly stop -f test
cd "$PGSUP_HOME" || fail "no home"
# Not the store, nor what is locked by those who run.
files=$(find . -type f ! -name 'cloud.sqlite3*' ! -path './run/*.lock' ! -name pgsup.log | sort)
expect_equal "files that are tried" "$(echo "$files" | grep -c .)" 17

# try COMMAND…: ends in time, whatever it says.
try() {
    timeout 60 "$PGSUP" -q "$@" >"$OUT" 2>"$ERR" </dev/null && STATUS=0 || STATUS=$?
    [ "$STATUS" != 124 ] || fail "with a $kind for $file this hangs: pgsup $*"
}
for kind in FIFO "file without an end"; do
    step "a $kind"
    for file in $files; do
        mv "$file" "$WORK/kept"
        if [ "$kind" = FIFO ]; then mkfifo "$file"; else ln -s /dev/zero "$file"; fi
        try start test
        try info test
        case $file in
            *.log) try log test --source all ;;
            ./ssh_config | ./hosts) try ssh-config --install && try ssh-config --uninstall ;;
            ./images/*) try image verify empty ;;
            */os.qcow2) try snapshot list test && try snapshot create test s && try instance resize test -s 2G ;;
        esac
        try stop -f test
        [ "$STATUS" = 0 ] || fail "stop after a $kind for $file: $(cat "$ERR")"
        rm -rf "$file"
        mv "$WORK/kept" "$file"
    done
done

step "a log of the supervisor's own"
end_supervisor
mkfifo run/pgsup.log
# shellcheck disable=SC2086  # words
expect_fail 3 "run/pgsup.log is not a file: move it away" timeout 60 "$PGSUP" up --detach $AS_ROOT
rm run/pgsup.log
start_supervisor
quietly start test
quietly stop -f test
end_supervisor
