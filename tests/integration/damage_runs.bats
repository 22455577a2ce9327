#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# State files that are damaged (damage.bash): those of what is under way, was left by it, or is
# one for all.

load ../helpers/suite
load ../helpers/damage

# of_v REALM VERB…: of the cell v, or its container
of_v()
{
	kuke "${@:2}" --realm "$1" --space s --stack t >/dev/null
}

# came_back REALM PIDS: other processes than these
came_back()
{
	[ -n "$(pids_of "$1")" ] && [ "$(pids_of "$1")" != "$2" ]
}

# shellcheck disable=SC2016
@test "that a container was stopped" {
	local r WAYS=("${WAYS[@]:0:7}") # one that is gone says nothing

	for r in "${WAYS[@]}"; do of_v "$r" stop container main --cell v; done
	kind_up owed 'containers/$N/s_t_vid_main/stopped'
}

# shellcheck disable=SC2016
@test "restarts that are owed" {
	local r pid

	for r in "${WAYS[@]}"; do
		pid=$(pids_of "$r")
		kill -KILL "${pid%% *}"
		wait_for 60 came_back "$r" "$pid"
		wait_for 60 of "$r" is_cell_state v Ready
	done
	kind_up owed 'restarts/$R_s_t_v'
}

@test "a restart that is owed: none while it cannot be read whether it is" {
	local file=$INSTANCE/run/restarts/empty_s_t_v pid

	pid=$(pids_of empty)
	kill -KILL "${pid%% *}"
	wait_for 60 came_back empty "$pid"
	wait_for 60 of empty is_cell_state v Ready
	quiet kuke daemon stop >/dev/null
	spoil empty "$file"
	pid=$(pids_of empty)
	kill -KILL "${pid%% *}"
	wait_for 60 test ! -e "/proc/${pid%% *}"
	daemon_up
	daemon_again
	is_unknown empty cell "$file"
	assert_equal "$(pids_of empty)" ''
	restore empty "$file"
	daemon_again
	wait_for 60 came_back empty "$pid"
	wait_for 60 of empty is_cell_state v Ready
}

# shellcheck disable=SC2016
@test "a stop that is under way: nobody is killed for it, and it can be asked for again" {
	local r
	local -x VICTIM='trap "" TERM; sleep 1000 & wait; wait'

	for r in "${WAYS[@]}"; do
		of_v "$r" delete cell v
		victim_doc "$r" | quiet kuke run -d -f - >/dev/null
		quiet of_v "$r" stop cell v --timeout 600s &
		wait_for 60 test -s "$INSTANCE/run/stops/${r}_s_t_v"
		kill "$!"
		wait "$!" 2>/dev/null || true
	done
	kind_up owed 'stops/$R_s_t_v'
}

# shellcheck disable=SC2016
@test "the labels of a container" {
	local r WAYS=("${WAYS[@]:0:7}")

	for r in "${WAYS[@]}"; do
		kuke get container main --realm "$r" --space s --stack t --cell v -o json |
			jq '.metadata.labels = {colour: "green"}' | kuke apply -f - >/dev/null
	done
	kind container 'data/$R/s/t/v/main/labels.json'
}

