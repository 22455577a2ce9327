#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A deletion that is refused changes nothing; what is being deleted takes nothing new;
# the daemon's own realm, space and stack are refused by name, by every verb.

load ../helpers/suite

# All documents without their times, as they are on disk.
documents()
{
	find "$INSTANCE_RUN_PATH/data" -name metadata.json -not -path '*/kukeond/*' | sort |
		while read -r file; do
			echo "$file"
			jq -S 'del(.status.updatedAt)' "$file"
		done
	stat -c '%n %A' "$INSTANCE_RUN_PATH"/namespaces/*
}

# refused TEXT CMD…: exit 1, the text in one line, nothing changed.
refused()
{
	local text=$1

	shift
	documents >"$INSTANCE/home/before"
	run quiet "$@"
	assert_failure 1
	assert_output --partial "$text"
	assert_equal "$(grep -c . <<<"$output")" 1
	diff "$INSTANCE/home/before" <(documents)
}

realm_with_cell()
{
	quiet kuke create realm r1 >/dev/null
	quiet kuke create space s1 --realm r1 >/dev/null
	quiet kuke create stack t1 --realm r1 --space s1 >/dev/null
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/bb.tar" "$IMAGE" docker
	quiet kuke image load "$INSTANCE/home/bb.tar" --realm r1 >/dev/null
	rm "$INSTANCE/home/bb.tar"
	IN='r1 s1 t1' run_cell a "$IDLE"
	# What a pass finds after a start is on record too: nothing changes from now on.
	wait_for 200 stored_ready a
}

stored_ready()
{
	jq -e '.status | .state == "Ready" and (.readyAt | startswith("0001") | not) and
		([.. | objects | select(has("startTime")).state] | unique == ["Ready"])' \
		"$INSTANCE_RUN_PATH/data/r1/s1/t1/$1/metadata.json" >/dev/null
}

@test "delete --force where cells run: refused, the realm stays as it was" {
	local init how
	realm_with_cell
	init=$(inst pgrep -f -- '--id=s1_t1_a_main ')
	for how in '' --no-daemon; do
		# shellcheck disable=SC2086
		{
			refused 'still has processes' kuke delete realm r1 --force $how
			refused 'still has processes' kuke delete space s1 --realm r1 --force $how
			refused 'still has processes' kuke delete stack t1 --realm r1 --space s1 --force $how
			refused 'has child resources' kuke delete realm r1 $how
		}
	done
	inst test -e "/proc/$init"
	assert_equal "$(kuke get realms -o json | jq -r '.[] | select(.metadata.name == "r1").status.state')" Ready
	# It still takes children.
	quiet kuke create space s2 --realm r1 >/dev/null
	kuke delete realm r1 --cascade
	suite_snapshot
}

@test "a cascade that ends half-way leaves what is left in order" {
	realm_with_cell
	# A process of another's beside the cell keeps the stack from going.
	group=$(find_cgroups /r1/s1/t1 -maxdepth 0 | head -n1)
	assert_not_equal "$group" ''
	mkdir "$group/other"
	sleep 1000 3>&- 4>&- &
	other=$!
	echo "$other" >"$group/other/cgroup.procs"
	run quiet kuke delete realm r1 --cascade
	assert_failure 1
	assert_output --partial 'still has processes'
	assert_equal "$(kuke get realms -o json | jq -r '.[] | select(.metadata.name == "r1").status.state')" Ready
	IN='r1 s1 t1' run_cell b "$IDLE"
	IN='r1 s1 t1' is_cell_state b Ready
	kill "$other"
	wait "$other" || true
	kuke delete realm r1 --cascade
	suite_snapshot
}

@test "a realm that is Deleting takes no new children, starts nothing, and is finished" {
	local doc=$INSTANCE_RUN_PATH/data/r1/metadata.json
	realm_with_cell
	kuke stop cell a --realm r1 --space s1 --stack t1
	# What a deletion leaves that was killed.
	jq '.status.state = "Deleting"' "$doc" >"$INSTANCE/home/doc"
	cp --remove-destination "$INSTANCE/home/doc" "$doc"
	text='realm "r1" is being deleted'
	refused "$text" kuke create realm r1
	refused "$text" kuke create space s2 --realm r1
	refused "$text" kuke create stack t2 --realm r1 --space s1
	refused "$text" kuke start cell a --realm r1 --space s1 --stack t1
	refused "$text" kuke run -d -f <(IN='r1 s1 t1' cell_doc b "$IDLE")
	IN='r1 s1 t1' cell_doc a "$IDLE" >"$INSTANCE/home/doc"
	{
		printf -- '---\nkind: Space\nmetadata: {name: s3}\nspec: {realmId: r1}\n'
		printf -- '---\nkind: Stack\nmetadata: {name: t3}\nspec: {realmId: r1, spaceId: s2}\n---\n'
		IN='r1 s1 t1' cell_doc b "$IDLE"
		printf -- '---\n'
		IN='r1 s1 t3' cell_doc b "$IDLE"
	} >>"$INSTANCE/home/doc"
	run quiet kuke apply --dry-run -f "$INSTANCE/home/doc"
	plan=${output// (dry run)/}
	run quiet kuke apply -f "$INSTANCE/home/doc"
	assert_failure
	assert_equal "$(grep -c "$text" <<<"$output")" 5
	diff <(echo "$plan") <(head -n -1 <<<"$output")
	rm "$INSTANCE/home/doc"
	# A pass does not bring it back.
	quiet kuke daemon stop
	quiet kuke daemon start
	refused "$text" kuke create space s2 --realm r1 --no-daemon
	kuke delete realm r1 --cascade
	refute kuke get realm r1
	suite_snapshot
}

@test "the daemon's own realm, space and stack are never deleted" {
	local pid how flags
	pid=$(kukeond_pid)
	printf -- 'apiVersion: v1beta1\nkind: Realm\nmetadata: {name: kuke-system}\n' >"$INSTANCE/home/doc"
	for how in '' --no-daemon; do
		for flags in '' --force --cascade '--force --cascade' '--cascade --dry-run'; do
			# shellcheck disable=SC2086
			{
				refused 'realm "kuke-system" holds the daemon'"'"'s own cell and is never deleted' \
					kuke delete realm kuke-system $flags $how
				refused 'space "kukeon" holds' kuke delete space kukeon --realm kuke-system $flags $how
				refused 'stack "kukeon" holds' \
					kuke delete stack kukeon --realm kuke-system --space kukeon $flags $how
			}
		done
		# shellcheck disable=SC2086
		run quiet kuke delete -f "$INSTANCE/home/doc" --cascade $how
		assert_failure
		assert_output --partial 'never deleted'
		for verb in stop kill delete; do
			# shellcheck disable=SC2086
			{
				refused "daemon's own" kuke $verb cell kukeond --realm kuke-system --space kukeon \
					--stack kukeon $how
				refused "daemon's own" kuke $verb container kukeond --cell kukeond --realm kuke-system \
					--space kukeon --stack kukeon $how
			}
		done
	done
	IN='kuke-system kukeon kukeon' cell_doc kukeond "$IDLE" >"$INSTANCE/home/doc"
	run quiet kuke apply -f "$INSTANCE/home/doc"
	assert_failure
	assert_output --partial "daemon's own"
	rm "$INSTANCE/home/doc"
	assert_equal "$(kukeond_pid)" "$pid"
	inst test -e "/proc/$pid"
}
