# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# shellcheck disable=SC2034 # read by the proofs
#
# What the proofs look at. The same containers run three times: given in a Cell
# (subject "cell"), as Container documents that join a cell ("container"), and
# with what the defaults of their space fill ("defaults"). Per container $SEEN/
# SUBJECT/ID has what the kernel says of its first process, and the log is what
# was seen from inside.
#
#   proof WORDS…             what this proof looks at
#   seen ID FILE             a file of SUBJECT's container ID: cmdline, environ,
#                            status, mountinfo, cgroup, cwd, ns/X, stat, log
#   seen_line ID FILE REGEX  … has such a line
#   said ID SECTION          what it printed between "@SECTION" and the next "@"
#   cgroup_of ID FILE…       the first of these files its control group has
#   get KIND NAME JQ         of `kuke get -o json`; only for what has no other place

top_builddir=${top_builddir:?}
FIELDS_DIR=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
# shellcheck source=tests/helpers/cells.bash
. "$FIELDS_DIR/../../helpers/cells.bash"

HERE=
SEEN=

proof()
{
	echo "$*" >"$WORK/words"
}

# ---- manifests ----

# What runs in the container "all": it looks around, then stays.
# shellcheck disable=SC2016
LOOK='section() { echo "@$1"; shift; "$@" 2>&1; echo; }
section id id
section pwd pwd
section touch touch /touched
section bind sh -c "cat /bind/f; echo inside >/bind/g; echo x >/ro/h"
section size sh -c "df -k /vol | tail -n1; stat -c %a /vol; df -k /tmpfs | tail -n1; stat -c %a /tmpfs"
section exec sh -c "cp /bin/busybox /tmpfs/true && /tmpfs/true true"
section secret cat /run/secrets/token
section secretmode stat -c "%a %u %g" /run/secrets/token
section secretwrite sh -c "echo x >/run/secrets/token"
section image cat /www/index.html
section net ls /sys/class/net
section hosts cat /etc/hosts
echo @end
trap "exit 0" TERM
sleep 100000 & wait'

# The keys that defaults of a space can fill.
shared_keys()
{
	cat <<-END
		user: "1000:1001"
		readOnlyRootFilesystem: true
		capabilities: {drop: [ALL], add: [net_admin, CAP_SYS_CHROOT]}
		tmpfs: [{path: /tmpfs/../tmpfs/, sizeBytes: 2097152, options: [mode=1777, noexec]}]
		securityOpts: [no-new-privileges=false, seccomp=unconfined]
		resources: {memoryLimitBytes: 67108864, cpuShares: 512, pidsLimit: 33}
	END
}

# The rest of container "all".
own_keys()
{
	cat <<-END
		image: $IMAGE
		command: /bin/sh
		args: [-c, $(jq -n --arg s "$LOOK" '$s'), zero, "a b", '\$HOME']
		workingDir: /var/../tmp
		networksAliases: [all-alias]
		env: [A=1, B=two words, A=2, SHLVL, KUKEON_REALM=mine, GONE=1, GONE]
		volumes:
		  - {source: $HERE/bind, target: /bind}
		  - {kind: bind, source: $HERE/bind, target: /x/../ro/., readOnly: true}
		  - {kind: tmpfs, target: /vol, sizeBytes: 1048576, mode: 01770}
		secrets:
		  - {name: FROM_FILE, fromFile: $HERE/secret}
		  - {name: FROM_ENV, fromEnv: FIELDS_SECRET}
		  - {name: token, fromFile: $HERE/secret, mountPath: /run/secrets/token}
	END
}

host_keys()
{
	cat <<-END
		image: $IMAGE
		command: sleep
		args: ["100000"]
		hostPID: true
		hostCgroup: true
	END
}

plain_keys()
{
	printf '%s\n' "image: $IMAGE" 'command: sleep' 'args: ["100000"]'
}

indented()
{
	sed "s/^/$1/"
}

listed()
{
	echo "    - id: $1"
	indented '      '
}

# The head of a cell NAME in SPACE; containers follow.
head_of_cell()
{
	cat <<-END
		apiVersion: v1beta1
		kind: Cell
		metadata: {name: $1, labels: {proof: $1}}
		spec:
		  id: $1-id
		  realmId: $REALM
		  spaceId: $2
		  stackId: st
		  containers:
	END
}

