#!/usr/bin/env bash
# Goal: what is installed is whole, works from where it is, and is uninstalled without a rest.
set -euo pipefail
build=$1
work=$(mktemp -d)
manifest=$build/install_manifest.txt # of a real install, which stays as it is
[ ! -e "$manifest" ] || cp -p "$manifest" "$work/manifest"
finish() {
    [ ! -e "$work/manifest" ] || cp -p "$work/manifest" "$manifest"
    rm -rf "$work"
}
trap finish EXIT
failures=0

expect() { # WHAT ACTUAL EXPECTED
    [ "$2" = "$3" ] && return
    printf '%s\n  is       %s\n  expected %s\n' "$1" "$2" "$3" >&2
    failures=$((failures + 1))
}

DESTDIR=$work/root cmake --install "$build" >"$work/log"
cd "$work/root"
prefix=$(dirname "$(dirname "$(find . -name pgsup -path '*/bin/*')")")
expect "programs" "$(cd "$prefix" && find bin libexec -type f | sort | tr '\n' ' ')" \
    "bin/pgsup bin/pgsup-inventory libexec/pgsup-fetch "
expect "completions" "$(cd "$prefix/share" && find bash-completion fish zsh -type f | sort | tr '\n' ' ')" \
    "bash-completion/completions/pgsup fish/vendor_completions.d/pgsup.fish zsh/site-functions/_pgsup "
bash -n "$prefix/share/bash-completion/completions/pgsup"

# A page for each command that `pgsup help` lists, and one for the program.
"$prefix/bin/pgsup" help | sed -n -e '/^Topics/,$d' -e 's/^  \([a-z-]\+\( [a-z-]\+\)\{0,1\}\)  .*/pgsup-\1.1/p' |
    tr ' ' '-' | sort >"$work/commands"
(cd "$prefix/share/man/man1" && find . -name 'pgsup-*.1' | sed 's#^\./##' | sort) >"$work/pages"
expect "pages and commands" "$(diff "$work/commands" "$work/pages")" ""
for page in man1/pgsup.1 man7/pgsup-exit-status.7; do
    [ -s "$prefix/share/man/$page" ] || expect "the page $page" missing there
done
if command -v groff >/dev/null; then
    expect "groff warns" \
        "$(groff -K utf8 -man -Tutf8 -ww "$prefix"/share/man/man[17]/* 2>&1 >/dev/null | head -n 5)" ""
fi

# Programs tell what they were linked with.
expect "libraries and their versions" "$("$prefix/bin/pgsup" version --json |
    sed -n '/"libraries"/,/}/s/^ *"\([a-z]*\)": "[0-9]*\.[0-9][0-9.]*",*$/\1/p' | tr '\n' ' ')" \
    "libuv jansson sqlite libyaml llhttp libsodium libxcrypt expat "

# It finds what it needs beside itself: unpacking is done by the other program.
export PGSUP_HOME=$work/home
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
printf 'a pass phrase\n' >"$work/pw" && chmod 600 "$work/pw"
"$prefix/bin/pgsup" cloud create -n lab --network user --admin-password-file "$work/pw" \
    --ssh-public-key "$work/key.pub" >/dev/null
qemu-img create -q -f qcow2 "$work/disk.qcow2" 1M
gzip "$work/disk.qcow2"
"$prefix/bin/pgsup" image import -n disk --arch aarch64 "$work/disk.qcow2.gz" >"$work/log" 2>&1 ||
    expect "import by the installed program" "$(cat "$work/log")" "an image"

# The unit is the one that pgsup itself writes, but for what depends on the home.
unit() {
    grep -Ev '^(# .*(home|pgsup service install).*|ExecStart=.*|Environment=.*)$'
}
if [ "$(uname -s)" = Linux ]; then
    "$prefix/bin/pgsup" service install --print --manager systemd | unit >"$work/written"
    expect "unit" "$(unit <"$prefix/lib/systemd/user/pgsup.service" | diff "$work/written" -)" ""
    expect "what the unit runs" "$(sed -n 's/^ExecStart=//p' "$prefix/lib/systemd/user/pgsup.service")" \
        "$("$prefix/bin/pgsup" service install --print --manager systemd |
            sed -n -e 's/ --as-root$//' -e 's/^ExecStart=.*" up /pgsup up /p')"
fi

DESTDIR=$work/root cmake --build "$build" --target uninstall >/dev/null
expect "left after the uninstall" "$(find . -type f)" ""
exit $((failures > 0))
