#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Many at once: whatever the order, the end is consistent and nothing leaks.

load ../helpers/suite

setup_file()
{
	suite_start
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/other.tar" docker.io/library/other:1
}

# The document, the kernel and the runtime say the same of cell a.
consistent()
{
	local state

	state=$(cell_state a 2>/dev/null) || return 0
	case $state in
	"") refute monitor_of a && refute test -e "$(cell_dir a)" ;;
	Ready) inst test -e "/proc/$(init_of a)/ns/net" && [ "$(cell_starts a | wc -w)" -eq 1 ] ;;
	Stopped) refute monitor_of a && refute inst test -e "$(cell_starts a)" ;;
	*) false ;;
	esac
}

@test "twenty mixed verbs on one cell in parallel" {
	cell_doc a "$IDLE" >"$INSTANCE/home/doc"
	local i pids=()
	for i in $(seq 1 20); do
		case $((i % 10)) in
		0 | 5) set -- apply -f "$INSTANCE/home/doc" ;;
		1) set -- stop cell a --realm default ;;
		2 | 6) set -- start cell a ;;
		3) set -- kill cell a ;;
		4) set -- --no-daemon start cell a ;;
		7) set -- run -d -f "$INSTANCE/home/doc" ;;
		8) set -- get cell a ;;
		9) set -- --no-daemon kill cell a ;;
		esac
		quiet kuke "$@" >"$INSTANCE/home/out.$i" 2>&1 &
		pids+=($!)
	done
	# An error is fine when it is one line of ours.
	local r bad=0
	for i in $(seq 1 20); do
		r=0
		wait "${pids[$((i - 1))]}" || r=$?
		[ "$r" -le 1 ] || bad=1
		[ "$r" -eq 0 ] || grep -qE '^Error: (cell "a" |config error)' "$INSTANCE/home/out.$i" || {
			cat "$INSTANCE/home/out.$i"
			bad=1
		}
	done
	rm -f "$INSTANCE"/home/out.*
	assert_equal "$bad" 0
	consistent
	quiet kuke apply -f "$INSTANCE/home/doc"
	is_cell_state a Ready
	consistent
	kuke delete cell a
}

@test "create, start, stop, delete of one cell in parallel, again and again" {
	cell_doc a "$IDLE" >"$INSTANCE/home/doc"
	local i
	for i in 1 2 3; do
		for verb in "apply -f $INSTANCE/home/doc" "delete cell a" "stop cell a" "apply -f $INSTANCE/home/doc" \
			"delete cell a" "start cell a"; do
			# shellcheck disable=SC2086
			quiet kuke $verb >/dev/null 2>&1 &
		done
		wait
		consistent
	done
	quiet kuke delete cell a >/dev/null 2>&1 || true
	refute kuke get cell a
}

@test "eight cells of a space at once: eight addresses" {
	local i
	for i in $(seq 1 8); do
		run_cell "c$i" "$IDLE" &
	done
	wait
	for i in $(seq 1 8); do
		is_cell_state "c$i" Ready
		cell_ip "c$i"
	done | sort -u | wc -l | grep -qx 8
	# All of them are in everybody's hosts file.
	assert [ "$(grep -c 'c[1-8]$\|c[1-8] ' "$(cell_dir c1)/etc-hosts")" -ge 8 ]
	for i in $(seq 1 8); do
		quiet kuke delete cell "c$i" >/dev/null &
	done
	wait
	assert_equal "$(ls "$INSTANCE_RUN_PATH/data/default/default/.leases")" ''
}

@test "two loads of one file at once; a delete while it loads" {
	local i
	for i in 1 2; do
		quiet kuke image load "$INSTANCE/home/other.tar" >"$INSTANCE/home/load.$i" 2>&1 &
	done
	wait
	for i in 1 2; do
		grep -q '  - docker.io/library/other:1' "$INSTANCE/home/load.$i"
	done
	kuke image delete docker.io/library/other:1
	quiet kuke image load "$INSTANCE/home/other.tar" >/dev/null &
	quiet kuke image delete docker.io/library/other:1 >/dev/null 2>&1 || true
	wait
	# The name is there and works, or it is gone; and the layer it shares stays.
	if kuke image get docker.io/library/other:1 >/dev/null 2>&1; then
		kuke image delete docker.io/library/other:1
	fi
	rm -f "$INSTANCE"/home/load.*
	run_cell a "$IDLE"
	is_cell_state a Ready
	kuke delete cell a
}

@test "a realm goes with --cascade while its cells are being made" {
	quiet kuke create realm r1 >/dev/null
	quiet kuke image load --realm r1 "$INSTANCE/home/other.tar" >/dev/null
	IN="r1 s t" cell_doc a "$IDLE" | sed 's,library/busybox:latest,library/other:1,' >"$INSTANCE/home/doc"
	quiet kuke apply -f "$INSTANCE/home/doc" >/dev/null 2>&1 &
	sleep 0.2 # somewhere in the middle
	quiet kuke delete realm r1 --cascade >/dev/null 2>&1 || true
	wait
	quiet kuke delete realm r1 --cascade >/dev/null 2>&1 || true
	refute kuke get realm r1
}

@test "a corrupt document hurts one cell only, and delete still removes what runs" {
	run_cell a "$IDLE"
	run_cell b "$IDLE"
	local doc
	doc=$(cell_dir a)/metadata.json
	cp "$doc" "$INSTANCE/home/saved"
	echo '{"apiVersion": "v1beta1", "kind": "Ce' >"$doc"
	run kuke get cells
	assert_success
	assert_output --partial "b "
	is_cell_state a Unknown
	quiet kuke stop cell b
	quiet kuke start cell b
	is_cell_state b Ready
	run_cell c "$IDLE"
	kuke delete cell b
	kuke delete cell c
	cp "$INSTANCE/home/saved" "$doc"
	is_cell_state a Ready
	kuke delete cell a
	rm "$INSTANCE/home/saved"
}
