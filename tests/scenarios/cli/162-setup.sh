# Goal: scripts/setup and scripts/run behave as guests: they say what they will install and how much it
# is, ask on a terminal, tell root's command to whom is not root and go on when it was done; what is
# for tests alone is not installed by who only wants to run a VM.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
scripts=$(cd "$(dirname "$0")/../../../scripts" && pwd)
mkdir "$WORK/bin"
stand_in() { # NAME TEXT
    printf '#!/bin/bash\n%s\n' "$2" >"$WORK/bin/$1"
    chmod +x "$WORK/bin/$1"
}
stand_in dpkg-query 'for each in $(cat '"$WORK"'/installed 2>/dev/null); do echo "installed $each"; done'
stand_in apt-cache 'case $* in *libllhttp-dev | *libclang-rt-14-dev) exit 100 ;; esac'
stand_in dpkg 'echo amd64'
stand_in id 'cat '"$WORK"'/who'
stand_in apt-get '[ "${*: -1}" != update ] || exit 0
case $* in *--assume-no*)
    printf "%s\n" "Reading package lists..." "0 upgraded, 9 newly installed, 0 to remove and 0 not upgraded." \
        "Need to get 85.2 MB of archives." "After this operation, 312 MB of additional disk space will be used." ;;
*) echo "$*" >>'"$WORK"'/did; sed "s/.*--no-install-recommends //; s/ /\n/g" <<<"$*" >'"$WORK"'/installed ;; esac'
PATH=$WORK/bin:$PATH
user() { # ID: who runs what follows; nothing is installed
    echo "$1" >"$WORK/who"
    rm -f "$WORK/did" "$WORK/installed"
}

step "who wants to run a VM needs no name server, cloud-init or valgrind"
user 0
expect_ok "$scripts/setup" --list run
expect_text "$OUT" cmake qemu-system-x86 mtools ovmf
expect_no_text "$OUT" valgrind cloud-init bind9 mmdebstrap clang tmux
expect_ok "$scripts/setup" --list run-foreign
expect_text "$OUT" qemu-system-arm
expect_ok "$scripts/setup" --list all
expect_text "$OUT" valgrind clang mmdebstrap
expect_no_text "$OUT" binfmt-support

step "without a terminal root is told and not asked"
expect_ok "$scripts/setup" --ask run </dev/null
expect_text "$OUT" "packages are missing: " "Need to get 85.2 MB of archives." "312 MB of additional" "setup: installing "
expect_text "$WORK/did" "qemu-system-x86"
expect_text "$WORK/installed" node-llhttp # the name that this system offers
expect_ok "$scripts/setup" --ask run </dev/null
[ ! -s "$OUT" ] || fail "it has something to do when everything is there"

step "on a terminal it asks"
user 0
on_terminal "$scripts/setup" --ask run
wait_until 10 grep -q "install them? \[Y/n\]" "$SCREEN"
expect_text "$SCREEN" "Need to get 85.2 MB"
type_keys 'n\r'
wait_until 10 is_gone "$TERMINAL"
expect_text "$SCREEN" "nothing was installed"
[ ! -e "$WORK/did" ] || fail "installed after a no"
on_terminal "$scripts/setup" --ask run
wait_until 10 grep -q "install them?" "$SCREEN"
type_keys '\r'
wait_until 10 is_gone "$TERMINAL"
[ -e "$WORK/did" ] || fail "not installed after a yes"
user 0
on_terminal "$scripts/setup" run
wait_until 10 is_gone "$TERMINAL"
[ -e "$WORK/did" ] || fail "not installed without a question"
expect_no_text "$SCREEN" "[Y/n]"

step "no question with -y, nor with CI=true"
stand_in cmake 'echo "cmake was asked" >&2; exit 7'
unasked() { # COMMAND…: it installs, and goes on to build
    user 0
    on_terminal env PGSUP_TEST_IMAGE="$0" "$@"
    wait_until 60 grep -q "cmake was asked" "$SCREEN"
    wait_until 10 is_gone "$TERMINAL"
    expect_text "$SCREEN" "run: this takes about three minutes" "setup: installing "
    expect_no_text "$SCREEN" "[Y/n]"
    expect_text "$WORK/did" "qemu-system-"
}
unasked env -u CI "$scripts/run" -y
unasked env CI=true "$scripts/run"
rm "$WORK/bin/cmake"

# In the place of the kernel's folder there is one that keeps what is written.
registry=/proc/sys/fs/binfmt_misc
if [ -d $registry ] && [ -d /usr/lib/binfmt.d ]; then
    step "what packages register with the kernel for all programs is taken out, and nothing else"
    user 0
    cp "$WORK/bin/apt-get" "$WORK/apt-get"
    # Of the package: aarch64; and riscv64, which a build of an image uses at once. Of others, before
    # and meanwhile: mips, arm; ppc, of a package that was there.
    cat >"$WORK/registers" <<'END'
registry=/proc/sys/fs/binfmt_misc packages=/usr/lib/binfmt.d
for folder in $registry $packages /run/lock; do mount -t tmpfs none $folder; done
touch $registry/qemu-mips $packages/qemu-ppc.conf
sed -i "2i [ \"\${*: -1}\" = update ] || (cd $registry && touch qemu-aarch64 qemu-riscv64 qemu-arm qemu-ppc; cd $packages && touch qemu-aarch64.conf qemu-riscv64.conf)" "$1"
exec 7>/run/lock/pgsup-qemu-riscv64
flock -s 7
"$2" guest </dev/null
[ "$(cat $registry/qemu-aarch64)" = -1 ]
[ -z "$(cat $registry/qemu-riscv64 $registry/qemu-mips $registry/qemu-arm $registry/qemu-ppc)" ]
END
    expect_ok unshare -rm bash -e "$WORK/registers" "$WORK/bin/apt-get" "$scripts/setup"
    mv "$WORK/apt-get" "$WORK/bin/apt-get"
fi

step "not root: root's command, and on when it was done"
user 1000
run "$scripts/setup" --ask run </dev/null
expect_equal "status" "$STATUS" 1
expect_text "$OUT" "  sudo apt-get install --no-install-recommends "
expect_text "$ERR" "run that command, then this one again"
run "$scripts/setup" --ask test </dev/null
expect_text "$OUT" "  sudo $scripts/setup test" # which keeps the services of bind9 and cloud-init quiet
on_terminal "$scripts/setup" --ask run
wait_until 10 grep -q "press Enter when it was done" "$SCREEN"
type_keys '\r'
wait_until 10 is_gone "$TERMINAL"
expect_text "$SCREEN" "setup: still missing: "
on_terminal "$scripts/setup" --ask run
wait_until 10 grep -q "press Enter when it was done" "$SCREEN"
sed -n 's/.*sudo apt-get install --no-install-recommends //p' "$SCREEN" | tr -d '\r' | tr ' ' '\n' >"$WORK/installed"
type_keys '\r'
wait_until 10 is_gone "$TERMINAL"
expect_no_text "$SCREEN" "still missing"
[ ! -e "$WORK/did" ] || fail "installed without root"

step "both say how long they take"
expect_text "$scripts/test" "this takes about half an hour"
expect_fail_of_run() {
    run "$scripts/run" --nonsense
    expect_equal "status" "$STATUS" 2
}
expect_fail_of_run
user 1000
run env -u CI PGSUP_TEST_IMAGE="$0" "$scripts/run" </dev/null
expect_equal "status of run" "$STATUS" 1
expect_text "$OUT" "run: this takes about three minutes" "sudo apt-get install"
