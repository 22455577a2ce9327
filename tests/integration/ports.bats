#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Published ports: from where they are reached, who may have one, and that they are
# there as long as their cell.

load ../helpers/suite
load ../helpers/outside

FREE=18080

setup_file()
{
	suite_start --restarts
	outside_up
}

setup()
{
	suite_snapshot
	quiet kuke create space other >/dev/null
	quiet kuke create stack default --space other >/dev/null
}

teardown()
{
	inst pkill -x socat || true
	[ -n "${rebooted:-}" ] || kuke delete space other --cascade >/dev/null
	[ -n "${rebooted:-}" ] || suite_check
}

nat()
{
	inst iptables-legacy -t nat -S
}

@test "a published port is reached from everywhere" {
	serve web "\"$FREE:8080\""
	run_cell peer "$IDLE"
	IN="default other default" run_cell far "$IDLE"
	local gateway
	gateway=$(cell_ip web)
	gateway=${gateway%.*}.1
	wait_for 200 is_page host "127.0.0.1:$FREE" web
	is_page host "127.0.0.2:$FREE" web
	is_page host "$HOST:$FREE" web
	is_page host "$gateway:$FREE" web
	is_page outside "$HOST:$FREE" web
	is_page web "$HOST:$FREE" web
	is_page web "$gateway:$FREE" web
	is_page peer "$HOST:$FREE" web
	is_page peer "$gateway:$FREE" web
	is_page other/far "$HOST:$FREE" web
	# What is not published stays unreachable, and isolation holds beside the port.
	no_page outside "$HOST:8080"
	no_page other/far "$(cell_ip web):8080"
	kuke delete cell web
	no_page host "127.0.0.1:$FREE"
	no_page outside "$HOST:$FREE"
	kuke delete cell peer
	kuke delete cell far --space other
}

@test "the same with UDP" {
	run_cell dns "$IDLE" 'ports: ["18053:53/udp"]'
	run_cell peer "$IDLE"
	IN="default other default" run_cell far "$IDLE"
	echo_udp dns 53
	for where in host outside dns peer other/far; do
		assert_equal "$where: $(ask_udp "$where" "$HOST:18053")" "$where: dns-hi"
	done
	assert_equal "$(ask_udp host 127.0.0.1:18053)" dns-hi
	# The same number of the other protocol is nobody's.
	no_page host "$HOST:18053"
	kuke delete cell dns
	assert_equal "$(ask_udp outside "$HOST:18053")" ""
	kuke delete cell peer
	kuke delete cell far --space other
}

@test "frames that the bridge itself hands to the filter come back as well" {
	local switch=/proc/sys/net/bridge/bridge-nf-call-iptables

	inst test -e "$switch" || return 0 # the kernel does not do that
	inst sh -c "echo 1 >$switch"
	serve web "\"$FREE:8080\""
	run_cell peer "$IDLE"
	wait_for 200 is_page host "$HOST:$FREE" web
	is_page peer "$HOST:$FREE" web
	is_page web "$HOST:$FREE" web
	is_page outside "$HOST:$FREE" web
	inst sh -c "echo 0 >$switch"
	kuke delete cell web
	kuke delete cell peer
}

@test "a range leads to a range, port by port" {
	run_cell many 'for i in 9000 9007 9010; do mkdir -p /w/$i; echo $i >/w/$i/index.html
		httpd -p $i -h /w/$i; done; trap "exit 0" TERM; sleep 1000 & wait' \
		'ports: ["8000-8010:9000-9010", "127.0.0.1:7000-7001:9000-9001/udp", "9010:9010"]'
	wait_for 200 is_page host 127.0.0.1:8010 9010
	is_page outside "$HOST:8000" 9000
	is_page outside "$HOST:8007" 9007
	is_page many "$HOST:8010" 9010
	is_page outside "$HOST:9010" 9010
	no_page outside "$HOST:8011"
	no_page outside "$HOST:7999"
	echo_udp many 9001
	assert_equal "$(ask_udp host 127.0.0.1:7001)" many-hi
	assert_equal "$(ports_of many)" \
		"0.0.0.0:8000-8010->9000-9010/tcp 127.0.0.1:7000-7001->9000-9001/udp 0.0.0.0:9010->9010/tcp"
	kuke delete cell many
}

