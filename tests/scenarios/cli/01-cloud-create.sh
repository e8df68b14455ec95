# Goal: a cloud home is made from settings and a password that is never kept in clear text, however
# it was given.
# shellcheck shell=bash source-path=SCRIPTDIR disable=SC2016
. "$(dirname "$0")/../lib.sh"
password='correct horse 4711'

# The whole home, files and their names.
expect_no_password() {
    ! grep -rqF -- "$password" "$PGSUP_HOME" || fail "the password is in the home in clear text"
    grep -qaF '$6$' "$PGSUP_HOME"/cloud.sqlite3* || fail "there is no SHA-512 hash in the store"
}

fresh_home() {
    rm -rf "$PGSUP_HOME"
}

step "from a file"
make_key
echo "$password" >"$WORK/password"
expect_ok "$PGSUP" cloud create -n lab --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --network user
expect_text "$OUT" '"lab"' "$PGSUP_HOME"
expect_no_password
if [ "$(uname -s)" = Linux ]; then # on macOS if vmnet-helper is there
    expect_text "$OUT" "network lab: each new instance has a second card there"
    expect_ok "$PGSUP" cloud get --json
    expect_equal "network of new instances" "$(json_of 'it["lab"]')" lab
    expect_ok "$PGSUP" network list --json
    expect_equal "networks" "$(json_of '[(each["name"], each["lab"]) for each in it]')" "[('lab', True)]"
    expect_refused 3 'there is no network "nosuch"' "$PGSUP" cloud set --lab nosuch
    expect_ok "$PGSUP" cloud set --lab ""
    expect_ok "$PGSUP" network remove lab
fi
for folder in . images instances; do
    expect_equal "mode of $folder" "$(mode_of "$PGSUP_HOME/$folder")" drwx------
done
expect_equal "mode of the store" "$(mode_of "$PGSUP_HOME/cloud.sqlite3")" -rw-------

step "cloud get shows the settings and no secret"
expect_ok "$PGSUP" cloud get
expect_text "$OUT" lab "$PGSUP_HOME" "$KEY.pub" user 10300 set
expect_no_text "$OUT" '$6$' "$password"
expect_ok "$PGSUP" cloud get --json
expect_equal "settings" "$(json_of 'it["name"], it["network"], it["ph_port"], it["admin_password"], it["host_if"]')" \
    "('lab', 'user', 10300, True, None)"
expect_no_text "$OUT" '$6$' "$password"

step "a second cloud in the same home is refused"
expect_refused 3 "$PGSUP_HOME" "$PGSUP" cloud create --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub"

step "-p stands before PGSUP_HOME, defaults of the options"
expect_ok "$PGSUP" -p "$WORK/other" cloud create --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub" --no-lab
expect_ok "$PGSUP" -p "$WORK/other" cloud get --json
expect_equal "defaults" "$(json_of 'it["name"], it["network"], it["ph_port"], it["lab"]')" \
    "('pgsup', 'user', 10300, None)"

step "without both it is ~/var/pgsup"
expect_ok env -u PGSUP_HOME "$PGSUP" cloud create --admin-password-file "$WORK/password" \
    --ssh-public-key "$KEY.pub"
[ -f "$HOME/var/pgsup/cloud.sqlite3" ] || fail "no store in ~/var/pgsup"

step "from the standard input, its first line only"
fresh_home
printf '%s\nnot this\n' "$password" >"$WORK/two-lines"
expect_ok "$PGSUP" cloud create --admin-password-file - --ssh-public-key "$KEY.pub" \
    <"$WORK/two-lines"
expect_no_password
expect_equal "the hash is of the first line" "$(python3 - "$PGSUP_HOME" "$password" <<'END'
import ctypes, ctypes.util, sqlite3, sys
library = ctypes.util.find_library("crypt") or "/opt/homebrew/opt/libxcrypt/lib/libcrypt.dylib"
crypt = ctypes.CDLL(library).crypt
crypt.restype = ctypes.c_char_p
store = sqlite3.connect(sys.argv[1] + "/cloud.sqlite3")
(hash,) = store.execute("SELECT admin_password_hash FROM cloud").fetchone()
print(crypt(sys.argv[2].encode(), hash.encode()) == hash.encode())
END
)" True

step "on the command line: works, warns, and ps does not show it"
fresh_home
run "$PGSUP" cloud create --admin-password "$password" --ssh-public-key "$KEY.pub"
expect_equal status "$STATUS" 0
expect_equal "lines on stderr" "$(wc -l <"$ERR" | tr -d ' ')" 1
expect_text "$ERR" "pgsup: warning: " "--admin-password-file"
expect_no_text "$ERR" "$password"
expect_no_password

step "... while it works"
fresh_home
rm "$ERR"
mkfifo "$WORK/slow.pub" # reading the key waits for us
"$PGSUP" cloud create --admin-password="$password" --ssh-public-key "$WORK/slow.pub" \
    >"$OUT" 2>"$ERR" &
pid=$!
at_exit "kill $pid 2>/dev/null"
wait_until 20 grep -q warning "$ERR"
ps -ww -o args= -p $pid >"$WORK/ps"
expect_text "$WORK/ps" "cloud create --admin-password="
expect_no_text "$WORK/ps" "$password" "${password#* }"
cat "$KEY.pub" >"$WORK/slow.pub"
wait $pid || fail "status $?"
expect_no_password

step "from the terminal: twice, without echo"
fresh_home
cat >"$WORK/type.py" <<'END'
import os, pty, sys
lines = [line.encode() + b"\n" for line in sys.argv[1].split("|")]
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
seen = b""
while True:
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    if not data:
        break
    seen += data
    if lines and seen.count(b": ") > len(sys.argv[1].split("|")) - len(lines):
        os.write(terminal, lines.pop(0))
sys.stdout.buffer.write(seen)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
END
run python3 "$WORK/type.py" "$password|$password" "$PGSUP" cloud create --ssh-public-key "$KEY.pub"
expect_equal status "$STATUS" 0
expect_text "$OUT" "password: "
expect_no_text "$OUT" "$password"
expect_no_password

step "two different passwords make nothing"
fresh_home
run python3 "$WORK/type.py" "$password|something else" \
    "$PGSUP" cloud create --ssh-public-key "$KEY.pub"
expect_equal status "$STATUS" 2
expect_text "$OUT" "differ"
[ ! -e "$PGSUP_HOME" ] || fail "a home was made"

step "without a terminal the way out is named"
expect_refused 2 "--admin-password-file" python3 -c \
    'import os, sys; os.setsid(); os.execvp(sys.argv[1], sys.argv[1:])' \
    "$PGSUP" cloud create --ssh-public-key "$KEY.pub"
