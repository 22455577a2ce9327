#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Objects that do not depend on each other are applied, deleted and started at boot
# side by side. That others go on while one cannot is shown by holding its lock.

load ../helpers/suite

setup()
{
	suite_snapshot
	doc=$HERE/doc.yaml
	: >"$HERE/held"
}

# After a reboot nothing is as it was before.
teardown()
{
	release
	[ -n "${rebooted:-}" ] || suite_check
}

# As many tasks of a request run at a time.
crew()
{
	local n

	n=$(($(inst nproc) + 2))
	echo $((n < 8 ? n : 8))
}

# hold NAME…: nobody can work on these cells, until release.
hold()
{
	local dir name

	for name in "$@"; do
		dir=$INSTANCE_RUN_PATH/locks/${IN:-default/default/default}/$name
		(umask 077 && mkdir -p "$dir")
		# shellcheck disable=SC2016 # the inner shell expands
		quiet inst bash -c 'exec 8>>"$1/.lock"; flock 8; echo "$2 $$" >>"$3"; exec sleep 100000' \
			- "$dir" "$name" "$HERE/held" &
		wait_for 100 grep -q "^$name " "$HERE/held"
	done
}

release()
{
	local pid

	while read -r _ pid; do
		inst kill "$pid" 2>/dev/null || true
	done <"$HERE/held"
}

cells()
{
	local name

	for name in "$@"; do
		echo ---
		cell_doc "$name" "$IDLE"
	done
}

# in_background KUKE-ARG…: what it says and its status come with its_end.
in_background()
{
	(
		r=0
		quiet kuke "$@" >"$HERE/said" 2>&1 || r=$?
		echo "$r" >"$HERE/status"
	) 3>&- 4>&- &
	background=$!
}

# Like run.
its_end()
{
	wait "$background" || true
	output=$(cat "$HERE/said")
	status=$(cat "$HERE/status")
	rm -f "$HERE/said" "$HERE/status"
}

# The processes below a request's, and that one. (A pass is one process.)
workers()
{
	local pid

	for pid in $(inst pgrep -x -P "$(kukeond_pid)" kukeond); do
		inst pgrep -x -P "$pid" kukeond || true
	done
}

request()
{
	local worker

	worker=$(workers | head -n1)
	inst ps -o ppid= -p "$worker" | tr -d ' '
}

n_workers()
{
	assert_equal "$(workers | wc -l)" "$1"
}

no_cell()
{
	refute kuke get cell "$1"
}

created()
{
	printf 'Cell "%s": created\n' "$@"
}

@test "others are created while one cannot be; the report keeps the order" {
	cells c1 c2 c3 c4 c5 c6 >"$doc"
	hold c1
	in_background apply -f "$doc"
	for name in c2 c3 c4 c5 c6; do wait_for 200 is_cell_state "$name" Ready; done
	no_cell c1
	release
	its_end
	assert_success
	assert_output "$(created c1 c2 c3 c4 c5 c6)"
	is_cell_state c1 Ready
	run quiet kuke apply -f "$doc"
	assert_output "$(printf 'Cell "%s": unchanged\n' c1 c2 c3 c4 c5 c6)"
	in_background delete -f "$doc" --timeout 0s
	its_end
	assert_success
	assert_equal "$(grep -o '^Cell.*' <<<"$output")" "$(printf 'Cell "%s": deleted\n' c1 c2 c3 c4 c5 c6)"
}

@test "the same in an engine of its own" {
	cells c1 c2 c3 >"$doc"
	hold c1
	in_background --no-daemon apply -f "$doc"
	for name in c2 c3; do wait_for 200 is_cell_state "$name" Ready; done
	release
	its_end
	assert_success
	assert_output "$(created c1 c2 c3)"
	hold c1
	in_background --no-daemon delete -f "$doc" --timeout 0s
	for name in c2 c3; do wait_for 200 no_cell "$name"; done
	is_cell_state c1 Ready
	release
	its_end
	assert_success
	assert_equal "$(grep -c ': deleted$' <<<"$output")" 3
}

@test "as many at a time as there are processors, and two more" {
	local n names=()
	for n in $(seq 1 12); do names+=("c$n"); done
	cells "${names[@]}" >"$doc"
	hold "${names[@]}"
	in_background apply -f "$doc"
	wait_for 200 n_workers "$(crew)"
	stays 1 n_workers "$(crew)"
	release
	its_end
	assert_success
	quiet kuke delete -f "$doc" --timeout 0s
}