@test "a port of one address is published on that address only" {
	serve local "\"127.0.0.1:$FREE:8080\""
	serve public "\"$HOST:$FREE:8080\""
	wait_for 200 is_page host "127.0.0.1:$FREE" local
	is_page host "$HOST:$FREE" public
	is_page outside "$HOST:$FREE" public
	is_page local "$HOST:$FREE" public
	no_page host "127.0.0.2:$FREE"
	kuke delete cell public
	no_page outside "$HOST:$FREE"
	no_page host "$HOST:$FREE"
	no_page local "$HOST:$FREE"
	is_page host "127.0.0.1:$FREE" local
	kuke delete cell local
	run kuke run -d -f - <<<"$(cell_doc nowhere "$IDLE" 'ports: ["198.51.100.9:80:80"]')"
	assert_failure
	assert_output --partial "cannot publish 198.51.100.9:80->80/tcp: the host has no address 198.51.100.9"
	run kuke run -d -f - <<<"$(cell_doc nowhere "$IDLE" 'ports: ["[::1]:80:80"]')"
	assert_failure
	assert_output --partial "cannot publish [::1]:80->80/tcp: cells have no IPv6 address"
	run kuke get cell nowhere
	assert_failure
}

# A cell that can make packets of its own does so: it has no loopback any more, and sends
# what is for it to the gateway.
attack_loopback()
{
	local gateway

	gateway=$(cell_ip "$1")
	gateway=${gateway%.*}.1
	in_cell "$1" sh -c "echo 1 >/proc/sys/net/ipv4/conf/all/route_localnet
		ip route flush table local
		ip route add local $(cell_ip "$1") dev eth0 table local
		ip route add 127.0.0.0/8 via $gateway"
}

# It is our rules that stand in between, while no pass brings them back.
without_protection()
{
	local chain

	chain=$(inst iptables-legacy -S | sed -n 's/^-N \(KUKEON-INPUT.*\)/\1/p')
	inst iptables-legacy -F "$chain"
	is_page "$1" 127.0.0.1:7777 reached
}

@test "what listens on the host's 127.0.0.1 stays out of the cells' reach" {
	serve evil "\"127.0.0.1:$FREE:8080\""
	listen TCP-LISTEN:7777,bind=127.0.0.1,reuseaddr,fork 'SYSTEM:read x; read x; echo head; echo; echo reached'
	wait_for 200 is_page host "127.0.0.1:$FREE" evil
	local bridge
	bridge=$(cell_value evil .status.network.bridgeName)
	assert_equal "$(inst cat "/proc/sys/net/ipv4/conf/$bridge/route_localnet")" 1
	attack_loopback evil
	wait_for 100 is_page host 127.0.0.1:7777 reached
	no_page evil 127.0.0.1:7777
	# Nor the port that is published for the host alone.
	no_page evil "127.0.0.1:$FREE"
	held without_protection evil
	kuke delete cell evil
	assert_equal "$(inst cat "/proc/sys/net/ipv4/conf/$bridge/route_localnet")" 0
}

@test "only the bridge that needs it lets 127.0.0.0/8 through" {
	serve web "\"$HOST:$FREE:8080\""
	IN="default other default" run_cell far "$IDLE" 'ports: ["127.0.0.1:7000:1"]'
	assert_equal "$(inst cat "/proc/sys/net/ipv4/conf/$(cell_value web .status.network.bridgeName)/route_localnet")" 0
	assert_equal "$(inst cat "/proc/sys/net/ipv4/conf/$(IN="default other default" cell_value far .status.network.bridgeName)/route_localnet")" 1
	kuke delete cell web
	kuke delete cell far --space other
}

