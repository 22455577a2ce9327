#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Names in a space whose policy denies: kukedns answers those that the policy has, opens
# what the answer has, and nothing else leaves the host. resolver_nft.bats is a link to this
# file: the same with the rules in nf_tables.

load ../helpers/suite
load ../helpers/outside

HELPERS=$BATS_TEST_DIRNAME/../helpers

# Outside, behind the uplink, are a name server and a host with many addresses. The host asks
# that name server.
setup_file()
{
	local backend=legacy

	[[ $BATS_TEST_FILENAME != *_nft.bats ]] || backend=nft
	suite_start --restarts 'reconcileInterval: 2s' "firewallBackend: $backend" \
		'podSubnetCIDRv6: fd6b:756b:656f::/48'
	outside_up
	inst ip -n outside addr add 192.0.2.3/24 dev uplink1
	inst ip -n outside addr add 192.0.2.9/24 dev uplink1
	inst ip -n outside route add local 198.18.0.0/15 dev lo
	inst ip route add 198.18.0.0/15 via 192.0.2.1
	quiet inst ip netns exec outside "$top_builddir/netprobe" serve 7001 >/dev/null 2>&1 &
	serve_names 192.0.2.1
	echo 'nameserver 192.0.2.1' >"$HERE/resolv"
	inst mount --bind "$HERE/resolv" /etc/resolv.conf
	space=tenant
	export IN="default $space default"
}

setup()
{
	space=tenant
	export IN="default $space default"
	: >"$HERE/asked.192.0.2.1"
	suite_snapshot
}

# serve_names ADDRESS [OPTION…]: a name server outside; its queries are in asked.ADDRESS.
serve_names()
{
	local address=$1

	shift
	quiet inst ip netns exec outside "$HELPERS/name-server" "$@" "$address" \
		"$HERE/asked.$address" >"$HERE/names.$address" 2>&1 &
	wait_for 200 grep -q ready "$HERE/names.$address"
}

policy()
{
	printf 'apiVersion: v1beta1\nkind: Space\nmetadata: {name: %s}\nspec: {realmId: default, network: {egress: {%s}}}\n' \
		"$space" "$1" | kuke apply -f -
}

fenced()
{
	policy "$1"
	quiet kuke create stack default --space "$space" >/dev/null
	run_cell one "$IDLE"
	gateway=$(cell_value one .status.network.address)
	gateway=${gateway%.*}.1
}

ask()
{
	in_cell one "$top_builddir/dnsprobe" ask "$gateway" "$@"
}

end_names()
{
	inst pkill -f "name-server.* $1 "
}

# servers ADDRESS…: the host asks these.
servers()
{
	printf 'nameserver %s\n' "$@" >"$HERE/resolv"
}

# is_answer TEXT NAME [TYPE] [tcp]: what the cell is told, without the TTL.
is_answer()
{
	local want=$1

	shift
	assert_equal "$(ask "$@" | sed 's,/[0-9]*,,g')" "$want"
}

# reaches 'ADDRESS PORT yes|no'…
reaches()
{
	local row

	for row in "$@"; do
		printf 'outside tcp %s\n' "$row"
	done | in_cell one "$top_builddir/netprobe" probe
}

rules_have()
{
	if [[ $BATS_TEST_FILENAME == *_nft.bats ]]; then
		inst nft list ruleset
	else
		inst iptables-legacy -S
		inst ip6tables-legacy -S
	fi | grep -E "kukeon:default:$space:allow" | grep -Eq "$1"
}

