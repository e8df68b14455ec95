#!/usr/bin/env bash
# Goal: the archive of a release is the same, byte for byte, whoever makes it and when; the formula
# names it with its checksum.
set -euo pipefail
checkout=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null GIT_AUTHOR_NAME=x GIT_AUTHOR_EMAIL=x@example.org \
    GIT_COMMITTER_NAME=x GIT_COMMITTER_EMAIL=x@example.org
unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE

fail() {
    echo "$*" >&2
    exit 1
}

# A repository of its own: this one may have been unpacked from an archive.
mkdir "$work/source" "$work/one" "$work/two"
cd "$work/source"
mkdir scripts
cp "$checkout/CMakeLists.txt" .
cp "$checkout/scripts/release" "$checkout/scripts/pgsup.rb.in" scripts/
git init -q .
git add .
git commit -qm first
version=$(sed -n 's/^project(pgsup VERSION \([0-9.]*\) .*/\1/p' CMakeLists.txt)

(umask 022 && TZ=UTC scripts/release HEAD "$work/one" >"$work/said")
touch CMakeLists.txt
echo "not of the commit" >not-committed
(umask 077 && TZ=Asia/Tokyo LC_ALL=C \
    scripts/release --url "https://example.org/o/pgsup/releases/download/v1/pgsup-$version.tar.gz" HEAD "$work/two" >/dev/null)
cmp "$work/one/pgsup-$version.tar.gz" "$work/two/pgsup-$version.tar.gz" || fail "two archives of one commit differ"
[ "$(tar -tzf "$work/one/pgsup-$version.tar.gz" | grep -v '/$' | sort | tr '\n' ' ')" = \
    "pgsup-$version/CMakeLists.txt pgsup-$version/scripts/pgsup.rb.in pgsup-$version/scripts/release " ] ||
    fail "the archive holds: $(tar -tzf "$work/one/pgsup-$version.tar.gz")"

sum=$(cut -d' ' -f1 "$work/said")
grep -q "sha256 \"$sum\"" "$work/two/pgsup.rb" || fail "the formula has another checksum than $sum"
grep -q 'homepage "https://example.org/o/pgsup"' "$work/two/pgsup.rb" || fail "the formula has another home page"
! grep -n '@[A-Z0-9]*@' "$work/two/pgsup.rb" || fail "something of the formula was not filled in"
! command -v ruby >/dev/null || ruby -c "$work/two/pgsup.rb" >/dev/null || fail "the formula is no Ruby"
! scripts/release --url http://example.org/x 2>/dev/null || fail "an address that is none was taken"
! scripts/release nosuchcommit "$work/one" 2>/dev/null || fail "a commit that is not there was taken"
