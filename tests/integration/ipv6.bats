#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# IPv6 of cells, with real packets: off unless podSubnetCIDRv6 is set; what cells, bridges
# and the host have then; who reaches whom; what is mended. ipv6_nft.bats is a link to this
# file: the same with the rules in nf_tables.

load ../helpers/suite
load ../helpers/outside

PREFIX=fd6b:756b:656f
OUTSIDE6=2001:db8::1
HOST6=2001:db8::2

# Outside has no route to the cells' addresses: what comes from them has to be translated.
setup_file()
{
	local backend=legacy

	[[ $BATS_TEST_FILENAME != *_nft.bats ]] || backend=nft
	suite_start --restarts 'reconcileInterval: 0s' "firewallBackend: $backend"
	outside_up
	inst ip -n outside addr add "$OUTSIDE6/64" dev uplink1 nodad
	inst ip addr add "$HOST6/64" dev uplink0 nodad
}

setup()
{
	kuke get space other >/dev/null 2>&1 || make_other
	suite_snapshot -o mount -o cgroup -o ns -o file -o fd
	serving inst
	serving inst ip netns exec outside
}

teardown()
{
	wait_for 200 nothing_serves
	suite_check
}

# One that was begun last may not be netprobe yet.
nothing_serves()
{
	inst pkill -x netprobe || true
	[ -z "$(jobs -pr)" ]
}

# The first cell leaves directories that stay as long as the space.
make_other()
{
	quiet kuke create space other >/dev/null
	quiet kuke create stack default --space other >/dev/null
	IN='default other default' run_cell first true
	kuke delete cell first --space other >/dev/null
}

serving()
{
	quiet "$@" "$top_builddir/netprobe" serve 7001 >/dev/null 2>&1 &
}

# A cell that echoes at port 7001.
echoing()
{
	run_cell "$1" "$IDLE" "${2:-}"
	serving in_cell "$1"
}

with_prefix()
{
	grep -q podSubnetCIDRv6 "$INSTANCE_CONFIG" ||
		echo "  podSubnetCIDRv6: ${1:-$PREFIX::/48}" >>"$INSTANCE_CONFIG"
	restart_daemon
}

without_prefix()
{
	sed -i '/podSubnetCIDRv6/d' "$INSTANCE_CONFIG"
	restart_daemon
}

setting()
{
	local where=$1

	shift
	"$@" cat "/proc/sys/net/ipv6/conf/$where"
}

# addresses DEVICE CMD…: its IPv6 addresses as CMD sees them, in one line.
addresses()
{
	local device=$1

	shift
	"$@" ip -6 -o addr show dev "$device" | awk '{ print $4 }' | sort | xargs
}

addr6()
{
	cell_value "$1" '.status.network.addressV6 // "none"'
}

# What the IPv4 address says the IPv6 one is.
derived()
{
	local c d

	IFS=. read -r _ _ c d <<<"$(cell_value "$1" .status.network.address)"
	[ "$c" -eq 0 ] && printf '%s::%x\n' "$PREFIX" "$d" ||
		printf '%s:%x::%x\n' "$PREFIX" $((c << 8)) "$d"
}

gateway6()
{
	local ip

	ip=$(derived "$1")
	echo "${ip%::*}::1"
}

# The cell has the address, and only that one beside its link-local one.
has_ipv6()
{
	local ip

	ip=$(derived "$1") || return
	assert_equal "$(addr6 "$1")" "$ip" && assert_equal "$(addresses eth0 in_cell "$1")" \
		"$ip/64 fe80::${ip##*::}/64"
}

has_no_ipv6()
{
	assert_equal "$(addr6 "$1")" none && assert_equal "$(addresses eth0 in_cell "$1")" '' &&
		assert_equal "$(setting eth0/disable_ipv6 in_cell "$1")" 1
}

# probes WHERE "NAME ADDRESS yes|no"…: TCP, UDP and ICMP.
probes()
{
	local where=$1 rows='' name addr want

	shift
	while read -r name addr want; do
		rows+="$name tcp $addr 7001 $want"$'\n'"$name udp $addr 7001 $want"$'\n'
		rows+="$name icmp $addr 0 $want"$'\n'
	done < <(printf '%s\n' "$@")
	run in_cell "$where" "$top_builddir/netprobe" probe <<<"${rows%$'\n'}"
	assert_success
	assert_output "$((3 * $#)) probes"
}

