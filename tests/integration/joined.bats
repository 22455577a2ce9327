#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Cells that join networks of other spaces: devices, addresses, names, who reaches whom,
# and that all of it is mended, kept and given back.

load ../helpers/suite

setup_file()
{
	suite_start --restarts
}

setup()
{
	doc=$HERE/doc.yaml
	for space in back far; do # a test that failed has taken them away
		kuke get space "$space" >/dev/null 2>&1 && continue
		quiet kuke create space "$space" >/dev/null
		quiet kuke create stack default --space "$space" >/dev/null
		IN="default $space default" run_cell first "$IDLE"
		kuke delete cell first --space "$space"
	done
	suite_snapshot
}

leases_of()
{
	ls -A "$INSTANCE_RUN_PATH/data/default/$1/.leases"
}

# Addresses of the devices in a cell: "eth0 ADDRESS eth1 ADDRESS".
devices_of()
{
	in_cell "$1" ip -br -4 addr show scope global | awk '{ sub("@.*", "", $1); sub("/.*", "", $3); print $1, $3 }' |
		sort | tr '\n' ' '
}

joined_value()
{
	cell_value "$1" "[.status.network.networks[]? | $2] | join(\" \")"
}

inode()
{
	stat -c %i "$(cell_dir "$1")/etc-hosts"
}

hosts_has()
{
	grep -q "$2" "$(cell_dir "$1")/etc-hosts"
}

# port_on CELL INDEX: the host's end of a device, by its network in the record of the start.
port_on()
{
	local record
	record=$(cat "$INSTANCE/run/cells/default/default/default/$1/run.json")
	jq -r --argjson i "$2" '.joined | split("/")[$i] | split(" ")[0]' <<<"$record"
}

space_bridge()
{
	inst ip -o link show type bridge | sed -n "s,^[0-9]*: \(k-[0-9a-f]*\):.*alias default/$1\$,\1,p"
}

is_port_of()
{
	inst ip -o link show "$1" 2>/dev/null | grep -q " master $2 "
}

@test "a cell is in all its networks, with an address and its names in each" {
	local gate far
	IN='default back default' run_cell web "$SERVE"
	run_cell near "$SERVE"
	run_cell gate "$SERVE" $'networks: [back, far]\nnetworksAliases: [door]'
	run cell_value gate .status.network.address
	gate=$output
	assert_equal "$(joined_value gate .name)" 'back far'
	assert_equal "$(joined_value gate .device)" 'eth1 eth2'
	assert_equal "$(joined_value gate .bridgeName)" "$(space_bridge back) $(space_bridge far)"
	far=$(joined_value gate .address)
	assert_equal "$(devices_of gate)" "eth0 $gate eth1 ${far% *} eth2 ${far#* } "
	# The own space alone is the way to all else.
	run in_cell gate ip -4 route show default
	assert_output --regexp '^default via [0-9.]* dev eth0 [^$]*$'
	# From here by name to a cell of each network, and from them to here.
	wait_for 200 fetch "$(IN='default back default' cell_value web .status.network.address)"
	{
		cell_doc ask 'for i in web near gate door; do wget -q -O - http://$i:8080/; done; echo end; exec sleep 1000' 'networks: [back]'
	} | quiet kuke run -d -f - >/dev/null
	wait_for 400 log_has ask '^end$'
	assert_equal "$(logs ask)" $'web\nnear\ngate\ngate\nend'
	IN='default back default' run_cell ask 'for i in gate gate.default gate.default.default door; do
		wget -q -O - http://$i:8080/; done; ping -c1 -W2 gate >/dev/null && echo end; exec sleep 1000'
	IN='default back default' wait_for 400 log_has ask '^end$'
	IN='default back default' run logs ask
	assert_output $'gate\ngate\ngate\ngate\nend'
	run grep gate "$(IN='default back default' cell_dir ask)/etc-hosts"
	assert_output "${far% *}"$'\tgate gate.default gate.default.default door'
	run kuke get cell gate -o yaml
	assert_output --partial 'device: eth1'
	kuke delete cells gate near ask
	kuke delete cells web ask --space back
	assert_equal "$(leases_of default)$(leases_of back)$(leases_of far)" ''
}

