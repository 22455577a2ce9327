#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Random verbs against a model: after each step the engine's answer, the kernel
# and a table of three cells in bash say the same; at the end nothing is left.
#
# SEQUENCE_SEED and SEQUENCE_STEPS run another one; a failure prints both.

load ../helpers/suite

setup()
{
	restart_daemon # whose end leaves a record
	suite_snapshot --by-name
	declare -gA state=([a]=absent [b]=absent [c]=absent)
	declare -gA where=([a]="default default default" [b]="default default default"
		[c]="default other here")
	declare -gA version=([a]=0 [b]=0 [c]=0)
}

# The document of a cell; its version is a variable of the container.
document()
{
	IN=${where[$1]} cell_doc "$1" "$IDLE" "env: [VERSION=${version[$1]}]"
}

parents()
{
	cat <<-END
		{apiVersion: v1beta1, kind: Space, metadata: {name: other}, spec: {realmId: default}}
		---
		{apiVersion: v1beta1, kind: Stack, metadata: {name: here}, spec: {realmId: default, spaceId: other}}
	END
}

options()
{
	read -r realm space stack <<<"${where[$1]}"
	opts=(--realm "$realm" --space "$space" --stack "$stack")
}

monitor()
{
	local id=${where[$1]#* }

	inst pgrep -f -- "--id=${id// /_}_$1_main "
}

# As the monitor's record has it: an adopted one is nobody's child.
workload()
{
	local id=${where[$1]#* }

	tail -n1 "$INSTANCE/run/containers/default.$INSTANCE_NS_SUFFIX/${id// /_}_$1_main/monitor" |
		jq .pid
}

# ---- the verbs: each does it, and says in the model what has to come of it ----

do_run() { document "$1" | quiet kuke run -d -f -; }
do_apply() { document "$1" | quiet kuke apply -f -; }
do_change() { version[$1]=$((version[$1] + 1)) && do_apply "$1"; }
do_start() { quiet kuke start cell "$1" "${opts[@]}"; }
do_stop() { quiet kuke stop cell "$1" "${opts[@]}"; }
do_kill() { quiet kuke kill cell "$1" "${opts[@]}"; }
do_delete() { quiet kuke delete cell "$1" "${opts[@]}"; }

# to STATE VERB CELL: a verb that works, or is refused with one line.
to()
{
	if [[ ${state[$3]}:$2 == @(absent:@(start|stop|kill|delete)|Ready:start) ]]; then
		run "do_$2" "$3"
		assert_failure 1 || return
		assert_like "$output" Error: ... || return
		assert_lines 1
	else
		"do_$2" "$3" || return
		# What has failed by itself is not stopped by a stop that comes later.
		[ "${state[$3]} $1" = "Failed Stopped" ] || state[$3]=$1
	fi
}

end_workload()
{
	[ "${state[$1]}" = Ready ] || return 0
	inst kill -9 "$(workload "$1")"
	state[$1]=Failed
}

# Whoever comes next takes over.
end_monitor()
{
	[ "${state[$1]}" = Ready ] || return 0
	inst kill -9 "$(monitor "$1")"
	restart_daemon
	wait_for 200 has_monitor "$1"
}

has_monitor()
{
	assert_not_equal "$(monitor "$1")" ''
}

crash_daemon()
{
	local pid

	pid=$(kukeond_pid)
	inst kill -9 "$pid"
	wait_for 200 daemon_is_back "$pid"
}

drop_space()
{
	quiet kuke delete space other --cascade >/dev/null
	state[c]=absent
	parents | quiet kuke apply -f - >/dev/null
}

step()
{
	local cells=(a b c)
	local cell=${cells[RANDOM % 3]}

	options "$cell"
	case $((RANDOM % 24)) in
	0 | 1 | 2 | 3) what="run $cell" && to Ready run "$cell" ;;
	4 | 5) what="apply $cell" && to Ready apply "$cell" ;;
	6 | 7) what="change $cell" && to Ready change "$cell" ;;
	8 | 9 | 10) what="start $cell" && to Ready start "$cell" ;;
	11 | 12 | 13) what="stop $cell" && to Stopped stop "$cell" ;;
	14 | 15) what="kill $cell" && to Stopped kill "$cell" ;;
	16 | 17) what="delete $cell" && to absent delete "$cell" ;;
	18 | 19) what="end of the workload of $cell" && end_workload "$cell" ;;
	20) what="end of the monitor of $cell" && end_monitor "$cell" ;;
	21) what="daemon restart" && restart_daemon ;;
	22) what="daemon crash" && crash_daemon ;;
	23) what="delete of the space" && drop_space ;;
	esac
}

# The engine, and the kernel, against the model.
holds()
{
	local cell told
	local -x IN

	for cell in a b c; do
		IN=${where[$cell]} # cell_dir reads it
		options "$cell"
		told=$(quiet kuke get cell "$cell" "${opts[@]}" -o json 2>/dev/null | jq -r .status.state)
		[ "${told:-absent}" = "${state[$cell]}" ] || return 1
		case ${state[$cell]} in
		Ready)
			inst test -e "/proc/$(workload "$cell")/ns/net" || return 1
			[ "$(inst tr '\0' '\n' <"/proc/$INSTANCE_PID/root/proc/$(workload "$cell")/environ" |
				sed -n 's/^VERSION=//p')" = "${version[$cell]}" ] || return 1
			;;
		*) [ -z "$(monitor "$cell")" ] || return 1 ;;
		esac
		[ "${state[$cell]}" != absent ] || refute test -e "$(cell_dir "$cell")" || return 1
	done
}

sequence()
{
	local i what
	local -i n=${SEQUENCE_STEPS:-$2}

	RANDOM=${SEQUENCE_SEED:-$1}
	parents | quiet kuke apply -f - >/dev/null
	for ((i = 1; i <= n; i++)); do
		step >"$INSTANCE/home/step" 2>&1 || what+=": failed"
		if [[ ${what} == *failed ]] || ! wait_for 100 holds; then
			echo "seed ${SEQUENCE_SEED:-$1}, step $i: $what; the model: a ${state[a]} b ${state[b]} c ${state[c]}"
			cat "$INSTANCE/home/step"
			quiet kuke get cells
			return 1
		fi
	done
	rm -f "$INSTANCE/home/step"
	for i in a b c; do
		options "$i"
		[ "${state[$i]}" = absent ] || quiet kuke delete cell "$i" "${opts[@]}"
	done
	quiet kuke delete space other --cascade
}

@test "random verbs, workloads that die, daemons that come and go: first sequence" {
	sequence 1 40
}

@test "random verbs, workloads that die, daemons that come and go: second sequence" {
	sequence 20261125 40
}