bridge_is()
{
	assert_equal "$(addresses "$(bridge_of "$1")" inst)" "$2"
}

no_rules()
{
	! { inst ip6tables-legacy -t nat -S; inst nft list ruleset; } | grep "$PREFIX"
}

forwards()
{
	[ "$(setting all/forwarding inst)" = 1 ]
}

routes_heard()
{
	inst ip -6 route show default proto ra
}

heard_route()
{
	[ -n "$(routes_heard)" ]
}

# told_peer NAME ADDRESS: as whom the far end sees a cell.
told_peer()
{
	local peer

	peer=$(in_cell "$1" socat -t 3 -T 3 - "TCP:[$OUTSIDE6]:7009,connect-timeout=2" </dev/null)
	# With all digits, or as inet_ntop has it.
	[ "$peer" = "$2" ] || [ "$(sed 's/\[0*//; s/:0*/:/g' <<<"$peer")" = '2001:db8::::::2]' ]
}

# A router advertisement, to all nodes of the link of that device.
advertise()
{
	local device=$1

	shift
	printf '\x86\0\0\0\x40\0\x07\x08\0\0\0\0\0\0\0\0' | "$@" socat -u - \
		"IP6-SENDTO:[ff02::1%$device]:58,setsockopt-int=41:18:255"
}

@test "off by default, in the namespace too" {
	run_cell one "$IDLE"
	has_no_ipv6 one
	bridge_is one ''
	assert_equal "$(setting "$(bridge_of one)/disable_ipv6" inst)" 1
	assert_equal "$(setting all/forwarding inst)" 0
	assert_equal "$(setting uplink0/accept_ra inst)" 1
	refute grep -q ':.*one' "$(cell_dir one)/etc-hosts"
	no_rules
	refute grep -qi ipv6 <(kuke doctor network --all)
	kuke delete cell one
}

@test "a started cell follows the configuration: IPv6 comes and goes with the key" {
	run_cell one "$IDLE"
	with_prefix
	wait_for 60 has_ipv6 one
	bridge_is one "$(gateway6 one)/64 fe80::1/64"
	with_prefix fd00:1:2::/48
	wait_for 60 has_ipv6 one
	without_prefix
	wait_for 60 has_no_ipv6 one
	wait_for 60 bridge_is one ''
	refute grep -q ':.*one' "$(cell_dir one)/etc-hosts"
	wait_for 60 no_rules
	kuke delete cell one
}

@test "a host that forwards hears router advertisements as before" {
	with_prefix
	assert_equal "$(setting all/forwarding inst)" 1
	assert_equal "$(setting uplink0/accept_ra inst)" 2
	assert_equal "$(setting default/accept_ra inst)" 2
	refute heard_route
	advertise uplink1 inst ip netns exec outside
	wait_for 60 heard_route
	inst sh -c 'echo 0 >/proc/sys/net/ipv6/conf/all/forwarding'
	wait_for 60 forwards
	heard_route
	inst ip -6 route del default proto ra
}

@test "addresses are told of" {
	with_prefix
	run_cell one "$IDLE"
	has_ipv6 one
	local ip
	ip=$(derived one)
	run kuke get cells -o wide
	assert_line --regexp "^one .* $(cell_ip one), $ip "
	run kuke get cell one -o yaml
	assert_line "    addressV6: $ip"
	assert_line --index 0 --partial v1beta1
	assert_equal "$(grep -c "^$ip.*one one.default" "$(cell_dir one)/etc-hosts")" 1
	run kuke doctor network --all
	assert_success
	assert_line --regexp "default/default .* $(bridge_of one) .* $(gateway6 one)/64"
	assert_line --regexp "one .* $(cell_ip one) $ip"
	assert_line --partial 'net.ipv6.conf.all.forwarding is 1'
	kuke delete cell one
}