@test "a cell in two networks is no way from one to the other" {
	local hither there gate
	run_cell here "$IDLE"
	IN='default back default' run_cell there "$IDLE"
	run_cell gate "$IDLE" 'networks: [back]'
	hither=$(cell_ip here)
	there=$(IN='default back default' cell_value there .status.network.address)
	gate=$(joined_value gate .address)
	in_cell gate busybox ping -c1 -W2 "$there"
	in_cell gate busybox ping -c1 -W2 "$hither"
	assert_equal "$(in_cell gate cat /proc/sys/net/ipv4/ip_forward)" 0
	# Neither directly nor by routes over the one that reaches both.
	run in_cell here busybox ping -c1 -W1 "$there"
	assert_failure
	in_cell here ip route add "$there" via "$(cell_ip gate)"
	IN='default back default' in_cell there ip route add "$hither" via "$gate"
	run in_cell here busybox ping -c1 -W1 "$there"
	assert_failure
	IN='default back default' run in_cell there busybox ping -c1 -W1 "$hither"
	assert_failure
	kuke delete cells here gate
	kuke delete cell there --space back
}

@test "the policy of a joined space holds for what goes out by its bridge" {
	local gateway
	{
		printf 'kind: Space\nmetadata: {name: shut}\nspec: {realmId: default, network: {egress: {default: deny}}}\n'
		printf -- '---\nkind: Stack\nmetadata: {name: default}\nspec: {realmId: default, spaceId: shut}\n'
	} | quiet kuke apply -f - >/dev/null
	run_cell gate "$IDLE" 'networks: [shut]'
	in_cell gate busybox ping -c1 -W2 192.0.2.2
	gateway=$(joined_value gate .address)
	gateway=${gateway%.*}.1
	in_cell gate ip route add 192.0.2.0/24 via "$gateway" dev eth1
	run in_cell gate busybox ping -c1 -W1 192.0.2.2
	assert_failure
	in_cell gate ip route del 192.0.2.0/24 via "$gateway" dev eth1
	in_cell gate busybox ping -c1 -W2 192.0.2.2
	kuke delete cell gate
	kuke delete space shut --cascade
}

@test "a space that is not there is refused by name, before anything is made" {
	cell_doc c true 'networks: [back, nowhere]' >"$doc"
	local verb
	for verb in 'apply --dry-run' apply 'run -d'; do
		# shellcheck disable=SC2086 # two words
		run quiet kuke $verb -f "$doc"
		[ "$verb" = 'apply --dry-run' ] || assert_failure 1
		assert_output --partial 'container "main": networks[1]: space "nowhere" not found in realm "default"; create it first'
	done
	cell_doc c true 'networks: [back, default]' >"$doc"
	run quiet kuke apply -f "$doc"
	assert_failure 1
	assert_output --partial 'container "main": networks[1] "default" is the space of the cell itself; leave it out'
	cell_doc c true $'networks: [back]\nhostNetwork: true' >"$doc"
	run quiet kuke apply -f "$doc"
	assert_failure 1
	assert_output --partial 'networks cannot be used on the host network'
	assert [ ! -e "$(cell_dir c)" ]
	# A cell that is there stays as it is.
	run_cell c "$IDLE"
	local pid
	pid=$(init_of c)
	cell_doc c "$IDLE" 'networks: [nowhere]' >"$doc"
	run quiet kuke apply -f "$doc"
	assert_failure 1
	assert_output --partial 'space "nowhere" not found'
	assert_equal "$(init_of c)" "$pid"
	run quiet kuke create container x --cell c --image "$IMAGE" --command sleep --args 9 --network back
	assert_failure 1
	assert_output --partial "the cell has not joined \"back\"; change the cell with 'kuke apply' instead"
	kuke delete cell c
	assert_equal "$(leases_of back)" ''
}

@test "the hosts file of a cell in several networks follows them all, in place" {
	local was
	run_cell gate "$IDLE" 'networks: [back]'
	was=$(inode gate)
	assert_not_equal "$was" "$(stat -c %i "$INSTANCE_RUN_PATH/data/default/default/.hosts")"
	run_cell near "$IDLE" 'networksAliases: [n]'
	IN='default back default' run_cell web "$IDLE" 'networksAliases: [w]'
	IN='default back default' run_cell near "$IDLE"
	run sed '1,/allrouters/d' "$(cell_dir gate)/etc-hosts"
	assert_line "$(cell_ip near)"$'\tnear near.default n'
	assert_line --regexp $'^10[.0-9]*\tweb web.default w$'
	# Of two with one name the own space's is found.
	assert_equal "$(grep -c 'near' "$(cell_dir gate)/etc-hosts")" 1
	kuke delete cell near
	assert_equal "$(grep -c 'near' "$(cell_dir gate)/etc-hosts")" 1
	kuke delete cell near --space back
	refute hosts_has gate near
	# A daemon that was killed, files that were lost meanwhile.
	kill_daemon
	: >"$(cell_dir gate)/etc-hosts"
	quiet kuke daemon start >/dev/null
	wait_for 200 hosts_has gate 'web web.default w'
	quiet kuke stop cell gate >/dev/null
	IN='default back default' run_cell late "$IDLE"
	quiet kuke start cell gate >/dev/null
	hosts_has gate 'late late.default'
	assert_equal "$(inode gate)" "$was"
	# Without networks it is the space's file again.
	cell_doc gate "$IDLE" >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	assert_equal "$(inode gate)" "$(stat -c %i "$INSTANCE_RUN_PATH/data/default/default/.hosts")"
	refute hosts_has gate late
	kuke delete cell gate
	kuke delete cells web late --space back
}

