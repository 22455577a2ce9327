#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What status says of each kind: set once, observed, mended, and of damaged
# documents; registry passwords, which nothing says.

load ../helpers/suite

# status KIND NAME [FLAG…]
status()
{
	kuke get "$@" -o json | jq .status
}

# Directories of a cgroup, in the one hierarchy or in each.
cgroup_dirs()
{
	find /sys/fs/cgroup -maxdepth 8 -ignore_readdir_race -type d -path "*$INSTANCE_CGROUP$1" 2>/dev/null
}

pass()
{
	kill_daemon TERM
	quiet kuke daemon start >/dev/null
}

@test "realm, space, stack, cell: times that are set once, what is observed" {
	local kind first again
	quiet kuke create realm r1 >/dev/null
	quiet kuke create space s1 --realm r1 >/dev/null
	quiet kuke create stack t1 --realm r1 --space s1 >/dev/null
	for kind in realm space stack; do
		case $kind in
		realm) set -- r1 ;;
		space) set -- s1 --realm r1 ;;
		stack) set -- t1 --realm r1 --space s1 ;;
		esac
		first=$(status "$kind" "$@")
		echo "$kind $first"
		jq -e '.state == "Ready" and .cgroupReady and (.createdAt > "2020") and
			.readyAt >= .createdAt and .updatedAt >= .readyAt and
			(has("reason") or has("message") | not)' <<<"$first"
		assert_not_equal "$(cgroup_dirs "$(jq -r .cgroupPath <<<"$first" | sed "s,^$INSTANCE_CGROUP,,")")" ''
	done
	assert_equal "$(status realm r1 | jq .containerdNamespaceReady)" true
	# A change moves updatedAt alone.
	first=$(status realm r1)
	printf 'apiVersion: v1beta1\nkind: Realm\nmetadata: {name: r1, labels: {a: b}}\nspec: {}\n' |
		kuke apply -f - | grep updated
	again=$(status realm r1)
	jq -en --argjson a "$first" --argjson b "$again" \
		'$a.createdAt == $b.createdAt and $a.readyAt == $b.readyAt and $a.updatedAt < $b.updatedAt'
	kuke delete realm r1 --cascade
}

# $1 is not before $2, both RFC 3339
not_before()
{
	assert [ "$(date -d "$1" +%s%N)" -ge "$(date -d "$2" +%s%N)" ]
}

@test "readyAt is not before the containers run, and stays" {
	local ready
	run_cell a 'sleep 1000'
	ready=$(cell_value a .status.readyAt)
	not_before "$ready" "$(container_value a main .status.startTime)"
	kuke stop cell a --timeout 0
	grep -q "\"readyAt\": \"$ready\"" "$(cell_dir a)/metadata.json"
	kuke start cell a
	assert_equal "$(cell_value a .status.readyAt)" "$ready"
	kuke delete cell a --timeout 0
	# One that ends before anybody looks was Ready as well.
	run_cell a true
	wait_for 100 is_cell_state a Stopped
	not_before "$(cell_value a .status.readyAt)" "$(container_value a main .status.startTime)"
	kuke delete cell a
}

@test "damage that cannot be mended is said, and no more once it is" {
	local ns=$INSTANCE_RUN_PATH/namespaces
	quiet kuke create realm r1 >/dev/null
	rm -rf "${ns:?}/r1.$INSTANCE_NS_SUFFIX"
	: >"$ns/r1.$INSTANCE_NS_SUFFIX" # nothing can be made there
	pass
	broken() { [ "$(status realm r1 | jq -r '.state + " " + .reason')" = "Failed NamespaceMissing" ]; }
	wait_for 60 broken
	status realm r1 | jq -e '(.containerdNamespaceReady | not) and (.message | contains("r1."))'
	rm "$ns/r1.$INSTANCE_NS_SUFFIX"
	pass
	mended() { status realm r1 | jq -e '.state == "Ready" and .containerdNamespaceReady and (has("reason") | not)'; }
	wait_for 60 mended
	# What can be mended is: the cgroup of a stack is back.
	quiet kuke create space s1 --realm r1 >/dev/null
	quiet kuke create stack t1 --realm r1 --space s1 >/dev/null
	cgroup_dirs /r1/s1/t1 | while read -r dir; do rmdir "$dir"; done
	pass
	there() { [ -n "$(cgroup_dirs /r1/s1/t1)" ]; }
	wait_for 60 there
	status stack t1 --realm r1 --space s1 | jq -e '.state == "Ready" and .cgroupReady'
	kuke delete realm r1 --cascade
	suite_snapshot # the daemon is another one
}