@test "labels that cannot be read match no selector" {
	local r=empty file=$INSTANCE_RUN_PATH/data/empty/s/t/v/main/labels.json

	chosen() { kuke get "$@" --realm $r --space s --stack t -l 'colour!=red' -o name; }
	kuke get container main --realm $r --space s --stack t --cell v -o json |
		jq '.metadata.labels = {colour: "green"}' | kuke apply -f - >/dev/null
	chosen containers --cell v | grep main
	spoil $r "$file"
	refute grep main < <(chosen containers --cell v)
	restore $r "$file"
	chosen cells | grep -w v
	file=${file%/main/*}/metadata.json
	spoil $r "$file"
	refute grep -w v < <(chosen cells)
	restore $r "$file"
}

# shellcheck disable=SC2016
@test "the names of a space" { kind hosts 'data/$R/s/.hosts'; }

# shellcheck disable=SC2016
@test "a cell's hosts file" { kind start 'data/$R/s/t/v/etc-hosts'; }

# shellcheck disable=SC2016
@test "a cell's hostname" { kind start 'data/$R/s/t/v/etc-hostname'; }

@test "the index of a log: the container starts and its log goes on" {
	local r log pids
	declare -A files

	for r in "${WAYS[@]}"; do # so that something is in it
		of_v "$r" stop cell v
		quiet of_v "$r" start cell v
		wait_for 60 grep -q back "$(of "$r" cell_dir v)/main/log"
	done
	pids=$(all_pids)
	# shellcheck disable=SC2016
	spoil_all 'data/$R/s/t/v/main/log.idx'
	daemon_again
	diff <(echo "$pids") <(all_pids)
	for r in "${WAYS[@]}"; do
		of_v "$r" stop cell v
		quiet of_v "$r" start cell v
		log=$(of "$r" cell_dir v)/main/log
		goes_on() { [ "$(grep -c back "$log")" -ge 2 ]; }
		wait_for 60 goes_on
		of "$r" is_cell_state v Ready
		[ "$r" != directory ] || [ -e "$log.idx/of-the-user" ]
		of_v "$r" stop cell v # the monitor has it open
		restore "$r" "${files[$r]}"
		quiet of_v "$r" start cell v
	done
	all_ready
}

@test "the claim of a spec.id: no other cell gets it, and it is made again" {
	local link=$INSTANCE_RUN_PATH/data/empty/s/t/.id-vid pids way

	other() { IN='empty s t' cell_doc x "$IDLE" | sed 's/id: x$/id: vid/' | quiet kuke run -d -f -; }
	pids=$(all_pids)
	assert_equal "$(readlink "$link")" v
	for way in gone file other nobody directory; do
		rm "$link"
		case $way in
		file) echo v >"$link" ;;
		other) IN='empty s t' run_cell x "$IDLE" && ln -s x "$link" ;;
		nobody) ln -s w "$link" ;;
		directory) mkdir "$link" && echo kept >"$link/of-the-user" ;;
		esac
		[ $way = other ] || [ $way = gone ] || { # before anybody has looked
			run other
			assert_equal "$status" 1
			assert_like "$output" ... 'spec.id "vid"' ...
		}
		daemon_again
		diff <(echo "$pids") <(all_pids)
		of empty is_cell_state v Ready
		[ $way != other ] || kuke delete cell x --realm empty --space s --stack t
		[ $way = directory ] || [ "$(readlink "$link")" = v ]
		run other
		assert_equal "$status" 1
		assert_like "$output" ... 'spec.id "vid"' ...
		diff <(echo "$pids") <(all_pids)
	done
	ls "$link/of-the-user"
	rm -r "$link"
	daemon_again
	assert_equal "$(readlink "$link")" v
}

# refused FILE CMD…: in one line that names it
refused()
{
	local lines

	run quiet "${@:2}"
	echo "$output"
	mapfile -t lines <<<"$output"
	[ "$status" -ne 0 ] && [ "${#lines[@]}" -eq 1 ] && [[ $output == *"$1"* ]]
}

# one_for_all WAYS FILE WORDS CMD…: without it the command is refused, and nothing changes.
one_for_all()
{
	local way pids

	pids=$(all_pids)
	for way in $1; do
		quiet kuke daemon stop >/dev/null
		kept >"$SAVED/kept"
		find "$INSTANCE/run/containers" "$INSTANCE/run/cells" | sort >"$SAVED/run"
		spoil "$way" "$2"
		refused "$2" "${@:4}"
		[[ $output == *"$3"* ]]
		diff <(echo "$pids") <(all_pids)
		diff "$SAVED/kept" <(kept)
		diff "$SAVED/run" <(find "$INSTANCE/run/containers" "$INSTANCE/run/cells" | sort)
		restore "$way" "$2"
		daemon_up
		diff <(echo "$pids") <(all_pids)
		all_ready
	done
}

@test "the instance file" {
	one_for_all 'empty cut zero flip directory link unreadable' \
		"$INSTANCE_RUN_PATH/.kukeon-instance.json" 'remove it' kuke daemon start
}

@test "which boot the runtime directory is of" {
	one_for_all 'empty cut zero flip directory link unreadable' "$INSTANCE/run/boot.json" \
		'remove the file' kuke daemon start
}

# A link is the operator's choice; what is cut is a shorter text.
@test "the server configuration" {
	local ways='empty zero directory unreadable' words='server configuration is invalid'

	one_for_all "$ways" "$INSTANCE_CONFIG" "$words" kuke init --server-configuration "$INSTANCE_CONFIG"
	one_for_all "$ways" "$INSTANCE_CONFIG" "$words" inst kukeond serve --configuration "$INSTANCE_CONFIG"
}

# The other runs are gone with the runtime directory: a restart of the daemon is all.
@test "the exit record of an earlier run: the container runs on and stops as asked" {
	local r file pids
	declare -A files

	for r in "${WAYS[@]}"; do # an earlier run
		quiet kuke stop cell v --realm "$r" --space s --stack t >/dev/null
		quiet kuke start cell v --realm "$r" --space s --stack t >/dev/null
	done
	pids=$(all_pids)
	# shellcheck disable=SC2016
	spoil_all 'namespaces/$N/containers/s_t_vid_main/exit.json'
	daemon_again
	diff <(echo "$pids") <(all_pids)
	for r in "${WAYS[@]}"; do
		[ "$r" = gone ] || show "$r" cell | tee "$INSTANCE/home/status" |
			jq -e '(.message | contains("exit.json")) and .reason == "StateUnreadable" and .containers[0].state == "Unknown"' ||
			{ echo "$r"; cat "$INSTANCE/home/status"; return 1; }
	done
	for r in "${WAYS[@]}"; do restore "$r" "${files[$r]}"; done
	all_ready
	others_work
}

@test "what is under way with a cell: it can be deleted all the same" {
	local r file
	declare -A files

	quiet kuke daemon stop >/dev/null
	for r in "${WAYS[@]}"; do
		file=$INSTANCE_RUN_PATH/locks/$r/s/t/v/.intent
		[ "$r" = gone ] || echo '{"op":"cell-delete","step":"","data":{"namespace":"'"$r.$INSTANCE_NS_SUFFIX"'"}}' >"$file"
		[ "$r" = gone ] || [ "$r" = flip ] || spoil "$r" "$file"
	done
	daemon_up
	for r in empty cut zero directory link unreadable; do
		is_unknown "$r" cell .intent
		assert_not_equal "$(pids_of "$r")" ''
	done
	others_work
	inst umount "$INSTANCE_RUN_PATH/locks/unreadable/s/t/v/.intent"
	for r in empty cut zero directory link unreadable; do
		kuke delete cell v --realm "$r" --space s --stack t
		assert_equal "$(pids_of "$r")" ''
	done
	# This one could be read, and was finished.
	refute kuke get cell v --realm flip --space s --stack t
}

@test "a lease: no other cell gets the address, and it comes back" {
	local ip lease dir=$INSTANCE_RUN_PATH/data/empty/s/.leases
	lease=$(ls "$dir")
	ip=${lease%%_*}
	assert_equal "$lease" "${ip}_t_v"
	for way in gone file directory nameless; do
		quiet kuke daemon stop >/dev/null
		rm -rf "${dir:?}/$lease"
		case $way in
		file) echo x >"$dir/$lease" ;;
		directory) mkdir "$dir/$lease" ;;
		nameless) : >"$dir/$ip" ;;
		esac
		daemon_up
		of empty is_cell_state v Ready
		IN='empty s t' run_cell x "$IDLE"
		assert_not_equal "$(IN='empty s t' cell_value x .status.network.address)" "$ip"
		kuke delete cell x --realm empty --space s --stack t
		[ "$way" = nameless ] || assert [ -e "$dir/$lease" ]
		rm -rf "${dir:?}/$ip" "${dir:?}/$lease"
		: >"$dir/$lease"
	done
	kuke stop cell v --realm empty --space s --stack t
	quiet kuke start cell v --realm empty --space s --stack t
	assert_equal "$(of empty cell_value v .status.network.address)" "$ip"
}

@test "which image a container was made of: nothing of it goes while that is lost" {
	local link=$NS/empty.$INSTANCE_NS_SUFFIX/containers/s_t_vid_main/image to pid
	pid=$(pids_of empty)
	to=$(readlink "$link")
	for way in gone file; do
		rm "$link"
		[ "$way" = gone ] || echo "$to" >"$link"
		quiet kuke image delete "$IMAGE" --realm empty
		daemon_again
		assert_equal "$(pids_of empty)" "$pid"
		assert [ -e "$NS/empty.$INSTANCE_NS_SUFFIX/snapshots/$BASE_LAYER/layer.json" ]
		assert [ -e "$NS/empty.$INSTANCE_NS_SUFFIX/blobs/sha256/${to#sha256:}" ]
		run kuke image prune --realm empty
		assert_failure 1
		assert_output --partial "no image content is removed while a record cannot be read: container 's_t_vid_main': '$link'"
		rm -f "$link"
		ln -s "$to" "$link"
		quiet kuke image load "$INSTANCE/home/busybox.tar" --realm empty >/dev/null
	done
	kuke image prune --realm empty
}

@test "a layer that lost its record under a running cell: load gives it one, the cell runs on" {
	local layer=$NS/empty.$INSTANCE_NS_SUFFIX/snapshots/$BASE_LAYER pid inode
	pid=$(pids_of empty)
	inode=$(stat -c %i "$layer/fs")
	rm "$layer/layer.json"
	kuke image delete "$IMAGE" --realm empty
	assert [ -e "$layer/fs" ]
	quiet kuke image load "$INSTANCE/home/busybox.tar" --realm empty >/dev/null
	assert_equal "$(stat -c %i "$layer/fs")" "$inode"
	kuke image verify --realm empty
	assert_equal "$(pids_of empty)" "$pid"
	kuke stop cell v --realm empty --space s --stack t
	quiet kuke start cell v --realm empty --space s --stack t
	# Of no use to anybody: it goes when that is asked for, not by itself.
	quiet kuke create realm spare >/dev/null
	quiet kuke image load "$INSTANCE/home/busybox.tar" --realm spare >/dev/null
	layer=$NS/spare.$INSTANCE_NS_SUFFIX/snapshots/$BASE_LAYER
	rm "$layer/layer.json"
	kuke image delete "$IMAGE" --realm spare
	daemon_again
	assert [ -e "$layer/fs" ]
	kuke image prune --realm spare
	assert [ ! -e "$layer" ]
	kuke delete realm spare
}

@test "what is not kukeon's is left alone and named once" {
	local ns=$NS/default.$INSTANCE_NS_SUFFIX dirs d n
	mkdir "$NS/lost+found"
	dirs=("$INSTANCE_RUN_PATH/data" "$INSTANCE_RUN_PATH/data/default" "$INSTANCE_RUN_PATH/data/default/default"
		"$INSTANCE_RUN_PATH/data/default/default/default" "$NS" "$ns"/{containers,snapshots,staging,trash,blobs/sha256})
	for d in "${dirs[@]}"; do
		mkdir -p "$d/lost+found/#1/a" "$d/mine/b/c/d"
		echo x | tee "$d/lost+found/#1/a/f" >"$d/mine/b/c/d/f"
	done
	# A name of ours without a record of ours.
	mkdir -p "$ns/snapshots/$(printf '%064d' 7)/fs" "$ns/containers/default_default_x_main/notes" \
		"$INSTANCE_RUN_PATH/data/empty2/s/t/c"
	echo x >"$ns/images/notes.txt"
	daemon_again
	daemon_again
	kuke image prune
	for d in "${dirs[@]}"; do
		assert [ -e "$d/lost+found/#1/a/f" ]
		assert [ -e "$d/mine/b/c/d/f" ]
		n=$(grep -c "left alone.*: $d/mine\"" "$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log")
		[ "$n" -eq 1 ] || { echo "$d: $n"; return 1; }
	done
	assert [ -e "$ns/containers/default_default_x_main/notes" ]
	assert [ -e "$INSTANCE_RUN_PATH/data/empty2/s/t/c" ]
	assert [ -e "$ns/images/notes.txt" ]
	kuke get realms -o json | jq -e 'map(.metadata.name) | contains(["mine"]) or contains(["lost+found"]) | not'
	for d in "${dirs[@]}"; do rm -r "${d:?}/lost+found" "${d:?}/mine"; done
	rm -r "$ns/containers/default_default_x_main" "$INSTANCE_RUN_PATH/data/empty2" "$ns/images/notes.txt"
}