@test "a space is not deleted while cells of others have joined it" {
	run_cell gate "$IDLE" 'networks: [extra]' || true
	quiet kuke create space extra >/dev/null
	run_cell gate "$IDLE" 'networks: [extra]'
	for how in '' --dry-run --cascade; do
		# shellcheck disable=SC2086 # none or one
		run kuke delete space extra $how
		assert_output --partial 'cells of other spaces have joined the network of space "extra": default/default/gate; delete them first, or take it out of their networks'
	done
	assert_equal "$(joined_value gate .name)" extra
	# Stopped it still has its address there.
	quiet kuke stop cell gate >/dev/null
	run kuke delete space extra
	assert_failure 1
	cell_doc gate "$IDLE" >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	kuke delete space extra
	assert_equal "$(joined_value gate .name)" ''
	kuke delete cell gate
	# One file with both goes as a whole, and so does a realm.
	{
		printf 'kind: Space\nmetadata: {name: extra}\nspec: {realmId: default}\n---\n'
		cell_doc gate "$IDLE" 'networks: [extra]'
	} >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	run quiet kuke delete -f "$doc"
	assert_success
	refute kuke get space extra
	refute kuke get cell gate
	# --force does not ask; the cell says what it has lost.
	quiet kuke apply -f "$doc" >/dev/null
	kuke delete space extra --force
	pass_over gate
	run cell_value gate .status.message
	assert_output --partial 'NetworkFailed: space "extra" does not exist any more'
	run quiet kuke stop cell gate
	assert_success
	run quiet kuke start cell gate
	assert_failure 1
	assert_output --partial 'space "extra" not found in realm "default"; create it first'
	kuke delete cell gate
}

says()
{
	assert_equal "$(cell_value "$1" '.status.message // ""')" "$2"
}

@test "a space is deleted by force: cells that have joined it lose that link and nothing else" {
	local own port lost thief
	quiet kuke create space extra >/dev/null
	run_cell gate "$SERVE" 'networks: [back, extra]'
	own="eth0 $(cell_value gate .status.network.address) eth1 $(joined_value gate .address | cut -d' ' -f1) "
	lost=$(joined_value gate .address | cut -d' ' -f2)
	port=$(port_on gate 1)
	kuke delete space extra --force
	wait_for 200 says gate 'NetworkFailed: space "extra" does not exist any more; the cell has lost eth2'
	assert_equal "$(devices_of gate)" "$own"
	refute inst ip link show "$port"
	assert_equal "$(joined_value gate .name)" back
	assert_equal "$(space_bridge extra)" ''
	run_cell near "$IDLE"
	wait_for 200 fetch "$(cell_value gate .status.network.address)" near
	# Made again, it is joined again.
	quiet kuke create space extra >/dev/null
	wait_for 200 says gate ''
	assert_equal "$(devices_of gate)" "${own}eth2 $lost "
	assert_equal "$(leases_of extra)" "${lost}_default_gate_default"
	# Not if the address is another cell's by then.
	kuke delete space extra --force
	wait_for 200 says gate 'NetworkFailed: space "extra" does not exist any more; the cell has lost eth2'
	kuke daemon stop >/dev/null
	quiet kuke --no-daemon create space extra >/dev/null
	quiet kuke --no-daemon create stack default --space extra >/dev/null
	IN='default extra default' cell_doc thief "$IDLE" | quiet kuke --no-daemon run -d -f - >/dev/null
	quiet kuke daemon start >/dev/null
	wait_for 200 says gate 'NetworkFailed: space "extra" is not the one that the cell has joined; the cell has lost eth2; stop and start the cell'
	thief=$(IN='default extra default' cell_value thief .status.network.address)
	assert_equal "$thief" "$lost"
	assert_equal "$(devices_of gate)" "$own"
	quiet kuke stop cell gate >/dev/null
	quiet kuke start cell gate >/dev/null
	says gate ''
	refute [ "$(joined_value gate .address | cut -d' ' -f2)" = "$lost" ]
	kuke delete cells gate near
	kuke delete space extra --cascade >/dev/null
}