@test "a port has one holder, which the next one is told" {
	serve first "\"$FREE:8080\", \"127.0.0.1:5300-5310:5300-5310/udp\""
	local rules holder='is taken by cell "first" (realm "default", space "default", stack "default"), which publishes'

	rules=$(nat)
	refused_port "\"$FREE:80\"" "port $FREE/tcp of the host $holder 0.0.0.0:$FREE->8080/tcp"
	refused_port "\"127.0.0.1:$FREE:80\"" "port $FREE/tcp of the host $holder"
	refused_port "\"$HOST:18000-18100:18000-18100\"" "port $FREE/tcp of the host $holder"
	refused_port '"5305:53/udp"' "port 5305/udp of the host $holder 127.0.0.1:5300-5310->5300-5310/udp"
	# Across spaces.
	run kuke run -d -f - <<<"$(IN="default other default" cell_doc second "$IDLE" "ports: [\"$FREE:1\"]")"
	assert_failure 1
	assert_output --partial "port $FREE/tcp of the host $holder"
	# A cell that exists and is down stays as it is.
	run_cell third "$IDLE" 'ports: ["19000:80"]'
	kuke stop cell third
	serve fourth '"19000:8080"'
	run kuke start cell third
	assert_failure 1
	assert_output --partial 'port 19000/tcp of the host is taken by cell "fourth"'
	assert_equal "$(cell_state third)" Stopped
	kuke delete cell fourth
	quiet kuke start cell third >/dev/null
	assert_equal "$(nat | grep -c -- --to-destination)" 3
	kuke delete cell third
	assert_equal "$(nat)" "$rules"
	# What does not overlap goes beside it.
	run_cell second "$IDLE" "ports: [\"$FREE:80/udp\", \"5311:5311/udp\", \"$HOST:5305:53/udp\"]"
	kuke delete cell second
	kuke delete cell first
}


in_use()
{
	inst cat "/proc/net/$1" | grep -qi ":$(printf %04X "$2") 0"
}

@test "a port on which another program listens is refused with its name" {
	listen TCP-LISTEN:7001,reuseaddr,fork
	listen TCP-LISTEN:7002,bind=127.0.0.1,reuseaddr,fork
	listen UDP-RECVFROM:7003,fork
	listen TCP6-LISTEN:7004,reuseaddr,fork,ipv6only=0
	wait_for 100 in_use tcp 7001
	wait_for 100 in_use tcp 7002
	wait_for 100 in_use udp 7003
	wait_for 100 in_use tcp6 7004
	refused_port '"7001:80"' 'port 7001/tcp of the host is taken: socat (pid '
	assert_equal "$(grep -c 'listens on 0.0.0.0:7001' <<<"$said")" 1
	refused_port "\"$HOST:7001:80\"" 'listens on 0.0.0.0:7001'
	refused_port '"7003-7010:80-87"' 'port 7004/tcp of the host is taken: socat (pid '
	refused_port '"7002:80"' 'listens on 127.0.0.1:7002'
	refused_port '"7003:80/udp"' 'port 7003/udp of the host is taken: socat (pid '
	refused_port '"7004:80"' 'listens on [::]:7004'
	# The other protocol and the other address are free.
	run_cell second "$IDLE" "ports: [\"7001:80/udp\", \"$HOST:7002:80\", \"7003:80\"]"
	kuke delete cell second
}

