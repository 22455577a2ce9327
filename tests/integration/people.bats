#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What people at a terminal see of an instance: hints, names of others, completion.

load ../helpers/suite

setup_file()
{
	suite_start
	quiet kuke create space s2
	quiet kuke create stack t2 --space s2
	IN="default s2 t2" run_cell there "$IDLE"
	run_cell here "$IDLE"
	printf 'kind: Cell\nmetadata: {name: many}\nspec:\n  containers:\n' >"$INSTANCE/home/many.yaml"
	printf '  - {id: %s, image: %s, command: sleep, args: ["1000"]}\n' b "$IMAGE" a "$IMAGE" \
		'main, root: true' "$IMAGE" >>"$INSTANCE/home/many.yaml"
	quiet kuke run -d -f "$INSTANCE/home/many.yaml"
}

# Its cells stay for all tests.
setup()
{
	:
}

teardown()
{
	:
}

# fails TEXT HINT ARG…: what stands on stderr, and nothing else.
fails()
{
	local want="Error: $1"

	[ -z "$2" ] || want+=$'\n'"Hint: $2"
	shift 2
	run kuke "$@"
	assert_failure 1
	assert_output "$want"
}

@test "a cell, stack or space that stands elsewhere is told where" {
	local where='cell "there" exists in realm "default" space "s2" stack "t2"; pass --realm, --space and --stack'
	local no='cell "there" not found in realm "default", space "default", stack "default"' verb

	for verb in "log" "log --container x" "stop cell" "start cell" "kill cell" "delete cell"; do
		# shellcheck disable=SC2086
		fails "$no" "$where" $verb there
	done
	run kuke stop cell nowhere there
	assert_failure 1
	assert_line --index 2 "Hint: $where"
	fails 'cell "there" not found in stack "default"/"default"/"default"' "$where" get cell there
	fails "$no" "$where" stop container main --cell there
	fails 'stack "t2" not found in realm "default", space "default"' \
		'stack "t2" exists in realm "default" space "s2"; pass --realm and --space' get stack t2
	fails 'space "s2" not found in realm "kuke-system"' \
		'space "s2" exists in realm "default"; pass --realm' get space s2 --realm kuke-system
	fails 'cell "nowhere" not found in realm "default", space "default", stack "default"' "" log nowhere
}

@test "log of a cell with several containers, of one that is not there, of a root" {
	fails 'multiple attachable containers in cell; specify --container (cell "many"): candidates: a, b' \
		'for all of them pass --all-containers' log many
	fails "container \"x\" not found in cell \"many\" at run-path \"$INSTANCE_RUN_PATH\"" \
		'containers of cell "many": a, b, main' log many --container x
	quiet kuke create cell bare
	fails 'no attachable container in cell (cell "bare")' \
		'the cell has no containers; kuke create container NAME --cell bare' log bare
	quiet kuke delete cell bare
}

@test "run of a cell with a root that is there: the root has one line" {
	run quiet kuke run -d -f "$INSTANCE/home/many.yaml"
	assert_lines 7
	refute_output --partial 'container "main"'
	quiet kuke stop cell many
	run quiet kuke run -d -f "$INSTANCE/home/many.yaml"
	assert_success
	assert_lines 7
	assert_like "$output" ... '  - root container: already existed' ... '  - container "b": already existed' ...
	refute_output --partial 'container "main"'
}

complete()
{
	kuke __complete -- "$@" | sort | tr '\n' ' '
}

@test "completion of images and containers" {
	assert_equal "$(complete image get docker.io/)" "$IMAGE "
	assert_equal "$(complete image delete '')" "$IMAGE "
	assert_equal "$(complete create container x --image d)" "$IMAGE "
	assert_equal "$(complete log many --container '')" "a b main "
	assert_equal "$(complete stop container --cell many '')" "a b main "
	assert_equal "$(complete stop container ma)" "main "
	assert_equal "$(complete get cell --space s2 --stack t2 '')" "there "
	assert_equal "$(complete log '')" "here many "
	assert_equal "$(complete explain --why-denied '')" "here many "
	assert_equal "$(complete explain --why-denied here '')" ""
}

@test "labels and names of others do not drive a terminal" {
	local out format

	cat >"$INSTANCE/home/odd.yaml" <<-'EOF2'
	kind: Realm
	metadata: {name: "o\u202edd", labels: {a: "x\e]0;title\ay\u202e\u0085"}}
	EOF2
	quiet kuke apply -f "$INSTANCE/home/odd.yaml"
	for format in table yaml json; do
		# shellcheck disable=SC2016
		out=$(kuke get realms 2>&1 >/dev/null; inst script -qec "'$INSTANCE_BINDIR/kuke' get realms -o $format" /dev/null </dev/null)
		assert_like "$out" ... 'o\u202edd' ...
		refute_regex "$out" $'[\e\a]|\u202e|\u0085'
	done
	# A file gets what is there.
	assert_equal "$(kuke get realms -o json | jq -r '.[].metadata.labels.a | select(. != null)')" $'x\e]0;title\ay\u202e\u0085'
	out=$(kuke get space x --realm $'o\u202edd' 2>&1) || true
	assert_like "$out" ... 'realm "o\u202edd"' ...
	quiet kuke delete realm $'o\u202edd'
}
