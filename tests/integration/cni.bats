#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Spaces with a network configuration of their own: CNI plugins make the links of their
# cells. The real plugins of the distribution, and one that does what a test wants.

load ../helpers/suite
load ../helpers/cni

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1s'
	real_plugins
	warm_network
}

# After a reboot nothing is as it was before.
teardown()
{
	[ -n "${rebooted:-}" ] || suite_check
}

# Plugins leave bridges and chains that all cells share.
warm_network()
{
	real_network warm
	own_space warm
	IN="default warm default" run_cell warm true
	gone_cell warm warm
	gone_space warm
}

@test "real plugins: a cell has their address, reaches the world, and leaves nothing" {
	real_network own
	own_space own
	local IN="default own default" ip
	run_cell one "$SERVE"
	run_cell two "$SERVE"
	ip=$(cell_value one .status.network.address)
	assert_like "$ip" 10.77.0. ...
	assert_equal "$(cell_value one '.status.network.bridgeName // "none"')" none
	assert_equal "$(in_cell one ip -o -4 addr show eth0 | awk '{ print $4 }')" "$ip/24"
	wait_for 200 fetch "$ip"
	assert_equal "$(fetch "$ip" two)" one
	grep -q "^${ip}[[:space:]]*one" "$(cell_dir two)/etc-hosts"
	in_cell one busybox ping -c1 -W2 192.0.2.2
	assert_equal "$(leases)" 2
	assert_equal "$(records own)" 2
	kuke stop cell one --space own
	assert_equal "$(leases)" 1
	refute grep -q "one$" "$(cell_dir two)/etc-hosts"
	assert_equal "$(cell_value one '.status.network.address // "none"')" none
	quiet kuke start cell one --space own
	ip=$(cell_value one .status.network.address)
	wait_for 200 fetch "$ip"
	gone_cell own one
	gone_cell own two
	assert_equal "$(leases)" 0
	assert_equal "$(records own)" 0
	gone_space own
}

@test "a plugin gets the environment and the configuration that the specification says" {
	local IN="default told default" id netns common before
	rm -rf "$HERE/log"
	cat >"$HERE/told.conflist" <<-END
		{ "cniVersion": "0.4.0", "name": "net-told", "plugins": [
		  { "type": "fake", "log": "$HERE/log", "big": 123456789012345678901234567890.10,
		    "name": "another", "cniVersion": "0.1.0", "prevResult": {}, "cni.dev/x": 1,
		    "capabilities": { "aliases": true, "cgroupPath": false, "mac": true } },
		  { "type": "fake2", "log": "$HERE/log", "args": { "a": [1, null] } } ] }
	END
	own_space told
	run_cell one "$IDLE"
	id=$(start_id told one)
	netns=$INSTANCE/run/cells/default/told/default/one/$id/netns
	common="CNI_ARGS=IgnoreUnknown=1;KUKEON_REALM=default;KUKEON_SPACE=told;KUKEON_STACK=default;KUKEON_CELL=one
CNI_COMMAND=%s
CNI_CONTAINERID=$id
CNI_IFNAME=eth0
CNI_NETNS=%s
CNI_PATH=/opt/cni/bin:/usr/lib/cni
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	assert_equal "$(ran)" $'ADD fake\nADD fake2'
	# shellcheck disable=SC2059
	assert_equal "$(got ADD fake env)" "$(printf "$common" ADD "$netns")"
	# shellcheck disable=SC2059
	assert_equal "$(got ADD fake2 env)" "$(printf "$common" ADD "$netns")"
	assert_equal "$(got ADD fake in)" '{"cniVersion":"0.4.0","name":"net-told","runtimeConfig":{"aliases":["one","one.default"]},"type":"fake","log":"'"$HERE"'/log","big":123456789012345678901234567890.10}'
	before='{"cniVersion":"0.4.0","interfaces":[{"name":"eth0","sandbox":"'$netns'"}],"ips":[{"version":"4","address":"10.99.0.2/24","interface":0}]}'
	assert_equal "$(got ADD fake2 in)" '{"cniVersion":"0.4.0","name":"net-told","prevResult":'"$before"',"type":"fake2","log":"'"$HERE"'/log","args":{ "a": [1, null] }}'
	assert_equal "$(got ADD fake fds | tr '\n' ' ')" '0 1 2 255 9 '
	assert_equal "$(cell_value one .status.network.address)" 10.99.0.2
	# The path is good only while plugins run.
	assert [ ! -e "$netns" ]
	gone_cell told one
	assert_equal "$(ran)" $'ADD fake\nADD fake2\nDEL fake2\nDEL fake'
	# shellcheck disable=SC2059
	assert_equal "$(got DEL fake2 env)" "$(printf "$common" DEL "$netns")"
	assert_equal "$(got DEL fake in | jq -c .prevResult)" "$before"
	assert_equal "$(got DEL fake2 in)" "$(got ADD fake2 in)"
	gone_space told
}

