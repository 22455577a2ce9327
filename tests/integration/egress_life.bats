#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The life of an egress policy: its names, its changes, and what must not open it.

load ../helpers/suite

# Outside, behind the uplink, is a host with two addresses; names are in /etc/hosts.
setup_file()
{
	suite_start --restarts 'reconcileInterval: 1s'
	inst ip netns add outside
	inst ip link set uplink1 netns outside
	inst ip -n outside link set uplink1 up
	inst ip -n outside addr add 192.0.2.1/24 dev uplink1
	inst ip -n outside addr add 192.0.2.9/24 dev uplink1
	quiet inst ip netns exec outside "$top_builddir/netprobe" serve 7001 >/dev/null 2>&1 &
	cp /etc/hosts "$HERE/hosts.host"
	names
	inst mount --bind "$HERE/hosts" /etc/hosts
	# The first packets leave neighbours and routes, which stay.
	IN="default warm default" fenced warm 'default: allow'
	IN="default warm default" reaches '192.0.2.1 yes' '192.0.2.9 yes'
	kuke delete space warm --cascade >/dev/null
}

setup()
{
	names
	space=tenant
	export IN="default $space default"
	record=$INSTANCE_RUN_PATH/data/default/$space/egress-hosts.json
	suite_snapshot
}

# After a reboot nothing is as it was before.
teardown()
{
	[ -n "${rebooted:-}" ] || suite_check
}

# names [ADDRESS NAME]…: what the resolver says.
names()
{
	{
		cat "$HERE/hosts.host"
		[ $# -eq 0 ] || printf '%s %s\n' "$@"
	} >"$HERE/hosts.new"
	cat "$HERE/hosts.new" >"$HERE/hosts" # in place: it is mounted
}

# space_doc NAME [POLICY]
space_doc()
{
	printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: %s}\nspec: {realmId: default%s}\n' \
		"$1" "${2:+, network: {egress: {$2\}\}}"
}

policy()
{
	space_doc "$space" "${1:-}" | kuke apply -f -
}

# fenced SPACE POLICY: the space, and the cell "one" in it.
fenced()
{
	space_doc "$1" "$2" | kuke apply -f - >/dev/null
	quiet kuke create stack default --space "$1" >/dev/null
	run_cell one "$IDLE"
}

# reaches 'ADDRESS yes|no'…: the cell "one", by TCP and UDP.
reaches()
{
	local row

	for row in "$@"; do
		printf 'outside %s %s 7001 %s\n' tcp "${row% *}" "${row#* }" udp "${row% *}" "${row#* }"
	done | in_cell one "$top_builddir/netprobe" probe
}

rules()
{
	inst iptables-legacy -S | grep -F "kukeon:default:$space:"
}

allowed()
{
	rules | sed -n 's/.* -d \([0-9.]*\)\/32 .*:host=.*ACCEPT$/\1/p' | sort | xargs
}

is_allowed()
{
	assert_equal "$(allowed)" "$1"
}

# One commit: a pass may make them again at any time.
no_rules()
{
	printf '*filter\nCOMMIT\n' | inst iptables-legacy-restore
}

space_value()
{
	kuke get space "$space" -o json | jq -r "$1"
}

is_space_value()
{
	assert_equal "$(space_value "$1")" "$2"
}

gone()
{
	kuke delete space "$space" --cascade >/dev/null
}

@test "a name without an address is refused at apply, and nothing is made or changed" {
	run policy 'default: deny, allow: [{host: nowhere.test}]'
	assert_failure
	assert_output --partial 'failed to create space: failed to resolve egress allow rule host "nowhere.test": '
	refute kuke get space "$space"
	refute rules
	space_doc "$space" 'default: deny, allow: [{host: nowhere.test}]' >"$HERE/doc.yaml"
	run kuke apply --dry-run -f "$HERE/doc.yaml"
	assert_output --partial 'failed (dry run)'
	assert_output --partial 'host "nowhere.test"'
	policy 'default: deny'
	rules >"$HERE/rules"
	run policy 'default: deny, allow: [{host: nowhere.test}]'
	assert_failure
	assert_output --partial 'failed to update space: failed to resolve egress allow rule host "nowhere.test": '
	is_space_value '.spec.network.egress.allow' null
	assert_equal "$(rules)" "$(<"$HERE/rules")"
	# Loopback and the like are not what a name can open.
	names 127.0.1.1 self.test 169.254.169.254 self.test
	run policy 'default: deny, allow: [{host: self.test}]'
	assert_failure
	assert_output --partial 'only addresses of loopback, link or multicast'
	gone
}

