# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What is beyond the uplink of an instance, and looking at published ports from there,
# from the host and from cells. On top of suite.bash.
#
#   outside_up                a namespace "outside" with the far end of the uplink, 192.0.2.1
#   from WHERE CMD…           CMD on the "host", "outside", in cell NAME, or in "SPACE/NAME"
#   page WHERE ADDRESS:PORT   the page of a web server, as seen from there
#   is_page WHERE ADDRESS:PORT TEXT, no_page WHERE ADDRESS:PORT
#   serve NAME PORTS          a cell that serves its name at 8080, with these ports
#   echo_udp NAME PORT        answers "NAME-TEXT" to datagrams in that cell
#   ask_udp WHERE ADDRESS:PORT   the answer
#   listen SOCAT-ADDRESS [ANSWER]   something on the host that is no cell
#   ports_of NAME, is_published NAME TEXT   what the cell's status says
#   refused_port PORTS TEXT   a cell with these is refused, with that text; all of it is $said
#
# echo_udp and listen leave processes of socat, which the teardown ends.

# The host's address on the uplink.
# shellcheck disable=SC2034 # for tests
HOST=192.0.2.2

outside_up()
{
	inst ip netns add outside
	inst ip link set uplink1 netns outside
	inst ip -n outside addr add 192.0.2.1/24 dev uplink1
	inst ip -n outside link set uplink1 up
	inst ip -n outside link set lo up
}

from()
{
	local where=$1

	shift
	case $where in
	host) inst "$@" ;;
	outside) inst nsenter --net=/run/netns/outside "$@" ;;
	*/*) IN="default ${where%/*} default" in_cell "${where#*/}" "$@" ;;
	*) in_cell "$where" "$@" ;;
	esac
}

page()
{
	printf 'GET / HTTP/1.0\r\n\r\n' |
		from "$1" socat -t 3 -T 3 - "TCP:$2,connect-timeout=2" 2>/dev/null |
		sed '1,/^\r*$/d' | grep .
}

is_page()
{
	assert_equal "$(page "$1" "$2")" "$3"
}

no_page()
{
	run page "$1" "$2"
	assert_failure
}

serve()
{
	run_cell "$1" "$SERVE" "ports: [$2]"
}

echo_udp()
{
	in_cell "$1" socat "UDP-RECVFROM:$2,fork" "SYSTEM:read x; echo $1-\$x" >/dev/null 2>&1 3>&- 4>&- &
	wait_for 100 udp_open "$1" "$2"
}

udp_open()
{
	in_cell "$1" cat /proc/net/udp | grep -qi ":$(printf %04X "$2") "
}

ask_udp()
{
	echo hi | from "$1" socat -t 1 -T 1 - "UDP:$2" 2>/dev/null
}

listen()
{
	inst socat "$1" "${2:-EXEC:true}" >/dev/null 2>&1 3>&- 4>&- &
}

ports_of()
{
	cell_value "$1" '.status.network.ports | if . then join(" ") else "" end'
}

is_published()
{
	assert_equal "$(ports_of "$1")" "$2"
}

refused_port()
{
	run kuke run -d -f - <<<"$(cell_doc second "$IDLE" "ports: [$1]")"
	assert_failure 1
	assert_output --partial "$2"
	# shellcheck disable=SC2154 # of run
	said=$output
	run kuke get cell second
	assert_failure
}