@test "a cell: reason and message of its failure, gone with the next start" {
	local created ready
	run_cell a 'exit 7'
	wait_for 60 is_cell_state a Failed
	assert_equal "$(cell_value a '.status | .reason, .message')" $'WorkloadFailed\ncontainer "main" exited with code 7'
	created=$(cell_value a .status.createdAt)
	ready=$(cell_value a .status.readyAt)
	cell_doc a "$IDLE" | kuke apply -f - | grep updated
	is_cell_state a Ready
	assert_equal "$(cell_value a '.status | .reason, .message, .cgroupReady')" $'null\nnull\ntrue'
	assert_equal "$(cell_value a .status.createdAt)" "$created"
	assert_equal "$(cell_value a .status.readyAt)" "$ready"
	# A default for attach is judged with the cell.
	run kuke apply -f - < <(cell_doc a "$IDLE" | sed 's/^spec:/&\n  tty: {default: main}/')
	assert_failure 1
	assert_output --partial 'cell tty.default "main" references container that is not attachable'
	run kuke apply -f - < <(cell_doc a "$IDLE" | sed 's/^spec:/&\n  tty: {default: x}/')
	assert_output --partial 'cell tty.default "x" does not match any container in this cell'
	cell_doc a "$IDLE" | sed 's/^spec:/&\n  tty: {default: ""}/' | kuke apply -f - | grep unchanged
	# Input is dropped.
	cell_doc a "$IDLE" | sed '$a status: {state: Failed, reason: x, createdAt: "2001-01-01T00:00:00Z"}' |
		kuke apply -f - | grep unchanged
	assert_equal "$(cell_value a .status.createdAt)" "$created"
	kuke delete cell a
}

@test "registry passwords: stored apart, shown to nobody, kept by their mask" {
	local dir=$INSTANCE_RUN_PATH/data/r1
	realm() {
		printf 'apiVersion: v1beta1\nkind: Realm\nmetadata: {name: r1}\nspec:\n  namespace: mine\n'
		printf '  registryCredentials:\n  - {username: %s, password: "%s", serverAddress: reg.example}\n' "$@"
	}
	realm joe s3cret-1 | kuke apply -f - | grep created
	assert [ -d "$INSTANCE_RUN_PATH/namespaces/mine" ]
	assert_equal "$(stat -c %a "$dir/.passwords.json")" 600
	assert_equal "$(grep -rl s3cret-1 "$INSTANCE_RUN_PATH" "$INSTANCE/run")" "$dir/.passwords.json"
	assert_equal "$(kuke get realm r1 -o json | jq -r '.spec.registryCredentials[0].password')" '********'
	assert_equal "$(kuke get realms -o yaml | grep -c 's3cret\|\*\*\*\*')" 1
	# What get prints can be applied: nothing changes.
	kuke get realm r1 -o yaml | kuke apply -f - | grep unchanged
	realm joe '********' | kuke apply -f - | grep unchanged
	realm joe s3cret-2 | kuke apply -f - -o json >"$HERE/out"
	grep -q updated "$HERE/out"
	refute grep s3cret "$HERE/out"
	grep -q s3cret-2 "$dir/.passwords.json"
	# Somebody else's password is not to be had that way.
	run kuke apply -f - < <(realm eve '********')
	assert_failure 1
	assert_output --partial "no stored password for user 'eve' of 'reg.example' to keep"
	grep -q joe "$dir/.passwords.json"
	# The namespace is for good.
	run kuke apply -f - < <(realm joe '********' | sed 's/mine/other/')
	assert_failure 1
	assert [ ! -e "$INSTANCE_RUN_PATH/namespaces/other" ]
	# root's wire has it.
	rpc '{"method":"KukeonV1.GetRealm","params":[{"Doc":{"metadata":{"name":"r1"}}}],"id":0}' | grep -q s3cret-2
	kuke delete realm r1
	refute grep -rl s3cret "$INSTANCE_RUN_PATH" "$INSTANCE/run"
}

@test "documents that cannot be read: listed as Unknown with the reason, and deletable" {
	local init d
	run_cell a "$IDLE"
	cell_doc b "$IDLE" | sed 's/id: b$/id: other/' | quiet kuke run -d -f - >/dev/null
	quiet kuke create realm r1 >/dev/null
	quiet kuke create space s1 --realm r1 >/dev/null
	quiet kuke create stack t1 --realm r1 --space s1 >/dev/null
	init=$(init_of a)
	for d in default/default/default/a default/default/default/b r1 r1/s1 r1/s1/t1; do
		printf '{"apiVersion": "v1b' >"$INSTANCE_RUN_PATH/data/$d/metadata.json"
	done
	kuke get cells -o json | jq -e 'map(select(.status.state == "Unknown")) |
		map(.metadata.name) == ["a", "b"] and all(.status.reason == "MetadataUnreadable" and
			(.status.message | contains("metadata.json")))'
	for d in realms spaces stacks; do
		kuke get "$d" -o json | jq -e 'map(select(.status.state == "Unknown")) | length == 1'
	done
	# A pass does nothing to them.
	pass
	inst test -e "/proc/$init"
	kuke delete cell a
	kuke delete cell b
	pid_gone "$init"
	refute monitor_of other
	run kuke delete realm r1
	assert_output --partial "has 1 space(s)"
	kuke delete realm r1 --cascade
	kuke get realms -o json | jq -e 'map(.metadata.name) == ["default", "kuke-system"]'
	suite_snapshot # the daemon is another one
}