@test "a name's addresses are admitted, and the cells read them" {
	names 192.0.2.1 web.test
	fenced "$space" 'default: deny, allow: [{host: web.test, ports: [7001]}]'
	run reaches '192.0.2.9 no'
	assert_success
	run bash -c "printf 'outside %s 192.0.2.1 7001 %s\n' tcp yes udp no"
	in_cell one "$top_builddir/netprobe" probe <<<"$output"
	grep -qxF $'192.0.2.1\tweb.test' "$(cell_dir one)/etc-hosts"
	# Not where all is open.
	policy 'default: allow, allow: [{host: web.test, ports: [7001]}]'
	refute grep -q web.test "$(cell_dir one)/etc-hosts"
	policy 'default: deny, allow: [{host: web.test}]'
	grep -q web.test "$(cell_dir one)/etc-hosts"
	policy
	refute grep -q web.test "$(cell_dir one)/etc-hosts"
	assert [ ! -e "$record" ]
	gone
}

@test "addresses follow the name, and those it had stay for ten minutes" {
	names 192.0.2.1 web.test
	fenced "$space" 'default: deny, allow: [{host: web.test}]'
	reaches '192.0.2.1 yes' '192.0.2.9 no'
	names 192.0.2.9 web.test
	wait_for 200 is_allowed '192.0.2.1 192.0.2.9'
	reaches '192.0.2.1 yes' '192.0.2.9 yes'
	wait_for 200 grep -qxF $'192.0.2.9\tweb.test' "$(cell_dir one)/etc-hosts"
	refute grep -q 192.0.2.1 "$(cell_dir one)/etc-hosts"
	local until now
	until=$(date -d "$(jq -r '.hosts[0].addresses[0].until' "$record")" +%s)
	now=$(date +%s)
	assert [ "$until" -le $((now + 600)) ]
	assert [ "$until" -ge $((now + 600 - 300)) ]
	# The time is over.
	jq '.hosts[0].addresses[0].until = "2020-01-01T00:00:00Z"' "$record" >"$HERE/record"
	mv "$HERE/record" "$record"
	wait_for 200 is_allowed 192.0.2.9
	reaches '192.0.2.1 no' '192.0.2.9 yes'
	gone
}

@test "a name that is lost keeps its addresses, and that is told once" {
	names 192.0.2.1 web.test
	fenced "$space" 'default: deny, allow: [{host: web.test}]'
	names
	wait_for 200 is_space_value .status.reason EgressHostUnresolved
	run space_value '.status.state + " " + .status.message'
	assert_output --partial 'Ready egress allow rule host "web.test": '
	assert_output --partial 'the addresses it had stay allowed'
	pass_over one
	pass_over one
	is_allowed 192.0.2.1
	reaches '192.0.2.1 yes'
	# Also a restart of the daemon and of the machine, with no resolver that knows the name.
	restart_daemon
	is_allowed 192.0.2.1
	no_rules
	restart_daemon
	wait_for 200 is_allowed 192.0.2.1
	reaches '192.0.2.1 yes' '192.0.2.9 no'
	local log=$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log
	assert_equal "$(grep -c 'host=web.test error=' "$log")" 1
	# Applying what is there needs no answer.
	policy 'default: deny, allow: [{host: web.test}]'
	names 192.0.2.1 web.test
	wait_for 200 is_space_value '.status.reason // ""' ''
	gone
}

@test "a record that is damaged is made again, and opens nothing until then" {
	names 192.0.2.1 web.test
	fenced "$space" 'default: deny, allow: [{host: web.test}]'
	echo '{"hosts":[{"name":"web.test","addresses":[{"address":"192.0.2.9' >"$record"
	wait_for 200 jq -e . "$record"
	wait_for 200 is_allowed 192.0.2.1
	reaches '192.0.2.1 yes' '192.0.2.9 no'
	gone
}

