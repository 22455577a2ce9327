#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The engine is killed at points spread over all the system calls of a verb.
# Whatever the moment: the next command succeeds, and nothing is left.

load ../helpers/suite

setup_file()
{
	suite_start
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/other.tar" docker.io/library/other:1
	cell_doc a "$IDLE" >"$INSTANCE/home/doc"
	export POINTS=${CRASH_POINTS:-20}
}

# traced STRACE-OPTIONS -- KUKE-ARGS
traced()
{
	local options=()

	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	quiet traced_engine "$INSTANCE/home/trace" "${options[@]}" -- --no-daemon "$@" \
		>"$INSTANCE/home/said" 2>&1
}

# calls KUKE-ARGS: how many system calls it makes; their names are kept.
calls()
{
	traced -- "$@"
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' "$INSTANCE/home/trace" >"$INSTANCE/home/calls"
	total=$(wc -l <"$INSTANCE/home/calls")
	echo "$total calls"
	assert [ "$total" -gt 100 ]
}

# killed N KUKE-ARGS: dies at the call that was the N-th of that run, or has
# ended before it. (strace counts each name for itself.)
kills=0
killed()
{
	local n=$1 r=0 name

	shift
	name=$(sed -n "${n}p" "$INSTANCE/home/calls")
	n=$(head -n "$n" "$INSTANCE/home/calls" | grep -cx "$name")
	traced -e "trace=$name" -e "inject=$name:signal=KILL:when=$n" -- "$@" || r=$?
	if grep -q 'was ended by SIGKILL before it had answered' "$INSTANCE/home/said"; then
		assert_equal "$r" 1
		kills=$((kills + 1))
	fi
}

# Most of the points were hit.
many_kills()
{
	echo "$kills kills"
	assert [ "$kills" -gt $((POINTS * 2 / 3)) ]
}

# The points, from the first call to the last, not the same ones every time.
points()
{
	local total=$1 i

	for i in $(seq 1 "$POINTS"); do
		echo $(((i - 1) * total / POINTS + 1 + RANDOM % (total / POINTS)))
	done
}

# clean N: at once, or the point is named
clean()
{
	instance_leakcheck || {
		echo "after a kill at call $1"
		return 1
	}
}

@test "run -d, killed anywhere: apply makes it whole, delete takes it all" {
	local n
	calls run -d -f "$INSTANCE/home/doc"
	kuke delete cell a
	for n in $(points "$total"); do
		killed "$n" run -d -f "$INSTANCE/home/doc"
		if [ $((n % 2)) -eq 0 ]; then
			run quiet kuke apply -f "$INSTANCE/home/doc"
			echo "$n: $output"
			assert_success
			is_cell_state a Ready
			inst test -e "/proc/$(init_of a)"
		fi
		if [ -e "$(cell_dir a)/metadata.json" ]; then
			quiet kuke delete cell a
		else
			# What was begun and never seen: any verb on the cell finds it.
			quiet kuke apply -f "$INSTANCE/home/doc"
			quiet kuke delete cell a
		fi
		clean "$n"
	done
	many_kills
}

# Its workers die with it, wherever they are.
@test "apply and delete of several cells, killed anywhere: apply makes them whole, delete takes all" {
	local n name
	for name in a b c d; do
		cell_doc "$name" "$IDLE"
		echo ---
	done >"$INSTANCE/home/four"
	calls apply -f "$INSTANCE/home/four"
	quiet kuke delete -f "$INSTANCE/home/four" --timeout 0s
	for n in $(points "$total"); do
		killed "$n" apply -f "$INSTANCE/home/four"
		run quiet kuke apply -f "$INSTANCE/home/four"
		echo "$n: $output"
		assert_success
		for name in a b c d; do inst test -e "/proc/$(init_of "$name")"; done
		[ $((n % 2)) -eq 0 ] || killed "$n" delete -f "$INSTANCE/home/four" --timeout 0s
		quiet kuke delete -f "$INSTANCE/home/four" --timeout 0s
		clean "$n"
	done
	many_kills
}

@test "stop, killed anywhere: stop again, start, delete" {
	local n
	quiet kuke run -d -f "$INSTANCE/home/doc"
	calls stop cell a
	for n in $(points "$total"); do
		quiet kuke start cell a >/dev/null 2>&1 || true
		is_cell_state a Ready
		killed "$n" stop cell a
		run quiet kuke stop cell a
		echo "$n: $output"
		assert_success
		is_cell_state a Stopped
		refute monitor_of a
		refute inst test -e "$(cell_starts a)"
	done
	quiet kuke delete cell a
	many_kills
}

@test "delete, killed anywhere: delete again" {
	local n
	quiet kuke run -d -f "$INSTANCE/home/doc"
	calls delete cell a
	for n in $(points "$total"); do
		quiet kuke run -d -f "$INSTANCE/home/doc" >/dev/null
		killed "$n" delete cell a
		run quiet kuke delete cell a
		echo "$n"
		[ "$status" -eq 0 ] || assert_output --partial 'not found'
		clean "$n"
	done
	many_kills
}

@test "image load, killed anywhere: load again, delete" {
	local n
	calls image load "$INSTANCE/home/other.tar"
	kuke image delete docker.io/library/other:1
	# The collector has just swept what killed deletions left in trash/.
	suite_snapshot
	for n in $(points "$total"); do
		killed "$n" image load "$INSTANCE/home/other.tar"
		quiet kuke image load "$INSTANCE/home/other.tar"
		quiet kuke image delete docker.io/library/other:1
		clean "$n"
	done
	many_kills
}

@test "create and delete of a space, killed anywhere" {
	local n
	calls create space s
	kuke delete space s
	for n in $(points "$total"); do
		killed "$n" create space s
		quiet kuke create space s
		assert_equal "$(kuke get space s -o json | jq -r .status.state)" Ready
		kuke delete space s
		clean "$n"
	done
	quiet kuke create space s
	calls delete space s
	for n in $(points "$total"); do
		quiet kuke create space s
		killed "$n" delete space s
		run quiet kuke delete space s
		echo "$n"
		[ "$status" -eq 0 ] || assert_output --partial 'not found'
		clean "$n"
	done
	many_kills
}
