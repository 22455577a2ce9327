#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What a dry run says is what comes: for random streams of documents, good ones and bad
# ones, over whatever the steps before have left, the output of a dry run is that of the
# apply, or the delete, right after it, but for its mark.
#
# PLAN_SEED and PLAN_STEPS run another sequence; a failure prints both.

load ../helpers/suite

setup()
{
	suite_snapshot
	doc=$HERE/doc.yaml
	script=$(jq -n --arg s "$IDLE" '$s')
}

# one WORD…: sets REPLY to one of them.
one()
{
	local words=("$@")

	REPLY=${words[RANDOM % $#]}
}

# ---- random documents ----

# The realms of these are made and changed, and hold no cells: they have no image.
a_realm()
{
	local name namespace labels credentials

	one r1 r2 default && name=$REPLY
	one '' '' one two && namespace=$REPLY
	one 1 2 && labels="l: \"$REPLY\""
	one '[]' '[]' '[{username: u, password: p, serverAddress: h}]' \
		'[{username: u, password: "********", serverAddress: h}]' && credentials=$REPLY
	# The one with the image stays.
	[ "$name $verb" != 'default delete' ] || name=r1
	[ "$name" != default ] || namespace=
	printf '{apiVersion: v1beta1, kind: Realm, metadata: {name: %s, labels: {%s}}, spec: {namespace: "%s", registryCredentials: %s}}\n' \
		"$name" "$labels" "$namespace" "$credentials"
}

a_space()
{
	local name realm labels defaults

	one r1 r2 default default && realm=$REPLY
	one s-a s s1 && name=$REPLY
	one 1 2 && labels="l: \"$REPLY\""
	one '{}' '{}' '{}' '{container: {tmpfs: [{path: /mnt}]}}' && defaults=$REPLY
	printf '{apiVersion: v1beta1, kind: Space, metadata: {name: %s, labels: {%s}}, spec: {realmId: %s, defaults: %s}}\n' \
		"$name" "$labels" "$realm" "$defaults"
}

a_stack()
{
	local name realm space labels

	one r1 default default && realm=$REPLY
	one s s1 s-a && space=$REPLY
	one t t1 && name=$REPLY
	one 1 2 && labels="l: \"$REPLY\""
	printf '{apiVersion: v1beta1, kind: Stack, metadata: {name: %s, labels: {%s}}, spec: {realmId: %s, spaceId: %s}}\n' \
		"$name" "$labels" "$realm" "$space"
}

# place: where cells are, in a realm with an image.
place()
{
	one 'default default' 'default default' 's t' 's1 t1'
	read -r space stack <<<"$REPLY"
}

# what_runs: sets REPLY to the keys of a container that may differ; some cannot be. (No
# subshell: it would have random numbers of its own.)
what_runs()
{
	local version more

	one 0 0 1 2 && version=$REPLY
	one '' '' '' '' ', resources: {memoryLimitBytes: 67108864}' ', restartPolicy: on-failure' \
		', user: ghost' ', user: "0"' ', workingDir: /tmp' \
		', volumes: [{kind: bind, source: /nowhere, target: /mnt}]' \
		', volumes: [{kind: bind, source: /proc, target: /mnt}]' \
		', securityOpts: [seccomp=/nowhere.json]' && more=$REPLY
	REPLY="image: \"$IMAGE\", command: sh, args: [-c, $script], env: [VERSION=$version]$more"
}

a_cell()
{
	local name space stack id labels root main side=

	place
	one a b c && name=$REPLY
	one "$name" "$name" "$name" "$name" x a && id=$REPLY
	one 1 2 && labels="l: \"$REPLY\""
	one '' '' '' 'root: true, ' && root=$REPLY
	what_runs && main=$REPLY
	one '' '' y
	[ -z "$REPLY" ] || { what_runs && side=", {id: side, $REPLY}"; }
	printf '{apiVersion: v1beta1, kind: Cell, metadata: {name: %s, labels: {%s}}, spec: {id: %s, realmId: default, spaceId: %s, stackId: %s, containers: [{id: main, %s%s}%s]}}\n' \
		"$name" "$labels" "$id" "$space" "$stack" "$root" "$main" "$side"
}

a_container()
{
	local name cell space stack labels

	place
	one main side side other && name=$REPLY
	one a a b c nowhere && cell=$REPLY
	one '' 'l: "1"' 'l: "2"' && labels=$REPLY
	what_runs
	printf '{apiVersion: v1beta1, kind: Container, metadata: {name: %s, labels: {%s}}, spec: {realmId: default, spaceId: %s, stackId: %s, cellId: %s, %s}}\n' \
		"$name" "$labels" "$space" "$stack" "$cell" "$REPLY"
}

# stream VERB: one to four of them, for that verb, to $doc.
stream()
{
	local verb=$1
	local -i i n=$((RANDOM % 4 + 1))

	: >"$doc"
	for ((i = 0; i < n; i++)); do
		case $((RANDOM % 9)) in
		0) a_realm ;;
		1) a_space ;;
		2) a_stack ;;
		3 | 4 | 5 | 6) a_cell ;;
		7 | 8) a_container ;;
		esac >>"$doc"
		printf -- '---\n' >>"$doc"
	done
}

