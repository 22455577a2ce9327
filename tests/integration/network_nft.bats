#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# A host that filters packets with nftables: rules of kukeon are there too, with all that
# they do; what others drop is opened; what cannot be opened is told of.

load ../helpers/suite

setup_file()
{
	instance_new
	# As many a distribution's /etc/nftables.conf has it, but for the policy.
	inst nft -f - <<-'END'
		table inet filter {
			chain input { type filter hook input priority 0; tcp dport 9 counter reject; }
			chain forward { type filter hook forward priority 0; }
		}
	END
	suite_start --restarts 'reconcileInterval: 1h'
}

# The table of this instance, without what changes by itself.
ours()
{
	inst nft -s list tables | sed -n 's/^table inet \(kukeon-.*\)/\1/p'
}

rules()
{
	inst nft -s list table inet "$(ours)" | sort # chains stand in the order they were made in
}

rules_are()
{
	diff <(rules) "$HERE/rules"
}

serves()
{
	assert_equal "$(fetch "$1")" "$2"
}

# goes_out CELL: its packets get to the far end of another link of the host, and back.
goes_out()
{
	in_cell "$1" busybox ping -c1 -W1 198.51.100.2
}

@test "init says so, and no legacy table was made" {
	assert_equal "$(grep '^Packet filter' "$INSTANCE/init.out")" 'Packet filter: nftables'
	assert [ -n "$(ours)" ]
	assert_equal "$(inst cat /proc/net/ip_tables_names /proc/net/ip6_tables_names)" ''
	run kuke doctor network --all
	assert_success
	assert_line --partial 'packet filter rules are in place (nftables)'
}

