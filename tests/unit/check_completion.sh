#!/usr/bin/env bash
# Goal: completion offers what can be typed next, in every shell that is installed, and the manual
# page is set without a warning. Bash is always there.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failures=0

expect() { # WHAT ACTUAL EXPECTED
    [ "$2" = "$3" ] && return
    printf '%s\n  gives    %s\n  expected %s\n' "$1" "$2" "$3" >&2
    failures=$((failures + 1))
}

for shell in bash zsh fish; do
    "$PGSUP" completion $shell >"$work/pgsup.$shell"
done

# shellcheck source=/dev/null
. "$work/pgsup.bash"
bash_offers() { # WORD…
    COMP_WORDS=(pgsup "$@") COMP_CWORD=$# COMPREPLY=()
    _pgsup
    echo "${COMPREPLY[*]:-}"
}
fish_offers() { # WORD…
    fish -c "source '$work/pgsup.fish'; complete -C 'pgsup $*'" | cut -f1 | sort | tr '\n' ' '
}

bash -n "$work/pgsup.bash"
expect "bash: ins" "$(bash_offers ins)" "instance"
expect "bash: instance cr" "$(bash_offers instance cr)" "create"
expect "bash: -p H instance create --se" "$(bash_offers -p H instance create --se)" "--seed"
expect "bash: instance create --seed" "$(bash_offers instance create --seed '')" "http drive both"
expect "bash: create --seed" "$(bash_offers create --seed '')" "http drive both"
expect "bash: ls --sta" "$(bash_offers ls --sta)" "--state"
expect "bash: ren" "$(bash_offers ren)" "rename"
expect "bash: clo" "$(bash_offers clo)" "cloud clone"
expect "bash: rename, of one" "$(bash_offers rename --h)" "--help"
expect "bash: help imag" "$(bash_offers help imag)" "image"

if command -v zsh >/dev/null; then
    zsh -n "$work/pgsup.zsh"
    expect "zsh: lists with short forms" "$(grep -c "'rename:.*'rm:\|'rm:.*'rename:" "$work/pgsup.zsh")" 3
fi
if command -v fish >/dev/null; then
    expect "fish: ins" "$(fish_offers ins)" "instance "
    expect "fish: ren" "$(fish_offers ren)" "rename "
    expect "fish: instance cr" "$(fish_offers instance cr)" "create "
    expect "fish: -p H instance create --se" "$(fish_offers -p H instance create --se)" "--seed "
    expect "fish: create --seed" "$(fish_offers create --seed '')" "both drive http "
    expect "fish: instance create --seed" "$(fish_offers instance create --seed '')" "both drive http "
fi

"$PGSUP" help --man >"$work/pgsup.1"
expect "lines of the page that begin with a stray request" \
    "$(grep -cE "^[.'][^A-Z]" "$work/pgsup.1" || true)" 0
if command -v groff >/dev/null; then
    expect "groff warns" "$(groff -man -Tutf8 -ww "$work/pgsup.1" 2>&1 >/dev/null)" ""
fi
exit $((failures > 0))
