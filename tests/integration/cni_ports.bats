#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Published ports of cells whose links CNI plugins make: what the plugins are told, from where
# a port is reached, who may have one, and that it goes with its cell.

load ../helpers/suite
load ../helpers/outside
load ../helpers/cni

FREE=18080

setup_file()
{
	suite_start --restarts 'reconcileInterval: 1s'
	outside_up
	real_plugins
	warm_network
}

# Plugins leave bridges and chains that all cells share.
warm_network()
{
	real_network warm
	own_space warm
	IN="default warm default" serve warm '"8080:80", "8080:80/udp"'
	gone_cell warm warm
	gone_space warm
}

# Of portmap: a chain for each attachment that publishes.
chains()
{
	inst iptables -t nat -S | grep -c -- '^-N CNI-DN-'
}

# Nothing leads to a cell any more, and nothing is written down.
nothing_left()
{
	assert_equal "$(chains)" 0 || return
	assert_equal "$(find "$INSTANCE/run/published" -type l)" ""
}

# NAME [JSON OF do [OF THE SECOND]]: the test's own, of which the second publishes ports.
port_network()
{
	fake_network "$1" "${2:-{\}}" "${3:-{\}}"
	jq '.plugins[1].capabilities = {"portMappings": true}' "$HERE/$1.conflist" >"$HERE/tmp" &&
		mv "$HERE/tmp" "$HERE/$1.conflist"
}

@test "portmap: a port is reached from everywhere, as long as its cell is there" {
	real_network own
	own_space own
	local IN="default own default" where
	serve web "\"$FREE:8080\", \"18053:53/udp\", \"127.0.0.1:7000-7001:8079-8080\""
	is_published web "0.0.0.0:$FREE->8080/tcp 0.0.0.0:18053->53/udp 127.0.0.1:7000-7001->8079-8080/tcp"
	wait_for 200 is_page outside "$HOST:$FREE" web
	is_page host "$HOST:$FREE" web
	is_page host "127.0.0.1:$FREE" web
	is_page host 127.0.0.1:7001 web
	no_page outside "$HOST:7001"
	no_page outside "$HOST:8080"
	echo_udp web 53
	for where in outside host; do
		assert_equal "$where: $(ask_udp "$where" "$HOST:18053")" "$where: web-hi"
	done
	assert_equal "$(ask_udp host 127.0.0.1:18053)" web-hi
	# From a cell of a bridge of kukeon's.
	IN="default default default" run_cell far "$IDLE"
	IN="default default default" is_page far "$HOST:$FREE" web
	IN="default default default" gone_cell default far
	kuke get cells --space own >"$HERE/cells"
	grep -q "0.0.0.0:$FREE->8080/tcp" "$HERE/cells"
	kuke stop cell web --space own
	nothing_left
	assert_equal "$(ports_of web)" ""
	no_page outside "$HOST:$FREE"
	quiet kuke start cell web --space own
	wait_for 200 is_page outside "$HOST:$FREE" web
	kuke kill cell web --space own
	nothing_left
	quiet kuke start cell web --space own
	wait_for 200 is_page outside "$HOST:$FREE" web
	kill_daemon
	is_page outside "$HOST:$FREE" web
	quiet kuke daemon start >/dev/null
	is_page outside "$HOST:$FREE" web
	gone_cell own web
	nothing_left
	no_page outside "$HOST:$FREE"
	inst pkill -x socat || true
	gone_space own
	rm "$HERE/cells"
}

told_ports()
{
	got "$1" "$2" in | jq -c .runtimeConfig
}

@test "plugins that declare it are told of ports, with each command" {
	local IN="default told default" want run
	port_network told
	own_space told
	run_cell one "$IDLE" 'ports: ["8080:80", "127.0.0.1:53-54:5353-5354/udp"]'
	want='{"portMappings":[{"hostPort":8080,"containerPort":80,"protocol":"tcp"},{"hostPort":53,"containerPort":5353,"protocol":"udp","hostIP":"127.0.0.1"},{"hostPort":54,"containerPort":5354,"protocol":"udp","hostIP":"127.0.0.1"}]}'
	assert_equal "$(told_ports ADD fake2)" "$want"
	assert_equal "$(told_ports ADD fake)" null
	run=$INSTANCE/run/cells/default/told/default/one/run.json
	held edit_check "$run"
	wait_for 100 got CHECK fake2 in
	assert_equal "$(told_ports CHECK fake2)" "$want"
	# The configuration does not count any more, nor does the document.
	rm "$HERE/told.conflist"
	kuke stop cell one --space told
	assert_equal "$(told_ports DEL fake2)" "$want"
	assert_equal "$(told_ports DEL fake)" null
	gone_cell told one
	port_network told
	run_cell one "$IDLE"
	assert_equal "$(told_ports ADD fake2)" null
	gone_cell told one
	gone_space told
}