@test "of two starts at once one gets the port" {
	local a=0 b=0

	for round in 1 2 3; do # the loser is there as a cell that failed, or not at all
		cell_doc one "$IDLE" "ports: [\"$FREE:80\"]" | quiet kuke run -d -f - >"$HERE/one" 2>&1 &
		cell_doc two "$IDLE" "ports: [\"$FREE:80\"]" | quiet kuke run -d -f - >"$HERE/two" 2>&1 || b=$?
		wait $! || a=$?
		assert_equal "$round: $((a + b))" "$round: 1"
		grep -h "port $FREE/tcp of the host is taken by cell" "$HERE/one" "$HERE/two"
		assert_equal "$(nat | grep -c -- --to-destination)" 1
		a=0 b=0
		kuke delete cell one || true
		kuke delete cell two || true
	done
	rm "$HERE/one" "$HERE/two"
}

# Nothing leads to a cell any more, and nothing is written down.
nothing_left()
{
	assert_equal "$(nat | grep -c -- --to-destination)" 0 || return
	assert_equal "$(find "$INSTANCE/run/published" -type l)" ""
}

@test "a port is there from the cell's start to its end, whatever ends it" {
	serve web "\"$FREE:8080\""
	wait_for 200 is_page outside "$HOST:$FREE" web
	kuke stop cell web
	nothing_left
	no_page outside "$HOST:$FREE"
	assert_equal "$(ports_of web)" ""
	quiet kuke start cell web >/dev/null
	wait_for 200 is_page outside "$HOST:$FREE" web
	kuke kill cell web
	nothing_left
	quiet kuke start cell web >/dev/null
	wait_for 200 is_page outside "$HOST:$FREE" web
	# A container that is stopped keeps its cell up, and the cell its ports.
	kuke stop container main --cell web
	assert_equal "$(ports_of web)" "0.0.0.0:$FREE->8080/tcp"
	no_page outside "$HOST:$FREE"
	kuke start container main --cell web
	wait_for 200 is_page outside "$HOST:$FREE" web
	kuke delete cell web
	nothing_left
}

@test "the end of a root takes its cell's ports with it" {
	run_cell web "$SERVE" "root: true"$'\n'"ports: [\"$FREE:8080\"]"
	wait_for 200 is_page outside "$HOST:$FREE" web
	inst kill -KILL "$(process_in web)"
	wait_for 400 nothing_left
	kuke delete cell web
}

@test "a restarted container keeps the ports" {
	run_cell web "$SERVE" "restartPolicy: always"$'\n'"ports: [\"$FREE:8080\"]"
	wait_for 200 is_page outside "$HOST:$FREE" web
	inst kill -KILL "$(init_of web)"
	is_published web "0.0.0.0:$FREE->8080/tcp"
	wait_for 400 is_page outside "$HOST:$FREE" web
	assert_equal "$(container_value web main .status.restartCount)" 1
	kuke delete cell web
}

@test "ports outlive the daemon" {
	serve web "\"$FREE:8080\""
	wait_for 200 is_page outside "$HOST:$FREE" web
	kill_daemon
	is_page outside "$HOST:$FREE" web
	quiet kuke daemon start >/dev/null
	is_page outside "$HOST:$FREE" web
	is_published web "0.0.0.0:$FREE->8080/tcp"
	kuke delete cell web
	nothing_left
}

@test "rules and records that somebody removed come back with a pass" {
	serve web "\"$FREE:8080\""
	wait_for 200 is_page outside "$HOST:$FREE" web
	local bridge
	bridge=$(cell_value web .status.network.bridgeName)
	inst iptables-legacy -t nat -F
	inst sh -c "echo 0 >/proc/sys/net/ipv4/conf/$bridge/route_localnet"
	restart_daemon
	wait_for 200 is_page outside "$HOST:$FREE" web
	is_page host "127.0.0.1:$FREE" web
	# The record says who has a port, and a damaged one does not lose it.
	rm "$INSTANCE/run/published/default_default_default_web"
	pass_over web
	is_published web "0.0.0.0:$FREE->8080/tcp"
	ln -sfn "10.88.0.2 nonsense" "$INSTANCE/run/published/default_default_default_web"
	refused_port "\"$FREE:80\"" "port $FREE/tcp of the host is taken by cell \"web\""
	is_page outside "$HOST:$FREE" web
	pass_over web
	is_published web "0.0.0.0:$FREE->8080/tcp"
	kuke delete cell web
	nothing_left
	# What a crash left of a cell that is not started holds no port, and goes.
	ln -s "10.88.0.9 0.0.0.0:$FREE:8080/tcp" "$INSTANCE/run/published/default_default_default_gone"
	run_cell second "$IDLE" "ports: [\"$FREE:1\"]"
	kuke delete cell second
	restart_daemon
	wait_for 200 nothing_left
}

