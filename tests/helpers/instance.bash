# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A private instance of kukeon, for `./bootstrap demo`, benchmarks and bats files
# (which have it by suite.bash).
#
# The instance has mount, network, pid, ipc and uts namespaces of its own, a
# private /run, an uplink with a default route, and below $INSTANCE (a temporary
# directory) a run path, a socket, a home and a server configuration. Its suffix
# and cgroup root are its own too, so any number of them can run side by side.
# What a kukeon that is installed here has configured, keeps or exports is hidden.
#
#   instance_start     namespaces, then `kuke init` (which starts kukeond)
#   instance_new       namespaces only: for tests that start kukeond themselves
#   inst CMD…          run CMD inside (as root, in the caller's directory)
#   kuke ARG…          kuke inside, talking to this instance
#   kukeond_pid        pid of the daemon, as seen inside
#   busybox_image [NAME] [docker|oci]   make and load an image of busybox
#   http_get ADDRESS PORT               fetch / of a cell
#   cell_ip CELL [REALM SPACE STACK]    address of a cell
#   find_cgroups PATH FIND-ARG…         find(1) from PATH below its cgroups, in every hierarchy
#   wait_for SECONDS CMD…               until CMD succeeds, a busy machine's SECONDS at most
#   stays SECONDS CMD…                  CMD succeeds all the while; for what must not come
#                      about, where nothing comes after it that could be waited for
#   instance_snapshot [LEAKCHECK-ARG…] / instance_leakcheck   what is there must stay as it is;
#                      the test itself has to delete what it made
#   instance_stop      end it all, and prove that the host is as before
#
# After instance_start these are exported: INSTANCE INSTANCE_PID (of its pid 1,
# as seen outside) INSTANCE_CGROUP INSTANCE_RUN_PATH INSTANCE_SOCKET
# INSTANCE_CONFIG INSTANCE_NS_SUFFIX.

INSTANCE_HELPERS=$(cd "${BASH_SOURCE[0]%/*}" && pwd)
: "${top_builddir:=$(pwd)}"

instance_die()
{
	echo "instance: $*" >&2
	return 1
}

# wait_for SECONDS CMD…: a bounded poll. In the end it tells what was waited for, and
# what CMD says of it.
wait_for()
{
	local seconds=$1 deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))

	shift
	while ! "$@" >/dev/null 2>&1; do
		if [ "${EPOCHREALTIME/[.,]/}" -ge "$deadline" ]; then
			echo "waited $seconds s for: $*" >&2
			"$@"
			return
		fi
		sleep 0.05 # between two looks
	done
}

stays()
{
	local seconds=$1 deadline=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000)) said

	shift
	while said=$("$@" 2>&1); do
		[ "${EPOCHREALTIME/[.,]/}" -lt "$deadline" ] || return 0
		sleep 0.05 # between two looks
	done
	echo "not for $seconds s: $*"$'\n'"$said" >&2
	return 1
}

inst()
{
	# -r: the root of pid 1, which is not that of the namespace in a chroot.
	# SIGINT is ignored where the tests run in the background of a script.
	nsenter -m -n -p -i -u -r -t "$INSTANCE_PID" \
		env -C "$PWD" --default-signal=INT,QUIT HOME="$INSTANCE/home" KUKEON_HOST="unix://$INSTANCE_SOCKET" \
		KUKEON_RUN_PATH="$INSTANCE_RUN_PATH" PATH="$INSTANCE_BINDIR:$PATH" "$@"
}

