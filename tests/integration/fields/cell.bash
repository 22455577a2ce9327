# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

cell.metadata.name()
{
	proof "/etc/hostname and the UTS namespace's name, and the control group"
	is_cgroup "/$REALM/sp/st/cell"
	[ "$(inst nsenter --uts="/proc/$(cat "$(dir_of plain)/pid")/ns/uts" hostname)" = cell ]
}

cell.spec.id()
{
	proof "is in the names of its containers' control groups"
	seen_line plain cgroup "/sp_st_cell-id_plain$"
}

cell.spec.realmId()
{
	proof "the process is in that realm's control group"
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/"
}

cell.spec.spaceId()
{
	proof "control group and bridge are that space's"
	local index
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/sp/"
	index=$(seen plain link | sed -n 's/^[0-9]*: eth0@if\([0-9]*\):.*/\1/p')
	grep -qE "^$index: .* master $(bridge_of sp) " "$SEEN/links"
	refute grep -qE "^$index: .* master $(bridge_of filled) " "$SEEN/links"
}

cell.spec.stackId()
{
	proof "the process is in that stack's control group"
	seen_line plain cgroup ":$INSTANCE_CGROUP/$REALM/sp/st/"
}

# bridge_of SPACE: that has the gateway of the space's cells.
bridge_of()
{
	local dir=$SEEN/sp_st_cell-id_plain

	[ "$1" = sp ] || dir=$SEEN/filled_st_defaults-id_own
	awk -v ip="$(cut -d' ' -f3 "$dir/route")" 'index($4, ip "/") == 1 { print $2 }' "$SEEN/addresses"
}

# The end of CELL's root ends the other one.
ends_with_boss()
{
	inst kill -KILL "$(init_pid root "$1")"
	wait_for 300 no_process_in "$(runtime_id '' "$1")"
}

no_process_in()
{
	! inst pgrep -f -- "--id=$1" >/dev/null
}

# A cell of a profile whose container boss has KEYS, beside CELL_KEYS.
profile_boss()
{
	{
		{ plain_keys && echo "$1"; } | listed boss
		plain_keys | listed plain
		echo "${2:+  $2}"
	} | profile_doc boss >"$HERE/.kuke/profiles.d/boss.yaml"
	profile_run boss profile-boss >/dev/null
}

cell.spec.rootContainerId()
{
	proof "when that container ends the others are ended; one that is not there is refused"
	if [ "$SUBJECT" = profile ]; then
		profile_boss '' 'rootContainerId: boss'
		ends_with_boss profile-boss
		kuke delete cell profile-boss --realm "$REALM" --space sp --stack st >/dev/null
	else
		ends_with_boss rooted
	fi
	attempt_fails 'rootContainerId "y" not found in containers array' '' 'rootContainerId: y'
}

# Two containers that have a terminal; the cell's default is the second.
two_terminals()
{
	printf '    - {id: %s, image: "'"$IMAGE"'", command: echo, args: [from-%s], attachable: true}\n' \
		first first second second
	echo '  tty: {default: second}'
}

cell.spec.tty.default()
{
	local out

	proof "kuke run shows the terminal of that one; one that is not there, or not attachable, is refused"
	attempt_fails 'cell tty.default "y" does not match any container in this cell' '' 'tty: {default: y}'
	attempt_fails 'references container that is not attachable' '' 'tty: {default: x}'
	if [ "$SUBJECT" = profile ]; then
		two_terminals | sed 's/^    -/  &/; s/^  tty/    tty/' | sed 's/^  //' |
			profile_doc two >"$HERE/.kuke/profiles.d/two.yaml"
		out=$(kuke run -p two --name profile-two --param "IMAGE=$IMAGE" </dev/null 2>&1) || true
		kuke delete cell profile-two --realm "$REALM" --space sp --stack st >/dev/null
	else
		{ head_of_cell two sp && two_terminals; } >"$WORK/two.yaml"
		out=$(kuke run -f "$WORK/two.yaml" </dev/null 2>&1) || true
		kuke delete cell two --realm "$REALM" --space sp --stack st >/dev/null
	fi
	grep -q '"second"\|from-second' <<<"$out" && ! grep -q '"first" in\|from-first' <<<"$out"
}

cell.spec.autoDelete()
{
	proof "its control group and its directory are gone after its program has ended"
	attempt '' 'autoDelete: true' >/dev/null
	inst kill -KILL "$(inst pgrep -P "$(inst pgrep -f -- '--id=sp_st_[a-z]*-*later[-id]*_x ')")"
	wait_for 200 is_gone "$(later)"
}