edit_check()
{
	jq -c '.checkAt = 1' "$1" >"$1.new" && mv "$1.new" "$1"
}

@test "a network without such a plugin has no ports, and says so in one line" {
	local IN="default none default" want
	fake_network none '{}' '{}'
	own_space none
	want="cell \"second\" cannot publish 0.0.0.0:$FREE->8080/tcp in space \"none\": no plugin in its cniConfigPath '$HERE/none.conflist' has \"capabilities\": {\"portMappings\": true}; add portmap with it there"
	refused_port "\"$FREE:8080\"" "$want"
	cell_doc second "$IDLE" "ports: [\"$FREE:8080\"]" >"$HERE/second.yaml"
	run kuke apply --dry-run -f "$HERE/second.yaml"
	assert_output --partial "$want"
	run quiet kuke apply -f "$HERE/second.yaml"
	assert_failure
	assert_output --partial "$want"
	run kuke get cell second --space none
	assert_failure
	# A cell that is there stays as it is; the file counts when the cell starts.
	run_cell second "$IDLE"
	run quiet kuke apply -f "$HERE/second.yaml"
	assert_failure
	assert_output --partial "$want"
	assert_equal "$(cell_state second)" Ready
	port_network none
	run quiet kuke apply -f "$HERE/second.yaml"
	assert_success
	is_published second "0.0.0.0:$FREE->8080/tcp"
	kuke stop cell second --space none
	fake_network none '{}' '{}'
	run quiet kuke start cell second --space none
	assert_failure
	assert_output --partial "$want"
	assert_equal "$(cell_state second)" Stopped
	assert_equal "$(records none)" 0
	gone_cell none second
	# Declared with the word false, it is not.
	jq '.plugins[1].capabilities = {"portMappings": false}' "$HERE/none.conflist" >"$HERE/tmp" &&
		mv "$HERE/tmp" "$HERE/none.conflist"
	refused_port "\"$FREE:8080\"" "$want"
	gone_space none
	rm "$HERE/second.yaml"
}

@test "a port has one holder, whoever publishes it" {
	local IN="default both default" holder
	port_network both
	own_space both
	run_cell first "$IDLE" "ports: [\"$FREE:80\", \"127.0.0.1:5300-5310:5300-5310/udp\"]"
	holder="is taken by cell \"first\" (realm \"default\", space \"both\", stack \"default\"), which publishes 0.0.0.0:$FREE->80/tcp"
	refused_port "\"$HOST:$FREE:1\"" "port $FREE/tcp of the host $holder"
	IN="default default default"
	refused_port "\"$HOST:$FREE:1\"" "port $FREE/tcp of the host $holder"
	refused_port '"5305:53/udp"' 'port 5305/udp of the host is taken by cell "first"'
	# The other way round.
	run_cell third "$IDLE" 'ports: ["19000:80"]'
	IN="default both default"
	refused_port '"18999-19001:1-3"' 'port 19000/tcp of the host is taken by cell "third" (realm "default", space "default"'
	listen TCP-LISTEN:7001,reuseaddr,fork
	wait_for 100 inst sh -c 'grep -q :1B59 /proc/net/tcp'
	refused_port '"7001:80"' 'port 7001/tcp of the host is taken: socat (pid '
	refused_port '"198.51.100.9:80:80"' 'the host has no address 198.51.100.9'
	assert_equal "$(ran)" $'ADD fake\nADD fake2'
	IN="default default default" gone_cell default third
	gone_cell both first
	run_cell second "$IDLE" "ports: [\"$FREE:80\", \"19000:80\"]"
	gone_cell both second
	inst pkill -x socat || true
	gone_space both
	nothing_left
}

