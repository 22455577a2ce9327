#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# log.sh [-n RUNS] [-m LINES]: printing a log against cat of its files.
#
# A container writes LINES lines of 67 bytes (350000: 23 MB, in three files). Prints the
# wall time of cat, of kuke log, of kuke log -t, and of the same where the daemon reads
# because the caller may not open the files; then what each takes as multiples of cat.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
runs=20
lines=350000
while getopts n:m: opt; do
	case $opt in
	n) runs=$OPTARG ;;
	m) lines=$OPTARG ;;
	*) sed -n '4s/^# //p' "$0" >&2; exit 2 ;;
	esac
done

# shellcheck source=needs.bash
. "$here/needs.bash"
bench_needs runc ip:iproute2 iptables-legacy:iptables busybox:busybox-static setpriv:util-linux
bench_build pair
# shellcheck source=../helpers/cells.bash
. "$here/../helpers/cells.bash"
trap 'instance_stop || true' EXIT
instance_new
printf '  socketGID: 4321\n' >>"$INSTANCE_CONFIG"
instance_init
busybox_image >/dev/null

run_cell a "yes 'a line as they are in logs, of a length that is not unusual in one' | head -n $lines"
wait_for 600 is_cell_state a Stopped
dir=$(cell_dir a)
cp "$INSTANCE_BINDIR/kuke" "$INSTANCE/home/kuke"
chmod 711 "$INSTANCE" "$INSTANCE/home"
chmod 700 "$dir"

# program NAME COMMAND…: a script, as pair redirects nothing.
program()
{
	printf '#!/bin/sh\nexec %s >/dev/null\n' "${*:2}" >"$INSTANCE/$1"
	chmod 755 "$INSTANCE/$1"
}
member="setpriv --reuid=4242 --regid=4321 --clear-groups env HOME=/nonexistent $INSTANCE/home/kuke"
program cat "cat $(find "$dir/main" -name 'log*' ! -name '*.idx' | sort -r | xargs)"
program log "$INSTANCE_BINDIR/kuke log a"
program times "$INSTANCE_BINDIR/kuke log a -t"
program daemon "$member log a"
program daemon-times "$member log a -t"

inst "$top_builddir/pair" -n "$runs" -w 2 "cat" "" "$INSTANCE/cat" "" \
	"kuke log" "" "$INSTANCE/log" "" "kuke log -t" "" "$INSTANCE/times" "" \
	"kuke log by the daemon" "" "$INSTANCE/daemon" "" \
	"kuke log -t by the daemon" "" "$INSTANCE/daemon-times" "" |
	awk -F'\t' -v size="$(cat "$dir"/main/log{.2,.1,} 2>/dev/null | wc -c)" '
		NR == 1 { printf "%.1f MB\n", size / 1e6; cat = $4 }
		{ printf "%-26s %7.1f ms wall (minimum %.1f), %.1f times cat\n", $1, $4, $3, $4 / cat; last = $4 / cat }
		$1 == "kuke log" { ratio = $4 / cat }
		END { printf "ratio %.2f\n", ratio }'
