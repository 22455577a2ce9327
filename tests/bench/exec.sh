#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# exec.sh [-s] [-n RUNS]: what a program in a running container costs.
#
# Times, interleaved in one run, `kuke exec CELL true`, `runc exec ID true` in the same container,
# and `podman exec` in one of podman's, where that is installed and works here. With -s the
# container has the built-in seccomp profile (seccompDefault). Everything happens in namespaces
# of its own.
#
# Prints the medians, and as the last line "ratio X": kuke's median by runc's.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
runs=20 seccomp=''
while getopts sn: opt; do
	case $opt in
	s) seccomp=1 ;;
	n) runs=$OPTARG ;;
	*) sed -n '4s/^# //p' "$0" >&2; exit 2 ;;
	esac
done

# shellcheck source=needs.bash
. "$here/needs.bash"
bench_needs runc busybox:busybox-static jq
bench_build pair
# shellcheck source=../helpers/cells.bash
. "$here/../helpers/cells.bash"
trap 'instance_stop || true' EXIT
instance_new
sed -i '/^  logLevel:/d' "$INSTANCE_CONFIG"
[ -z "$seccomp" ] || echo "  seccompDefault: true" >>"$INSTANCE_CONFIG"
instance_init
busybox_image >/dev/null
run_cell web 'exec sleep 3600'

id=$(inst pgrep -af '^kukeshim .*--id=default_default_web_main' | sed -n 's/.* --id=\([^ ]*\) .*/\1/p')
root=$(echo "$INSTANCE"/run/runc/default.*)
inst runc --root "$root" exec "$id" true
sides=("kuke exec" "" "kuke exec web true" "" "runc exec" "" "runc --root $root exec $id true" "")

# In a root like the cell's, without network. Not every host lets it in such namespaces.
pod=(podman --root "$INSTANCE/podman" --runroot "$INSTANCE/podman.run" --storage-driver vfs
	--cgroup-manager cgroupfs)
if command -v podman >/dev/null; then
	inst mount -t tmpfs tmpfs /dev/shm # where it has its locks
	mkdir -p "$INSTANCE/root/bin"
	cp "$(command -v busybox)" "$INSTANCE/root/bin/busybox"
	ln -s busybox "$INSTANCE/root/bin/sleep"
	ln -s busybox "$INSTANCE/root/bin/true"
	if inst "${pod[@]}" run -d --name b --network none --rootfs "$INSTANCE/root" \
		/bin/sleep 3600 >/dev/null 2>&1 && inst "${pod[@]}" exec b true 2>/dev/null; then
		sides+=("podman exec" "" "${pod[*]} exec b true" "")
	else
		echo "podman does not run here"
		pod=()
	fi
else
	pod=()
fi

inst "$top_builddir/pair" -n "$runs" -w 2 "${sides[@]}" >"$INSTANCE/times"
awk -F'\t' '
	{ printf "%-12s %7.2f ms median of %d (%.2f to %.2f)\n", $1, $4, $2, $3, $5; m[$1] = $4 }
	END { printf "ratio %.2f\n", m["kuke exec"] / m["runc exec"] }' "$INSTANCE/times"
[ ${#pod[@]} -eq 0 ] || inst "${pod[@]}" rm -f -t 0 b >/dev/null 2>&1 || true
kuke delete cell web >/dev/null