@test "failures: each with its own text, in its place, and the others are done" {
	{
		cells c1 c2
		echo ---
		cell_doc c3 "$IDLE" | sed 's,image: .*,image: localhost:1/nothing:1,'
		cells c4
		echo ---
		cell_doc c5 "$IDLE" "user: nobody-here"
		cells c6
	} >"$doc"
	run quiet kuke apply -f "$doc"
	assert_failure 1
	assert_like "$output" 'Cell "c1": created'$'\n''Cell "c2": created'$'\n''Cell "c3": failed'$'\n''  Error: ' \
		... 'failed to pull image localhost:1/nothing:1' ... $'\n''Cell "c4": created'$'\n''Cell "c5": failed'$'\n' \
		... 'nobody-here' ... $'\n''Cell "c6": created'$'\n''Error: config error: some resources failed to apply'
	for name in c1 c2 c4 c6; do is_cell_state "$name" Ready; done
	for name in c3 c5; do is_cell_state "$name" Failed; done
	# One after another they say the same.
	local at_once=$output
	quiet kuke delete -f "$doc" --timeout 0s
	for n in 1 2 3 4 5 6; do
		cells "c$n" >"$HERE/one.yaml"
		[ "$n" -ne 3 ] || sed -i 's,image: .*,image: localhost:1/nothing:1,' "$HERE/one.yaml"
		[ "$n" -ne 5 ] || cell_doc c5 "$IDLE" "user: nobody-here" >"$HERE/one.yaml"
		quiet kuke apply -f "$HERE/one.yaml" 2>/dev/null || true
	done >"$HERE/singly"
	assert_equal "$(cat "$HERE/singly")"$'\nError: config error: some resources failed to apply' "$at_once"
	quiet kuke delete -f "$doc" --timeout 0s
}

@test "two documents of one cell, and two cells with one id: the first comes first" {
	{
		cells a
		cells a | sed 's/^  name: a/&\n  labels: {x: second}/'
		cells b
	} >"$doc"
	hold a
	in_background apply -f "$doc"
	wait_for 200 n_workers 1
	stays 1 n_workers 1
	release
	its_end
	assert_success
	assert_output $'Cell "a": created\nCell "a": updated\n  - metadata.labels\nCell "b": created'
	assert_equal "$(cell_value a .metadata.labels.x)" second
	quiet kuke delete -f "$doc" --timeout 0s
	{ cells p q | sed 's/^  id: .*/  id: one/'; cells r | sed 's/^  id: .*/  id: p/'; } >"$doc"
	hold p
	in_background apply -f "$doc"
	wait_for 200 n_workers 1
	stays 1 n_workers 1
	release
	its_end
	assert_failure 1
	assert_like "$output" 'Cell "p": created'$'\n''Cell "q": failed'$'\n' ... 'spec.id "one" is already used by cell "p"' \
		... $'\n''Cell "r": failed'$'\n' ... 'spec.id "p" is already used by cell "p"' ...
	run quiet kuke delete -f "$doc" --timeout 0s
	assert_equal "$(grep -c ': deleted$' <<<"$output")" 1
	assert_equal "$(grep -c ': not found$' <<<"$output")" 2
}

container_doc()
{
	printf -- '---\nkind: Container\nmetadata: {name: %s}\nspec: {realmId: default, spaceId: default, stackId: default, cellId: %s, image: %s, command: sleep, args: ["1000"]}\n' \
		"$2" "$1" "$IMAGE"
}

@test "containers come after the cells, wherever they stand, those of one cell in order" {
	{
		container_doc c2 side
		cells c1 c2
		container_doc c1 side
		container_doc c2 more
	} >"$doc"
	hold c1
	in_background apply -f "$doc"
	wait_for 200 is_cell_state c2 Ready
	stays 1 n_workers 1
	assert_equal "$(cell_value c2 '[.spec.containers[].id] | index("side")')" null
	release
	its_end
	assert_success
	assert_equal "$(grep -v '^  ' <<<"$output")" \
		"$(created c1 c2)"$'\nContainer "side": created\nContainer "side": created\nContainer "more": created'
	for name in c1 c2; do is_container_state "$name" side Ready; done
	is_container_state c2 more Ready
	{ container_doc c2 third; container_doc c2 fourth; } >"$HERE/two.yaml"
	hold c2
	in_background apply -f "$HERE/two.yaml"
	wait_for 200 n_workers 1
	stays 1 n_workers 1
	release
	its_end
	assert_output $'Container "third": created\nContainer "fourth": created'
	# c1's is deleted while c2's cannot be.
	: >"$HERE/held"
	hold c2
	in_background delete -f "$doc" --timeout 0s
	wait_for 200 eval 'refute kuke get container side --cell c1'
	stays 1 n_workers 1
	release
	its_end
	assert_success
	assert_equal "$(grep -c ': deleted$' <<<"$output")" 5
}