# ---- steps ----

# foretold VERB…: the dry run of it, and it.
foretold()
{
	local dry real

	# A stream that is refused as a whole is so both times.
	dry=$(quiet kuke "$@" --dry-run -f "$doc" 2>&1) || :
	real=$(quiet kuke "$@" -f "$doc" 2>&1 | sed '/^Error: config error: some resources failed/d')
	[ "${dry// (dry run)/}" = "$real" ] || {
		diff -u <(echo "${dry// (dry run)/}") <(echo "$real")
		return 1
	}
	told+=$real$'\n'
}

# What operators do between.
meddle()
{
	local cell space stack where

	place
	one a b c && cell=$REPLY
	where=(--space "$space" --stack "$stack")
	case $((RANDOM % 4)) in
	0) quiet kuke stop cell "$cell" "${where[@]}" ;;
	1) quiet kuke kill cell "$cell" "${where[@]}" ;;
	2) quiet kuke delete container side --cell "$cell" "${where[@]}" ;;
	3) quiet kuke start cell "$cell" "${where[@]}" ;;
	esac >/dev/null 2>&1 || : # it may not be there
}

# All cells that are down are started by a document that says nothing new.
stop_all()
{
	local where

	kuke get cells --realm default -o json |
		jq -r '.[] | select(.status.state == "Ready") |
			.metadata.name + " --space " + .spec.spaceId + " --stack " + .spec.stackId' |
		while read -r where; do
			# shellcheck disable=SC2086 # words of options
			quiet kuke stop cell $where </dev/null >/dev/null || return
		done
}

step()
{
	case $((RANDOM % 10)) in
	0) stream delete && foretold delete ;;
	1) stream delete && foretold delete --cascade ;;
	2) meddle && stream apply && foretold apply ;;
	3) foretold apply ;; # the same again
	4) stream apply && foretold apply && stop_all && foretold apply ;;
	*) stream apply && foretold apply ;;
	esac
}

sequence()
{
	local -i i n=${PLAN_STEPS:-$2}
	local told='' word

	RANDOM=${PLAN_SEED:-$1}
	stream apply
	for ((i = 1; i <= n; i++)); do
		step || {
			echo "seed ${PLAN_SEED:-$1}, step $i:"
			cat "$doc"
			return 1
		}
	done
	# It was worth it: each kind of result was met.
	[ -n "${PLAN_SEED:-}${PLAN_STEPS:-}" ] ||
		for word in created unchanged updated failed deleted 'not found' re-materialized; do
			assert_like "$told" ... "$word" ...
		done
}

