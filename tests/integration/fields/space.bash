# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# spec.defaults.container is proven by the containers of the space "filled",
# which say nothing of what the defaults fill (container.bash, SUBJECT defaults).

space.spec.realmId()
{
	proof "its control group is below that realm's; a realm that is not there is made"
	is_cgroup "/$REALM/sp"
	refute is_cgroup "/default/sp"
}

space.spec.cniConfigPath()
{
	not_yet spec.cniConfigPath "{realmId: $REALM, cniConfigPath: /etc/cni/x.conflist}" Space
}

space.spec.network.egress.default()
{
	not_yet spec.network.egress "{realmId: $REALM, network: {egress: {default: deny}}}" Space
}

space.spec.network.egress.allow.host()
{
	not_yet spec.network.egress "{realmId: $REALM, network: {egress: {allow: [{host: a.test}]}}}" Space
}

space.spec.network.egress.allow.cidr()
{
	not_yet spec.network.egress "{realmId: $REALM, network: {egress: {allow: [{cidr: 192.0.2.0/24}]}}}" Space
}

space.spec.network.egress.allow.ports()
{
	not_yet spec.network.egress "{realmId: $REALM, network: {egress: {allow: [{cidr: 192.0.2.0/24, ports: [443]}]}}}" Space
}