@test "a host that drops what it is not told to accept lets published ports through" {
	inst iptables-legacy -P FORWARD DROP
	inst iptables-legacy -P INPUT DROP
	inst iptables-legacy -I INPUT -i lo -j ACCEPT
	serve web "\"$FREE:8080\", \"127.0.0.1:18081:8080\""
	run_cell peer "$IDLE"
	wait_for 200 is_page outside "$HOST:$FREE" web
	is_page peer "$HOST:$FREE" web
	is_page web "$HOST:$FREE" web
	inst iptables-legacy -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
	is_page host "$HOST:$FREE" web
	is_page host "127.0.0.1:18081" web
	inst iptables-legacy -F INPUT
	inst iptables-legacy -P FORWARD ACCEPT
	inst iptables-legacy -P INPUT ACCEPT
	kuke delete cell web
	kuke delete cell peer
}

# Each datagram from the same port, so that all of them are one connection.
talk()
{
	from outside sh -c "while sleep 0.05; do echo hi; done |
		socat -T 20 - UDP-DATAGRAM:$HOST:18053,bind=:40000" >"$HERE/talk" 2>/dev/null 3>&- 4>&- &
}

heard()
{
	grep -q "$1" "$HERE/talk"
}

@test "connections follow the ports: what was under way before and after" {
	run_cell dns "$IDLE"
	talk
	sleep 0.3 # some go to the host, where nobody takes them
	echo_udp dns 53
	apply_ports dns '"18053:53/udp"'
	wait_for 200 heard dns-hi
	apply_ports dns '"18054:53/udp"'
	sleep 0.2 # what is on its way
	: >"$HERE/talk"
	sleep 0.5 # ten more datagrams
	refute heard dns-hi
	kuke delete cell dns
	inst pkill -x socat || true
	rm "$HERE/talk"
}

apply_ports()
{
	cell_doc "$1" "$IDLE" "ports: [$2]" | quiet kuke apply "${@:3}" -f -
}

@test "an apply changes ports in place, or nothing at all" {
	run_cell web "$SERVE" 'ports: ["19001:8080"]'
	run_cell holder "$IDLE" 'ports: ["19009:1"]'
	wait_for 200 is_page outside "$HOST:19001" web
	local init rules
	init=$(init_of web)
	change()
	{
		cell_doc web "$SERVE" "ports: [$1]" | quiet kuke apply "${@:2}" -f -
	}
	rules=$(nat)
	run change '"19002:8080", "19003:8080/udp"' --dry-run
	assert_success
	assert_output --partial 'updated'
	assert_equal "$(nat)" "$rules"
	run change '"19002:8080", "19003:8080/udp"'
	assert_success
	assert_output --partial 'updated'
	is_page outside "$HOST:19002" web
	no_page outside "$HOST:19001"
	is_published web "0.0.0.0:19002->8080/tcp 0.0.0.0:19003->8080/udp"
	assert_equal "$(init_of web)" "$init"
	run change '"19002:8080", "19003:8080/udp"'
	assert_output --partial 'unchanged'
	# A conflict: the dry run says the same, and nothing changes.
	rules=$(nat)
	run change '"19009:8080"' --dry-run
	assert_output --partial 'port 19009/tcp of the host is taken by cell "holder"'
	run change '"19009:8080"'
	assert_failure 1
	assert_output --partial 'port 19009/tcp of the host is taken by cell "holder"'
	assert_equal "$(nat)" "$rules"
	assert_equal "$(cell_value web '.spec.containers[] | select(.id == "main") | .ports[0]')" 19002:8080
	is_page outside "$HOST:19002" web
	# None any more.
	change '' >/dev/null
	is_published web ""
	no_page outside "$HOST:19002"
	assert_equal "$(init_of web)" "$init"
	kuke delete cell web
	kuke delete cell holder
	nothing_left
}