@test "cells of a space, the host and outside are reached, other spaces are not" {
	quiet kuke create space other >/dev/null
	quiet kuke create stack default --space other >/dev/null
	run_cell one "$SERVE"
	run_cell two "$SERVE"
	IN="default other default" run_cell there "$SERVE"
	local one there
	one=$(cell_ip one)
	there=$(cell_ip there default other)
	wait_for 200 serves "$one" one
	wait_for 200 serves "$there" there
	wait_for 200 eval '[ "$(fetch "'"$one"'" two)" = one ]'
	in_cell one busybox ping -c1 -W2 192.0.2.2
	run fetch "$there" one
	assert_failure
	IN="default other default" run fetch "$one" there
	assert_failure
	run in_cell one busybox ping -c1 -W1 "$there"
	assert_failure
	run inst nft list table inet "$(ours)"
	assert [ "$(awk '/isolation/ { for (i = 1; i < NF; i++) if ($i == "packets") n += $(i + 1) }
		END { print n }' <<<"$output")" -ge 3 ]
	kuke delete cell one
	kuke delete cell two
	kuke delete cell there --space other
	kuke delete stack default --space other
	kuke delete space other
	refute grep -q 'default:other:' <(rules)
}

@test "packets of a cell leave with the host's address" {
	run_cell one "$IDLE"
	inst nft add table ip look
	inst nft add chain ip look post '{ type filter hook postrouting priority 200; }'
	inst nft add rule ip look post oifname uplink0 ip saddr 192.0.2.2 udp dport 9 counter
	in_cell one bash -c 'echo x >/dev/udp/192.0.2.1/9'
	run inst nft list chain ip look post
	inst nft delete table ip look
	refute_output --partial 'packets 0'
	kuke delete cell one
}

@test "rules that are flushed, changed or deleted are back without waiting for the timer" {
	rules >"$HERE/rules"
	inst nft flush table inet "$(ours)"
	wait_for 400 rules_are
	inst nft delete table inet "$(ours)"
	wait_for 400 rules_are
	inst nft flush chain inet "$(ours)" filter-FORWARD
	wait_for 400 rules_are
	inst nft insert rule inet "$(ours)" filter-FORWARD accept
	wait_for 400 rules_are
	inst nft add table inet "$(ours)" '{ flags dormant; }'
	wait_for 400 rules_are
	inst nft flush ruleset
	wait_for 400 rules_are
	assert_equal "$(inst cat /proc/net/ip_tables_names)" ''
	inst nft -f - <<-'END'
		table inet filter {
			chain input { type filter hook input priority 0; tcp dport 9 counter reject; }
			chain forward { type filter hook forward priority 0; }
		}
	END
}

@test "FORWARD of docker and ufw drops: cells get out, other spaces stay closed" {
	run_cell one "$SERVE"
	quiet kuke create space other >/dev/null
	quiet kuke create stack default --space other >/dev/null
	IN="default other default" run_cell there "$SERVE"
	local there
	there=$(cell_ip there default other)
	wait_for 200 serves "$there" there
	# The far end of another link of the host, with a way back to it alone.
	inst ip netns add out
	inst ip link add way0 type veth peer name way1 netns out
	inst ip addr add 198.51.100.1/24 dev way0
	inst ip link set way0 up
	inst ip -n out addr add 198.51.100.2/24 dev way1
	inst ip -n out link set way1 up
	wait_for 200 goes_out one
	inst iptables-nft -P FORWARD DROP
	wait_for 200 goes_out one
	run inst iptables-nft -S FORWARD
	assert_line --index 0 '-P FORWARD DROP'
	assert_line --index 1 --regexp '^-A FORWARD .*-j KUKEON-FORWARD'
	run in_cell one busybox ping -c1 -W1 "$there"
	assert_failure
	inst iptables-nft -F FORWARD
	wait_for 200 goes_out one
	# From outside to a cell, as far as a route leads there.
	inst ip -n out route add 10.88.0.0/16 via 198.51.100.1
	inst ip netns exec out busybox ping -c1 -W2 "$(cell_ip one)"
	inst iptables-nft -P FORWARD ACCEPT
	wait_for 400 eval '! inst iptables-nft -S | grep KUKEON'
	inst nft delete table ip filter
	# firewalld rejects at the end of a chain with the policy ACCEPT.
	inst nft -f - <<-'END'
		table inet firewalld {
			chain filter_FORWARD {
				type filter hook forward priority 10; policy accept;
				ct state established,related accept
				reject with icmpx type admin-prohibited
			}
		}
	END
	wait_for 200 goes_out one
	# Its reload: all is closed for a moment, and then its table is another one.
	for _ in 1 2; do
		inst nft -f - <<-'END'
			table inet firewalld_policy_drop {
				chain filter_forward { type filter hook forward priority 9; policy drop; }
			}
			delete table inet firewalld
		END
		inst nft -f - <<-'END'
			table inet firewalld {
				chain filter_FORWARD {
					type filter hook forward priority 10; policy accept;
					ct state established,related accept
					reject with icmpx type admin-prohibited
				}
			}
			delete table inet firewalld_policy_drop
		END
		wait_for 200 goes_out one
	done
	inst nft delete table inet firewalld
	inst ip link del way0
	inst ip netns del out
	inst sh -c 'umount /run/netns && rmdir /run/netns'
	kuke delete cell there --space other
	kuke delete stack default --space other
	kuke delete space other
	kuke delete cell one
}

@test "firewallBackend: the other one gets the rules, then the former ones go" {
	local table
	table=$(ours)
	sed -i 's/^spec:$/&\n  firewallBackend: legacy/' "$INSTANCE_CONFIG"
	restart_daemon
	wait_for 400 eval 'inst iptables-legacy -S | grep KUKEON-EGRESS'
	wait_for 400 eval '[ -z "$(ours)" ]'
	run quiet kuke init --server-configuration "$INSTANCE_CONFIG"
	assert_line 'Packet filter: iptables (legacy)'
	sed -i 's/firewallBackend: legacy/firewallBackend: nft/' "$INSTANCE_CONFIG"
	restart_daemon
	wait_for 400 eval '[ "$(ours)" = '"$table"' ]'
	wait_for 400 eval '! inst iptables-legacy -S | grep KUKE'
	sed -i 's/firewallBackend: nft/firewallBackend: pf/' "$INSTANCE_CONFIG"
	run quiet kuke init --server-configuration "$INSTANCE_CONFIG"
	assert_failure
	assert_output --partial 'spec.firewallBackend "pf" is not one of the known values'
	sed -i '/firewallBackend/d' "$INSTANCE_CONFIG"
	restart_daemon
}

@test "a change of rules asks for the tables once, and once in each of its steps" {
	# What the host filters with, the rules, what of others has to be opened, what stays closed.
	quiet traced_engine "$HERE/trace" -f -e trace=sendto,sendmsg -- --no-daemon create space asked >/dev/null
	assert_equal "$(grep -c NFT_MSG_GETTABLE "$HERE/trace")" 4
	rm -r "$HERE/trace" "$HERE/traced"
	kuke delete space asked >/dev/null
}