container_doc()
{
	cat <<-END
		---
		apiVersion: v1beta1
		kind: Container
		metadata: {name: $1, labels: {proof: $1}}
		status: {state: Failed, exitCode: 3, restartCount: 9}
		spec:
		  realmId: $REALM
		  spaceId: sp
		  stackId: st
		  cellId: container
		  containerdId: lie
	END
	indented '  '
}

# profile_doc NAME: of the containers on stdin, as they stand in a cell of that name.
profile_doc()
{
	cat <<-END
		apiVersion: v1beta1
		kind: CellProfile
		metadata: {name: $1, labels: {proof: "\${LABEL}"}}
		spec:
		  realm: $REALM
		  space: sp
		  stack: st
		  prefix: pre
		  parameters:
		    - {name: IMAGE, description: what to run, required: true}
		    - {name: LABEL, default: profile}
		  cell:
		    realmId: elsewhere
		    spaceId: elsewhere
		    stackId: elsewhere
		    containers:
	END
	# A port of the host is published once.
	sed "s,image: $IMAGE,image: \"\${IMAGE}\",; s/\"7001:80\"/\"700${#1}:80\"/; s/^/  /"
}

# profile_run FILE NAME: a cell of it.
profile_run()
{
	kuke run -d -p "$1" --name "$2" --param "IMAGE=$IMAGE" </dev/null
}

parents()
{
	cat <<-END
		apiVersion: v1beta1
		kind: Realm
		metadata: {name: $REALM, labels: {proof: realm}}
		spec:
		  namespace: own.$INSTANCE_NS_SUFFIX
		  registryCredentials: [{username: u, password: pa55, serverAddress: registry.test}]
		status: $LIES
		---
		apiVersion: v1beta1
		kind: Space
		metadata: {name: sp, labels: {proof: space}}
		spec: {realmId: $REALM}
		status: $LIES
		---
		apiVersion: v1beta1
		kind: Stack
		metadata: {name: st, labels: {proof: stack}}
		spec: {id: st-id, realmId: $REALM, spaceId: sp}
		status: $LIES
		---
		apiVersion: v1beta1
		kind: Space
		metadata: {name: filled}
		spec:
		  realmId: $REALM
		  defaults:
		    container:
	END
	shared_keys | indented '      '
	printf -- '---\napiVersion: v1beta1\nkind: Stack\nmetadata: {name: st}\nspec: {realmId: %s, spaceId: filled}\n' "$REALM"
}

# The containers of the cells "cell" and "profile".
containers()
{
	{ own_keys && shared_keys; } | listed all
	host_keys | listed host
	{ plain_keys && printf '%s\n' 'realmId: elsewhere' 'spaceId: elsewhere' 'stackId: elsewhere' \
		'cellId: elsewhere' 'containerdId: lie' 'networks: [filled]'; } | listed plain
	{ plain_keys && echo 'privileged: true'; } | listed master
	{ plain_keys && printf '%s\n' 'restartPolicy: always' 'ports: ["7001:80", "81"]'; } | listed again
	printf '%s\n' "image: $IMAGE" 'command: sh' 'args: [-c, exit 7]' | listed exits
	printf '%s\n' "image: $IMAGE" 'command: sh' "args: [-c, 'kill -SEGV \$\$']" 'hostPID: true' | listed dies
}

cells()
{
	head_of_cell cell sp
	containers
	echo "status: $LIES"
	echo ---
	# hostNetwork, and a root by its flag; then one by the cell's word.
	head_of_cell hostnet sp
	{ plain_keys && printf '%s\n' 'hostNetwork: true' 'root: true'; } | listed boss
	plain_keys | listed plain
	echo ---
	head_of_cell rooted sp
	plain_keys | listed boss
	plain_keys | listed plain
	echo '  rootContainerId: boss'
	echo ---
	head_of_cell container sp
	{ plain_keys && echo 'networks: [filled]'; } | listed first
	echo ---
	head_of_cell defaults filled
	own_keys | listed all
	{ plain_keys && printf '%s\n' 'user: "5:6"' 'capabilities: {}' 'resources: {pidsLimit: 44}' \
		'tmpfs: [{path: /own}]' 'securityOpts: [no-new-privileges]'; } | listed own
	{ own_keys && shared_keys; } | container_doc all
	host_keys | container_doc host
	{ plain_keys && echo 'networks: [filled]'; } | container_doc plain
	{ plain_keys && echo 'privileged: true'; } | container_doc master
	{ plain_keys && printf '%s\n' 'restartPolicy: always' 'ports: ["7002:80"]'; } | container_doc again
	printf '%s\n' "image: $IMAGE" 'command: sh' 'args: [-c, exit 7]' | container_doc exits
	printf '%s\n' "image: $IMAGE" 'command: sh' "args: [-c, 'kill -SEGV \$\$']" 'hostPID: true' | container_doc dies
}