@test "a realm goes with cells that have joined each other's spaces" {
	quiet kuke create realm r1 >/dev/null
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/busybox.tar" "$IMAGE" docker
	quiet kuke image load "$INSTANCE/busybox.tar" --realm r1 >/dev/null
	rm "$INSTANCE/busybox.tar"
	local s
	for s in a b; do
		quiet kuke create space $s --realm r1 >/dev/null
		quiet kuke create stack t --space $s --realm r1 >/dev/null
	done
	IN='r1 a t' run_cell x "$IDLE" 'networks: [b]'
	IN='r1 b t' run_cell y "$IDLE" 'networks: [a]'
	run quiet kuke delete realm r1 --cascade
	assert_success
	refute kuke get realm r1
}

@test "bridges, devices and leases of a joined network come back as they were" {
	local ip port bridge lease
	run_cell gate "$IDLE" 'networks: [back, far]'
	IN='default back default' run_cell web "$IDLE"
	web=$(IN='default back default' cell_value web .status.network.address)
	ip=$(joined_value gate .address)
	port=$(port_on gate 0)
	bridge=$(space_bridge back)
	inst ip link set "$port" nomaster
	pass_over gate
	is_port_of "$port" "$bridge"
	inst ip link del "$bridge"
	pass_over gate
	IN='default back default' pass_over web
	is_port_of "$port" "$bridge"
	wait_for 100 in_cell gate busybox ping -c1 -W1 "$web"
	in_cell gate ip link del eth1
	pass_over gate
	is_port_of "$port" "$bridge"
	wait_for 100 in_cell gate busybox ping -c1 -W1 "$web"
	assert_equal "$(joined_value gate .address)" "$ip"
	assert_equal "$(devices_of gate)" "eth0 $(cell_ip gate) eth1 ${ip% *} eth2 ${ip#* } "
	lease=$INSTANCE_RUN_PATH/data/default/far/.leases/${ip#* }_default_gate_default
	assert [ -L "$lease" ]
	rm "$lease"
	pass_over gate
	assert [ -L "$lease" ]
	# A new daemon takes the cell over as it is; stop and start keep its addresses.
	restart_daemon
	pass_over gate
	assert_equal "$(joined_value gate .address)" "$ip"
	quiet kuke stop cell gate >/dev/null
	assert_equal "$(joined_value gate .address)" ''
	assert_equal "$(leases_of far)" "${ip#* }_default_gate_default"
	quiet kuke start cell gate >/dev/null
	assert_equal "$(joined_value gate .address)" "$ip"
	quiet kuke kill cell gate >/dev/null
	quiet kuke start cell gate >/dev/null
	assert_equal "$(joined_value gate .address)" "$ip"
	kuke delete cell gate
	kuke delete cell web --space back
	assert_equal "$(leases_of default)$(leases_of back)$(leases_of far)" ''
}

@test "the list changes with an apply, as its dry run says, and what was left is given back" {
	local pid
	{ cell_doc gate "$IDLE" 'networks: [back]'; container side "$IDLE"; } >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	pid="$(init_of gate) $(init_of gate side)"
	sed -i 's/\[back\]/[far, back]/' "$doc"
	run kuke apply -f "$doc" --dry-run
	assert_line --index 0 'Cell "gate": updated (dry run)'
	local told=${output//' (dry run)'/}
	assert_equal "$(leases_of far)" ''
	run quiet kuke apply -f "$doc"
	assert_output "$told"
	assert_equal "$(joined_value gate .name)" 'far back'
	assert_not_equal "$(init_of gate) $(init_of gate side)" "$pid"
	run quiet kuke apply -f "$doc"
	assert_output 'Cell "gate": unchanged'
	sed -i 's/\[far, back\]/[far]/' "$doc"
	quiet kuke apply -f "$doc" >/dev/null
	assert_equal "$(joined_value gate .name)" far
	assert_equal "$(leases_of back)" ''
	# One more container brings one more network: the whole cell is made anew.
	pid=$(init_of gate side)
	printf 'kind: Container\nmetadata: {name: x}\nspec: {realmId: default, spaceId: default, stackId: default, cellId: gate, image: %s, command: sleep, args: ["999"], networks: [back]}\n' "$IMAGE" >"$HERE/x.yaml"
	quiet kuke apply -f "$HERE/x.yaml" >/dev/null
	assert_equal "$(joined_value gate .name)" 'far back'
	assert_not_equal "$(init_of gate side)" "$pid"
	# Without it the cell leaves when it is started the next time.
	quiet kuke delete container x --cell gate >/dev/null
	assert_equal "$(joined_value gate .name)" 'far back'
	pass_over gate
	assert_equal "$(leases_of back | wc -l)" 1
	quiet kuke stop cell gate >/dev/null
	quiet kuke start cell gate >/dev/null
	assert_equal "$(joined_value gate .name)" far
	assert_equal "$(leases_of back)" ''
	kuke delete cell gate
}

@test "a cell that goes to the host's network gives its addresses back" {
	cell_doc gate "$IDLE" 'networks: [back]' >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	run_cell near "$IDLE"
	hosts_has near gate
	cell_doc gate "$IDLE" 'hostNetwork: true' >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	refute hosts_has near gate
	assert_equal "$(leases_of back)" ''
	assert_equal "$(leases_of default | wc -l)" 1
	cell_doc gate "$IDLE" 'networks: [back]' >"$doc"
	quiet kuke apply -f "$doc" >/dev/null
	hosts_has near gate
	assert_equal "$(joined_value gate .device)" eth1
	kuke delete cells gate near
}

mtu_of()
{
	inst ip -o link show "$1" | sed 's/.* mtu \([0-9]*\) .*/\1/'
}

@test "bridges and running cells follow the MTU of the uplink" {
	local bridge
	run_cell gate "$IDLE" 'networks: [back]'
	bridge=$(space_bridge default)
	assert_equal "$(mtu_of "$bridge")" 1500
	inst ip link set uplink0 mtu 1400
	restart_daemon
	mtus()
	{
		in_cell gate ip -o link show | sed -n 's/.*\(eth[01]\)@.* mtu \([0-9]*\) .*/\1 \2/p' | sort | tr '\n' ' '
	}
	wait_for 200 eval '[ "$(mtus)" = "eth0 1400 eth1 1400 " ]'
	assert_equal "$(mtu_of "$bridge")" 1400
	run_cell near "$IDLE"
	in_cell near busybox ping -c1 -W2 -s 1372 "$(cell_ip gate)"
	inst ip link set uplink0 mtu 1500
	restart_daemon
	wait_for 200 eval '[ "$(mtus)" = "eth0 1500 eth1 1500 " ]'
	in_cell gate busybox ping -c1 -W2 -s 1472 "$(cell_ip near)"
	kuke delete cells gate near
}

@test "a route of the host that overlaps a space is warned of, once in a pass" {
	local subnet
	run_cell c "$IDLE"
	subnet=$(cell_ip c)
	subnet=${subnet%.*}.128/25
	inst ip route add "$subnet" dev uplink0
	warned()
	{
		grep "route=$subnet" "$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log"
	}
	restart_daemon
	wait_for 200 warned
	run warned
	assert_equal "$(wc -l <<<"$output")" 1
	assert_like "$output" ... 'a route of the host overlaps the subnet of a space' ... 'device=uplink0' ... 'space=default/default' ...
	inst ip route del "$subnet" dev uplink0
	kuke delete cell c
}

@test "nothing is left of cells that came and went while the daemon was killed" {
	local i
	for i in 1 2 3 4 5 6; do
		cell_doc "g$i" "$IDLE" 'networks: [back, far]' >"$HERE/g$i.yaml"
	done
	for i in 1 2 3 4 5 6; do
		quiet kuke apply -f "$HERE/g$i.yaml" >/dev/null 2>&1 &
		sleep 0.0$i # a moment of chance
		kill_daemon
		wait $! || true
		quiet kuke daemon start >/dev/null
		quiet kuke apply -f "$HERE/g$i.yaml" >/dev/null
		assert_equal "$(joined_value "g$i" .device)" 'eth1 eth2'
	done
	assert_equal "$(leases_of back | wc -l) $(leases_of far | wc -l)" '6 6'
	# A lease that a cell has not, and one of a cell that is gone: the next daemon's.
	touch "$INSTANCE_RUN_PATH/data/default/far/.leases/10.250.0.9_default_gone_default"
	for i in 1 2 3 4 5 6; do
		quiet kuke delete cell "g$i" >/dev/null 2>&1 &
		sleep 0.0$i # a moment of chance
		kill_daemon
		wait $! || true
		quiet kuke daemon start >/dev/null
		quiet kuke delete cell "g$i" >/dev/null 2>&1 || refute kuke get cell "g$i"
	done
	restart_daemon
	wait_for 200 eval '[ -z "$(leases_of back)$(leases_of far)$(leases_of default)" ]'
}
