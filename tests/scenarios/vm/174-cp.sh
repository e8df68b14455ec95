# Goal: `pgsup cp` brings files and folders of any name into a guest, out of it and from one to another,
# whole or not at all: what fails half-way leaves the destination as it was.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../sshd.sh"
make_ssh_cloud
# Ends, or waits for ever, when the copy is half there.
cat >"$WORK/sftp-test" <<END
#!/bin/sh
limit=\$(cat "$WORK/limit" 2>/dev/null) && ulimit -f "\$limit"
[ ! -e "$WORK/hold" ] || { touch "$WORK/held"; while [ -e "$WORK/hold" ]; do sleep 0.2; done; }
exec $(ls /usr/lib/openssh/sftp-server /usr/libexec/openssh/sftp-server /usr/lib/ssh/sftp-server 2>/dev/null | head -n 1)
END
chmod +x "$WORK/sftp-test"
new_served test 10.77.0.30
new_served other 10.77.0.31
far=$WORK/far
mkdir "$far" "$WORK/near"
cd "$WORK/near"
expect_nothing_half() {
    [ -z "$(find "$far" "$WORK/near" -name '.pgsup-*')" ] || fail "parts are left: $(find "$far" "$WORK/near" -name '.pgsup-*')"
}

step "what makes no sense is told before anything is done"
echo x >x
expect_fail 3 'test is stopped' "$PGSUP" cp x test:
start_supervisor
run "$PGSUP" -q start test other
expect_equal "status of start" "$STATUS" 0
expect_fail 2 'neither ./x nor ./y is in a guest' "$PGSUP" cp x y
expect_fail 3 'no instance "none"' "$PGSUP" cp x none:
expect_fail 2 'is no place in a guest' "$PGSUP" cp x Ab:c
expect_fail 2 'is no place in a guest' "$PGSUP" cp -- -x:a test:
expect_fail 3 'cannot read ./none' "$PGSUP" cp none test:
expect_fail 2 'is a folder: use -r' "$PGSUP" cp ../near test:
expect_fail 2 'an empty name is no file' "$PGSUP" cp '' test:
mkfifo fifo
expect_fail 2 'is neither a file nor a folder' "$PGSUP" cp fifo test:
rm fifo
expect_fail 2 'is not a folder, so it cannot take several' "$PGSUP" cp x x "test:$far/none"
expect_fail 2 'is not a user to log in as' "$PGSUP" cp -l '-oProxyCommand=id' x test:

step "100 MiB in, on to another guest, and out again"
head -c 104857600 /dev/urandom >big
expect_ok "$PGSUP" cp big "test:$far/big"
expect_ok "$PGSUP" cp "test:$far/big" "other:$far/from-test"
expect_ok "$PGSUP" cp "other:$far/from-test" .
cmp big from-test || fail "something else came back"
rm from-test "$far"/*
expect_nothing_half

step "names that mean something to shells, scp and sftp"
n=0
for name in 'a b' 'a:b' -x 'x;$(id)`id`&#' 'it'\''s"\' '*[a]?{a,b}' 'ü%h' '~' $'a\nb' ' '; do
    n=$((n + 1))
    printf '%s' "$n" >"./$name"
    expect_ok "$PGSUP" cp -- "./$name" "test:$far"
    expect_equal "of \"$name\", there" "$(cat "$far/$name")" "$n"
    mkdir back
    expect_ok "$PGSUP" cp "test:$far/$name" back
    expect_equal "of \"$name\", back" "$(cat "back/$name")" "$n"
    rm -r back
    if [ "$name" = -x ]; then
        expect_ok "$PGSUP" cp -- -x "test:$far/y"
        expect_equal "a leading dash" "$(cat "$far/y")" "$n"
    fi
done
expect_nothing_half

expect_ok "$PGSUP" cp x "test:~/..$far/tilde"
expect_equal "from the home on" "$(cat "$far/tilde")" x
rm "$far/tilde"

step "folders: as a new one, into one that is there, and their contents"
mkdir -p tree/sub
echo 1 >tree/sub/one
echo 2 >tree/two
chmod 750 tree/two
touch -d '2001-02-03 04:05:06 UTC' tree/two
expect_ok "$PGSUP" cp -a tree "test:$far/new"
expect_equal "a new one" "$(cd "$far/new" && find . -type f | sort | tr '\n' ' ')" "./sub/one ./two "
expect_equal "its modes and times" "$(stat -c '%a %Y' "$far/new/two")" "750 981173106"
echo 3 >"$far/new/three"
expect_ok "$PGSUP" cp -r tree/. "test:$far/new"
expect_ok "$PGSUP" cp -r tree "test:$far/new"
expect_equal "what is there" "$(cd "$far/new" && find . -type f | sort | tr '\n' ' ')" "./sub/one ./three ./tree/sub/one ./tree/two ./two "
expect_ok "$PGSUP" cp -r "test:$far/new" back
diff -r back "$far/new" || fail "something else came back"
run "$PGSUP" cp "test:$far/new" nothing
[ "$STATUS" = 1 ] && [ ! -e nothing ] || fail "a folder was copied without -r"
expect_nothing_half

step "onto what is there: a link stays one, a folder is no file"
echo old >"$far/target"
ln -s target "$far/link"
expect_ok "$PGSUP" cp x "test:$far/link"
expect_equal "behind the link" "$([ -L "$far/link" ] && cat "$far/target")" x
mkdir -p "$far/dir/x"
run "$PGSUP" cp x "test:$far/dir"
expect_equal "status" "$STATUS" 1
expect_text "$ERR" "is a folder" "which is as it was"
expect_ok "$PGSUP" cp x x "test:$far"
expect_nothing_half

step "full disks, missing files and folders: as it was"
echo precious >"$far/kept"
echo 1000 >"$WORK/limit" # in kilobytes
run "$PGSUP" cp big "test:$far/kept"
expect_equal "status" "$STATUS" 1
expect_text "$ERR" "was not copied to test:$far/kept, which is as it was"
expect_equal "what is there" "$(cat "$far/kept")" precious
rm "$WORK/limit"
mkdir full
mount -t tmpfs -o size=1m none full
cp "$far/kept" full/kept
run "$PGSUP" cp "test:$WORK/near/big" full/kept
expect_equal "status with a full disk here" "$STATUS" 1
expect_equal "what is there" "$(ls -A full) $(cat full/kept)" "kept precious"
umount full
for pair in "test:$far/none here" "x test:$far/none/x" "test:$far/x none/x"; do
    # shellcheck disable=SC2086  # two words
    run "$PGSUP" cp $pair
    expect_equal "status of $pair" "$STATUS" 1
    expect_text "$ERR" "No such file"
done
expect_nothing_half

step "Ctrl-C, and a guest that goes away"
touch "$WORK/hold"
"$PGSUP" cp x "test:$far/kept" >"$OUT" 2>"$ERR" &
copy=$!
wait_until 10 test -e "$WORK/held"
kill -TERM $copy # what runs in the background is deaf to Ctrl-C
status=0
wait $copy || status=$?
expect_equal "status" "$status" 143
expect_text "$ERR" "interrupted: ./x was not copied"
expect_equal "what is there" "$(cat "$far/kept")" precious
rm "$WORK/hold" "$WORK/held"
expect_nothing_half

step "progress on a terminal"
on_terminal "$PGSUP" cp big "test:$far/big"
wait_until 30 grep -q '100%' "$SCREEN"
wait $TERMINAL || fail "status $? on a terminal"
cmp big "$far/big" || fail "something else arrived"