# Other groups of the machine come and go, and find(1) fails then.
find_cgroups()
{
	local below=$1 mount dirs=()

	shift
	for mount in /sys/fs/cgroup /sys/fs/cgroup/*; do
		[ -L "$mount" ] || [ ! -d "$mount$INSTANCE_CGROUP$below" ] ||
			dirs+=("$mount$INSTANCE_CGROUP$below")
	done
	[ ${#dirs[@]} -eq 0 ] || find "${dirs[@]}" -ignore_readdir_race "$@"
}

kuke()
{
	inst "$INSTANCE_BINDIR/kuke" "$@"
}

kukeond_pid()
{
	cat "${INSTANCE_SOCKET%/*}/kukeond.pid"
}

# Variables that kukeon, its helpers or the tools of a test would heed. What
# concerns kukefetch is set by tests.
instance_environment()
{
	local name

	for name in $(compgen -e); do
		case $name in
		KUKEFETCH_*) ;;
		KUKE* | *_proxy | *_PROXY | SSL_CERT_* | NOTIFY_SOCKET | XDG_*) unset "$name" ;;
		esac
	done
}

# Where a kukeon that is installed on this host has its configuration and state;
# /run is private anyway.
instance_hidden()
{
	local prefix dir

	printf '%s\n' /etc/kukeon /usr/local/etc/kukeon /opt/kukeon
	[ -r "$top_builddir/Makefile" ] || return 0
	prefix=$(sed -n 's/^prefix = //p' "$top_builddir/Makefile")
	dir=$(sed -n 's/^sysconfdir = //p' "$top_builddir/Makefile")
	printf '%s\n' "${dir/\$\{prefix\}/$prefix}/kukeon"
}

# A text as YAML has it between double quotes.
instance_yaml()
{
	local text=${1//\\/\\\\}

	text=${text//\"/\\\"}
	printf '"%s"' "${text//$'\n'/\\n}"
}

# The host is shared with others who work on it. An instance has no way to the
# host's network; its cgroups are compared, and mounts in which its name stands.
instance_new()
{
	local propagation=()

	[ "$(id -u)" -eq 0 ] || { instance_die "root is needed"; return 1; }
	instance_environment
	INSTANCE=$(mktemp -d "${TMPDIR:-/tmp}/kukeon-test.XXXXXX")
	INSTANCE_BINDIR=${INSTANCE_BINDIR:-$top_builddir}
	INSTANCE_CGROUP=/${INSTANCE##*/}
	INSTANCE_NS_SUFFIX=${INSTANCE##*.}.test
	INSTANCE_RUN_PATH=$INSTANCE/opt
	INSTANCE_SOCKET=$INSTANCE/run/kukeond.sock
	INSTANCE_CONFIG=$INSTANCE/kukeond.yaml
	export INSTANCE INSTANCE_BINDIR INSTANCE_CGROUP \
		INSTANCE_NS_SUFFIX INSTANCE_RUN_PATH INSTANCE_SOCKET INSTANCE_CONFIG
	"$INSTANCE_HELPERS/leakcheck" snapshot "$INSTANCE.before" -c "$INSTANCE_CGROUP" \
		-m "$INSTANCE" -o mount -o cgroup
	mkdir -p "$INSTANCE/home" "$INSTANCE/run" "$INSTANCE_RUN_PATH"
	cat >"$INSTANCE_CONFIG" <<EOF
apiVersion: v1beta1
kind: ServerConfiguration
metadata:
  name: default
spec:
  socket: $(instance_yaml "$INSTANCE_SOCKET")
  runPath: $(instance_yaml "$INSTANCE_RUN_PATH")
  containerdNamespaceSuffix: $INSTANCE_NS_SUFFIX
  cgroupRoot: $INSTANCE_CGROUP
  logLevel: debug
EOF
	instance_hidden >"$INSTANCE/hidden"
	mountpoint -q / || propagation=(--propagation unchanged)
	unshare -m -n -p -i -u -f --mount-proc "${propagation[@]}" \
		"$INSTANCE_HELPERS/instance-init" "$INSTANCE" \
		>"$INSTANCE/init.log" 2>&1 3>&- 4>&- </dev/null &
	INSTANCE_UNSHARE=$!
	export INSTANCE_UNSHARE
	# It is killed in the end, of which the shell need not tell.
	disown "$INSTANCE_UNSHARE"
	wait_for 200 test -e "$INSTANCE/ready" ||
		{ instance_die "did not come up: $(cat "$INSTANCE/init.log")"; return 1; }
	# The child of unshare is pid 1 of the new namespace.
	INSTANCE_PID=$(cat "/proc/$INSTANCE_UNSHARE/task/$INSTANCE_UNSHARE/children")
	INSTANCE_PID=${INSTANCE_PID%% *}
	export INSTANCE_PID
}

instance_init()
{
	kuke init --server-configuration "$INSTANCE_CONFIG" >"$INSTANCE/init.out" 2>&1 ||
		{ instance_die "kuke init failed: $(cat "$INSTANCE/init.out")"; return 1; }
}