clean_up()
{
	local name

	rm -f "$doc"
	for name in r1 r2 r3 r4; do
		quiet kuke delete realm "$name" --cascade || :
	done
	for name in s-a s s1; do
		quiet kuke delete space "$name" --cascade || :
	done
	for name in a b c; do
		quiet kuke delete cell "$name" || :
	done
	printf '{apiVersion: v1beta1, kind: Realm, metadata: {name: default}, spec: {}}' |
		quiet kuke apply -f -
} >/dev/null 2>&1

@test "a dry run says what comes: first sequence" {
	sequence 1 40
	clean_up
}

@test "a dry run says what comes: second sequence" {
	sequence 5 40
	clean_up
}

# refused VERB…: by the dry run and for real, in the same words.
refused()
{
	local dry

	run kuke "$@" --dry-run
	assert_failure
	dry=$output
	run quiet kuke "$@"
	assert_failure
	assert_equal "$output" "$dry"
}

@test "a dry run refuses what a deletion refuses: processes, a root, the daemon's own" {
	local of=(--realm kuke-system --space kukeon --stack kukeon)

	IN='default s t' cell_doc c "$IDLE" 'root: true' | quiet kuke apply -f -
	refused delete stack t --space s --force
	assert_output --partial 'still has processes'
	refused delete container main --cell c --space s --stack t
	assert_output --partial 'root container cannot be deleted directly'
	refused delete container x --cell c --space s --stack t
	refused delete container x --cell nowhere
	refused delete cell kukeond "${of[@]}"
	refused delete container kukeond --cell kukeond "${of[@]}"
	refused delete stack kukeon --realm kuke-system --space kukeon --cascade
	# With the cell in the same file nothing runs any more by then.
	{
		printf '{apiVersion: v1beta1, kind: Stack, metadata: {name: t}, spec: {realmId: default, spaceId: s}}\n---\n'
		IN='default s t' cell_doc c "$IDLE"
	} >"$doc"
	told=
	foretold delete
	assert_equal "$told" $'Cell "c": deleted\n  - containers: 1 deleted\nStack "t": deleted\n'
	quiet kuke delete space s
}

@test "a dry run sees what the documents before it leave: carried over, kept, of its containers" {
	local side label

	side=$(printf '{apiVersion: v1beta1, kind: Container, metadata: {name: side, labels: {l: "LABEL"}}, spec: {realmId: default, spaceId: default, stackId: default, cellId: a, image: "%s", command: sh, args: [-c, %s]}}' "$IMAGE" "$script")
	told=
	{
		printf '{apiVersion: v1beta1, kind: Realm, metadata: {name: r3}, spec: {namespace: one}}\n---\n'
		printf '{apiVersion: v1beta1, kind: Realm, metadata: {name: r3, labels: {a: b}}}\n---\n'
		printf '{apiVersion: v1beta1, kind: Realm, metadata: {name: r3, labels: {a: b}}, spec: {namespace: one}}\n---\n'
		printf '{apiVersion: v1beta1, kind: Realm, metadata: {name: r4}, spec: {registryCredentials: [{username: u, password: "********", serverAddress: h}]}}\n---\n'
		cell_doc a "$IDLE"
		for label in 1 1 2; do
			printf -- '---\n%s\n' "${side/LABEL/$label}"
		done
	} >"$doc"
	foretold apply
	assert_equal "$told" 'Realm "r3": created
Realm "r3": updated
  - metadata.labels
Realm "r3": unchanged
Realm "r4": failed
  Error: failed to create realm: registryCredentials[0]: no stored password for user '"'u' of 'h'"' to keep
Cell "a": created
Container "side": created
Container "side": unchanged
Container "side": updated
  - metadata.labels
'
	# The words in front of a start that would fail say what it was part of.
	told=
	quiet kuke stop cell a
	cell_doc a "$IDLE" 'env: [A=b]' | sed 's/^metadata:/&\n  labels: {a: b}/' >"$doc"
	foretold apply
	assert_equal "$told" 'Cell "a": updated
  - metadata.labels
  - container "main" updated: env
  - container "side" removed
'
	clean_up
}