@test "a policy comes, changes and goes by apply, and deleting the space leaves no rule" {
	fenced "$space" 'default: allow'
	run policy 'default: deny'
	assert_output --partial 'spec.network.egress'
	reaches '192.0.2.1 no'
	run policy 'default: deny'
	assert_output --partial unchanged
	policy 'default: deny, allow: [{cidr: 192.0.2.9/32}]'
	reaches '192.0.2.1 no' '192.0.2.9 yes'
	space_doc "$space" >"$HERE/doc.yaml"
	run kuke apply --dry-run -f "$HERE/doc.yaml"
	assert_success
	assert_output --partial 'updated (dry run)'
	reaches '192.0.2.1 no' '192.0.2.9 yes'
	policy
	reaches '192.0.2.1 yes' '192.0.2.9 yes'
	gone
	refute rules
	run inst ip6tables-legacy -S
	refute_output --partial "kukeon:default:$space:"
}

@test "rules that somebody removed are back with the next pass, and the space closed" {
	fenced "$space" 'default: deny, allow: [{cidr: 192.0.2.9/32}]'
	rules >"$HERE/rules"
	inst iptables-legacy -F
	wait_for 200 rules_are_back
	reaches '192.0.2.1 no' '192.0.2.9 yes'
	# Its own chain alone: then nothing gets out at all.
	held closed_without_its_chain
	wait_for 200 rules_are_back
	# A rule ahead of ours that lets all out comes after them.
	inst iptables-legacy -I FORWARD -j ACCEPT
	wait_for 200 jump_is_first
	reaches '192.0.2.1 no'
	inst iptables-legacy -D FORWARD -j ACCEPT
	gone
}

rules_are_back()
{
	assert_equal "$(rules)" "$(<"$HERE/rules")"
}

closed_without_its_chain()
{
	inst iptables-legacy -F "$(rules | sed -n 's/.*dispatch.* -j \(KUKE-EGR-.*\)/\1/p')"
	reaches '192.0.2.1 no' '192.0.2.9 no'
}

jump_is_first()
{
	inst iptables-legacy -S FORWARD | sed -n 2p | grep -q KUKEON-EGRESS
}

@test "a document that cannot be read closes nothing that was open and opens nothing" {
	local doc=$INSTANCE_RUN_PATH/data/default/$space/metadata.json
	fenced "$space" 'default: deny, allow: [{cidr: 192.0.2.9/32}]'
	rules >"$HERE/rules"
	cp -a "$doc" "$HERE/doc"
	echo '{' >"$doc"
	pass_over one
	assert_equal "$(rules)" "$(<"$HERE/rules")"
	reaches '192.0.2.1 no' '192.0.2.9 yes'
	# Its rules are lost as well: closed.
	inst iptables-legacy -F
	wait_for 200 closed_as_unknown
	reaches '192.0.2.1 no' '192.0.2.9 no'
	cp -a "$HERE/doc" "$doc"
	wait_for 200 rules_are_back
	gone
}

closed_as_unknown()
{
	rules | grep -q ':default" -j DROP' || return
	refute grep -q 'allow\[' <(rules)
}

# why HOST[:PORT]: what is said of the cell "one"; and that it is true.
why()
{
	kuke explain --why-denied one "$1" --space "$space" 2>&1
}

@test "what decides whether a cell reaches a host is said as it is" {
	names 192.0.2.1 one.test 192.0.2.9 other.test
	fenced "$space" 'default: deny, allow: [{host: one.test, ports: [7001]}, {cidr: 203.0.113.0/24}]'
	reaches '192.0.2.9 no'
	assert_equal "$(why one.test:7001)" 'allowed: 192.0.2.1: rule allow[0]:host=one.test of space "tenant"'
	assert_equal "$(why 203.0.113.7)" 'allowed: 203.0.113.7: rule allow[1]:cidr=203.0.113.0/24 of space "tenant"'
	run why one.test:80
	assert_line 'denied: 192.0.2.1: rule allow[0]:host=one.test of space "tenant" allows TCP ports 7001 alone'
	assert_line 'To allow it, add to spec.network.egress.allow of the space: {host: one.test, ports: [80]}'
	run why other.test
	assert_line 'denied: 192.0.2.9: no rule of space "tenant" has it, and its default is deny'
	assert_line 'To allow it, add to spec.network.egress.allow of the space: {host: other.test}'
	run why nowhere.test:443
	assert_line --partial 'denied: no rule of space "tenant" has the name, and it has no address: '
	# What the hint says does it.
	policy 'default: deny, allow: [{host: other.test}]' >/dev/null
	reaches '192.0.2.9 yes' '192.0.2.1 no'
	assert_equal "$(why other.test)" 'allowed: 192.0.2.9: rule allow[0]:host=other.test of space "tenant"'
	run why 192.0.2.1:7001
	assert_line 'To allow it, add to spec.network.egress.allow of the space: {cidr: "192.0.2.1/32", ports: [7001]}'
	gone
}

