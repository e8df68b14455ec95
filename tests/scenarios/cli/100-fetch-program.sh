# Goal: what reads the network and archives is a program of its own that may do little, and pgsup
# believes it nothing.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$0")/../lib.sh"
fetch=$(dirname "$PGSUP")/pgsup-fetch
make_cloud
head -c 300000 /dev/urandom >"$WORK/disk.raw"
printf '\125\252' | dd of="$WORK/disk.raw" bs=1 seek=510 conv=notrunc status=none
gzip -k "$WORK/disk.raw"
fake=$(cd "$(dirname "$0")/../../fake" && pwd)
mkfifo "$WORK/leash"
python3 "$fake/http_server.py" "$WORK/disk.raw" <"$WORK/leash" >"$WORK/port" &
exec 9>"$WORK/leash"
wait_until 20 test -s "$WORK/port"
web=http://127.0.0.1:$(cat "$WORK/port")
part=$PGSUP_HOME/images/x.part
digest=$(printf '%064d' 7)

step "pgsup is linked to neither library"
if [ "$(uname -s)" = Linux ]; then
    expect_ok ldd "$PGSUP"
    expect_no_text "$OUT" libcurl libarchive
    expect_ok ldd "$fetch"
    expect_text "$OUT" libcurl libarchive
fi

step "by hand it does nothing"
run "$fetch" http://127.0.0.1/ </dev/null
expect_equal "status" "$STATUS" 2
expect_text "$ERR" "this program is started by pgsup"
run "$fetch" 3>"$WORK/nothing" <<<"upload 0 5 x"
expect_equal "status" "$STATUS" 2

half() { # the id of a pgsup-fetch that has half of a file and gets no more
    rm -f "$part"
    "$PGSUP" image download -n x --url "$web/stuck/x" --sha256 "$digest" >"$OUT" 2>"$ERR" &
    downloading=$!
    wait_until 20 eval '[ "$(wc -c <"$part" 2>/dev/null || echo 0)" -ge 100000 ]'
    fetching=$(pgrep -P $downloading -f pgsup-fetch)
}

if [ "$(uname -s)" = Linux ]; then
    step "it may gain no rights, and is known by no argument"
    half
    expect_text "/proc/$fetching/status" "NoNewPrivs:	1"
    expect_equal "its arguments" "$(tr '\0' ' ' <"/proc/$fetching/cmdline")" "pgsup-fetch "
    kill "$downloading"
    wait "$downloading" || true

    step "one that dies is an error, and what came is kept"
    half
    kill -KILL "$fetching"
    wait "$downloading" || status=$?
    expect_equal "status" "$status" 1
    expect_text "$ERR" "pgsup-fetch was terminated by signal 9; the partial download is kept"

    step "when pgsup is killed, it ends too, and the file is free"
    half
    kill -KILL "$downloading"
    wait "$downloading" || true
    wait_until 10 is_gone "$fetching"
    expect_fail 3 404 "$PGSUP" image download -n x --url "$web/404/x" --sha256 "$digest"
fi

step "https: certificates are found, and asked"
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$WORK/key.pem" \
    -out "$WORK/cert.pem" 2>/dev/null
python3 - "$WORK" >"$WORK/tls-port" 2>/dev/null <<'END' &
import http.server, ssl, sys
server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f"{sys.argv[1]}/cert.pem", f"{sys.argv[1]}/key.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_port, flush=True)
server.serve_forever()
END
at_exit "kill $!"
wait_until 20 test -s "$WORK/tls-port"
expect_fail 1 "self" "$PGSUP" image download -n x --url "https://localhost:$(cat "$WORK/tls-port")/x"
expect_text "$ERR" certificate

step "it is found beside pgsup and in libexec, or said to be missing"
mkdir -p "$WORK/prefix/bin" "$WORK/prefix/libexec"
cp "$PGSUP" "$WORK/prefix/bin/pgsup"
cp "$fetch" "$WORK/prefix/libexec/"
mine=$WORK/prefix/bin/pgsup
ln -s "$mine" "$WORK/link"
expect_ok "$WORK/link" image import -n there "$WORK/disk.raw.gz"
rm "$WORK/prefix/libexec/pgsup-fetch"
if [ ! -e /usr/local/libexec/pgsup-fetch ]; then
    expect_fail 1 "pgsup-fetch is missing" "$mine" image import -n here "$WORK/disk.raw.gz"
fi

step "one that lies is believed nothing"
lie() { # LINE…: a pgsup-fetch that says these
    {
        printf '#!/bin/sh\ncat >/dev/null\n'
        local line
        for line; do echo "printf '%b\\n' '$line'"; done
    } >"$WORK/prefix/bin/pgsup-fetch"
    chmod +x "$WORK/prefix/bin/pgsup-fetch"
}
for line in 'hello' 'error ok fine' 'done perhaps' '\033[2J' 'progress 1 2 3'; do
    lie "$line"
    expect_fail 1 "what pgsup does not understand" "$mine" image import -n here "$WORK/disk.raw.gz"
done
lie 'progress 5 10'
expect_fail 1 "pgsup-fetch failed with status 0" "$mine" image import -n here "$WORK/disk.raw.gz"
lie 'note \033[2Jred' 'done whole'
run "$mine" image import -n here "$WORK/disk.raw.gz"
expect_equal "status" "$STATUS" 2
expect_text "$ERR" "neither a qcow2"
expect_text "$ERR" '\x1B[2Jred'
head -c 100000 /dev/zero | tr '\0' x >"$WORK/long"
lie "$(cat "$WORK/long")"
expect_fail 1 "what pgsup does not understand" "$mine" image import -n here "$WORK/disk.raw.gz"
expect_equal "what is left" "$(find "$PGSUP_HOME/images" ! -name '*.qcow2' -type f)" ""