gateway6()
{
	inst ip -6 -o addr show dev "$(inst ip -o link | sed -n 's/^[0-9]*: \(k-[^:]*\): .*/\1/p' | head -1)" |
		sed -n 's,.*inet6 \(fd[^/]*\)/.*,\1,p'
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

@test "a name of the policy is answered and opened; another one is refused, and not asked for" {
	fenced 'default: deny, allow: [{host: fixed.test, ports: [7001]}, {host: "*.sub.test"}]'
	grep -qxF "nameserver $gateway" "$(cell_starts one)"/resolv.conf
	is_answer 'NOERROR 1=192.0.2.9' fixed.test
	is_answer 'NOERROR 1=192.0.2.9' FIXED.Test.
	is_answer 'NOERROR 1=192.0.2.9' fixed.test a tcp
	is_answer 'NOERROR 1=192.0.2.9' fixed.sub.test
	is_answer 'NOERROR 1=192.0.2.9' fixed.a.b.sub.test
	reaches '192.0.2.9 7001 yes' '192.0.2.3 7001 no'
	for name in secret.fixed.test sub.test xsub.test fixed.test.secret secret 'secret\.sub.test' .; do
		is_answer REFUSED "$name"
	done
	is_answer REFUSED secret.test a tcp
	run grep -c secret "$HERE/asked.192.0.2.1"
	assert_output 0
	# What the cell cannot use is not answered, what needs no answer is not asked for.
	is_answer 'NOERROR' fixed.test 65
	is_answer 'NOERROR' fixed.test any
	is_answer 'NXDOMAIN' nothing.sub.test
	is_answer 'NOERROR' none.sub.test
	gone
}

@test "answers that are odd: chains, many, too long, of others, malformed" {
	fenced 'default: deny, allow: [{host: chain.test}, {host: many.test}, {host: long.test}, {host: "*.odd.test"}]'
	is_answer 'NOERROR 5=step1.test 5=step2.test 5=step3.test 5=step4.test 5=step5.test 1=192.0.2.9' chain.test
	assert_equal "$(ask many.test | grep -o '198\.18\.255\.' | wc -l)" 30
	reaches '198.18.255.1 7001 yes' '198.18.255.30 7001 yes' '198.18.255.31 7001 no'
	# By TCP from upstream, at most 64 of them.
	assert_equal "$(ask long.test a tcp | grep -o '198\.18\.254\.' | wc -l)" 64
	is_answer 'NOERROR truncated' long.test
	is_answer 'NOERROR 1=192.0.2.9' stray.odd.test
	reaches '192.0.2.77 7001 no'
	is_answer SERVFAIL loop.odd.test
	is_answer 'NOERROR 16=?' text.odd.test txt
	gone
}

@test "a name opens no address of the host, its link or its network" {
	fenced 'default: deny, allow: [{host: "*.back.test"}, {host: "*.in.test"}]'
	for name in private.back.test local.back.test link.back.test inward.in.test; do
		is_answer REFUSED "$name"
	done
	for name in private.back.test local.back.test link.back.test; do
		is_answer REFUSED "$name" aaaa
	done
	is_answer 'NOERROR 1=192.0.2.9' mixed.back.test
	# Where a program may bind to any address, those of the host are still known as its own.
	inst bash -c 'echo 1 >/proc/sys/net/ipv4/ip_nonlocal_bind'
	is_answer REFUSED inward.in.test
	is_answer 'NOERROR 1=192.0.2.9' mixed.back.test
	inst bash -c 'echo 0 >/proc/sys/net/ipv4/ip_nonlocal_bind'
	refute rules_have '10\.1\.2\.3|127\.0\.0\.1|169\.254|fd00|fe80'
	# A rule that has such an address by itself says that it is wanted.
	policy 'default: deny, allow: [{host: "*.back.test", ports: [7001]}, {cidr: 10.1.2.0/24, ports: [7002]}]'
	wait_for 200 is_answer 'NOERROR 1=10.1.2.3' private.back.test
	rules_have '10\.1\.2\.3'
	is_answer REFUSED local.back.test
	gone
}

@test "addresses that change with every answer: each connection goes through" {
	local n=${RESOLVER_CONNECTS:-300}

	fenced 'default: deny, allow: [{host: rotate.test, ports: [7001]}]'
	run in_cell one "$top_builddir/dnsprobe" connects "$gateway" rotate.test 7001 "$n"
	assert_like "$output" "$n asked, $n answered, $n connected, worst " ...
	# None of them counts as denied, however soon after the answer it came.
	tries tcp 203.0.113.1 80
	wait_for 200 has_denied ,203.0.113.1,80,tcp
	assert_equal "$(kuke get denied --space "$space" -o json | jq -c 'map(select(.port == 7001))')" '[]'
	gone
}

@test "what is beside an allowed name stays closed: other ports, other names, one that fails" {
	fenced 'default: deny, allow: [{host: fixed.test, ports: [7001]}, {host: "*.odd.test"}]'
	is_answer NXDOMAIN nothing.odd.test
	is_answer 'NOERROR 1=192.0.2.9' fixed.test
	reaches '192.0.2.9 7001 yes' '192.0.2.9 7002 no' '192.0.2.3 7001 no'
	gone
}

# relay ADDRESS PORT: a proxy outside that connects to what it is told, as one that speaks HTTP does.
relay()
{
	quiet inst ip netns exec outside python3 -c '
import socket, sys, threading
s = socket.create_server((sys.argv[1], int(sys.argv[2])))
print("ready", flush=True)
def copy(a, b):
    while data := a.recv(4096):
        b.sendall(data)
    b.shutdown(socket.SHUT_WR)
while True:
    c = s.accept()[0]
    host, port = c.recv(4096).split()[1].decode().rsplit(":", 1)
    t = socket.create_connection((host, int(port)))
    c.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    threading.Thread(target=copy, args=(c, t)).start()
    threading.Thread(target=copy, args=(t, c)).start()
' "$1" "$2" >"$HERE/relay" 2>&1 &
	wait_for 200 grep -q ready "$HERE/relay"
}

# As kukeon-network(7) says: connections to an allowed host are not looked into.
@test "a relay at an allowed host reaches what it likes; the cell itself does not" {
	fenced 'default: deny, allow: [{host: fixed.test, ports: [3128]}]'
	relay 192.0.2.9 3128
	is_answer 'NOERROR 1=192.0.2.9' fixed.test
	run in_cell one python3 -c '
import socket
s = socket.create_connection(("192.0.2.9", 3128))
s.sendall(b"CONNECT 192.0.2.3:7001 HTTP/1.1\r\n\r\n")
print(s.recv(100).split()[1].decode())
'
	assert_output 200
	reaches '192.0.2.3 7001 no' '192.0.2.3 3128 no' '192.0.2.9 7001 no'
	is_answer REFUSED proxied.test
	inst pkill -f 'create_server'
	gone
}

@test "no name and no data in one gets out, by any way" {
	local n=${RESOLVER_LEAKS:-150} gateway6

	fenced 'default: deny, allow: [{host: fixed.test, ports: [7001]}]'
	gateway6=$(gateway6)
	quiet inst ip netns exec outside "$HELPERS/leak-names" --sniff uplink1 >"$HERE/sniffed" &
	wait_for 200 grep -q ready "$HERE/sniffed"
	run in_cell one "$HELPERS/leak-names" "$n" "$gateway" "$gateway6" 192.0.2.1 2001:db8::1
	assert_success
	refute_output 0
	# What is listed is seen: the sniffer works.
	is_answer REFUSED secret.test
	quiet inst "$top_builddir/dnsprobe" ask 192.0.2.1 secret.of.host >/dev/null || true
	wait_for 200 grep -qv ready "$HERE/sniffed"
	inst pkill -f 'leak-names --sniff'
	assert_equal "$(grep -cv ready "$HERE/sniffed")" "$(grep -c 'secret.of.host' "$HERE/asked.192.0.2.1" | awk '{print 2 * $1}')"
	assert_equal "$(grep secret "$HERE/asked.192.0.2.1" | grep -vc secret.of.host)" 0
	gone
}

@test "the next server is asked where the first fails or is silent, and nonsense opens nothing" {
	fenced 'default: deny, allow: [{host: fixed.test}, {host: "*.sub.test"}]'
	serve_names 192.0.2.3 --mode servfail
	servers 192.0.2.3 192.0.2.1
	wait_for 200 is_answer 'NOERROR 1=192.0.2.9' fixed.a.sub.test
	servers 192.0.2.77 192.0.2.1
	wait_for 200 is_answer 'NOERROR 1=192.0.2.9' fixed.b.sub.test
	end_names 192.0.2.3
	serve_names 192.0.2.3 --mode garbage
	servers 192.0.2.3
	wait_for 200 is_answer SERVFAIL fixed.c.sub.test
	servers 192.0.2.1
	wait_for 200 is_answer 'NOERROR 1=192.0.2.9' fixed.d.sub.test
	end_names 192.0.2.3
	gone
}

@test "names of the space's own cells are answered from what is" {
	local peer

	fenced 'default: deny'
	run_cell two "$IDLE" 'networksAliases: [db]'
	peer=$(cell_value two .status.network.address)
	wait_for 200 is_answer "NOERROR 1=$peer" two
	is_answer "NOERROR 1=$peer" db
	assert_equal "$(ask two)" "NOERROR 1=$peer/0"
	kuke delete cell two --space "$space"
	wait_for 200 is_answer REFUSED two
	gone
}

@test "kukedns or its keeper killed or stopped: what is open stays, nothing else opens, it is back" {
	local pid

	fenced 'default: deny, allow: [{host: fixed.test, ports: [7001]}, {host: "*.sub.test"}]'
	is_answer 'NOERROR 1=192.0.2.9' fixed.test
	for signal in KILL STOP; do
		pid=$(inst pgrep -x kukedns)
		inst kill "-$signal" "$pid"
		reaches '192.0.2.9 7001 yes' '192.0.2.3 7001 no'
		wait_for 200 is_answer 'NOERROR 1=192.0.2.9' fixed.$signal.sub.test
		refute inst kill -0 "$pid"
	done
	pid=$(inst pgrep -x kukedns)
	pid=$(inst awk '$1 == "PPid:" {print $2}' "/proc/$pid/status")
	inst kill -KILL "$pid"
	reaches '192.0.2.9 7001 yes' '192.0.2.3 7001 no'
	wait_for 200 is_answer 'NOERROR 1=192.0.2.9' fixed.again.sub.test
	is_answer REFUSED secret.test
	gone
}

# All that is in the packet filter, of anybody, in one change.
take_rules()
{
	if [[ $BATS_TEST_FILENAME == *_nft.bats ]]; then
		inst nft flush ruleset
	else
		printf '*filter\nCOMMIT\n' | inst iptables-legacy-restore
	fi
}

# answered_by NAME: its address is in the variable address, and can be reached.
answered_by()
{
	address=$(ask "$1")
	[[ $address == 'NOERROR 1='* ]] || return 1
	address=${address#NOERROR 1=}
	address=${address%%/*}
	reaches "$address 7001 yes"
}

@test "rules that others take away are back with the next answer; what is not on record is not answered" {
	local address record i

	fenced 'default: deny, allow: [{host: "*.sub.test", ports: [7001]}]'
	answered_by rotate.first.sub.test
	for i in 1 2 3 4 5; do
		take_rules
		answered_by "rotate.n$i.sub.test"
		reaches '192.0.2.3 7001 no' "$address 7002 no"
	done
	record=$(echo "$INSTANCE"/run/names/opened.k-*)
	mv "$record" "$HERE/opened"
	mkdir "$record"
	is_answer SERVFAIL rotate.unsaved.sub.test
	rmdir "$record"
	wait_for 200 answered_by rotate.saved.sub.test
	grep -q ' rotate.n5.sub.test$' "$record"
	gone
}

# ends_in MS: all that is on record is open for as long.
ends_in()
{
	awk -v end="$(awk -v ms="$1" '{ printf "%.0f", $1 * 1000 + ms }' /proc/uptime)" \
		'NF == 3 { print end, $2, $3 }' "$record" >"$HERE/opened"
	cat "$HERE/opened" >"$record"
}

@test "an address stays open as long as a connection uses it" {
	local address record kept unused

	fenced 'default: deny, allow: [{host: "*.sub.test", ports: [7001, 7003]}]'
	answered_by rotate.kept.sub.test
	kept=$address
	unused=$(ask rotate.unused.sub.test | grep -o '198\.18\.[0-9.]*')
	rules_have "${unused//./\\.}"
	quiet inst ip netns exec outside socat TCP-LISTEN:7003,fork PIPE 2>/dev/null &
	wait_for 200 inst ip netns exec outside grep -q ':1B5B 0' /proc/net/tcp
	quiet in_cell one socat "TCP:$kept:7003" EXEC:'sleep 1000' &
	wait_for 200 inst grep -q "dst=${kept//./\\.} .*dport=7003.*ASSURED" /proc/net/nf_conntrack
	record=$(echo "$INSTANCE"/run/names/opened.k-*)
	quiet kuke daemon stop >/dev/null
	ends_in 30000
	quiet kuke daemon start >/dev/null
	wait_for 200 refute rules_have "${unused//./\\.}"
	rules_have "${kept//./\\.}"
	reaches "$kept 7001 yes" "$unused 7001 no"
	inst pkill -f 'socat TCP'
	gone
}

@test "a cell that runs asks the resolver while its space denies; without such a space there is none" {
	refute inst pgrep -x kukedns
	fenced 'default: allow'
	refute grep -qF "nameserver $gateway" "$(cell_starts one)"/resolv.conf
	refute inst pgrep -x kukedns
	policy 'default: deny, allow: [{host: fixed.test}]'
	wait_for 200 grep -qxF "nameserver $gateway" "$(cell_starts one)"/resolv.conf
	wait_for 200 is_answer 'NOERROR 1=192.0.2.9' fixed.test
	policy 'default: allow'
	wait_for 200 grep -qxF 'nameserver 192.0.2.1' "$(cell_starts one)"/resolv.conf
	wait_for 200 refute inst pgrep -x kukedns
	gone
}

@test "where the host holds port 53 itself, nothing is opened and the space says so" {
	quiet inst socat -u UDP-RECV:53,bind=0.0.0.0 /dev/null &
	wait_for 200 inst grep -q ' 00000000:0035 ' /proc/net/udp
	fenced 'default: deny, allow: [{host: fixed.test}]'
	wait_for 300 is_space_value .status.reason NamesUnanswered
	assert_like "$(space_value .status.message)" ... "port 53 of bridge" ...
	assert_equal "$(ask fixed.test)" none
	run kuke status
	assert_failure 1
	assert_line --regexp "^WARN  space default/tenant: Ready \(NamesUnanswered\): cells' queries for names are not answered: .*port 53 of bridge"
	inst pkill -f 'socat -u UDP-RECV:53'
	wait_for 300 is_answer 'NOERROR 1=192.0.2.9' fixed.test
	run kuke status
	refute_output --partial NamesUnanswered
	wait_for 300 is_space_value .status.reason null
	gone
}

# tries PROTO ADDRESS PORT…: a packet from the cell, no answer.
tries()
{
	in_cell one timeout 0.2 bash -c "echo x >/dev/$1/$2/$3" 2>/dev/null || true
}

# has_denied TEXT…: lines of the list, "NAME,DESTINATION,PORT,PROTOCOL".
has_denied()
{
	local line list

	list=$(kuke get denied --space "$space" -o json |
		jq -r '.[] | "\(.name // ""),\(.destination // ""),\(.port // 0),\(.protocol)"')
	for line in "$@"; do
		grep -qxF -- "$line" <<<"$list" || { echo "not listed: $line"; echo "$list"; return 1; }
	done
}

# says_why HOST[:PORT] TEXT [RULE]: which rule decides, and what to add.
says_why()
{
	local text

	run kuke explain --why-denied one "$1" --space "$space"
	shift
	for text in "$@"; do assert_output --partial "$text"; done
}

@test "what was denied is listed with its name, said why, and opened for a while" {
	local n wanted=()

	fenced 'default: deny, allow: [{host: fixed.test, ports: [7001]}, {host: "*.back.test"}]'
	is_answer 'NOERROR 1=192.0.2.9' fixed.test
	for n in {1..7}; do
		tries tcp "203.0.113.$n" 80
		tries udp "203.0.113.$n" "53"
		wanted+=(",203.0.113.$n,80,tcp" ",203.0.113.$n,53,udp")
	done
	for n in {1..4}; do
		is_answer REFUSED "secret$n.test"
		wanted+=("secret$n.test,,0,dns")
	done
	tries tcp 192.0.2.9 80
	is_answer REFUSED private.back.test
	wait_for 200 has_denied "${wanted[@]}" fixed.test,192.0.2.9,80,tcp private.back.test,,0,dns
	assert_equal "$(kuke get denied --space "$space" -o json | jq -r '.[].cell' | sort -u)" \
		"default/$space/default/one"
	# What passes is not in the list.
	reaches '192.0.2.9 7001 yes'
	refute has_denied fixed.test,192.0.2.9,7001,tcp
	says_why 203.0.113.1:80 'denied: 203.0.113.1: no rule' '{cidr: "203.0.113.1/32", ports: [80]}'
	says_why fixed.test:80 'denied: 192.0.2.9: rule allow[0]:host=fixed.test' '{host: fixed.test, ports: [80]}'
	says_why 192.0.2.9:22 'rule allow[0]:host=fixed.test of space "tenant" allows TCP ports 7001 alone' '{cidr: "192.0.2.9/32", ports: [22]}'
	says_why secret1.test:443 'denied: no rule of space "tenant" has the name' '{host: secret1.test, ports: [443]}'
	says_why private.back.test:443 'denied: rule allow[1]:host=*.back.test of space "tenant" has the name, but it has only private'
	says_why nothing.back.test:443 'denied: rule allow[1]:host=*.back.test of space "tenant" has the name, but it has no address'
	says_why mixed.back.test:443 'allowed: rule allow[1]:host=*.back.test'
	assert_line --partial 'opened when a cell asks'
	kuke allow "$space" other.back.test --for 1h && kuke allow "$space" other.back.test --end
	kuke allow "$space" 192.0.2.3:7001 --for 5s
	reaches '192.0.2.3 7001 yes'
	wait_for 200 reaches '192.0.2.3 7001 no'
	gone
}

# The last one: afterwards nothing is as it was before.
@test "what an earlier boot has opened is closed, also where the runtime directory stays" {
	local address record

	fenced 'default: deny, allow: [{host: "*.sub.test", ports: [7001]}]'
	answered_by rotate.old.sub.test
	rules_have "${address//./\\.}"
	record=$(echo "$INSTANCE"/run/names/opened.k-*)
	ends_in 3000000000
	cp "$INSTANCE/run/boot.json" "$HERE/boot.json"
	kuke delete cell one --space "$space"
	rebooted=1
	machine_restarts
	mkdir -m 0700 "$INSTANCE/run/names"
	cp "$HERE/opened" "$record"
	cp "$HERE/boot.json" "$INSTANCE/run/boot.json"
	quiet kuke daemon start >/dev/null
	wait_for 200 inst pgrep -x kukedns
	wait_for 200 rules_have allow
	refute rules_have "${address//./\\.}"
	refute grep -qsF "$address" "$record"
}

teardown()
{
	[ -n "${rebooted:-}" ] || suite_check
}