@test "what plugins could not undo keeps its ports, until they do" {
	local IN="default stuck default" holder
	port_network stuck '{}' '{"DEL": "fail"}'
	own_space stuck
	run_cell one "$IDLE" "ports: [\"$FREE:80\"]"
	kuke stop cell one --space stuck
	assert_equal "$(ports_of one)" ""
	assert_equal "$(records stuck)" 1
	holder="port $FREE/tcp of the host is taken by cell \"one\" (realm \"default\", space \"stuck\", stack \"default\"), which publishes 0.0.0.0:$FREE->80/tcp: its plugins could not undo that yet"
	refused_port "\"$FREE:80\"" "$holder"
	IN="default default default" refused_port "\"$FREE:80\"" "$holder"
	run quiet kuke start cell one --space stuck
	assert_failure
	assert_output --partial "port $FREE/tcp of the host is taken by an earlier start of the cell, whose 0.0.0.0:$FREE->80/tcp the plugins could not undo"
	assert_equal "$(cell_state one)" Failed
	restart_daemon
	refused_port "\"$FREE:80\"" "$holder"
	gone_cell stuck one
	# The record has the configuration; what becomes better is the plugin.
	inst ln -sf /bin/true "$PLUGINS/fake2"
	sweep_now
	wait_for 100 no_records stuck
	inst rm "$PLUGINS/fake2"
	inst cp "${BATS_TEST_DIRNAME}/../helpers/cni-plugin" "$PLUGINS/fake2"
	port_network stuck
	run_cell second "$IDLE" "ports: [\"$FREE:80\"]"
	gone_cell stuck second
	gone_space stuck
	nothing_left
}

@test "a space is deleted although its plugins fail, and its ports are free" {
	local IN="default stuck default"
	port_network stuck '{}' '{"DEL": "fail"}'
	own_space stuck
	run_cell one "$IDLE" "ports: [\"$FREE:80\"]"
	gone_cell stuck one
	gone_space stuck
	nothing_left
	IN="default default default" run_cell one "$IDLE" "ports: [\"$FREE:80\"]"
	kuke delete cell one
}

@test "an apply that changes ports restarts the cell, and nothing else does" {
	real_network own
	own_space own
	local IN="default own default" before
	change()
	{
		cell_doc web "$SERVE" "$1" | quiet kuke apply "${@:2}" -f -
	}
	serve web "\"$FREE:8080\""
	wait_for 200 is_page outside "$HOST:$FREE" web
	inst touch "/proc/$(process_in web)/root/kept"
	before=$(start_id own web)
	run change 'ports: ["19001:8080"]' --dry-run
	assert_output --partial 'cell restarted: CNI plugins publish ports when it starts'
	assert_equal "$(start_id own web)" "$before"
	run change 'ports: ["19001:8080"]'
	assert_success
	assert_output --partial 'cell restarted: CNI plugins publish ports when it starts'
	refute [ "$(start_id own web)" = "$before" ]
	wait_for 200 is_page outside "$HOST:19001" web
	no_page outside "$HOST:$FREE"
	is_published web "0.0.0.0:19001->8080/tcp"
	inst test -e "/proc/$(process_in web)/root/kept"
	before=$(start_id own web)
	run change $'networksAliases: [front]\nports: ["19001:8080"]'
	assert_success
	refute_output --partial restarted
	# A port that another cell has: nothing changes.
	IN="default default default" run_cell holder "$IDLE" 'ports: ["19009:1"]'
	run change $'networksAliases: [front]\nports: ["19009:8080"]'
	assert_failure
	assert_output --partial 'port 19009/tcp of the host is taken by cell "holder"'
	kuke delete cell holder
	assert_equal "$(start_id own web)" "$before"
	is_page outside "$HOST:19001" web
	# One more container has none while the cell is up.
	run kuke create container side --cell web --space own --image "$IMAGE" --command sleep \
		--args 1000 --port "$FREE:8080"
	assert_failure
	assert_output --partial "container \"side\" cannot publish 0.0.0.0:$FREE->8080/tcp while the cell is up: its space has a cniConfigPath of its own, and CNI plugins publish ports when a cell starts; use 'kuke apply', which restarts the cell"
	quiet kuke create container side --cell web --space own --image "$IMAGE" --command sleep \
		--args 1000 >/dev/null
	assert_equal "$(start_id own web)" "$before"
	gone_cell own web
	nothing_left
	gone_space own
}

