# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# spec.defaults.container is proven by the containers of the space "filled",
# which say nothing of what the defaults fill (container.bash, SUBJECT defaults).

space.spec.realmId()
{
	proof "its control group is below that realm's; a realm that is not there is made"
	is_cgroup "/$REALM/sp"
	refute is_cgroup "/default/sp"
}

space.spec.cniConfigPath()
{
	proof "the plugins that the file names give a cell its address, and kukeon makes no bridge"
	cat >"$WORK/plugged.conflist" <<-END
		{ "cniVersion": "1.0.0", "name": "plugged", "plugins": [ { "type": "ptp", "ipam": {
		  "type": "host-local", "dataDir": "$WORK/ipam", "subnet": "10.66.0.0/24" } } ] }
	END
	printf 'kind: Space\nmetadata: {name: plugged}\nspec: {realmId: %s, cniConfigPath: %s}\n' \
		"$REALM" "$WORK/plugged.conflist" | kuke apply -f - >/dev/null
	{ head_of_cell plugged plugged && plain_keys | listed x; } | kuke apply -f - >/dev/null
	local where=(--realm "$REALM" --space plugged)
	[[ "$(kuke get cell plugged "${where[@]}" --stack st -o json | jq -r .status.network.address)" == 10.66.0.* ]]
	refute grep -q "alias $REALM/plugged" <<<"$(inst ip link)"
	kuke delete space plugged --realm "$REALM" --cascade >/dev/null
	[ -z "$(find "$WORK/ipam" -name '10.66.*')" ]
}

# What serves: the host, or a host beyond a link of its own, 198.51.100.1.
SERVER=()

far_up()
{
	inst ip netns add far
	inst ip link add far0 type veth peer name far1 netns far
	inst ip addr add 198.51.100.2/24 dev far0
	inst ip link set far0 up
	inst ip -n far addr add 198.51.100.1/24 dev far1
	inst ip -n far link set far1 up
	SERVER=(ip netns exec far)
}

far_down()
{
	inst ip link del far0
	inst ip netns del far
	SERVER=()
}

probe_serves()
{
	[ "$(inst "${SERVER[@]}" ss -Hltn 'sport = :7101 or sport = :7102' | wc -l)" -ge 2 ] &&
		[ "$(inst "${SERVER[@]}" ss -Hlun 'sport = :7101 or sport = :7102' | wc -l)" -ge 2 ]
}