two_docs()
{
	cell_doc one "$IDLE" "ports: [$1]"
	echo ---
	cell_doc two "$IDLE" "ports: [$2]"
}

@test "cells of one manifest get their ports in its order, and a dry run knows" {
	local conflict='port 19001/tcp of the host is taken by cell "one"'

	run kuke apply --dry-run -f - <<<"$(two_docs '"19001:1"' '"19001:1"')"
	assert_output --partial "$conflict"
	run quiet kuke apply -f - <<<"$(two_docs '"19001:1"' '"19001:1"')"
	assert_failure 1
	assert_output --partial "$conflict"
	is_published one "0.0.0.0:19001->1/tcp"
	run kuke get cell two
	assert_failure
	# One hands its port to the other.
	run kuke apply --dry-run -f - <<<"$(two_docs '"19002:1"' '"19001:1"')"
	assert_success
	run quiet kuke apply -f - <<<"$(two_docs '"19002:1"' '"19001:1"')"
	assert_success
	is_published one "0.0.0.0:19002->1/tcp"
	is_published two "0.0.0.0:19001->1/tcp"
	kuke delete cell one
	kuke delete cell two
}

@test "ports come and go with single containers" {
	run_cell web "$SERVE" "ports: [\"$FREE:8080\"]"
	quiet kuke create container side --cell web --image "$IMAGE" --command sleep --args 1000 \
		--port 19001:8080 >/dev/null
	wait_for 200 is_page outside "$HOST:19001" web
	is_published web "0.0.0.0:$FREE->8080/tcp 0.0.0.0:19001->8080/tcp"
	run kuke create container third --cell web --image "$IMAGE" --command sleep --args 1000 \
		--port "$FREE:1"
	assert_failure 1
	assert_output --partial "port $FREE/tcp of the host is published twice"
	assert_equal "$(cell_value web '.spec.containers | length')" 3
	kuke delete container side --cell web
	is_published web "0.0.0.0:$FREE->8080/tcp"
	no_page outside "$HOST:19001"
	kuke delete cell web
}

# The tables that were committed, in order; a try that the kernel had repeated (EAGAIN,
# the table was another's meanwhile) is none.
commits()
{
	sed -nE '/EAGAIN/d; s/.*SOL_(IP|IPV6), IP6?T_SO_SET_REPLACE, "([a-z]+).*/\1 \2/p' "$1" | xargs
}

@test "a start without ports commits no rules, one with ports each table once" {
	cell_doc plain "$IDLE" >"$HERE/plain.yaml"
	cell_doc web "$IDLE" 'ports: ["19001:1"]' >"$HERE/web.yaml"
	run_cell first "$IDLE"
	quiet traced_engine "$HERE/trace" -f -e trace=setsockopt -- --no-daemon run -d -f "$HERE/plain.yaml" >/dev/null
	assert_equal "$(commits "$HERE/trace")" ""
	quiet traced_engine "$HERE/trace" -f -e trace=setsockopt -- --no-daemon run -d -f "$HERE/web.yaml" >/dev/null
	assert_equal "$(commits "$HERE/trace")" "IP filter IP nat"
	rm -r "$HERE/plain.yaml" "$HERE/web.yaml" "$HERE/trace" "$HERE/traced"
	for cell in first plain web; do kuke delete cell "$cell"; done
}

