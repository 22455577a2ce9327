#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host that cannot filter what a policy is about: the policy is refused, and one that is
# there stays closed. unfiltered_nft.bats is a link to this file: there the kernel has no
# nf_tables, here no ip6_tables.

load ../helpers/suite
load ../helpers/outside

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1s' "firewallBackend: $(backend)"
	outside_up
	inst cp "$top_builddir/lacks.so" "$HERE/lacks.so"
	# The first packets leave neighbours and routes, which stay.
	inst busybox ping -c1 -W2 192.0.2.1 >/dev/null
}

backend()
{
	[[ $BATS_TEST_FILENAME == *_nft.bats ]] && echo nft || echo legacy
}

# What this kernel has to lack, and what is said then.
lacking()
{
	case $(backend) in
	nft) missing=nf_tables why='this kernel has no nf_tables (firewallBackend: nft): no NAT and no isolation between spaces' ;;
	*) missing=ip6_tables why='this kernel has no ip6_tables: no rules for IPv6' ;;
	esac
}

setup()
{
	lacking
	suite_snapshot
}

# CMD… for which the file $HERE/lacks says what the kernel has not.
preloaded()
{
	inst env LD_PRELOAD="$HERE/lacks.so" LACKS="$HERE/lacks" \
		ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}verify_asan_link_order=0" "$@"
}

# daemon_by_hand [CMD…]: of such a kernel, after CMD.
daemon_by_hand()
{
	kuke daemon stop >/dev/null
	"$@"
	quiet preloaded setsid -f "$INSTANCE_BINDIR/kukeond" serve \
		--configuration "$INSTANCE_CONFIG" >"$HERE/serve.log" 2>&1 </dev/null
	wait_for 200 daemon_is_back
}

daemon_as_ever()
{
	rm -f "$HERE/lacks"
	kill_daemon TERM
	quiet kuke daemon start >/dev/null
}

space_doc()
{
	printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: %s}\nspec: {realmId: default, network: {egress: {default: %s}}}\n' \
		"$1" "$2"
}

# Of both back ends.
all_rules()
{
	inst iptables-legacy-save 2>/dev/null | sed '/^#/d; s/\[[0-9:]*\]//'
	inst ip6tables-legacy-save 2>/dev/null | sed '/^#/d; s/\[[0-9:]*\]//'
	inst nft -s list ruleset 2>/dev/null
}

space_tells()
{
	kuke get space "$1" -o json |
		jq -r '.status.state + " " + .status.reason + " " + .status.message'
}

space_is()
{
	assert_equal "$(space_tells "$1")" "$2"
}

# The space "shut", which denies, and the cell "one" in it.
shut()
{
	space_doc shut deny | kuke apply -f - >/dev/null
	quiet kuke create stack default --space shut >/dev/null
	run_cell one "$IDLE"
}

gets_out()
{
	in_cell one busybox ping -c1 -W1 192.0.2.1 >/dev/null
}

# What there is, what was asked for, and the rules. (Passes write a status.)
everything()
{
	find "$INSTANCE_RUN_PATH/data/default" "$INSTANCE/run/cells" | sort
	kuke get spaces -o json | jq '.[] | .metadata.name, .spec'
	all_rules
	inst ip -br link
}

@test "a policy that cannot be enforced is refused, and nothing is made or changed" {
	space_doc shut deny >"$HERE/deny.yaml"
	space_doc shut allow >"$HERE/allow.yaml"
	daemon_by_hand
	echo "$missing" >"$HERE/lacks"
	everything >"$HERE/before"
	run kuke apply -f "$HERE/deny.yaml"
	assert_failure
	assert_output --partial "failed to create space: failed to apply egress policy: $why"
	run kuke apply --dry-run -f "$HERE/deny.yaml"
	assert_output --partial 'failed (dry run)'
	assert_output --partial "failed to apply egress policy: $why"
	run kuke get space shut
	assert_failure
	everything | diff "$HERE/before" -
	# The same for one that is there, whose policy allows, which needs no such filter.
	run kuke apply -f "$HERE/allow.yaml"
	assert_success
	everything >"$HERE/before"
	run kuke apply -f "$HERE/deny.yaml"
	assert_failure
	assert_output --partial "failed to update space: failed to apply egress policy: $why"
	run kuke apply --dry-run -f "$HERE/deny.yaml"
	assert_output --partial "failed to apply egress policy: $why"
	everything | diff "$HERE/before" -
	rm "$HERE/lacks"
	run kuke apply -f "$HERE/deny.yaml"
	assert_success
	kuke delete space shut --cascade >/dev/null
	daemon_as_ever
}

@test "a host that loses it says so, once, and the space stays closed" {
	local IN='default shut default' rules
	daemon_by_hand
	shut
	refute gets_out
	rules=$(all_rules)
	echo "$missing" >"$HERE/lacks"
	wait_for 200 space_is shut "Failed EgressFailed failed to apply egress policy: $why"
	# A link is not made any more, nor made again: what it would be under does not stand.
	run run_cell two "$IDLE"
	assert_failure
	assert_output --partial "failed to attach cell two to network: failed to apply egress policy: $why"
	refute gets_out
	assert_equal "$(all_rules)" "$rules"
	inst ip link del "$(jq -r .veth "$INSTANCE/run/cells/default/shut/default/one/run.json")"
	wait_for 200 link_is_told
	# Other spaces go on.
	IN='default default default' run_cell other "$IDLE"
	IN='default default default' in_cell other busybox ping -c1 -W2 192.0.2.1 >/dev/null
	kuke delete cell other
	assert_equal "$(grep -c "cannot do all that cells need.*$missing" "$HERE/serve.log")" 1
	rm "$HERE/lacks"
	wait_for 200 space_is shut 'Ready  '
	wait_for 200 link_is_well
	refute gets_out
	in_cell one busybox ping -c1 -W2 "$(gateway_of one)" >/dev/null
	daemon_as_ever
	kuke delete space shut --cascade >/dev/null
}

link_is_told()
{
	assert_equal "$(cell_value one .status.message)" "NetworkFailed: failed to apply egress policy: $why"
}

link_is_well()
{
	assert_equal "$(cell_value one '.status.message // ""')" ''
}

gateway_of()
{
	local ip
	ip=$(cell_value "$1" .status.network.address)
	echo "${ip%.*}.1"
}

@test "a host that came up without it links no cell to the space" {
	# shellcheck disable=SC2034 # for run_cell
	local IN="default shut default"
	shut
	kuke stop cell one --space shut
	echo "$missing" >"$HERE/lacks"
	daemon_by_hand take_bridge
	wait_for 200 space_has_failed
	assert_equal "$(space_bridge shut)" ''
	run kuke start cell one --space shut
	assert_failure
	assert_output --partial "failed to apply egress policy: $why"
	assert_equal "$(space_bridge shut)" ''
	daemon_as_ever
	wait_for 200 space_is shut 'Ready  '
	quiet kuke start cell one --space shut >/dev/null
	refute gets_out
	kuke delete space shut --cascade >/dev/null
}

# As after a boot.
take_bridge()
{
	inst ip link del "$(space_bridge shut)"
	rm -f "$INSTANCE/run/.firewall"
}

space_has_failed()
{
	[[ $(space_tells shut) == Failed*"failed to apply egress policy: $why" ]]
}

space_bridge()
{
	inst ip -o link show type bridge | sed -n "s,^[0-9]*: \(k-[0-9a-f]*\):.*alias default/$1\$,\1,p"
}
