#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# State files that are there and cannot be read as themselves: each kind, damaged in
# each way, with containers running, over a restart of the daemon and over one of the
# host. Whatever is damaged: what runs goes on, nothing is removed because a record
# could not be read, the object says which file is wrong, all others work, and when the
# file is back everything is as before.
#
# A realm per way of damage; a cell in the realm "default" stands by.

load ../helpers/suite

IDLE='[ -e /canary ] && echo back; echo x >/canary; trap "exit 0" TERM; sleep 1000 & wait'
WAYS=(empty cut zero flip directory link unreadable gone)

setup_file()
{
	suite_start
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/home/busybox.tar" "$IMAGE" docker
	local r
	for r in "${WAYS[@]}"; do
		quiet kuke create realm "$r" >/dev/null
		quiet kuke create space s --realm "$r" >/dev/null
		quiet kuke create stack t --realm "$r" --space s >/dev/null
		quiet kuke image load "$INSTANCE/home/busybox.tar" --realm "$r" >/dev/null
	done
	kuke apply -f - >/dev/null < <(for r in "${WAYS[@]}"; do realm_doc "$r"; done)
	quiet kuke daemon stop >/dev/null
}

setup()
{
	SAVED=$INSTANCE/home/saved NS=$INSTANCE_RUN_PATH/namespaces
	LAYER=$(basename "$INSTANCE_RUN_PATH/namespaces/empty.$INSTANCE_NS_SUFFIX/snapshots"/*)
	IMAGE_HEX=$(printf %s "$IMAGE" | sha256sum | cut -d" " -f1)
	MANIFEST=$(jq -r .manifest "$INSTANCE_RUN_PATH/namespaces/empty.$INSTANCE_NS_SUFFIX/images/$IMAGE_HEX.json")
	MANIFEST=${MANIFEST#sha256:}
	mkdir -p "$SAVED"
	daemon_up
	start_all
}

teardown()
{
	if [ -z "${BATS_TEST_COMPLETED:-}" ]; then
		tail -n 25 "$INSTANCE_RUN_PATH/data/kuke-system/kukeon/kukeon/kukeond/kukeond/log"
		local r
		for r in "${WAYS[@]}"; do ! [ -e "$SAVED/$r" ] || restore "$r" "$(cat "$SAVED/$r.path")"; done
	fi
	rm -rf "${SAVED:?}"
	for cell in b x; do ! kuke get cell "$cell" || kuke delete cell "$cell"; done >/dev/null 2>&1
}

realm_doc()
{
	printf -- '---\napiVersion: v1beta1\nkind: Realm\nmetadata: {name: %s}\nspec:\n  registryCredentials: [{username: u, password: secret, serverAddress: registry.test}]\n' "$1"
}

# Cells of the realm $1.
of()
{
	IN="$1 s t" "${@:2}"
}

victim_doc()
{
	IN="$1 s t" cell_doc v "${VICTIM:-$IDLE}" 'restartPolicy: on-failure' | sed 's/id: v$/id: vid/'
}

start_all()
{
	local r

	for r in "${WAYS[@]}"; do
		! of "$r" is_cell_state v Ready || continue
		victim_doc "$r" | quiet kuke apply -f - >/dev/null
		wait_for 100 of "$r" is_cell_state v Ready
	done 2>/dev/null
	! kuke get cell b >/dev/null 2>&1 || kuke delete cell b >/dev/null
	run_cell b "$IDLE"
}

# pids of the container's processes, by its cgroup.
pids_of()
{
	find_cgroups "/$1/s/t/v/s_t_vid_main" -maxdepth 1 -name cgroup.procs -exec cat {} + 2>/dev/null | sort -un | paste -sd' '
}

all_pids()
{
	local r

	for r in "${WAYS[@]}"; do echo "$r: $(pids_of "$r")"; done
	echo "b: $(init_of b)"
}

# Names of everything that may not vanish, without those of the damaged files.
kept()
{
	(
		cd "$INSTANCE_RUN_PATH" || return
		find data namespaces \( -name .tmp-\* -o -path '*/kuke-system*' -o -path 'data/default*' \) \
			-prune -o \( -path '*/snapshots/*/fs/*' -o -path '*/upper/*' -o -path '*/log*' \
			-o -path '*/exit.json*' -o -path '*/work/*' \) -prune -o -print
	) | sort
	inst ip -o link show type bridge | cut -d: -f2 | sort
}

# The daemon has done its first pass, with its sweep.
daemon_up()
{
	! daemon_is_back || return 0
	rm -f "$INSTANCE/run/.swept"
	quiet kuke daemon start >/dev/null
	wait_for 400 test -e "$INSTANCE/run/.swept"
}

daemon_again()
{
	quiet kuke daemon stop >/dev/null
	daemon_up
}

reboot()
{
	machine_restarts
	daemon_up
}

# spoil WAY FILE
spoil()
{
	local way=$1 file=$2 size at

	cp -a "$file" "$SAVED/$way"
	echo "$file" >"$SAVED/$way.path"
	size=$(stat -c %s "$file")
	case $way in
	empty) truncate -s 0 "$file" ;;
	cut) # where a line ends, if there are lines
		at=$(($(wc -l <"$file") / 2))
		truncate -s "$([ "$at" -gt 0 ] && head -n "$at" "$file" | wc -c || echo $((size / 2)))" "$file"
		;;
	zero) head -c "$size" /dev/zero | dd of="$file" conv=notrunc status=none ;;
	flip) # the third letter of the last word: what is left is as good a text as before
		at=$(grep -abo '[a-z0-9]\{4\}' "$file" | tail -n1 | cut -d: -f1)
		at=$((${at:--2} + 2))
		size=$(od -An -tu1 -j "$at" -N 1 "$file")
		printf '%b' "\\x$(printf %x $((size ^ 1)))" |
			dd of="$file" bs=1 seek="$at" conv=notrunc status=none
		;;
	directory) rm "$file" && mkdir "$file" && echo kept >"$file/of-the-user" ;;
	link) rm "$file" && ln -s "$SAVED/$way" "$file" ;;
	unreadable) inst mount --bind /proc/1/mem "$file" ;; # EIO at its first byte
	gone) rm "$file" ;;
	esac
}

restore()
{
	[ "$1" != unreadable ] || ! inst mountpoint -q "$2" || inst umount "$2"
	rm -rf "${2:?}"
	cp -a "$SAVED/$1" "$2"
	rm -rf "${SAVED:?}/$1" "$SAVED/$1.path"
}

show()
{
	case $2 in
	realm) kuke get realms -o json | jq --arg n "$1" '.[] | select(.metadata.name == $n).status' ;;
	space) kuke get spaces --realm "$1" -o json | jq '.[0].status' ;;
	stack) kuke get stacks --realm "$1" --space s -o json | jq '.[0].status' ;;
	cell) kuke get cells --realm "$1" --space s --stack t -o json | jq '.[0].status' ;;
	esac
}

# The same object by its name.
show_one()
{
	case $2 in
	realm) kuke get realm "$1" "${@:3}" ;;
	space) kuke get space s --realm "$1" "${@:3}" ;;
	stack) kuke get stack t --realm "$1" --space s "${@:3}" ;;
	cell) kuke get cell v --realm "$1" --space s --stack t "${@:3}" ;;
	esac
}

# is_unknown REALM OBJECT FILE
is_unknown()
{
	show_one "$1" "$2" -o json | jq -e --arg f "${3##*/}" --argjson in_list "$(show "$1" "$2")" \
		'.status | .state == "Unknown" and (.message | contains($f)) and
			.reason == $in_list.reason and .message == $in_list.message' ||
		{ echo "$1 $2:"; show_one "$1" "$2"; return 1; }
	show_one "$1" "$2" | grep -x "  state: Unknown"
	show_one "$1" "$2" -o name | grep -xE "$1|s|t|v"
	show_one "$1" "$2" -o wide | grep -w Unknown
	show "$1" "$2" | tee "$INSTANCE/home/status" |
		jq -e --arg f "${3##*/}" '.state == "Unknown" and (.message | contains($f)) and .reason' ||
		{ echo "$1 $2:"; cat "$INSTANCE/home/status"; return 1; }
}

