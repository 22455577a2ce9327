# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# State files that are there and cannot be read as themselves: each kind, damaged in
# each way, with containers running, over a restart of the daemon and over one of the
# host. Whatever is damaged: what runs goes on, nothing is removed because a record
# could not be read, the object says which file is wrong, all others work, and when the
# file is back everything is as before.
#
# A realm per way of damage; a cell in the realm "default" stands by. Loaded behind suite:
# it has hooks of its own.

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
	export SAVED=$INSTANCE/home/saved NS=$INSTANCE_RUN_PATH/namespaces
	BASE_LAYER=$(basename "$INSTANCE_RUN_PATH/namespaces/empty.$INSTANCE_NS_SUFFIX/snapshots"/*)
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
		path=${path//\$L/$BASE_LAYER} path=${path//\$I/$IMAGE_HEX} path=${path//\$M/$MANIFEST}
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