instance_start()
{
	instance_new && instance_init
}

busybox_image()
{
	local name=${1:-docker.io/library/busybox:latest}

	"$INSTANCE_HELPERS/busybox-image" "$INSTANCE/busybox.tar" "$name" "${2:-docker}" &&
		kuke image load "$INSTANCE/busybox.tar" && rm -f "$INSTANCE/busybox.tar"
}

# http_get ADDRESS PORT: the body of /, as bash gets it without a tool.
http_get()
{
	# shellcheck disable=SC2016
	inst timeout 60 bash -c 'exec 9<>"/dev/tcp/$0/$1" && printf "GET / HTTP/1.0\r\n\r\n" >&9 &&
		sed "1,/^\r*\$/d" <&9' "$1" "$2" 2>/dev/null
}

# The managed hosts file of the cell has its address.
cell_ip()
{
	awk -v cell="$1" '$2 == cell && $1 ~ /^[0-9.]+$/ && $1 !~ /^127\./ { print $1; exit }' \
		"$INSTANCE_RUN_PATH/data/${2:-default}/${3:-default}/${4:-default}/$1/etc-hosts"
}

# The daemon has no child: no request is being worked on, and none half reaped.
daemon_idle()
{
	local names
	names=$(inst pgrep -x -P "$1" kukeond-names || true) # stays while a space denies
	[ "$(inst cat "/proc/$1/task/$1/children" 2>/dev/null | xargs)" = "$names" ]
}

# State that lives on by design (images, locks, logs of the daemon) is not a
# leak; everything else below the instance is compared.
instance_snapshot()
{
	local options=(-k "${INSTANCE_SOCKET%/*}/kukeond.pid") pid

	if [ "${1:-}" = --by-name ]; then
		shift
		options+=(-n)
	elif pid=$(kukeond_pid 2>/dev/null); then
		options+=(-p "$pid")
	fi
	inst "$INSTANCE_HELPERS/leakcheck" snapshot "$INSTANCE/snapshot" \
		-c "$INSTANCE_CGROUP" -d "$INSTANCE" -x "$INSTANCE/snapshot" \
		-x "$INSTANCE/home" -x "$INSTANCE_RUN_PATH/locks" "${options[@]}" "$@"
}

instance_leakcheck()
{
	inst "$INSTANCE_HELPERS/leakcheck" compare "$INSTANCE/snapshot"
}

# Removes the cgroups below ROOT in every hierarchy; true when none is left.
instance_rmcgroups()
{
	local mnt r=0

	while read -r mnt; do
		[ -d "$mnt$1" ] || continue
		find "$mnt$1" -depth -type d -exec rmdir {} \; 2>/dev/null
		[ ! -d "$mnt$1" ] || r=1
	done < <(awk '{ for (i = 7; $i != "-"; i++) ; if ($(i + 1) ~ /^cgroup2?$/) print $5 }' \
		/proc/self/mountinfo | sort -u)
	return $r
}

instance_stop()
{
	local r=0

	[ -n "${INSTANCE:-}" ] || return 0
	if [ -n "${INSTANCE_PID:-}" ]; then
		[ ! -S "$INSTANCE_SOCKET" ] || kuke daemon stop >/dev/null 2>&1 || true
		# Whatever a failed test left behind: its cgroups go with it.
		inst bash -c 'kill -KILL -1' 2>/dev/null
		inst bash -c ". '$INSTANCE_HELPERS/instance.bash'
			wait_for 60 instance_rmcgroups '$INSTANCE_CGROUP'" || r=1
		kill -KILL "$INSTANCE_PID" 2>/dev/null
		# The namespace is gone when its last process is.
		wait_for 200 instance_gone || { instance_die "does not end"; r=1; }
	fi
	# Only in a chroot below shared mounts did its root show up out here.
	! mountpoint -q "$INSTANCE/root" || umount -R -l "$INSTANCE/root"
	rm -rf --one-file-system "$INSTANCE" || r=1
	"$INSTANCE_HELPERS/leakcheck" compare "$INSTANCE.before" || r=1
	rm -f "$INSTANCE.before"
	unset INSTANCE INSTANCE_PID
	return $r
}

instance_gone()
{
	[ ! -e "/proc/$INSTANCE_PID/ns/pid" ]
}
