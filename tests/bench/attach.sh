#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# attach.sh [-n KEYS] [-r RUNS] [-m MB] [-c CELLS]: what a terminal costs that is in a container.
#
# Measures, interleaved in one run, kuke attach against a bare terminal, tmux attach, and podman
# attach where that is installed and works here: the time from a key to the screen (the program
# in the terminal gives back what it reads), cat of a log of MB megabytes, and the time until an
# attached client shows the screen when the history is 10 MB. Then the memory (PSS) of kuketty at
# rest, and how often the processes of CELLS idle cells wake up in ten seconds. Everything happens
# in namespaces of its own.
#
# Prints the medians, and for each measure a line that says what is aimed at.
set -eu -o pipefail

here=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"
export top_builddir
keys=1000 runs=10 mb=100 cells=100
while getopts n:r:m:c: opt; do
	case $opt in
	n) keys=$OPTARG ;;
	r) runs=$OPTARG ;;
	m) mb=$OPTARG ;;
	c) cells=$OPTARG ;;
	*) sed -n '4s/^# //p' "$0" >&2; exit 2 ;;
	esac
done

# shellcheck source=needs.bash
. "$here/needs.bash"
bench_needs runc busybox:busybox-static jq tmux
bench_build ttytime
# shellcheck source=../helpers/cells.bash
. "$here/../helpers/cells.bash"
work=''
end()
{
	[ -z "$work" ] || "${mux[@]}" kill-server 2>/dev/null || true
	instance_stop || true
}
trap end EXIT
instance_new
sed -i '/^  logLevel:/d' "$INSTANCE_CONFIG"
instance_init
busybox_image >/dev/null
work=$INSTANCE/home
export TERM=xterm-256color

# What the programs in all terminals are: bare, in tmux and in containers.
mkdir "$work/t"
cp "$(command -v busybox)" "$work/t/busybox"
yes 'a line as they are in logs, of a length that is not unusual in one' |
	head -c $((mb * 1000000)) >"$work/t/log" || true # yes is told to end
cat >"$work/t/echo" <<'END'
stty raw -echo
exec cat
END
cat >"$work/t/flow" <<'END'
stty -icanon -echo min 1
while k=$(dd bs=1 count=1 2>/dev/null) && [ "$k" ]; do
	cat "${0%/*}/log"
	printf '\nEND%s.\n' "$k"
done
END
cat >"$work/t/big" <<'END'
yes 'a line as they are in logs, of a length that is not unusual in one' | head -n 150000
echo SHOWN.
exec sleep 3600
END
mux=(inst env TMUX_TMPDIR="$work" tmux -f /dev/null -L bench)
"${mux[@]}" new-session -d -s none -x 80 -y 24 'sleep 3600' \; set -g status off
for what in echo flow big; do
	"${mux[@]}" new-session -d -s "$what" -x 80 -y 24 "$work/t/busybox sh $work/t/$what"
	run_cell "$what" "exec sh $work/t/$what" "attachable: true
volumes: [{source: $work/t, target: $work/t, readOnly: true}]"
done

# Where nothing else is like a cell's: no network. Not every host lets it in such namespaces.
pod=(podman --root "$INSTANCE/podman" --runroot "$INSTANCE/podman.run" --storage-driver vfs
	--cgroup-manager cgroupfs)
pods=''
if command -v podman >/dev/null; then
	inst mount -t tmpfs tmpfs /dev/shm # where it has its locks
	mkdir -p "$INSTANCE/root/bin"
	cp "$(command -v busybox)" "$INSTANCE/root/bin/busybox"
	for name in sh cat dd stty sleep; do
		ln -s busybox "$INSTANCE/root/bin/$name"
	done
	pods=1
	for what in echo flow; do
		inst "${pod[@]}" run -dit --name "$what" --network none -v "$work/t:$work/t:ro" \
			--rootfs "$INSTANCE/root" /bin/sh "$work/t/$what" >"$INSTANCE/podman.log" 2>&1 || pods=''
	done
fi
[ -n "$pods" ] || echo "podman does not run here"

# aimed WHAT VALUE at most|at least BOUND
aimed()
{
	awk -v what="$1" -v v="$2" -v dir="$3" -v bound="$4" 'BEGIN {
		ok = dir == "at most" ? v <= bound : v >= bound
		printf "%s %.2f, aimed at: %s %s: %s\n", what, v, dir, bound, ok ? "reached" : "missed" }'
}