@test "a container that goes leaves its ports to the cell until that ends" {
	local IN="default told default"
	port_network told
	own_space told
	run_cell one "$IDLE"
	kuke delete cell one --space told
	{ cell_doc one "$IDLE"; container side "$IDLE" "ports: [\"$FREE:80\"]"; } | quiet kuke run -d -f - >/dev/null
	kuke delete container side --cell one --space told
	is_published one "0.0.0.0:$FREE->80/tcp"
	refused_port "\"$FREE:80\"" 'is taken by cell "one"'
	kuke stop cell one --space told
	nothing_left
	quiet kuke start cell one --space told >/dev/null
	is_published one ""
	gone_cell told one
	gone_space told
}

@test "a record that is lost or damaged comes back with a pass" {
	local IN="default told default" link
	port_network told
	own_space told
	run_cell one "$IDLE" "ports: [\"$FREE:80\"]"
	link=$INSTANCE/run/published/default_told_default_one
	assert_equal "$(readlink "$link")" "plugins 0.0.0.0:$FREE:80/tcp"
	rm "$link"
	pass_over one
	assert_equal "$(readlink "$link")" "plugins 0.0.0.0:$FREE:80/tcp"
	ln -sfn 'plugins nonsense' "$link"
	refused_port "\"$FREE:80\"" 'is taken by cell "one"'
	pass_over one
	assert_equal "$(readlink "$link")" "plugins 0.0.0.0:$FREE:80/tcp"
	# Without the record of the attachment, plugins are told what stands there.
	: >"$INSTANCE_RUN_PATH/data/default/told/.cni/default_one_$(start_id told one).json"
	kuke stop cell one --space told
	assert_equal "$(told_ports DEL fake2)" \
		"{\"portMappings\":[{\"hostPort\":$FREE,\"containerPort\":80,\"protocol\":\"tcp\"}]}"
	nothing_left
	# What a crash left of a cell that is not started holds no port, and goes.
	ln -s "plugins 0.0.0.0:$FREE:80/tcp" "$link"
	run_cell second "$IDLE" "ports: [\"$FREE:80\"]"
	gone_cell told second
	sweep_now
	wait_for 200 nothing_left
	gone_cell told one
	gone_space told
}

# killed N ARG…: an engine that is killed at its Nth change of a record.
killed()
{
	quiet traced_engine /dev/null -f -e "inject=rename,renameat,symlink,unlink,unlinkat:signal=KILL:when=$1" \
		-- --no-daemon "${@:2}" >/dev/null 2>&1 || echo "$2 $1" >>"$BATS_TEST_TMPDIR/killed"
}

@test "an engine that is killed while ports come or go leaves none of them" {
	real_network own
	own_space own
	# shellcheck disable=SC2034 # for cell_doc
	local IN="default own default" n

	cell_doc web "$SERVE" "ports: [\"$FREE:8080\", \"127.0.0.1:19001:1/udp\"]" >"$HERE/web.yaml"
	for n in 1 2 3 4 5 6 7 8 9 10 11 12; do
		killed "$n" run -d -f "$HERE/web.yaml"
		quiet kuke run -d -f "$HERE/web.yaml" >/dev/null
		wait_for 200 is_page outside "$HOST:$FREE" web
		killed "$n" stop cell web --space own
		pass_over web
		[ "$(cell_state web)" = Stopped ] || kuke stop cell web --space own # killed before it began
		wait_for 200 is_cell_state web Stopped
		wait_for 200 no_records own
		nothing_left
		gone_cell own web
	done
	rm -r "$HERE/web.yaml" "$HERE/traced"
	cat "$BATS_TEST_TMPDIR/killed"
	assert [ "$(grep -c run "$BATS_TEST_TMPDIR/killed")" -ge 6 ]
	assert [ "$(grep -c stop "$BATS_TEST_TMPDIR/killed")" -ge 6 ]
	gone_space own
}