@test "realms, spaces and stacks come before their cells, also those that nobody wrote down" {
	local n
	{
		for n in 1 2 3 4; do
			echo ---
			IN="default new st" cell_doc "c$n" "$IDLE"
		done
		echo ---
		IN="default other st" cell_doc c5 "$IDLE"
		printf -- '---\nkind: Stack\nmetadata: {name: st}\nspec: {realmId: default, spaceId: other}\n'
		printf -- '---\nkind: Space\nmetadata: {name: other}\nspec: {realmId: default}\n'
	} >"$doc"
	run quiet kuke apply -f "$doc"
	assert_success
	assert_output $'Space "other": created\nStack "st": created\n'"$(created c1 c2 c3 c4 c5)"
	for n in 1 2 3 4; do IN="default new st" is_cell_state "c$n" Ready; done
	IN="default other st" is_cell_state c5 Ready
	# A file that has parents and what is in them: each goes after what it holds.
	printf -- '---\nkind: Space\nmetadata: {name: new}\nspec: {realmId: default}\n' >>"$doc"
	IN=default/new/st hold c1
	in_background delete -f "$doc" --cascade --timeout 0s
	# All cells go before any space: they may have joined it.
	wait_for 200 eval 'refute kuke get cell c5 --space other --stack st'
	stays 1 n_workers 1
	kuke get space new >/dev/null
	kuke get space other >/dev/null
	release
	its_end
	assert_success
	assert_equal "$(grep -v '^  ' <<<"$output")" "$(printf 'Cell "%s": deleted\n' c1 c2 c3 c4 c5
		)"$'\nStack "st": deleted\nSpace "other": deleted\nSpace "new": deleted'
}

@test "the engine is killed in the middle: its workers too, and the next apply makes it whole" {
	local pid
	cells c1 c2 c3 c4 >"$doc"
	hold c2
	in_background apply -f "$doc"
	for name in c1 c3 c4; do wait_for 200 is_cell_state "$name" Ready; done
	n_workers 1
	worker=$(workers)
	pid=$(request)
	inst kill -KILL "$pid"
	wait_for 200 pid_gone "$worker"
	its_end
	assert_failure 1
	release
	no_cell c2
	run quiet kuke apply -f "$doc"
	assert_success
	assert_output $'Cell "c1": unchanged\nCell "c2": created\nCell "c3": unchanged\nCell "c4": unchanged'
	quiet kuke delete -f "$doc" --timeout 0s
}

@test "a worker is killed: its document has failed, and says why" {
	cells c1 c2 c3 c4 >"$doc"
	hold c2
	in_background apply -f "$doc"
	for name in c1 c3 c4; do wait_for 200 is_cell_state "$name" Ready; done
	n_workers 1
	inst kill -KILL "$(workers)"
	its_end
	assert_failure 1
	assert_output "$(created c1)"$'\nCell "c2": failed\n  Error: its process was ended by SIGKILL\n'"$(created c3 c4
		)"$'\nError: config error: some resources failed to apply'
	release
	hold c3
	in_background delete -f "$doc" --timeout 0s
	for name in c1 c4; do wait_for 200 no_cell "$name"; done
	inst kill -KILL "$(workers)"
	its_end
	assert_failure 1
	assert_output --partial 'its process was ended by SIGKILL'
	release
	kuke delete cell c3 --timeout 0s
}

# The client of in_background, which nsenter started.
client()
{
	inst pgrep -x -f ".*/kuke $1 -f .*"
}

@test "the client is gone: what has begun is done, nothing else is begun" {
	local n names=()
	for n in $(seq 1 12); do names+=("c$n"); done
	cells "${names[@]}" >"$doc"
	hold "${names[@]:0:$(crew)}"
	in_background apply -f "$doc"
	wait_for 200 n_workers "$(crew)"
	inst kill "$(client apply)"
	its_end
	release
	wait_for 200 daemon_idle "$(kukeond_pid)"
	assert_equal "$(kuke get cells -o json | jq -r '.[] | select(.spec.realmId == "default").metadata.name' | sort -V)" \
		"$(printf '%s\n' "${names[@]:0:$(crew)}")"
	quiet kuke apply -f "$doc" >/dev/null
	hold "${names[@]:0:$(crew)}"
	in_background delete -f "$doc" --timeout 0s
	wait_for 200 n_workers "$(crew)"
	inst kill "$(client delete)"
	its_end
	release
	wait_for 200 daemon_idle "$(kukeond_pid)"
	assert_equal "$(kuke get cells -o json | jq '[.[] | select(.spec.realmId == "default")] | length')" \
		$((12 - $(crew)))
	quiet kuke delete -f "$doc" --timeout 0s
}