# sides WHAT: what is compared, as arguments of ttytime.
sides()
{
	sides=("kuke attach" "exec kuke attach $1" "tmux attach" "exec tmux -L bench attach -t $1")
	[ "$1" = big ] || sides+=("bare" "exec $work/t/busybox sh $work/t/$1")
	[ -z "$pods" ] || [ "$1" = big ] || sides+=("podman attach" "exec ${pod[*]} attach $1")
}

timed()
{
	inst env TMUX_TMPDIR="$work" "$top_builddir/ttytime" "$@" "${sides[@]}" >"$INSTANCE/times"
}

# of LABEL: the median in microseconds.
of()
{
	awk -F'\t' -v label="$1" '$1 == label { print $4 }' "$INSTANCE/times"
}

sides echo
timed echo -n "$keys"
awk -F'\t' '{ printf "key to screen, %s: %.3f ms median of %d (%.3f to %.3f)\n", $1, $4 / 1e3, $2, $3 / 1e3, $5 / 1e3 }' \
	"$INSTANCE/times"
for peer in tmux podman; do
	[ -z "$(of "$peer attach")" ] || echo "key to screen ratio kuke / $peer" \
		"$(awk -v a="$(of 'kuke attach')" -v b="$(of "$peer attach")" 'BEGIN { printf "%.2f", a / b }')"
done
aimed "key to screen, ms beyond bare" "$(awk -v a="$(of 'kuke attach')" -v b="$(of bare)" 'BEGIN { print (a - b) / 1e3 }')" "at most" 1

sides flow
timed flow -n "$((runs < 3 ? runs : 3))"
awk -F'\t' -v mb="$mb" '{ printf "cat of %d MB, %s: %.0f ms, %.0f MB/s\n", mb, $1, $4 / 1e3, mb * 1e6 / $4 }' "$INSTANCE/times"
of_mb()
{
	awk -v a="$(of "kuke attach")" -v b="$(of "$1")" 'BEGIN { printf "%.2f", b / a }'
}
for peer in "podman attach" bare; do
	[ -z "$(of "$peer")" ] || echo "cat of $mb MB, ratio $peer / kuke $(of_mb "$peer")"
done
aimed "cat of $mb MB, ratio tmux / kuke" "$(of_mb "tmux attach")" "at least" 1

sides big
wait_for 600 grep -qs SHOWN. "$(cell_dir big)/main/tty/capture"
timed shown -n "$runs" -m SHOWN.
awk -F'\t' '{ printf "first screen, %s: %.1f ms median of %d (%.1f to %.1f), %d bytes\n", $1, $4 / 1e3, $2, $3 / 1e3, $5 / 1e3, $6 }' "$INSTANCE/times"
aimed "first screen, ms" "$(awk -v a="$(of 'kuke attach')" 'BEGIN { print a / 1e3 }')" "at most" 20

[ -z "$pods" ] || inst "${pod[@]}" rm -f -t 0 echo flow >/dev/null 2>&1 || true
"${mux[@]}" kill-server
for what in echo flow big; do
	kuke delete cell "$what" >/dev/null
done

for ((i = 0; i < cells; i++)); do
	echo ---
	cell_doc "c$i" 'exec sleep 3600' 'attachable: true'
done >"$work/cells.yaml"
kuke apply -f "$work/cells.yaml" >/dev/null
sleep 3 # nothing is left to be done
mapfile -t ttys < <(inst pgrep -x kuketty)
[ "${#ttys[@]}" -eq "$cells" ] || { echo "attach.sh: ${#ttys[@]} of $cells kuketty run" >&2; exit 1; }
pss=$(for pid in "${ttys[@]}"; do inst cat "/proc/$pid/smaps_rollup"; done |
	awk '/^Pss:/ { sum += $2; n++ } END { printf "%d", sum / n }')
aimed "kuketty at rest, KiB PSS, mean of $cells" "$pss" "at most" 512

# wakes NAME: how often all processes of that name have been given a processor.
wakes()
{
	local pid

	for pid in $(inst pgrep -x "$1"); do
		inst cat "/proc/$pid/status" 2>/dev/null || true
	done | awk '/ctxt_switches/ { sum += $2 } END { print sum + 0 }'
}
declare -A before
for name in kuketty kukeshim sleep kukeond; do
	before[$name]=$(wakes "$name")
done
sleep 10 # what is measured
for name in kuketty kukeshim sleep kukeond; do
	echo "wake-ups of $name in ten seconds: $(($(wakes "$name") - ${before[$name]}))"
done
