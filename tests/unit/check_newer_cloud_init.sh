#!/bin/sh
# Goal: the cloud-init of another suite of Debian makes of pgsup's documents, and of its users', what
# that of this system makes of them.
#
# usage: check_newer_cloud_init.sh SUITE JUDGE_DOCUMENTS, in tests/
folder=${XDG_CACHE_HOME:-$HOME/.cache}/pgsup/cloud-init-$1
if ! ../scripts/get-cloud-init "$1" "$folder"; then
    echo "cloud-init of $1 cannot be downloaded"
    exit 77
fi
"$folder/cloud-init" --version
export PYTHONPATH="$folder/python" PYTHONDONTWRITEBYTECODE=1
/usr/bin/python3 golden/check_seed.py "$folder/cloud-init" && /usr/bin/python3 unit/check_own_documents.py "$2"