others_work()
{
	kuke stop cell b >/dev/null
	quiet kuke start cell b >/dev/null
	is_cell_state b Ready
}

# Files that are made again from what else is known, where their place is free.
is_again()
{
	case $1 in
	directory | unreadable) ;;
	*) cmp "$SAVED/$1" "$2" ;;
	esac
}

# told TELLER REALM FILE: what must be said of it while it is damaged.
told()
{
	case $1 in
	realm | space | stack | cell) is_unknown "$2" "$1" "$3" ;;
	container)
		is_unknown "$2" cell "$3"
		kuke get container main --realm "$2" --space s --stack t --cell v -o json |
			jq -e '.status.state == "Unknown"'
		;;
	owed) [ "$2" = gone ] || is_unknown "$2" cell "$3" ;;
	hosts)
		case $2 in
		directory | unreadable) is_unknown "$2" space "$3" ;;
		*) cmp "$SAVED/$2" "$3" ;;
		esac
		;;
	again) is_again "$2" "$3" ;;
	image) # a record that is gone is an image that was deleted, but for what is used
		[ "$2" = gone ] || kuke image get --realm "$2" -o json |
			jq -e --arg f "${3##*/}" '.Images[0] | .Name == $f and (.Labels["kukeon.io/unreadable"] | contains($f))'
		;;
	verify)
		run kuke image verify --realm "$2"
		assert_failure 1 || return
		assert_output --partial broken
		;;
	start) ;; # made again when it is needed
	esac
}