# ---- running them ----

space_of()
{
	[ "$1" = defaults ] && echo filled || echo sp
}

probe_apply()
{
	kuke apply -f "$1" >"$WORK/apply" 2>"$WORK/warnings" || { cat "$WORK/apply" "$WORK/warnings"; return 1; }
}

# For each container what /proc has of its first process, in one visit.
# shellcheck disable=SC2016
collect()
{
	inst bash -c 'for monitor in $(pgrep -f -- "--id=.*--run-id=.*--status-fd="); do
		id=$(tr "\0" "\n" </proc/$monitor/cmdline | sed -n "s/^--id=//p")
		read -r pid _ </proc/$monitor/task/$monitor/children # no newline there
		[ -n "$pid" ] || continue
		d=$0/$id
		mkdir -p "$d/ns"
		echo "$pid" >"$d/pid"
		for f in cmdline environ status mountinfo cgroup stat oom_score_adj; do
			cat "/proc/$pid/$f" >"$d/$f"
		done
		readlink "/proc/$pid/cwd" >"$d/cwd"
		nsenter --net="/proc/$pid/ns/net" sh -c "ip route show default >$d/route; ip -o link >$d/link"
		for ns in net pid cgroup ipc uts mnt; do
			readlink "/proc/$pid/ns/$ns" >"$d/ns/$ns"
		done
	done
	mkdir -p "$0/self/ns"
	for ns in net pid cgroup; do readlink "/proc/self/ns/$ns" >"$0/self/ns/$ns"; done
	cat "/proc/$1/status" >"$0/self/status"
	{ iptables-legacy -t nat -S; nft list ruleset; } >"$0/nat"
	ip -o link >"$0/links"; ip -o addr >"$0/addresses"
	ss -lx >"$0/listening"' "$SEEN" "$(kukeond_pid)"
}

# The runtime id of SUBJECT's container.
runtime_id()
{
	local cell=${2:-$SUBJECT}

	case $cell in
	profile*) echo "sp_st_${cell}_$1" ;; # the id of such a cell is its name
	*) echo "$(space_of "$cell")_st_$cell-id_$1" ;;
	esac
}

dir_of()
{
	echo "$SEEN/$(runtime_id "$@")"
}

looked()
{
	local cell

	for cell in cell container profile defaults; do
		grep -q '^@end' "$(log_of all "$cell")" || return 1
	done
}

log_of()
{
	local cell=${2:-$SUBJECT}

	echo "$INSTANCE_RUN_PATH/data/$REALM/$(space_of "$cell")/st/$cell/$1/log"
}

# kukeond as a service manager runs it: with variables of its own.
serve()
{
	kuke daemon stop >/dev/null || return
	quiet inst env FIELDS_SECRET=value-of-env "$INSTANCE_BINDIR/kukeond" serve \
		--configuration "$INSTANCE_CONFIG" >"$HERE/kukeond.log" 2>&1 &
	wait_for 200 kuke get realms
}

load_image()
{
	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/busybox.tar" "$IMAGE" docker &&
		kuke image load "$INSTANCE/busybox.tar" --realm "$REALM"
}