# killed N ARG…: an engine that is killed at its Nth change of a table or a record.
killed()
{
	quiet traced_engine /dev/null -f -e "inject=setsockopt,symlink,unlink:signal=KILL:when=$1" \
		-- --no-daemon "${@:2}" >/dev/null 2>&1 || echo "$2 $1" >>"$BATS_TEST_TMPDIR/killed"
}

@test "an engine that is killed while ports come or go leaves none of them" {
	local n

	cell_doc web "$SERVE" "ports: [\"$FREE:8080\", \"127.0.0.1:19001:1/udp\"]" >"$HERE/web.yaml"
	for n in 1 2 3 4 5 6 7 8; do
		killed "$n" run -d -f "$HERE/web.yaml"
		quiet kuke run -d -f "$HERE/web.yaml" >/dev/null
		wait_for 200 is_page outside "$HOST:$FREE" web
		killed "$n" stop cell web
		pass_over web
		wait_for 200 is_cell_state web Stopped
		nothing_left
		kuke delete cell web
	done
	rm -r "$HERE/web.yaml" "$HERE/traced"
	cat "$BATS_TEST_TMPDIR/killed"
	assert [ "$(grep -c run "$BATS_TEST_TMPDIR/killed")" -ge 4 ]
	# What the daemon has done before is not left for a stop to do.
	assert [ "$(grep -c stop "$BATS_TEST_TMPDIR/killed")" -ge 2 ]
}

@test "a container of a document of its own publishes like one in its cell" {
	run_cell web "$SERVE"
	cat >"$HERE/side.yaml" <<-END
		kind: Container
		metadata: {name: side}
		spec: {realmId: default, spaceId: default, stackId: default, cellId: web,
		  image: $IMAGE, command: sleep, args: ["1000"], ports: ["$FREE:8080"]}
	END
	quiet kuke apply -f "$HERE/side.yaml" >/dev/null
	wait_for 200 is_page outside "$HOST:$FREE" web
	sed -i "s/$FREE:8080/19001:8080/" "$HERE/side.yaml"
	run quiet kuke apply -f "$HERE/side.yaml"
	assert_output --partial 'updated'
	is_page outside "$HOST:19001" web
	no_page outside "$HOST:$FREE"
	rm "$HERE/side.yaml"
	kuke delete cell web
}

@test "a deny policy keeps its cells from ports of other spaces, and no other from theirs" {
	quiet kuke apply -f - >/dev/null <<-END
		kind: Space
		metadata: {name: closed}
		spec: {realmId: default, network: {egress: {default: deny}}}
		---
		kind: Stack
		metadata: {name: default}
		spec: {realmId: default, spaceId: closed}
	END
	IN="default closed default" serve shut '"19001:8080"'
	serve web "\"$FREE:8080\""
	wait_for 200 is_page outside "$HOST:19001" shut
	wait_for 200 is_page outside "$HOST:$FREE" web
	is_page host 127.0.0.1:19001 shut
	is_page host "$HOST:19001" shut
	is_page web "$HOST:19001" shut
	is_page closed/shut "$HOST:19001" shut
	no_page closed/shut "$HOST:$FREE"
	kuke delete space closed --cascade >/dev/null
	kuke delete cell web
}

# The last one: what was before a reboot is not there after it.
@test "a reboot gives ports back to the cells that it starts" {
	rebooted=1
	serve web "\"$FREE:8080\""
	run_cell always "$SERVE" "restartPolicy: always"$'\n'"ports: [\"18081:8080\"]"
	wait_for 200 is_page outside "$HOST:18081" always
	machine_restarts
	inst iptables-legacy -t nat -F
	quiet kuke daemon start >/dev/null
	wait_for 400 is_page outside "$HOST:18081" always
	no_page outside "$HOST:$FREE"
	is_published web ""
	serve other "\"$FREE:8080\""
	wait_for 200 is_page outside "$HOST:$FREE" other
	kuke delete cell web
	kuke delete cell other
	kuke delete cell always
	nothing_left
}