is_gone()
{
	! is_cgroup "/$REALM/sp/st/$1" && [ ! -e "$INSTANCE_RUN_PATH/data/$REALM/sp/st/$1" ]
}

words()
{
	tr ' ' '\n' <"$1" | sort | paste -sd' '
}

cell.spec.nestedCgroupRuntime()
{
	local group

	if [ "$(stat -f -c %T /sys/fs/cgroup)" != cgroup2fs ]; then
		proof "needs the unified hierarchy: refused on this host"
		attempt_fails 'nestedCgroupRuntime needs cgroup v2' '' 'nestedCgroupRuntime: true'
		return
	fi
	proof "cgroup.subtree_control of the cell's group has all that its parent's cgroup.controllers has"
	attempt '' 'nestedCgroupRuntime: true' >/dev/null
	group=$(find_cgroups "/$REALM/sp/st/$(later)" -maxdepth 0)
	[ "$(words "$group/cgroup.subtree_control")" = "$(words "$group/cgroup.controllers")" ]
	undo
}

# exits and dies have ended, the rest runs.
cell.status.state()
{
	proof "the manifest's Failed is dropped: Ready, and its processes live"
	[ "$(status state)" = Ready ]
	[ -s "$(dir_of plain)/status" ]
}

cell.status.network.bridgeName()
{
	proof "the bridge that the host's end of eth0 is in"
	[ "$(status network.bridgeName)" = "$(bridge_of sp)" ]
}

cell.status.network.address()
{
	proof "the address of eth0 in the cell's network namespace"
	inst nsenter --net="/proc/$(cat "$(dir_of plain)/pid")/ns/net" ip -br -4 addr show eth0 |
		grep -qE " $(status network.address)/[0-9]+ "
}

cell.status.network.addressV6()
{
	proof "the IPv6 address of eth0 in the cell's network namespace"
	inst nsenter --net="/proc/$(cat "$(dir_of plain)/pid")/ns/net" ip -br -6 addr show eth0 |
		grep -qF " $(status network.addressV6)/64 "
}

joined()
{
	status "network.networks[0].$1"
}

cell.status.network.networks.name()
{
	proof "the space that a container names"
	[ "$(joined name)" = filled ]
	[ "$(status 'network.networks | length')" = 1 ]
}

cell.status.network.networks.bridgeName()
{
	proof "the bridge that the host's end of eth1 is in"
	[ "$(joined bridgeName)" = "$(bridge_of filled)" ]
}

cell.status.network.networks.device()
{
	proof "a device in the cell's network namespace"
	seen_line plain link "^[0-9]+: $(joined device)@"
}

cell.status.network.networks.address()
{
	proof "the address of eth1 in the cell's network namespace"
	inst nsenter --net="/proc/$(cat "$(dir_of plain)/pid")/ns/net" ip -br -4 addr show eth1 |
		grep -qE " $(joined address)/[0-9]+ "
}

cell.status.network.networks.addressV6()
{
	proof "the IPv6 address of eth1 in the cell's network namespace"
	inst nsenter --net="/proc/$(cat "$(dir_of plain)/pid")/ns/net" ip -br -6 addr show eth1 |
		grep -qF " $(joined addressV6)/64 "
}

cell.status.network.ports()
{
	proof "the ports that lead to the cell by the host's rules"
	[ "$(status 'network.ports | join(" ")')" = '0.0.0.0:7001->80/tcp' ]
	grep -qE -- "dport 7001 " "$SEEN/nat"
}

cell.status.readyObserved()
{
	proof "true once its processes have run; not in a cell whose program cannot be executed"
	[ "$(status readyObserved)" = true ]
	{ head_of_cell broken sp && printf '%s\n' "image: $IMAGE" 'command: /no/such' | listed x; } >"$WORK/broken.yaml"
	refute kuke apply -f "$WORK/broken.yaml" >/dev/null 2>&1
	[ "$(get cell broken '.status.readyObserved // false')" = false ]
}

cell.status.reason()
{
	proof "the manifest's is dropped; why a start failed, where one did"
	[ "$(status 'reason // ""')" = "" ]
	[ "$(get cell broken .status.reason)" = StartCellFailed ]
}

cell.status.message()
{
	proof "the manifest's is dropped; what the runtime said, where a start failed"
	[ "$(status 'message // ""')" = "" ]
	[[ "$(get cell broken .status.message)" == */no/such* ]]
}
