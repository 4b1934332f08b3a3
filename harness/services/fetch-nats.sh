#!/bin/sh
# A nats-server that is new enough, for a Debian whose own is not: taken from a newer suite of the same mirrors, unpacked, never installed.
#
#     fetch-nats.sh FOLDER [SUITE]    prints the program's path; FOLDER/nats-server, if it is there already
set -eu

folder=$1
suite=${2:-trixie}
program=$folder/nats-server
if [ -x "$program" ]; then
  echo "$program"
  exit 0
fi

mkdir -p "$folder"
# A path from the root: apt takes others as under a folder of its own.
folder=$(cd "$folder" && pwd)
program=$folder/nats-server
work=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/sources" "$work/lists/partial" "$work/archives/partial" "$work/unpacked"

# The machine's own mirrors, its own keys, another suite. Security updates have a suite of another name, and are left out.
own=/etc/apt/sources.list.d/debian.sources
[ -r "$own" ] || { echo "fetch-nats: $own is not there: this needs a Debian" >&2; exit 1; }
awk -v suite="$suite" 'BEGIN { RS = ""; ORS = "\n\n" } !/security/ { sub(/Suites:[^\n]*/, "Suites: " suite); print }' \
  "$own" >"$work/sources/newer.sources"

apt() {
  apt-get -qq -o Dir::Etc::sourcelist=/dev/null -o Dir::Etc::sourceparts="$work/sources" -o Dir::State::lists="$work/lists" \
    -o Dir::Cache="$work" -o APT::Sandbox::User=root "$@" >&2
}
apt update
(cd "$work" && apt download nats-server)
dpkg -x "$work"/nats-server_*.deb "$work/unpacked"
# Moved into place whole: whoever finds it may run it.
mv "$work/unpacked/usr/sbin/nats-server" "$program"
echo "$program"