@test "aliases of a cell are known in its space, and told to plugins" {
	local IN="default named default"
	rm -rf "$HERE/log"
	printf '{"cniVersion": "1.0.0", "name": "n", "type": "fake", "log": "%s", "capabilities": {"aliases": true}}' \
		"$HERE/log" >"$HERE/named.conflist"
	own_space named
	run_cell one "$IDLE" 'networksAliases: [front]'
	assert_equal "$(got ADD fake in | jq -c .runtimeConfig.aliases)" '["one","one.default","front"]'
	grep -q '^10.99.0.2[[:space:]]*one one.default.*front' "$(cell_dir one)/etc-hosts"
	cell_doc one "$IDLE" 'networksAliases: [back]' | quiet kuke apply -f - >/dev/null
	grep -q '^10.99.0.2.*back' "$(cell_dir one)/etc-hosts"
	refute grep -q front "$(cell_dir one)/etc-hosts"
	gone_cell named one
	gone_space named
}

@test "cells of such a space join no other, and nobody joins it" {
	fake_network alone
	own_space alone
	cell_doc one "$IDLE" 'networks: [alone]' >"$HERE/one.yaml"
	run kuke apply -f "$HERE/one.yaml"
	assert_failure
	assert_output --partial 'container "main": networks[0]: space "alone" has a network of its own (cniConfigPath) and cannot be joined'
	IN="default alone default" cell_doc two "$IDLE" 'networks: [default]' >"$HERE/one.yaml"
	run kuke apply -f "$HERE/one.yaml"
	assert_failure
	assert_output --partial 'space "alone" has a network of its own (cniConfigPath)'
	# Nor is there a policy that kukeon could not keep: for a new space, and for this one.
	{ space_doc alone; echo '  network: {egress: {default: deny}}'; } |
		sed 's/^spec: {\(.*\), cniConfigPath: \(.*\)}$/spec:\n  \1\n  cniConfigPath: \2/' >"$HERE/space.yaml"
	run kuke apply -f "$HERE/space.yaml"
	assert_failure
	assert_output --partial 'spec.network.egress cannot be enforced together with spec.cniConfigPath'
	sed -i 's/name: alone/name: never/' "$HERE/space.yaml"
	run kuke apply -f "$HERE/space.yaml"
	assert_failure
	assert_output --partial 'spec.network.egress cannot be enforced together with spec.cniConfigPath'
	assert [ ! -e "$INSTANCE_RUN_PATH/data/default/never" ]
	gone_space alone
}