# A client that has closed its sending half only still waits for the reply.
@test "a client that sends nothing more is not gone" {
	cells c1 c2 c3 >"$doc"
	rpc "{\"method\":\"KukeonV1.ApplyDocuments\",\"params\":[{\"RawYAML\":\"$(base64 -w0 "$doc")\"}],\"id\":1}" |
		jq -e '[.result.Result.Resources[].Action] == ["created", "created", "created"]'
	quiet kuke delete -f "$doc" --timeout 0s
}

# Says that it was asked to end, and goes on.
DEAF='trap "echo asked" TERM; echo up; while :; do sleep 0.1; done'

asked()
{
	assert_equal "$(grep -l '^asked' "$INSTANCE_RUN_PATH"/data/default/default/"$1"/d*/main/log | wc -l)" 14
}

# all_asked STACK KUKE-ARG…: all have their signal before the first one's grace is over.
all_asked()
{
	local stack=$1 n

	shift
	quiet kuke apply -f "$doc" >/dev/null
	for n in $(seq 1 14); do IN="default default $stack" wait_for 200 log_has "d$n" up; done
	in_background "$@" --timeout 3000s
	wait_for 200 asked "$stack"
	for n in $(seq 1 14); do quiet kuke kill cell "d$n" --stack "$stack"; done
	its_end
	assert_success
	assert_equal "$(find "$INSTANCE_RUN_PATH/data/default/default/$stack/"d* 2>/dev/null)" ''
}

@test "deletes of many share one grace: -f, --cascade, many names" {
	local n names=()
	for n in $(seq 1 14); do
		names+=("d$n")
		echo ---
		cell_doc "d$n" "$DEAF"
	done >"$doc"
	all_asked default delete -f "$doc"
	all_asked default delete cell "${names[@]}"
	all_asked default --no-daemon delete -f "$doc"
	sed -i 's/stackId: default/stackId: st/' "$doc"
	all_asked st delete stack st --cascade
}

@test "--cascade: others go while one cannot; after a failure nothing new is begun" {
	local n names=() layer
	quiet kuke create stack st >/dev/null
	for n in $(seq 1 12); do names+=("c$(printf '%02d' "$n")"); done
	IN="default default st" cells "${names[@]}" >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	IN=default/default/st hold c01
	in_background delete stack st --cascade --timeout 0s
	wait_for 200 eval 'refute kuke get cell c12 --stack st'
	IN="default default st" is_cell_state c01 Ready
	kuke get stack st >/dev/null
	release
	its_end
	assert_success
	assert_output 'Deleted stack "st" from space "default"'
	quiet kuke create stack st >/dev/null
	quiet kuke apply -f "$doc" >/dev/null
	# A space: its stack waits for the cells in it.
	quiet kuke create space sp >/dev/null
	IN="default sp st" cells d1 d2 >"$HERE/sp.yaml"
	quiet kuke apply -f "$HERE/sp.yaml" >/dev/null
	: >"$HERE/held"
	IN=default/sp/st hold d1
	in_background delete space sp --cascade --timeout 0s
	wait_for 200 eval 'refute kuke get cell d2 --space sp --stack st'
	stays 1 n_workers 1
	release
	its_end
	assert_success
	# A layer in which something is mounted cannot be removed.
	layer=$INSTANCE_RUN_PATH/namespaces/default.$INSTANCE_NS_SUFFIX/containers/default_st_c02_main
	assert [ -d "$layer/upper" ]
	inst mount -t tmpfs none "$layer/upper"
	in_background delete stack st --cascade --timeout 0s
	its_end
	assert_failure 1
	assert_like "$output" 'Error: failed to delete stack: failed to delete cell: ' ... "$layer" ...
	assert_equal "$(grep -c Error <<<"$output")" 1
	IN="default default st" is_cell_state c12 Ready
	assert [ "$(find "$INSTANCE_RUN_PATH/data/default/default/st" -name 'c*' | wc -l)" -ge $((12 - 1 - $(crew))) ]
	inst umount "$layer/upper"
	quiet kuke delete stack st --cascade --timeout 0s
}

@test "the first pass of a boot starts others while one cannot be" {
	rebooted=1
	{
		for name in b1 b2 b3 b4; do
			echo ---
			cell_doc "$name" "$IDLE" 'restartPolicy: always'
		done
	} >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	machine_restarts
	hold b1
	quiet kuke daemon start >/dev/null
	for name in b2 b3 b4; do wait_for 200 monitor_of "$name"; done
	refute monitor_of b1
	release
	wait_for 200 is_cell_state b1 Ready
	for name in b2 b3 b4; do is_cell_state "$name" Ready; done
}
