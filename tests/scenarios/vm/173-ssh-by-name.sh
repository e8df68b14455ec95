# Goal: `pgsup ssh` takes ssh's own options, and once `pgsup ssh-config --install` has put its one line
# into the user's configuration, ssh, scp, sftp, rsync, git and Ansible reach a guest by its name.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../sshd.sh"
make_ssh_cloud
new_served test 10.77.0.30
config=$HOME/.ssh/config
included="Include \"$PGSUP_HOME/ssh_config\""

step "whom ssh logs in as"
expect_fail 2 'is not a user to log in as' "$PGSUP" cloud set --ssh-user '-oProxyCommand=x'
expect_fail 2 'is not a user to log in as' "$PGSUP" cloud set --ssh-user 'a b'
expect_ok "$PGSUP" cloud get
expect_text "$OUT" "ssh user        root"
expect_text "$PGSUP_HOME/ssh_config" "User=root"
expect_fail 3 'test is stopped' "$PGSUP" ssh test
expect_fail 4 'no supervisor' "$PGSUP" ssh --wait test
start_supervisor
run "$PGSUP" -q start test
expect_equal "status of start" "$STATUS" 0
expect_ok "$PGSUP" ssh test -- echo '$(id -un)' '"a  b"'
expect_equal "the answer" "$(cat "$OUT")" "root a  b"
expect_equal "a status" "$("$PGSUP" ssh test 'exit 7' || echo $?)" 7
expect_fail 5 'test is not ready after 1 s' "$PGSUP" -q ssh --wait --timeout 1 test

step "ssh's options, before the name and behind it"
run "$PGSUP" ssh -l root test -tt tty
expect_text "$OUT" /dev/pts/
expect_equal "an option that is the command's" "$("$PGSUP" ssh test -- printf '%s' -L)" -L
run "$PGSUP" ssh test -o HostKeyAlias=another true
expect_equal "another host key" "$STATUS" 255
port=$(free_port) socks=$(free_port)
"$PGSUP" ssh test -N -L "127.0.0.1:$port:10.77.0.30:22" -D "127.0.0.1:$socks" &
forwards=$!
at_exit "kill $forwards 2>/dev/null"
wait_until 10 ssh-keyscan -p "$port" 127.0.0.1
wait_until 10 python3 -c 'import socket, sys
with socket.create_connection(("127.0.0.1", int(sys.argv[1]))) as each:
    each.sendall(b"\5\1\0")
    sys.exit(each.recv(2) != b"\5\0")' "$socks"
kill $forwards
wait $forwards || true # its ports are free
expect_ok "$PGSUP" ssh test -R "127.0.0.1:$port:10.77.0.30:22" "ssh-keyscan -t ed25519 -p $port 127.0.0.1 2>/dev/null"
expect_text "$OUT" "ssh-ed25519"
eval "$(ssh-agent -a "$WORK/ssh-agent")" >/dev/null
at_exit "kill $SSH_AGENT_PID"
run "$PGSUP" ssh test -A 'echo "$SSH_AUTH_SOCK"'
[ -n "$(cat "$OUT")" ] || fail "the agent was not forwarded"
expect_equal "without" "$("$PGSUP" ssh test 'echo "$SSH_AUTH_SOCK"')" ""

step "the configuration is printed, whole or for one"
expect_ok "$PGSUP" ssh-config
expect_equal "what is printed" "$(cat "$OUT")" "$(cat "$PGSUP_HOME/ssh_config")"
expect_ok "$PGSUP" ssh-config test
expect_text "$OUT" "Host test" "HostName=10.77.0.30"
expect_fail 3 'no instance "none"' "$PGSUP" ssh-config none
expect_ok "$PGSUP" instance create later --os base --vcpu 1 --ram 64
expect_fail 3 'the address of later is not known' "$PGSUP" ssh-config later
expect_fail 2 'excludes' "$PGSUP" ssh-config --install --uninstall
expect_fail 2 'give no NAME' "$PGSUP" ssh-config test --install

step "one line at the top of the user's own, once, which can be undone"
expect_refuses_config() { # TEXT
    expect_fail 3 "nothing was written" "$PGSUP" ssh-config --install
    expect_text "$ERR" "$1"
}
rm -rf "$HOME/.ssh"
run "$PGSUP" -q ssh-config --install
expect_equal "made" "$(cat "$config")" "$included"
expect_equal "modes" "$(mode_of "$HOME/.ssh") $(mode_of "$config")" "drwx------ -rw-------"
expect_ok "$PGSUP" ssh-config --uninstall
[ ! -e "$config" ] || fail "an empty configuration is left"
printf 'Host *\n  ProxyJump bastion.example.org\n  # ü without an end' >"$config"
chmod 640 "$config"
cp -p "$config" "$WORK/before"
for _ in 1 2; do
    run "$PGSUP" -q ssh-config --install
    expect_equal "status" "$STATUS" 0