@test "the address is a cell's for life" {
	with_prefix
	run_cell one "$IDLE"
	run_cell two "$IDLE"
	local ip
	ip=$(addr6 two)
	kuke delete cell one
	kuke stop cell two
	assert_equal "$(addr6 two)" none
	quiet kuke start cell two
	assert_equal "$(addr6 two)" "$ip"
	has_ipv6 two
	restart_daemon
	assert_equal "$(addr6 two)" "$ip"
	has_ipv6 two
	kuke delete cell two
}

@test "who reaches whom" {
	with_prefix
	echoing one
	echoing two
	IN='default other default' echoing three
	local three gateway3
	three=$(IN='default other default' derived three)
	gateway3=$(IN='default other default' gateway6 three)
	probes one "cell $(derived two) yes" "gateway $(gateway6 one) yes" "host $HOST6 yes" \
		"outside $OUTSIDE6 yes" "other $three no" "gateway-of-other $gateway3 yes"
	IN='default other default' probes three "outside $OUTSIDE6 yes" "other $(derived one) no"
	# Neighbours that are forgotten are found again, in both directions.
	inst ip -6 neigh flush all
	in_cell one ip -6 neigh flush all
	probes one "cell $(derived two) yes" "outside $OUTSIDE6 yes"
	kuke delete cell one
	kuke delete cell two
	kuke delete cell three --space other
}

@test "packets to the outside have the host's address" {
	with_prefix
	run_cell one "$IDLE"
	quiet inst ip netns exec outside socat TCP6-LISTEN:7009,reuseaddr,fork \
		SYSTEM:'echo $SOCAT_PEERADDR' 2>/dev/null &
	wait_for 60 told_peer one "[$HOST6]"
	inst pkill -x socat
	kuke delete cell one
}

@test "a policy that denies closes IPv6 too, but for what it allows" {
	with_prefix
	kuke apply -f - <<-END
		apiVersion: v1beta1
		kind: Space
		metadata: {name: other}
		spec: {realmId: default, network: {egress: {default: deny}}}
	END
	IN='default other default' run_cell one "$IDLE"
	IN='default other default' echoing two
	IN='default other default' probes one "cell $(IN='default other default' derived two) yes" \
		"outside $OUTSIDE6 no"
	kuke apply -f - <<-END
		apiVersion: v1beta1
		kind: Space
		metadata: {name: other}
		spec: {realmId: default, network: {egress: {default: deny, allow: [{cidr: "$OUTSIDE6/128"}]}}}
	END
	IN='default other default' probes one "outside $OUTSIDE6 yes"
	kuke apply -f - <<-END
		apiVersion: v1beta1
		kind: Space
		metadata: {name: other}
		spec: {realmId: default}
	END
	kuke delete cell one --space other
	kuke delete cell two --space other
}

@test "what a cell announces as a router is heard by nobody" {
	with_prefix
	echoing one
	echoing two
	local default
	default=$(in_cell two ip -6 route show default)
	advertise eth0 in_cell one
	probes one "cell $(derived two) yes" # which is sent later
	assert_equal "$(in_cell two ip -6 route show default)" "$default"
	refute heard_route
	assert_equal "$(setting eth0/accept_ra in_cell two)" 0
	assert_equal "$(setting "$(bridge_of one)/accept_ra" inst)" 0
	kuke delete cell one
	kuke delete cell two
}

@test "a bridge, its addresses and its settings are mended" {
	with_prefix
	echoing one
	local bridge
	bridge=$(bridge_of one)
	inst ip link del "$bridge"
	wait_for 60 bridge_is one "$(gateway6 one)/64 fe80::1/64"
	wait_for 60 eval 'probes one "outside $OUTSIDE6 yes"'
	has_ipv6 one
	inst ip addr del "$(gateway6 one)/64" dev "$bridge"
	wait_for 60 bridge_is one "$(gateway6 one)/64 fe80::1/64"
	inst ip link set "$bridge" down
	wait_for 60 bridge_is one "$(gateway6 one)/64 fe80::1/64"
	inst sh -c "echo 1 >/proc/sys/net/ipv6/conf/$bridge/disable_ipv6"
	wait_for 60 bridge_is one "$(gateway6 one)/64 fe80::1/64"
	inst ip addr add fd00:99::1/64 dev "$bridge" nodad
	run kuke doctor network
	assert_failure
	assert_line --partial "$bridge has not just the IPv6 address $(gateway6 one)/64"
	kuke doctor network --repair
	bridge_is one "$(gateway6 one)/64 fe80::1/64"
	in_cell one ip link del eth0
	pass_over one
	has_ipv6 one
	kuke delete cell one
}