probe_begin()
{
	REALM=proof
	LIES='{state: Failed, cgroupPath: /lie, reason: Lie, message: a lie, createdAt: 2001-01-01T00:00:00Z, readyAt: 2001-01-01T00:00:00Z, updatedAt: 2001-01-01T00:00:00Z}'
	instance_new || return
	HERE=$INSTANCE/home
	SEEN=$HERE/seen
	SUBJECT=cell
	server_keys >>"$INSTANCE_CONFIG"
	instance_init && serve || return
	mkdir -p "$HERE/bind" "$SEEN"
	chmod 777 "$HERE/bind"
	echo of-host >"$HERE/bind/f"
	printf 'value-of-file' >"$HERE/secret"
	mkdir -p "$HERE/.kuke/profiles.d"
	containers | profile_doc profile >"$HERE/.kuke/profiles.d/profile.yaml"
	BEFORE=$(date +%s)
	parents >"$HERE/parents.yaml"
	cells >"$HERE/cells.yaml"
	probe_apply "$HERE/parents.yaml" && load_image && probe_apply "$HERE/cells.yaml" || return
	profile_run profile profile || return
	wait_for 400 looked || return
	collect
	AFTER=$(date +%s)
}

probe_end()
{
	instance_stop
}

# ---- looking ----

seen()
{
	tr '\0' '\n' <"$(dir_of "$1")/$2"
}

seen_line()
{
	seen "$1" "$2" | grep -qE -- "$3"
}

said()
{
	sed -n "/^@$2\$/,/^@/{/^@/d;/^\$/d;p}" "$(log_of "$1")"
}

cgroup_of()
{
	local id=$1 file

	shift
	for file in "$@"; do
		file=$(find_cgroups "/$REALM/$(space_of "$SUBJECT")/st/$SUBJECT" -path "*_$id/$file" | head -n 1)
		[ -z "$file" ] || { cat "$file"; return; }
	done
	return 1
}

is_cgroup()
{
	[ -n "$(find_cgroups "$1" -maxdepth 0)" ]
}

where()
{
	case $1 in
	realm) ;;
	space) echo "--realm $REALM" ;;
	stack) echo "--realm $REALM --space sp" ;;
	cell) echo "--realm $REALM --space sp --stack st" ;;
	container) echo "--realm $REALM --space sp --stack st --cell $SUBJECT" ;;
	esac
}

get()
{
	# shellcheck disable=SC2046
	kuke get "$1" "$2" $(where "$1") -o json | jq -r "$3"
}

# refused TEXT: the manifest on stdin is refused with it, and nothing is made.
refused()
{
	local out

	cat >"$WORK/refused.yaml"
	out=$(kuke apply -f "$WORK/refused.yaml" 2>&1) && return 1
	grep -qF -- "$1" <<<"$out"
}

# attempt KEYS [CELL_KEYS]: hand in a container x with these keys, in a document
# as SUBJECT's; CELL_KEYS stand beside the containers of a cell.
attempt()
{
	local file=$HERE/.kuke/profiles.d/later.yaml

	case $SUBJECT in
	container)
		{ plain_keys && echo "$1"; } | container_doc x >"$WORK/attempt.yaml"
		kuke apply -f "$WORK/attempt.yaml" ;;
	profile)
		{ { plain_keys && echo "$1"; } | listed x && echo "${2:+  $2}"; } | profile_doc later >"$file"
		profile_run later profile-later ;;
	defaults)
		printf 'kind: Space\nmetadata: {name: later}\nspec: {realmId: %s, defaults: {container: {%s}}}\n' \
			"$REALM" "$1" | kuke apply -f - ;;
	*)
		{ head_of_cell later sp && { plain_keys && echo "$1"; } | listed x && echo "${2:+  $2}"; } \
			>"$WORK/attempt.yaml"
		kuke apply -f "$WORK/attempt.yaml" ;;
	esac
}

# The cell that an attempt makes, where it makes one.
later()
{
	[ "$SUBJECT" = profile ] && echo profile-later || echo later
}

# What an attempt made goes.
undo()
{
	if [ "$SUBJECT" = container ]; then
		kuke delete container x --realm "$REALM" --space sp --stack st --cell container
	else
		kuke delete cell "$(later)" --realm "$REALM" --space sp --stack st
	fi >/dev/null
}

# attempt_fails TEXT KEYS [CELL_KEYS]
attempt_fails()
{
	local out

	out=$(attempt "${@:2}" 2>&1) && return 1
	grep -qF -- "$1" <<<"$out"
}