# egress_opens POLICY ROW…: what a cell of a space with the policy reaches of the server, a
# row of netprobe's each.
egress_opens()
{
	local place="--realm $REALM --space fenced" probe=$INSTANCE_BINDIR/netprobe pid r=0

	printf 'kind: Space\nmetadata: {name: fenced}\nspec: {realmId: %s, network: {egress: {%s}}}\n' \
		"$REALM" "$1" | kuke apply -f - || return
	shift
	{ head_of_cell inmate fenced && plain_keys | listed plain; } >"$WORK/x.yaml"
	quiet kuke apply -f "$WORK/x.yaml" || r=1
	quiet inst "${SERVER[@]}" sh -c "echo \$\$ >'$WORK/server'; exec '$probe' serve 7101 7102" >/dev/null 2>&1 &
	wait_for 100 probe_serves
	pid=$(tail -qn1 "$INSTANCE/run/containers"/*/fenced_st_inmate-id_plain/monitor | jq -r .pid)
	printf '%s\n' "$@" | inst nsenter --net="/proc/$pid/ns/net" "$probe" probe || r=1
	inst kill "$(<"$WORK/server")"
	wait_for 100 refute probe_serves # its ports are free for the next one
	# shellcheck disable=SC2086
	kuke kill cell inmate $place --stack st
	kuke delete space fenced --realm "$REALM" --cascade || r=1
	return $r
}

space.spec.network.egress.default()
{
	proof "deny: a cell of the space reaches nothing of the host but its gateway by ICMP; allow: all of it"
	egress_opens 'default: deny' 'host tcp 192.0.2.2 7101 no' 'host icmp 192.0.2.2 0 no'
	egress_opens 'default: allow' 'host tcp 192.0.2.2 7101 yes' 'host icmp 192.0.2.2 0 yes'
	printf 'kind: Space\nmetadata: {name: x}\nspec: {realmId: %s, network: {egress: {default: some}}}\n' \
		"$REALM" | refused "egress default must be 'allow' or 'deny'"
}

space.spec.network.egress.allow.host()
{
	proof "under deny, the address that the name has is open; a name without one is refused"
	cp /etc/hosts "$WORK/hosts"
	echo '198.51.100.1 here.test' >>"$WORK/hosts"
	inst mount --bind "$WORK/hosts" /etc/hosts
	far_up
	egress_opens 'default: deny, allow: [{host: here.test}]' 'far tcp 198.51.100.1 7101 yes' \
		'far udp 198.51.100.1 7102 yes' 'far tcp 198.51.100.2 7101 no'
	far_down
	inst umount /etc/hosts
	printf 'kind: Space\nmetadata: {name: x}\nspec: {realmId: %s, network: {egress: {allow: [{host: here.test}]}}}\n' \
		"$REALM" >"$WORK/x.yaml"
	refute kuke apply -f "$WORK/x.yaml" >"$WORK/said" 2>&1
	grep -q 'failed to resolve egress allow rule host "here.test": ' "$WORK/said"
}

space.spec.network.egress.allow.cidr()
{
	proof "under deny, these addresses are open and no other"
	egress_opens 'default: deny, allow: [{cidr: 192.0.2.2/32}]' \
		'host tcp 192.0.2.2 7101 yes' 'host udp 192.0.2.2 7101 yes'
	egress_opens 'default: deny, allow: [{cidr: 192.0.2.0/31}]' 'host tcp 192.0.2.2 7101 no'
}

space.spec.network.egress.allow.ports()
{
	proof "under deny, these TCP ports are open there, and nothing else"
	egress_opens 'default: deny, allow: [{cidr: 192.0.2.0/24, ports: [7101]}]' \
		'host tcp 192.0.2.2 7101 yes' 'host udp 192.0.2.2 7101 no' 'host tcp 192.0.2.2 7102 no'
}

# temporary_rule PATH [ARG…]: what the status of a space that denies shows of kuke allow ARG….
temporary_rule()
{
	local path=$1 made

	shift
	printf 'kind: Space\nmetadata: {name: fenced}\nspec: {realmId: %s, network: {egress: {default: deny}}}\n' \
		"$REALM" | kuke apply -f - >/dev/null || return
	made=$(get space fenced '.status.network // "nothing"')
	[ "$made" = nothing ] || return
	kuke allow fenced "$@" --realm "$REALM" >/dev/null || return
	get space fenced ".status.network.temporaryRules[0].$path"
	kuke delete space fenced --realm "$REALM" --cascade >/dev/null
}

space.status.network.temporaryRules.host()
{
	proof "a name that was allowed for a while"
	cp /etc/hosts "$WORK/hosts"
	echo '198.51.100.1 here.test' >>"$WORK/hosts"
	inst mount --bind "$WORK/hosts" /etc/hosts
	[ "$(temporary_rule host here.test --for 1h)" = here.test ]
	inst umount /etc/hosts
}

space.status.network.temporaryRules.cidr()
{
	proof "a range that was allowed for a while, an address as one of its own"
	[ "$(temporary_rule cidr 192.0.2.0/24 --for 1h)" = 192.0.2.0/24 ]
	[ "$(temporary_rule cidr 192.0.2.7 --for 1h)" = 192.0.2.7/32 ]
}

space.status.network.temporaryRules.ports()
{
	proof "the port that was allowed with it; none without"
	[ "$(temporary_rule 'ports | tojson' 192.0.2.7:443 --for 1h)" = '[443]' ]
	[ "$(temporary_rule 'ports | tojson' 192.0.2.7 --for 1h)" = null ]
}

space.status.network.temporaryRules.until()
{
	local until

	proof "the time of day when it ends"
	until=$(date -d "$(temporary_rule until 192.0.2.7 --for 1h)" +%s)
	[ "$until" -gt $(($(date +%s) + 3000)) ]
	[ "$until" -le $(($(date +%s) + 3601)) ]
}

# A device that is not ours has the name of the space's bridge.
bridge_is_taken()
{
	local name

	[ ! -e "$WORK/taken" ] || return 0
	name=$(bridge_of filled)
	wait_for 100 take_name "$name" # a pass may be quicker
	wait_for 200 is_space_state Failed
	get space filled .status >"$WORK/damaged"
	inst ip link delete "$name"
	wait_for 200 is_space_state Ready
	touch "$WORK/taken"
}

take_name()
{
	inst ip link delete "$1"
	inst ip link add "$1" type veth peer name taken0
}

is_space_state()
{
	[ "$(get space filled .status.state)" = "$1" ]
}

space.status.reason()
{
	proof "the manifest's is dropped; NetworkFailed while a foreign device has the bridge's name, then nothing"
	[ "$(status 'reason // ""')" = "" ]
	bridge_is_taken
	[ "$(jq -r .reason "$WORK/damaged")" = NetworkFailed ]
	[ "$(get space filled '.status.reason // ""')" = "" ]
}

space.status.message()
{
	proof "the manifest's is dropped; names the bridge while a foreign device has its name, then nothing"
	[ "$(status 'message // ""')" = "" ]
	bridge_is_taken
	[[ "$(jq -r .message "$WORK/damaged")" == *"$(bridge_of filled)"* ]]
	[ "$(get space filled '.status.message // ""')" = "" ]
}