@test "a cell that joins a network has an address in it" {
	with_prefix
	IN='default other default' echoing there
	cell_doc one "$IDLE" 'networks: [other]' | quiet kuke run -d -f - >/dev/null
	local there
	there=$(IN='default other default' derived there)
	assert_equal "$(cell_value one '.status.network.networks[0].addressV6')" "${there%::*}::3"
	assert_equal "$(addresses eth1 in_cell one)" "${there%::*}::3/64 fe80::3/64"
	probes one "there $there yes" "outside $OUTSIDE6 yes"
	assert_equal "$(setting all/forwarding in_cell one)" 0
	grep -q "^$there.*there" "$(cell_dir one)/etc-hosts"
	kuke delete cell one
	kuke delete cell there --space other
}

@test "a subnet that the host has is not taken, and not given to a bridge" {
	with_prefix
	inst ip link add mine type veth peer name mine1
	inst ip link set mine up
	inst ip addr add "$PREFIX:200::9/64" dev mine nodad
	quiet kuke create space third >/dev/null
	quiet kuke create stack default --space third >/dev/null
	IN='default third default' run_cell one "$IDLE"
	assert_equal "$(IN='default third default' derived one)" "$PREFIX:300::2"
	inst ip addr add "$PREFIX:301::9/128" dev mine nodad
	inst ip addr add "$PREFIX:300::9/128" dev mine nodad
	inst ip link del "$(IN='default third default' bridge_of one)"
	wait_for 60 eval 'kuke get space third -o json | jq -e ".status.message | test(\"the host uses $PREFIX:300::9/128 on .mine.\")"'
	inst ip link del mine
	wait_for 60 eval '[ "$(kuke get space third -o json | jq -r .status.state)" = Ready ]'
	kuke delete cell one --space third
	quiet kuke delete space third --cascade
}

@test "IPv6 resolvers are for cells that have IPv6" {
	with_prefix
	printf 'nameserver 2001:db8::53\nnameserver 192.0.2.53\n' >"$HERE/resolv"
	inst mount --bind "$HERE/resolv" "$(inst readlink -f /etc/resolv.conf)"
	run_cell one 'cat /etc/resolv.conf; exec sleep 1000'
	wait_for 100 log_has one 192.0.2.53
	log_has one 2001:db8::53
	kuke delete cell one
	without_prefix
	run_cell one 'cat /etc/resolv.conf; exec sleep 1000'
	wait_for 100 log_has one 192.0.2.53
	refute log_has one 2001:db8::53
	inst umount "$(inst readlink -f /etc/resolv.conf)"
	kuke delete cell one
}

@test "published ports are reached over IPv6 as over IPv4" {
	with_prefix
	serve web '"18080:8080", "18000-18002:8079-8081"'
	run_cell peer "$IDLE"
	IN='default other default' run_cell far "$IDLE"
	# shellcheck disable=SC2153 # of outside.bash
	wait_for 60 is_page outside "$HOST:18080" web
	is_page outside "[$HOST6]:18080" web
	is_page outside "[$HOST6]:18001" web
	is_page host "[$HOST6]:18080" web
	is_page host "[$(gateway6 web)]:18080" web
	no_page host "[::1]:18080" # see firewall_ports.h
	is_page web "[$HOST6]:18080" web
	is_page peer "[$HOST6]:18080" web
	is_page other/far "[$HOST6]:18080" web
	no_page outside "[$HOST6]:8080"
	no_page other/far "[$(derived web)]:8080"
	is_published web '0.0.0.0:18080->8080/tcp 0.0.0.0:18000-18002->8079-8081/tcp'
	# The port is taken for both families, and what is taken is told of.
	run kuke run -d -f - <<<"$(cell_doc second "$IDLE" 'ports: ["[::]:18080:80"]')"
	assert_failure
	assert_output --partial 'port 18080/tcp of the host is taken by cell "web"'
	kuke delete cell web
	no_page outside "[$HOST6]:18080"
	listen TCP6-LISTEN:18080,ipv6only=1,reuseaddr,fork
	wait_for 60 eval 'inst cat /proc/net/tcp6 | grep -qi ":46A0 .* 0A "'
	run kuke run -d -f - <<<"$(cell_doc second "$IDLE" 'ports: ["18080:80"]')"
	assert_failure
	assert_output --partial 'listens on [::]:18080'
	inst pkill -x socat
	kuke delete cell peer
	kuke delete cell far --space other
}

