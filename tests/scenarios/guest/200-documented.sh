# Goal: what the README and the topics tell a person to type does what they say, typed just so, on a
# computer where nothing was done before.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
checkout=$(cd "$(dirname "$0")/../../.." && pwd)

step "a person with a key, a password file and a cloud image"
export -n PGSUP_HOME # as the commands are shown, without -p
PGSUP_HOME=$HOME/var/pgsup
mkdir -p "$HOME/.ssh" "$WORK/bin"
ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
cd "$WORK"
echo "$PASSWORD" >pw.txt
cp "${PGSUP_MINI_IMAGE:?the image of the mini guest}" debian-12-arm64.qcow2
# shellcheck disable=SC2016  # variables of that program
printf '#!/bin/sh\n[ "$1" != up ] || set -- "$@" %s\nexec %s "$@"\n' "$AS_ROOT" "$PGSUP" >bin/pgsup
printf '#!/bin/sh\necho "$0 $*"\n' >bin/ansible-playbook
chmod +x bin/*
export PATH=$WORK/bin:$PATH
at_exit "pgsup down >'$WORK/down.log' 2>&1 || pgsup stop -f --all"

step "each command, as it stands there"
python3 "$checkout/tests/scenarios/run_documented.py" "$checkout" || fail "a command of the documentation"