# What goes wrong, and what the client reads after "plugin "fake2" of network "net-bad" ".
@test "a plugin that fails is told of in one line, and what ran before it is undone" {
	local IN="default bad default" does want
	own_bad
	while IFS='|' read -r does want; do
		fake_network bad '{}' "{\"ADD\": \"$does\"}"
		run run_cell one "$IDLE"
		assert_failure
		assert_line --partial "cell one"
		assert_line --partial "plugin \"fake2\" of network \"net-bad\" $want"
		refute grep -q $'\033' <<<"$output"
		assert_equal "$(ran)" $'ADD fake\nADD fake2\nDEL fake2\nDEL fake'
		# The result so far tells the first plugin what to undo.
		assert_equal "$(got DEL fake in | jq -r '.prevResult.ips[0].address')" 10.99.0.2/24
		assert_equal "$(records bad)" 0
		assert_equal "$(cell_state one)" Failed
		refute grep -qs one "$(cell_dir one)/etc-hosts"
		gone_cell bad one
	done <<-END
		garbage|printed no valid result: invalid JSON at byte 1
		half|printed no valid result: unexpected end of JSON input
		none|printed no result
		flood|printed more than 1048576 bytes and was killed
		fail|reports: try again\\x1b[2J; no luck (code 11)
		zero|reports: an error all the same (code 7)
		silent|failed with exit status 3 and no message
		says|failed with exit status 4: a word to standard error
		die|was killed by SIGSEGV
	END
	gone_space bad
}

own_bad()
{
	fake_network bad
	own_space bad
}

@test "a plugin that hangs is killed with all it has started, and the next one is not kept" {
	local IN="default bad default"
	own_bad
	fake_network bad '{}' '{"ADD": "hang"}'
	run run_cell one "$IDLE"
	assert_failure
	assert_line --partial 'plugin "fake2" of network "net-bad" did not end within 30 s and was killed'
	refute plugin_runs
	assert_equal "$(ran)" $'ADD fake\nADD fake2\nDEL fake2\nDEL fake'
	gone_cell bad one
	gone_space bad
}

@test "results without an IPv4 address are results" {
	local IN="default bad default"
	own_bad
	fake_network bad '{"ADD": "bare"}'
	run_cell one "$IDLE"
	assert_equal "$(cell_state one)" Ready
	assert_equal "$(cell_value one '.status.network.address // "none"')" none
	gone_cell bad one
	fake_network bad '{"ADD": "six"}'
	run_cell one "$IDLE"
	assert_equal "$(cell_value one '.status.network.address // "none"')" none
	gone_cell bad one
	gone_space bad
}

# TEXT… of what is wrong with the configuration that is read from standard input.
refused_network()
{
	cat >"$HERE/no.conflist"
	space_doc no >"$HERE/space.yaml"
	run kuke apply -f "$HERE/space.yaml"
	assert_failure
	assert_output --partial "cniConfigPath '$HERE/no.conflist': $1"
	assert [ ! -e "$INSTANCE_RUN_PATH/data/default/no" ]
	run kuke apply --dry-run -f "$HERE/space.yaml"
	assert_output --partial "failed (dry run)"
	assert_output --partial "$1"
}

@test "a configuration that cannot work is refused with file, member and remedy" {
	refused_network 'invalid JSON at byte 2' <<<'nonsense'
	refused_network 'name: must be a network' <<<'{"cniVersion": "1.0.0"}'
	refused_network "cniVersion: is missing; set it to one of 0.3.0" <<<'{"name": "n"}'
	refused_network "cniVersion: is not supported" <<<'{"name": "n", "cniVersion": "0.2.0"}'
	refused_network 'plugins: must be a list of at least one plugin' \
		<<<'{"name": "n", "cniVersion": "1.0.0", "plugins": []}'
	refused_network 'plugins[1].type: must be the file name of a plugin' \
		<<<'{"name": "n", "cniVersion": "1.0.0", "plugins": [{"type": "fake"}, {"type": "../fake"}]}'
	refused_network 'plugins[0].capabilities: must be an object' \
		<<<'{"name": "n", "cniVersion": "1.0.0", "plugins": [{"type": "fake", "capabilities": 1}]}'
	refused_network 'network "n": cni plugin not found: "nowhere" is not in /opt/cni/bin:/usr/lib/cni; install the standard CNI plugins' \
		<<<'{"name": "n", "cniVersion": "1.0.0", "plugins": [{"type": "nowhere"}]}'
	refused_network 'plugin "bridge" of network "n" does not support cniVersion 1.1.0' \
		<<<'{"name": "n", "cniVersion": "1.1.0", "plugins": [{"type": "bridge"}]}'
	space_doc no /nowhere/no.conflist >"$HERE/space.yaml"
	run kuke apply -f "$HERE/space.yaml"
	assert_failure
	assert_output --partial "cniConfigPath '/nowhere/no.conflist': no such file or directory; put the network's configuration there"
	space_doc no net.conflist >"$HERE/space.yaml"
	run kuke apply -f "$HERE/space.yaml"
	assert_failure
	assert_output --partial 'spec.cniConfigPath: must be an absolute path'
	rm "$HERE/no.conflist"
}

@test "the configuration of a single plugin is one, too" {
	local IN="default single default"
	rm -rf "$HERE/log"
	printf '{"cniVersion": "0.3.1", "name": "net-single", "type": "fake", "log": "%s"}' "$HERE/log" \
		>"$HERE/single.conflist"
	own_space single
	run_cell one "$IDLE"
	assert_equal "$(cell_value one .status.network.address)" 10.99.0.2
	gone_cell single one
	# Before 0.4.0, DEL has no result.
	assert_equal "$(ran)" $'ADD fake\nDEL fake'
	assert_equal "$(got DEL fake in | jq .prevResult)" null
	gone_space single
}

@test "the path that is generated counts as unset, and another one is not taken later" {
	local generated=$INSTANCE_RUN_PATH/data/default/plain/network.conflist
	space_doc plain "$generated" >"$HERE/space.yaml"
	quiet kuke apply -f "$HERE/space.yaml"
	assert [ -f "$INSTANCE_RUN_PATH/data/default/plain/network.json" ]
	assert_equal "$(kuke get space plain -o json | jq -r .spec.cniConfigPath)" "$generated"
	fake_network plain
	space_doc plain >"$HERE/space.yaml"
	run kuke apply -f "$HERE/space.yaml"
	assert_failure
	assert_output --partial 'breaking changes: [spec.cniConfigPath]. Delete the space and recreate it'
	gone_space plain
	fake_network plain
	own_space plain
	assert [ ! -e "$INSTANCE_RUN_PATH/data/default/plain/network.json" ]
	space_doc plain "$generated" >"$HERE/space.yaml"
	run kuke apply -f "$HERE/space.yaml"
	assert_failure
	assert_output --partial 'breaking changes: [spec.cniConfigPath]. Delete the space and recreate it'
	# Without a word it stays; a configuration that has been damaged is told of.
	printf 'kind: Space\nmetadata: {name: plain}\nspec: {realmId: default}\n' >"$HERE/space.yaml"
	quiet kuke apply -f "$HERE/space.yaml"
	echo nonsense >"$HERE/plain.conflist"
	run kuke apply -f "$HERE/space.yaml"
	assert_failure
	assert_output --partial "cniConfigPath '$HERE/plain.conflist': invalid JSON"
	wait_for 100 space_says plain 'invalid JSON at byte 2'
	gone_space plain
}

space_says()
{
	kuke get space "$1" -o json | jq -r '.status.state + " " + .status.reason + " " + .status.message' |
		grep -q "^Failed NetworkFailed .*$2"
}

@test "a running cell keeps what it was attached with, whatever becomes of the file" {
	local IN="default kept default"
	fake_network kept '{}' '{}'
	own_space kept
	run_cell one "$IDLE"
	run_cell two "$IDLE"
	printf '{"cniVersion": "1.0.0", "name": "other", "plugins": [{"type": "fake3", "log": "%s"}]}' \
		"$HERE/log" >"$HERE/kept.conflist"
	kuke stop cell one --space kept
	assert_equal "$(ran | tail -n 2)" $'DEL fake2\nDEL fake'
	assert_equal "$(got DEL fake in | jq -r .name)" net-kept
	quiet kuke start cell one --space kept
	assert_equal "$(ran | tail -n 1)" 'ADD fake3'
	rm "$HERE/kept.conflist"
	gone_cell kept one
	assert_equal "$(got DEL fake3 in | jq -r .name)" other
	run quiet kuke delete space kept --cascade
	assert_success
	assert_equal "$(ran | tail -n 2)" $'DEL fake2\nDEL fake'
	assert [ ! -e "$INSTANCE_RUN_PATH/data/default/kept" ]
	rm -rf "$HERE/log"
}

# A start of the cell "one" that does not end.
begin_hanging()
{
	fake_network "$1" '{}' '{"ADD": "hang"}'
	run_cell one "$IDLE" >"$HERE/client.out" 2>&1 &
	wait_for 100 inst pgrep -f 'sleep 1002'
	mapfile -t members < <(family)
	assert_equal "${#members[@]}" 3
}

# What the next pass makes of it: all undone, by the configuration of that time.
is_undone()
{
	wait_for 200 no_plugin_runs
	wait_for 200 no_records "$1"
	wait_for 200 is_failed one
	assert_equal "$(ran | tail -n 2)" $'DEL fake2\nDEL fake'
	wait_for 200 no_pins one
}

no_pins()
{
	[ -z "$(cell_pins "$1")" ]
}

is_failed()
{
	assert_equal "$(cell_state "$1")" Failed
}

@test "the engine is killed while a plugin runs: the next pass undoes it all" {
	local IN="default dead default" members
	fake_network dead
	own_space dead
	begin_hanging dead
	inst kill -KILL "${members[2]}"
	wait
	is_undone dead
	gone_cell dead one
	gone_space dead
}

@test "the guard of a plugin is killed: the start fails, and nothing of the plugin is left" {
	local IN="default dead default" members
	fake_network dead
	own_space dead
	begin_hanging dead
	inst kill -KILL "${members[1]}"
	wait
	grep -q 'plugin "fake2" of network "net-dead" was killed with the process that watched it' \
		"$HERE/client.out"
	is_undone dead
	gone_cell dead one
	gone_space dead
}

@test "engine, guard and daemon are killed at once: the next daemon undoes it all" {
	local IN="default dead default" members
	fake_network dead
	own_space dead
	begin_hanging dead
	inst kill -KILL "$(kukeond_pid)" "${members[@]:1}"
	wait
	assert_equal "$(records dead)" 1
	quiet kuke daemon start
	is_undone dead
	gone_cell dead one
	gone_space dead
}

@test "the client goes while a plugin hangs: it is ended, and all is undone" {
	local IN="default dead default" members client
	fake_network dead
	own_space dead
	begin_hanging dead
	client=$(inst pgrep -f 'kuke run -d -f -')
	inst kill -KILL "$client"
	wait
	is_undone dead
	gone_cell dead one
	gone_space dead
}

@test "plugins that fail to undo their part are asked again, and do not keep a cell" {
	local IN="default stuck default"
	fake_network stuck '{}' '{"DEL": "fail"}'
	own_space stuck
	run_cell one "$IDLE"
	run kuke delete cell one --space stuck
	assert_success
	# All were asked.
	assert_equal "$(ran | tail -n 2)" $'DEL fake2\nDEL fake'
	assert_equal "$(records stuck)" 1
	assert_equal "$(cell_pins one)" ''
	run kuke doctor network
	assert_failure
	assert_output --regexp 'attachment +default/stuck/default/one +stray'
	sweep_now
	wait_for 100 deletions_are 4
	assert_equal "$(records stuck)" 1
	# The record has the configuration; what becomes better is the plugin.
	# shellcheck disable=SC2153 # of cni.bash
	inst ln -sf /bin/true "$PLUGINS/fake2"
	sweep_now
	wait_for 100 no_records stuck
	inst rm "$PLUGINS/fake2"
	inst cp "${BATS_TEST_DIRNAME}/../helpers/cni-plugin" "$PLUGINS/fake2"
	gone_space stuck
}

deletions_are()
{
	[ "$(ran | grep -c DEL)" -ge "$1" ]
}

@test "cells and spaces are deleted after their plugin was removed from the disk" {
	local IN="default less default"
	fake_network less '{}' '{}'
	own_space less
	run_cell one "$IDLE"
	run_cell two "$IDLE"
	inst rm "$PLUGINS/fake2"
	run kuke delete cell one --space less
	assert_success
	run kuke stop cell two --space less
	assert_success
	run kuke start cell two --space less
	assert_failure
	assert_output --partial 'cni plugin not found: "fake2" is not in /opt/cni/bin:/usr/lib/cni; install the standard CNI plugins'
	assert_equal "$(records less)" 2
	kuke delete space less --cascade
	assert [ ! -e "$INSTANCE_RUN_PATH/data/default/less" ]
	inst cp "${BATS_TEST_DIRNAME}/../helpers/cni-plugin" "$PLUGINS/fake2"
	rm -rf "$HERE/log" "$HERE/less.conflist"
}

@test "a lost link is told of, and a stop and a start make it new" {
	# Without its link, the plugin does not find the rule for the address again.
	MASQ=false real_network lost
	own_space lost
	local IN="default lost default" device
	run_cell one "$SERVE"
	device=$(jq -r .devices "$INSTANCE/run/cells/default/lost/default/one/run.json")
	device=$(tr ' ' '\n' <<<"$device" | grep ^veth)
	inst ip link del "$device"
	wait_for 100 link_is_lost
	assert_equal "$(cell_state one)" Ready
	assert_like "$(cell_value one .status.message)" \
		'NetworkFailed: plugin "bridge" of network "net-lost" reports: ' ... '; stop and start the cell'
	kuke stop cell one --space lost
	quiet kuke start cell one --space lost
	wait_for 200 fetch "$(cell_value one .status.network.address)"
	assert_equal "$(cell_value one '.status.message // ""')" ''
	gone_cell lost one
	gone_space lost
}

link_is_lost()
{
	[[ $(cell_value one '.status.message // ""') == NetworkFailed:* ]]
}

@test "CHECK finds what the kernel does not tell, and is not called where it is disabled" {
	local IN="default asked default" run
	fake_network asked '{}' '{"CHECK": "fail"}'
	own_space asked
	run_cell one "$IDLE"
	run=$INSTANCE/run/cells/default/asked/default/one/run.json
	assert [ "$(jq .checkAt "$run")" -gt 0 ]
	refute grep -q CHECK <<<"$(ran)"
	# Its time has come.
	check_now "$run"
	wait_for 100 link_is_lost
	assert_equal "$(cell_value one .status.message)" \
		'NetworkFailed: plugin "fake2" of network "net-asked" reports: try again\x1b[2J; no luck (code 11); stop and start the cell'
	assert_equal "$(ran | sort | uniq -c | grep CHECK | tr -s ' ')" $' 1 CHECK fake\n 1 CHECK fake2'
	assert_equal "$(got CHECK fake in | jq -r '.prevResult.ips[0].address')" 10.99.0.2/24
	assert_equal "$(got CHECK fake env | sed 's/=CHECK/=ADD/')" "$(got ADD fake env)"
	gone_cell asked one
	jq '.disableCheck = true' "$HERE/asked.conflist" >"$HERE/tmp" && mv "$HERE/tmp" "$HERE/asked.conflist"
	run_cell one "$IDLE"
	assert_equal "$(jq .checkAt "$run")" -1
	gone_cell asked one
	gone_space asked
}

# Between two passes; the record is replaced as its writer does it.
check_now()
{
	held edit_check "$1"
}

edit_check()
{
	jq -c '.checkAt = 1' "$1" >"$1.new" && mv "$1.new" "$1"
}

@test "a configuration of 1.1.0 has its garbage collected, with what is still there" {
	# shellcheck disable=SC2034 # for fake_network
	local IN="default clean default" VERSION=1.1.0
	fake_network clean
	own_space clean
	run_cell one "$IDLE"
	sweep_now
	wait_for 100 got GC fake in
	assert_equal "$(got GC fake in | jq -c '."cni.dev/valid-attachments"')" \
		"[{\"containerID\":\"$(start_id clean one)\",\"ifname\":\"eth0\"}]"
	assert_equal "$(got GC fake env)" 'CNI_COMMAND=GC
CNI_PATH=/opt/cni/bin:/usr/lib/cni
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
	gone_cell clean one
	gone_space clean
}

# NAME PLUGINS: the first one with addresses of host-local.
chain_network()
{
	printf '{ "cniVersion": "1.0.0", "name": "net-%s", "plugins": [ %s ] }\n' "$1" \
		"${2/IPAM/\"ipam\": { \"type\": \"host-local\", \"dataDir\": \"$HERE/ipam\", \"subnet\": \"10.78.0.0/24\" \}}" \
		>"$HERE/$1.conflist"
}

@test "other plugins find the namespace as well, at ADD, CHECK by another daemon, and DEL" {
	local IN="default more default" plugins run
	for plugins in '{ "type": "ptp", IPAM }, { "type": "tuning", "sysctl": { "net.ipv4.conf.eth0.arp_ignore": "1" } }' \
		'{ "type": "macvlan", "master": "uplink0", IPAM }, { "type": "loopback" }'; do
		chain_network more "$plugins"
		own_space more
		run_cell one "$IDLE"
		assert_like "$(cell_value one .status.network.address)" 10.78.0. ...
		restart_daemon
		run=$INSTANCE/run/cells/default/more/default/one/run.json
		check_now "$run"
		wait_for 100 checked_again "$run"
		assert_equal "$(cell_value one '.status.message // ""')" ''
		run kuke doctor network -a
		assert_success
		assert_output --regexp "plugins +default/more +ok +$HERE/more.conflist"
		assert_output --regexp 'link +default/more/default/one +ok +by plugins, 10\.78\.0\.'
		in_cell one ip -br link show eth0
		gone_cell more one
		assert_equal "$(leases)" 0
		gone_space more
	done
}

checked_again()
{
	[ "$(jq .checkAt "$1")" -gt 1 ]
}

@test "a stop is killed while a plugin undoes its part: the next pass goes on with it" {
	local IN="default half default" engine
	fake_network half '{"DEL": "wait"}' '{}'
	own_space half
	run_cell one "$IDLE"
	kuke stop cell one --space half >/dev/null 2>&1 &
	wait_for 100 got DEL fake in
	mapfile -t engine < <(family)
	assert_equal "${#engine[@]}" 3
	inst kill -KILL "${engine[@]:1}"
	# Where a pass was first with the cell, the stop goes on with it, and not before.
	touch "$HERE/log/go"
	wait
	wait_for 200 no_records half
	wait_for 200 no_pins one
	assert_equal "$(ran | tail -n 2)" $'DEL fake2\nDEL fake'
	wait_for 100 is_stopped one
	gone_cell half one
	gone_space half
}

is_stopped()
{
	assert_equal "$(cell_state "$1")" Stopped
}

@test "cells side by side have different addresses, and none is left of them" {
	local IN="default crowd default" i
	real_network crowd
	own_space crowd
	for i in 1 2 3 4 5 6; do
		echo ---
		cell_doc "c$i" "$IDLE"
	done >"$HERE/crowd.yaml"
	quiet kuke apply -f "$HERE/crowd.yaml" >/dev/null
	for i in 1 2 3 4 5 6; do cell_value "c$i" .status.network.address; done >"$HERE/addresses"
	assert_equal "$(sort -u "$HERE/addresses" | grep -c '^10\.77\.0\.')" 6
	assert_equal "$(leases)" 6
	assert_equal "$(grep -c '^10\.77\.0\.' "$(cell_dir c1)/etc-hosts")" 6
	quiet kuke delete -f "$HERE/crowd.yaml" --timeout 0s >/dev/null
	assert_equal "$(leases)" 0
	assert_equal "$(records crowd)" 0
	gone_space crowd
}

@test "with a record that is damaged, plugins still release what they have" {
	local IN="default torn default" record id
	fake_network torn
	own_space torn
	run_cell one "$IDLE"
	id=$(start_id torn one)
	record=$INSTANCE_RUN_PATH/data/default/torn/.cni/default_one_$id.json
	assert [ -s "$record" ]
	: >"$record"
	kuke stop cell one --space torn
	assert_equal "$(ran)" $'ADD fake\nDEL fake'
	assert_equal "$(got DEL fake in | jq .prevResult)" null
	grep -q "^CNI_CONTAINERID=$id$" <<<"$(got DEL fake env)"
	assert [ ! -e "$record" ]
	gone_cell torn one
	gone_space torn
}

@test "after a reboot what plugins keep is released, and cells that start with the host are new" {
	rebooted=1
	real_network boot
	own_space boot
	# shellcheck disable=SC2034 # for run_cell
	local IN="default boot default" ip
	run_cell one "$SERVE" $'restartPolicy: always\nports: ["18080:8080"]'
	run_cell two "$IDLE" 'ports: ["18081:8080"]'
	assert_equal "$(leases)" 2
	machine_restarts
	quiet kuke daemon start
	wait_for 400 is_up one
	wait_for 400 leases_are 1
	ip=$(cell_value one .status.network.address)
	wait_for 200 fetch "$ip"
	assert_equal "$(records boot)" 1
	assert_equal "$(ls "$INSTANCE/run/published")" default_boot_default_one
	gone_cell boot one
	gone_cell boot two
	assert_equal "$(leases)" 0
	gone_space boot
}

is_up()
{
	assert_equal "$(cell_state "$1")" Ready
}

leases_are()
{
	[ "$(leases)" -eq "$1" ]
}