@test "a port on one IPv6 address of the host" {
	with_prefix
	serve web "\"[$HOST6]:18080:8080\", \"[::]:18081:8080\""
	wait_for 60 is_page outside "[$HOST6]:18080" web
	no_page outside "$HOST:18080"
	no_page host "[$(gateway6 web)]:18080"
	is_page outside "[$HOST6]:18081" web
	no_page outside "$HOST:18081"
	is_published web "[$HOST6]:18080->8080/tcp [::]:18081->8080/tcp"
	restart_daemon
	is_page outside "[$HOST6]:18080" web
	run kuke run -d -f - <<<"$(cell_doc second "$IDLE" 'ports: ["[2001:db8::99]:80:80"]')"
	assert_failure
	assert_output --partial 'cannot publish [2001:db8::99]:80->80/tcp: the host has no such address'
	run kuke run -d -f - <<<"$(cell_doc second "$IDLE" 'ports: ["[::1]:80:80"]')"
	assert_failure
	assert_output --partial 'cannot publish [::1]:80->80/tcp: the kernel lets nothing pass from ::1 to a cell'
	kuke delete cell web
	no_page outside "[$HOST6]:18080"
}

# ask_again ADDRESS: from the same port each time, so that it is one connection.
ask_again()
{
	echo hi | from outside socat -t 1 -T 1 - "UDP:$1,sourceport=5555" 2>/dev/null
}

@test "what is under way follows the ports" {
	with_prefix
	assert_equal "$(ask_again "[$HOST6]:18053")" ''
	run_cell dns "$IDLE" 'ports: ["18053:53/udp"]'
	in_cell dns socat UDP6-RECVFROM:53,fork 'SYSTEM:read x; echo dns-$x' >/dev/null 2>&1 3>&- 4>&- &
	wait_for 60 eval 'in_cell dns cat /proc/net/udp6 | grep -qi ":0035 "'
	assert_equal "$(ask_again "[$HOST6]:18053")" dns-hi
	run_cell other "$IDLE"
	cell_doc dns "$IDLE" | kuke apply -f - >/dev/null
	assert_equal "$(ask_again "[$HOST6]:18053")" ''
	inst pkill -x socat
	kuke delete cell dns
	kuke delete cell other
}

@test "on a kernel without IPv6 cells have IPv4, and it is said why" {
	local log=$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log before
	before=$(wc -l <"$log")
	without_prefix
	inst mount -t tmpfs tmpfs /proc/sys/net/ipv6
	with_prefix
	run_cell one "$IDLE"
	assert_equal "$(addr6 one)" none
	in_cell one "$top_builddir/netprobe" probe <<<'outside tcp 192.0.2.1 7001 yes'
	run kuke doctor network
	assert_failure
	assert_line --partial 'podSubnetCIDRv6 is set, but this kernel has no IPv6: cells have IPv4 alone'
	tail -n "+$before" "$log" | grep 'podSubnetCIDRv6 is set, but this kernel has no IPv6'
	kuke delete cell one
	without_prefix
	inst umount /proc/sys/net/ipv6
}

@test "what is not such a prefix is refused by file, key and remedy" {
	{ grep -v podSubnetCIDRv6 "$INSTANCE_CONFIG"; echo '  podSubnetCIDRv6: fd00::/64'; } >"$HERE/bad.yaml"
	run inst timeout 60 "$INSTANCE_BINDIR/kukeond" serve --configuration "$HERE/bad.yaml"
	assert_failure 1
	assert_output "Error: load server configuration: server configuration \"$HERE/bad.yaml\": spec.podSubnetCIDRv6 \"fd00::/64\" is too long for podSubnetCIDR 10.88.0.0/16: choose one of at most 48 bits, so that each space has a /64: server configuration is invalid"
}