@test "what no policy decides is said too, and what is no host" {
	local gateway peer

	fenced "$space" 'default: deny'
	IN='default default default' run_cell peer "$IDLE"
	peer=$(IN='default default default' cell_value peer .status.network.address)
	gateway=$(cell_value one .status.network.address)
	assert_equal "$(why "${gateway%.*}.77")" "allowed: ${gateway%.*}.77: it is in space \"tenant\" itself"
	run why "$peer"
	assert_line --partial "denied: $peer: it is in space \"default\": no policy opens one space to another"
	refute_line --partial 'To allow'
	assert_equal "$(why 2001:db8::1)" 'denied: 2001:db8::1: cells of space "tenant" have no IPv6'
	assert_equal "$(kuke explain --why-denied peer 192.0.2.1)" \
		'allowed: 192.0.2.1: space "default" has no policy that denies'
	# What a cell publishes is an address of the host, for spaces that may go anywhere.
	IN='default default default' run_cell server "$SERVE" 'ports: ["192.0.2.2:8080:8080"]'
	assert_equal "$(why 192.0.2.2:8080)" \
		'denied: 192.0.2.2: cell default:default:default:server publishes that port: space "tenant" has a policy that denies, which opens no cell of another one'
	assert_equal "$(kuke explain --why-denied peer 192.0.2.2:8080)" \
		'allowed: 192.0.2.2: cell default:default:default:server publishes that port: it is in space "default" itself'
	kuke delete cell server
	run why 192.0.2.2:8080
	assert_line 'denied: 192.0.2.2: no rule of space "tenant" has it, and its default is deny'
	run why 'no such'
	assert_failure 1
	assert_output 'Error: "no such" is neither an address nor a host name'
	run why 'one.test:http'
	assert_failure 1
	assert_output --partial 'invalid port "http"'
	run why '[2001:db8::1]:99999'
	assert_failure 1
	assert_output --partial 'invalid port "99999"'
	run kuke explain --why-denied none 192.0.2.1
	assert_failure 1
	assert_output --partial 'cell "none" not found'
	run kuke explain --why-denied peer
	assert_failure 1
	assert_output --partial '--why-denied needs a cell and a host'
	kuke delete cell peer
	gone
}

@test "a closed space is closed from its first packet on, after a reboot too" {
	space_doc "$space" 'default: deny' | kuke apply -f - >/dev/null
	quiet kuke create stack default --space "$space" >/dev/null
	inst ip netns exec outside iptables-legacy -A INPUT -p tcp --dport 9 -m comment --comment probe
	shout='trap "exit 0" TERM; (while :; do nc -w1 192.0.2.1 9 </dev/null || sleep 0.1; done) & echo up; wait'
	run_cell one "$shout" 'restartPolicy: always'
	wait_for 200 log_has one up
	rebooted=1
	machine_restarts
	no_rules
	inst iptables-legacy -t nat -F
	quiet kuke daemon start >/dev/null
	wait_for 200 is_cell_state one Ready
	pass_over one
	run inst ip netns exec outside iptables-legacy -L INPUT -vnx
	assert_equal "$(awk '/probe/ { print $1 }' <<<"$output")" 0
	# The counter counts: an open space is heard.
	policy
	wait_for 200 heard
}

heard()
{
	[ "$(inst ip netns exec outside iptables-legacy -L INPUT -vnx | awk '/probe/ { print $1 }')" -gt 0 ]
}
