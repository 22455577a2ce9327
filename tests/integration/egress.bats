#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What an egress policy lets out, with real packets: a matrix of destinations,
# families and protocols for each kind of policy. egress_nft.bats is a link to this
# file: the same with the rules in nf_tables.
#
#   EGRESS_SEED=N EGRESS_ROUNDS=50   the policies of chance of a run that printed it; how many

load ../helpers/suite

EVERYWHERE=(same gateway host outside elsewhere)
# What a deny policy leaves: the space itself, and ICMP to the gateway.
CLOSED=(same gateway:icmp)

# Two cells in the space "tenant", one in the space "other", one in another realm;
# outside, behind the uplink, a host with two addresses.
setup_file()
{
	local backend=legacy

	[[ $BATS_TEST_FILENAME != *_nft.bats ]] || backend=nft
	suite_start --restarts 'reconcileInterval: 0s' "firewallBackend: $backend" \
		'podSubnetCIDRv6: fd6b:756b:656f::/48'
	inst ip netns add outside
	inst ip link set uplink1 netns outside
	inst ip -n outside link set lo up
	inst ip -n outside link set uplink1 up
	inst ip -n outside addr add 192.0.2.1/24 dev uplink1
	inst ip -n outside addr add 192.0.2.9/24 dev uplink1
	inst ip -n outside addr add 2001:db8::1/64 dev uplink1 nodad
	inst ip -n outside addr add 2001:db8::9/64 dev uplink1 nodad
	inst ip addr add 2001:db8::2/64 dev uplink0 nodad
	cp /etc/hosts "$HERE/hosts"
	inst mount --bind "$HERE/hosts" /etc/hosts
	kuke create realm second >/dev/null
	"$INSTANCE_HELPERS/busybox-image" "$HERE/busybox.tar" "$IMAGE" docker
	kuke image load "$HERE/busybox.tar" --realm second >/dev/null
	place second default
	place default tenant
	place default other
	IN="default tenant default" run_cell one "$IDLE"
	IN="default tenant default" run_cell two "$IDLE"
	IN="default other default" run_cell three "$IDLE"
	IN="second default default" run_cell four "$IDLE"
	quiet inst "$top_builddir/netprobe" serve 7001 7002 >/dev/null 2>&1 &
	quiet inst ip netns exec outside "$top_builddir/netprobe" serve 7001 7002 >/dev/null 2>&1 &
	IN="default tenant default" serve two
	IN="default other default" serve three
	IN="second default default" serve four
	# The first packets leave neighbours and routes, which stay.
	matrix "${EVERYWHERE[@]}" >/dev/null || true
}

place()
{
	quiet kuke create space "$2" --realm "$1" >/dev/null 2>&1 || true
	quiet kuke create stack default --realm "$1" --space "$2" >/dev/null 2>&1 || true
}

serve()
{
	quiet in_cell "$1" "$top_builddir/netprobe" serve 7001 7002 >/dev/null 2>&1 &
}

# The address of a cell of the matrix in a family.
address()
{
	local member=address

	[ "$4" = 4 ] || member=addressV6
	IN="$1 $2 default" cell_value "$3" ".status.network.$member"
}

# policy [YAML]: the egress policy of the space "tenant"; none without YAML.
policy()
{
	kuke apply -f - <<-END
		apiVersion: v1beta1
		kind: Space
		metadata: {name: tenant}
		spec: {realmId: default${1:+, network: {egress: {$1\}\}}}
	END
}

# matrix OPEN…: who of the names below answers the cell "one", by protocol and family.
# A word is NAME[:PROTO[/PORT]][/FAMILY]; what it leaves out is all of them.
matrix()
{
	local name proto port addr f rows='' gateway

	for f in 4 6; do
		while read -r name addr; do
			for proto in tcp/7001 tcp/7002 udp/7001 icmp/0; do
				port=${proto#*/}
				rows+="$name ${proto%/*} $addr $port $(opens "$name" "$proto" "$f" "$@")"$'\n'
			done
		done < <(targets "$f")
	done
	IN="default tenant default" in_cell one "$top_builddir/netprobe" probe <<<"${rows%$'\n'}"
}

targets()
{
	echo "same $(address default tenant two "$1")"
	echo "other $(address default other three "$1")"
	echo "realm $(address second default four "$1")"
	gateway=$(address default tenant one "$1")
	if [ "$1" = 4 ]; then
		printf '%s\n' "gateway ${gateway%.*}.1" 'host 192.0.2.2' 'outside 192.0.2.1' \
			'elsewhere 192.0.2.9'
	else
		printf '%s\n' "gateway ${gateway%:*}:1" 'host 2001:db8::2' 'outside 2001:db8::1' \
			'elsewhere 2001:db8::9'
	fi
}

# opens NAME PROTO/PORT FAMILY OPEN…
opens()
{
	local name=$1 proto=$2 f=$3 word

	shift 3
	for word in "$@"; do
		case $word in
		"$name" | "$name/$f" | "$name:${proto%/*}" | "$name:${proto%/*}/$f" | \
			"$name:$proto" | "$name:$proto/$f")
			echo yes
			return
			;;
		esac
	done
	echo no
}