done
expect_equal "the file" "$(cat "$config")" "$included
$(cat "$WORK/before")"
expect_equal "its mode" "$(mode_of "$config")" -rw-r-----
{ cat "$WORK/before" && printf '\n%s\n' "$included"; } >"$config" # it counts for no other host there
run "$PGSUP" -q ssh-config --install
expect_equal "the first line" "$(head -n 1 "$config")" "$included"
expect_equal "how often" "$(grep -cF "$included" "$config")" 1
cp -p "$WORK/before" "$config"
run "$PGSUP" -q ssh-config --install
run "$PGSUP" -q ssh-config --uninstall
cmp "$config" "$WORK/before" || fail "it is not as it was"

step "a link to a file of the user's is followed, and nothing else is written to"
mkdir "$WORK/dotfiles"
mv "$config" "$WORK/dotfiles/ssh"
ln -s "$WORK/dotfiles/ssh" "$config"
run "$PGSUP" -q ssh-config --install
[ -L "$config" ] || fail "the link was replaced"
expect_equal "the first line" "$(head -n 1 "$WORK/dotfiles/ssh")" "$included"
run "$PGSUP" -q ssh-config --uninstall
chown nobody "$WORK/dotfiles/ssh"
expect_refuses_config "$WORK/dotfiles/ssh belongs to another user"
chown "$(id -u)" "$WORK/dotfiles/ssh"
chown nobody "$WORK/dotfiles"
expect_refuses_config "the folder $WORK/dotfiles of the ssh configuration is not yours"
chown "$(id -u)" "$WORK/dotfiles"
chmod 777 "$WORK/dotfiles"
expect_refuses_config 'others can write'
chmod 755 "$WORK/dotfiles"
cmp "$WORK/dotfiles/ssh" "$WORK/before" || fail "it was written to"
for target in "$WORK/none" "$config" /dev/null; do
    ln -sfn "$target" "$config"
    run "$PGSUP" ssh-config --install
    [ "$STATUS" != 0 ] || fail "a link to $target was followed"
    [ ! -e "$WORK/none" ] || fail "a file was made elsewhere"
done
rm "$config"
mkdir "$config"
expect_refuses_config "is not a file"
rmdir "$config"
cp "$WORK/before" "$config"
run "$PGSUP" -q ssh-config --install
expect_equal "status" "$STATUS" 0

step "ssh, scp, sftp, rsync, git and Ansible by name"
# ssh reads the file of whom the account says, not of HOME.
mkdir "$WORK/shim"
printf '#!/bin/sh\nexec %s -F "%s" "$@"\n' "$(command -v ssh)" "$config" >"$WORK/shim/ssh"
chmod +x "$WORK/shim/ssh"
PATH=$WORK/shim:$PATH
expect_ok ssh test uname -m
head -c 3000000 /dev/urandom >"$WORK/data"
mkdir "$WORK/far"
expect_ok scp -q -S "$WORK/shim/ssh" "$WORK/data" "test:$WORK/far/scp"
echo "put $WORK/data $WORK/far/sftp" | expect_ok sftp -q -S "$WORK/shim/ssh" -b - test
expect_ok rsync -e ssh "$WORK/data" "test:$WORK/far/rsync"
for way in scp sftp rsync; do
    cmp "$WORK/data" "$WORK/far/$way" || fail "$way brought something else"
done
git init -q --bare "$WORK/far/repository"
run git clone -q "test:$WORK/far/repository" "$WORK/clone" # warns that it is empty
[ -d "$WORK/clone/.git" ] || fail "git did not clone"
export ANSIBLE_PYTHON_INTERPRETER=auto_silent # newer ones warn of what they find
expect_ok env LC_ALL=C.UTF-8 ANSIBLE_SSH_EXECUTABLE="$WORK/shim/ssh" ansible -i test, all -m ping
expect_text "$OUT" '"ping": "pong"'
expect_ok env LC_ALL=C.UTF-8 ansible -i "$(dirname "$PGSUP")/pgsup-inventory" state_booting -m ping -e ansible_user=root
expect_text "$OUT" '"ping": "pong"'

step "kept up to date with addresses and names"
run "$PGSUP" -q stop -f test
expect_equal "status of stop" "$STATUS" 0
expect_ok "$PGSUP" -q instance set test --ip 10.77.0.31
expect_equal "the address" "$(ssh -G test | sed -n 's/^hostname //p')" 10.77.0.31
expect_ok "$PGSUP" -q instance rename test renamed
expect_equal "by its new name" "$(ssh -G renamed | sed -n 's/^hostname //p')" 10.77.0.31
expect_equal "by its old one" "$(ssh -G test | sed -n 's/^hostname //p')" test
expect_ok "$PGSUP" cloud set --ssh-user ''
expect_equal "the user" "$(ssh -G renamed | sed -n 's/^user //p')" ansible