# The damage of a file of each realm. The path has $R for the realm, $N for its namespace,
# $L, $I and $M for its layer, its image and that one's manifest.
spoil_all()
{
	local r path

	for r in "${WAYS[@]}"; do
		path=${1//\$R/$r} path=${path//\$N/$r.$INSTANCE_NS_SUFFIX}
		path=${path//\$L/$LAYER} path=${path//\$I/$IMAGE_HEX} path=${path//\$M/$MANIFEST}
		files[$r]=$INSTANCE_RUN_PATH/$path
		[ -f "${files[$r]}" ] || { echo "no ${files[$r]}"; return 1; }
		spoil "$r" "${files[$r]}"
	done
}

# Nothing that was there is gone, but for the file that was removed.
nothing_lost()
{
	diff "$SAVED/kept" <(kept) | grep '^<' | grep -vF "${files[gone]#"$INSTANCE_RUN_PATH/"}" |
		grep -vE '^< +k-' >"$SAVED/lost" || true
	cat "$SAVED/lost"
	assert [ ! -s "$SAVED/lost" ]
}

all_ready()
{
	local r o

	for r in "${WAYS[@]}"; do
		of "$r" is_cell_state v Ready
		for o in realm space stack; do
			[ "$(show "$r" $o | jq -r .state)" = Ready ] || { show "$r" $o; return 1; }
		done
	done
}

# kind TELLER PATH: over a restart of the daemon and one of the host.
kind()
{
	local r pids
	declare -A files

	pids=$(all_pids)
	kept >"$SAVED/kept"
	quiet kuke daemon stop >/dev/null
	spoil_all "$2"
	daemon_up
	diff <(echo "$pids") <(all_pids)
	for r in "${WAYS[@]}"; do told "$1" "$r" "${files[$r]}"; done
	nothing_lost
	others_work
	for r in "${WAYS[@]}"; do restore "$r" "${files[$r]}"; done
	daemon_again
	diff <(sed '/^b:/d' <<<"$pids") <(all_pids | sed '/^b:/d')
	all_ready

	kept >"$SAVED/kept"
	quiet kuke daemon stop >/dev/null
	spoil_all "$2"
	reboot
	for r in "${WAYS[@]}"; do told "$1" "$r" "${files[$r]}"; done
	nothing_lost
	for r in "${WAYS[@]}"; do restore "$r" "${files[$r]}"; done
	daemon_again
	for r in "${WAYS[@]}"; do
		quiet kuke start cell v --realm "$r" --space s --stack t >/dev/null
		wait_for 100 grep -q back "$(of "$r" cell_dir v)/main/log"
	done
	quiet kuke start cell b >/dev/null
	all_ready
}

# kind_up TELLER PATH: of the runtime directory, which is no more after a reboot.
kind_up()
{
	local r pids
	declare -A files

	pids=$(all_pids)
	quiet kuke daemon stop >/dev/null
	spoil_all "../run/$2"
	daemon_up
	diff <(echo "$pids") <(all_pids)
	for r in "${WAYS[@]}"; do told "$1" "$r" "${files[$r]}"; done
	others_work
	for r in "${WAYS[@]}"; do restore "$r" "${files[$r]}"; done
	daemon_again
	diff <(sed '/^b:/d' <<<"$pids") <(all_pids | sed '/^b:/d')
	all_ready
	# And once more, to be taken away as it is.
	spoil_all "../run/$2"
	for r in "${WAYS[@]}"; do
		[ "$r" != unreadable ] || restore "$r" "${files[$r]}"
		[ -z "${VICTIM:-}" ] || kuke kill cell v --realm "$r" --space s --stack t >/dev/null
		kuke delete cell v --realm "$r" --space s --stack t >/dev/null
		[ -z "$(pids_of "$r")" ] || { echo "$r: $(pids_of "$r")"; return 1; }
		rm -rf "${SAVED:?}/$r" "$SAVED/$r.path"
	done
}

# shellcheck disable=SC2016
@test "a cell's document" { kind cell 'data/$R/s/t/v/metadata.json'; }

# shellcheck disable=SC2016
@test "a stack's document" { kind stack 'data/$R/s/t/metadata.json'; }

# shellcheck disable=SC2016
@test "a space's document" { kind space 'data/$R/s/metadata.json'; }

# shellcheck disable=SC2016
@test "a realm's document" { kind realm 'data/$R/metadata.json'; }

# shellcheck disable=SC2016
@test "a realm's passwords" { kind realm 'data/$R/.passwords.json'; }

# shellcheck disable=SC2016
@test "a space's subnet" { kind again 'data/$R/s/network.json'; }

# shellcheck disable=SC2016
@test "a space's network configuration" { kind again 'data/$R/s/network.conflist'; }

# shellcheck disable=SC2016
@test "a container's record" { kind start 'namespaces/$N/containers/s_t_vid_main/record.json'; }

# shellcheck disable=SC2016
@test "a layer's record" { kind verify 'namespaces/$N/snapshots/$L/layer.json'; }

# shellcheck disable=SC2016
@test "a layer's list of files" { kind verify 'namespaces/$N/snapshots/$L/files'; }

# shellcheck disable=SC2016
@test "an image's record" { kind image 'namespaces/$N/images/$I.json'; }

# shellcheck disable=SC2016
@test "an image's manifest" { kind verify 'namespaces/$N/blobs/sha256/$M'; }

# shellcheck disable=SC2016
@test "the record of a cell's start" { kind_up cell 'cells/$R/s/t/v/run.json'; }

# shellcheck disable=SC2016
@test "a monitor's record" { kind_up cell 'containers/$N/s_t_vid_main/monitor'; }

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
	local VICTIM='trap "" TERM; sleep 1000 & wait; wait' r

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
		assert [ -e "$NS/empty.$INSTANCE_NS_SUFFIX/snapshots/$LAYER/layer.json" ]
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
	local layer=$NS/empty.$INSTANCE_NS_SUFFIX/snapshots/$LAYER pid inode
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
	layer=$NS/spare.$INSTANCE_NS_SUFFIX/snapshots/$LAYER
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