matrix_is()
{
	run matrix "$@"
	assert_success
	assert_output '56 probes'
}

@test "the rules are where they should be" {
	local nft=refute legacy=
	[[ $BATS_TEST_FILENAME != *_nft.bats ]] || nft='' legacy=refute
	$nft grep -q KUKE-EGR- <(inst nft list ruleset)
	$legacy grep -q KUKE-EGR- <(inst iptables-legacy -S)
}

@test "without a policy a cell reaches its space, the host and the world, and no other space" {
	matrix_is "${EVERYWHERE[@]}"
}

@test "a policy that allows changes nothing" {
	policy 'default: allow'
	matrix_is "${EVERYWHERE[@]}"
	policy 'default: allow, allow: [{cidr: 192.0.2.1/32, ports: [7001]}]'
	matrix_is "${EVERYWHERE[@]}"
	policy
}

@test "a policy that denies leaves the space itself, and ICMP to the gateway" {
	policy 'default: deny'
	matrix_is "${CLOSED[@]}"
	policy
	matrix_is "${EVERYWHERE[@]}"
}

@test "deny, and an address of each family" {
	policy 'default: deny, allow: [{cidr: 192.0.2.1/32}]'
	matrix_is "${CLOSED[@]}" outside/4
	policy 'default: deny, allow: [{cidr: 192.0.2.1/32}, {cidr: "2001:db8::1/128"}]'
	matrix_is "${CLOSED[@]}" outside
	policy 'default: deny, allow: [{cidr: 192.0.2.0/28}, {cidr: "2001:db8::/64"}]'
	matrix_is same gateway:icmp host outside elsewhere
	policy
}

@test "what is allowed opens no other space, and all of it is still not the neighbour" {
	policy 'default: deny, allow: [{cidr: 0.0.0.0/0}, {cidr: "::/0"}]'
	matrix_is "${EVERYWHERE[@]}"
	policy
}

@test "deny, and ports: TCP only, and only these" {
	policy 'default: deny, allow: [{cidr: 192.0.2.1/32, ports: [7001, 7001]}, {cidr: "2001:db8::/32", ports: [7002]}]'
	matrix_is "${CLOSED[@]}" outside:tcp/7001/4 {outside,host,elsewhere}:tcp/7002/6
	policy
}

more_targets()
{
	local i

	for i in 16 17 31 32 127 128; do echo "outside 192.0.2.$i"; done
	for i in 10 11 1f 20 ff 100; do echo "outside 2001:db8::$i"; done
}

# Each round has ports of its own, so that no packet belongs to a connection of another one.
@test "policies of chance: a model of them and the kernel agree" {
	local seed=${EGRESS_SEED:-$RANDOM} i addr
	echo "EGRESS_SEED=$seed"
	inst ip netns exec outside sh -c 'echo 0 >/proc/sys/net/ipv6/conf/uplink1/accept_dad'
	more_targets | while read -r _ addr; do
		inst ip -n outside addr add "$addr" dev uplink1
	done
	{ targets 4; targets 6; more_targets; } >"$HERE/targets"
	for i in $(seq "${EGRESS_ROUNDS:-10}"); do
		"$INSTANCE_HELPERS/egress-model" "$seed" "$i" <"$HERE/targets" >"$HERE/model"
		echo "$i: $(head -n 1 "$HERE/model")"
		policy "$(head -n 1 "$HERE/model")"
		IN="default tenant default" in_cell one \
			sh -c "echo $((10000 + i * 500)) $((10499 + i * 500)) >/proc/sys/net/ipv4/ip_local_port_range"
		IN="default tenant default" in_cell one "$top_builddir/netprobe" probe < <(tail -n +2 "$HERE/model")
	done
	policy
}
