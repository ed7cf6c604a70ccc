#!/bin/sh
# Install this version of eccube-sync beside the earlier ones and make it the current one. Needs neither root, nor a
# compiler, nor the network: only Python 3.11 or newer. Every file is checked against its hash.
# eccube-syncのこの版を、前の版を残したまま入れて切り替えます。root権限・コンパイラ・ネットワークは不要です。
#
#   sh install.sh [FOLDER]                 default: ~/eccube-sync
#   PYTHON=/path/to/python3.12 sh install.sh
set -eu
umask 077
here=$(cd "$(dirname "$0")" && pwd)
folder=${1:-$HOME/eccube-sync}
version=$(cat "$here/VERSION")

python=
for name in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
    if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
        python=$name
        break
    fi
done
if [ -z "$python" ]; then
    echo "Python 3.11, 3.12 or 3.13 is needed; name one with PYTHON=/path/to/python3.12 sh install.sh" >&2
    echo "Python 3.11〜3.13が必要です。PYTHON=/path/to/python3.12 sh install.sh のように指定してください。" >&2
    exit 1
fi

new=$folder/versions/$version
if [ ! -x "$new/bin/eccube-sync" ]; then
    mkdir -p "$folder/versions"
    rm -rf "$new"
    "$python" -m venv --without-pip "$new"
    "$new/bin/python" "$(echo "$here"/pip-*.whl)/pip" install --quiet --disable-pip-version-check \
        --no-index --find-links "$here/wheels" --only-binary :all: --require-hashes -r "$here/requirements.txt"
fi
ln -sfn "versions/$version" "$folder/program"
"$folder/program/bin/eccube-sync" --version
echo "Installed in $folder/program. Versions in this folder: $(cd "$folder/versions" && echo *)"
