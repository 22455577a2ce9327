/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include "method_rows.h"
#include "methods_host.h"

/* ---- arguments ---- */

#define S rpc_open_engine_args
static const struct field rpc_open_engine_args_rows[] = {
	STR(configuration, "Configuration"),
	STR(run_path, "RunPath"),
	STR(socket, "Socket"),
	STR(namespace_suffix, "NamespaceSuffix"),
	STR(cgroup_root, "CgroupRoot"),
	STR(log_level, "LogLevel"),
};
TYPE(rpc_open_engine_args, "OpenEngineArgs");
#undef S

#define S rpc_init_host_args
static const struct field rpc_init_host_args_rows[] = {
	STR(realm, "Realm"),	       STR(space, "Space"),
	STR(socket, "Socket"),	       STR(configuration, "Configuration"),
	NINT(socket_gid, "SocketGID"), BOOL(force_network, "ForceNetwork"),
};
TYPE(rpc_init_host_args, "InitHostArgs");
#undef S

#define S rpc_stop_daemon_args
static const struct field rpc_stop_daemon_args_rows[] = {
	INT(timeout_ms, "TimeoutMs"),
};
TYPE(rpc_stop_daemon_args, "StopDaemonArgs");
#undef S

/* ---- replies ---- */

#define S rpc_made
static const struct field made_rows[] = {
	BOOL(existed, "Existed"),
	BOOL(created, "Created"),
};
static TYPE(made, "Made");
#undef S

#define MADE(m, wire) OBJ(m, struct rpc_made, wire, made_type)

#define S rpc_init_level
static const struct field init_level_rows[] = {
	STR(realm, "Realm"),
	STR(namespace, "Namespace"),
	STR(space, "Space"),
	STR(network, "Network"),
	STR(stack, "Stack"),
	MADE(realm_made, "RealmMade"),
	MADE(namespace_made, "NamespaceMade"),
	MADE(realm_cgroup, "RealmCgroup"),
	MADE(space_made, "SpaceMade"),
	MADE(network_made, "NetworkMade"),
	MADE(space_cgroup, "SpaceCgroup"),
	MADE(stack_made, "StackMade"),
	MADE(stack_cgroup, "StackCgroup"),
};
static TYPE(init_level, "InitLevel");
#undef S

#define S rpc_init_host_result
static const struct field init_host_result_rows[] = {
	MADE(root_cgroup, "RootCgroup"),
	OBJ(def, struct rpc_init_level, "Default", init_level_type),
	OBJ(sys, struct rpc_init_level, "System", init_level_type),
	BOOL(cell_created, "CellCreated"),
	BOOL(daemon_started, "DaemonStarted"),
	STR(firewall, "Firewall"),
	STR(firewall_warning, "FirewallWarning"),
	STR(runtime_warning, "RuntimeWarning"),
};
static TYPE(init_host_result, "InitHostResult");
#undef S

#define S rpc_daemon_result
static const struct field daemon_result_rows[] = {
	BOOL(done, "Done"),
	BOOL(killed, "Killed"),
	STR(socket, "Socket"),
};
static TYPE(daemon_result, "DaemonResult");
#undef S

#define S rpc_init_host_reply
static const struct field rpc_init_host_reply_rows[] = {
	OBJ(result, struct rpc_init_host_result, "Result", init_host_result_type),
	ERR(),
};
TYPE(rpc_init_host_reply, "InitHostReply");
#undef S

#define S rpc_daemon_reply
static const struct field rpc_daemon_reply_rows[] = {
	OBJ(result, struct rpc_daemon_result, "Result", daemon_result_type),
	ERR(),
};
TYPE(rpc_daemon_reply, "DaemonReply");
#undef S

#define S rpc_doctor_network_args
static const struct field rpc_doctor_network_args_rows[] = {
	BOOL(repair, "Repair"),
};
TYPE(rpc_doctor_network_args, "DoctorNetworkArgs");
#undef S

#define S rpc_finding
static const struct field rpc_finding_rows[] = {
	STR(what, "what"),
	STR(object, "object"),
	STR(state, "state"),
	STR(detail, "detail"),
};
TYPE(rpc_finding, "Finding");
#undef S

#define S rpc_doctor_network_result
static const struct field doctor_network_result_rows[] = {
	ROW_OBJLIST(struct S, findings, struct rpc_finding, "Findings", rpc_finding_type,
		    .help = ""),
};
static TYPE(doctor_network_result, "DoctorNetworkResult");
#undef S

#define S rpc_doctor_network_reply
static const struct field rpc_doctor_network_reply_rows[] = {
	OBJ(result, struct rpc_doctor_network_result, "Result", doctor_network_result_type),
	ERR(),
};
TYPE(rpc_doctor_network_reply, "DoctorNetworkReply");
#undef S

/* ---- what a policy denies ---- */

#define S rpc_why_denied_args
static const struct field rpc_why_denied_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(stack_name, "StackName"),
	STR(cell_name, "CellName"),
	STR(host, "Host"),
	INT(port, "Port"),
};
TYPE(rpc_why_denied_args, "WhyDeniedArgs");
#undef S

#define S rpc_why_finding
static const struct field why_finding_rows[] = {
	STR(address, "Address"),
	BOOL(allowed, "Allowed"),
	STR(reason, "Reason"),
};
static TYPE(why_finding, "WhyFinding");
#undef S

#define S rpc_why_denied_result
static const struct field why_denied_result_rows[] = {
	BOOL(denied, "Denied"),
	OBJS(findings, struct rpc_why_finding, "Findings", why_finding_type),
	STR(remedy, "Remedy"),
};
static TYPE(why_denied_result, "WhyDeniedResult");
#undef S

#define S rpc_why_denied_reply
static const struct field rpc_why_denied_reply_rows[] = {
	OBJ(result, struct rpc_why_denied_result, "Result", why_denied_result_type),
	ERR(),
};
TYPE(rpc_why_denied_reply, "WhyDeniedReply");
#undef S

/* ---- what is allowed for a while ---- */

#define S rpc_allow_egress_args
static const struct field rpc_allow_egress_args_rows[] = {
	STR(realm_name, "RealmName"),
	STR(space_name, "SpaceName"),
	STR(host, "Host"),
	STR(cidr, "Cidr"),
	INT(port, "Port"),
	INT(for_ms, "ForMs"),
	BOOL(end, "End"),
};
TYPE(rpc_allow_egress_args, "AllowEgressArgs");
#undef S

#define S rpc_allow_egress_result
static const struct field allow_egress_result_rows[] = {
	OBJ(rule, struct temporary_rule, "Rule", temporary_rule_type),
};
static TYPE(allow_egress_result, "AllowEgressResult");
#undef S

#define S rpc_allow_egress_reply
static const struct field rpc_allow_egress_reply_rows[] = {
	OBJ(result, struct rpc_allow_egress_result, "Result", allow_egress_result_type),
	ERR(),
};
TYPE(rpc_allow_egress_reply, "AllowEgressReply");
#undef S

/* ---- what was denied ---- */

#define S rpc_list_denied_args
static const struct field rpc_list_denied_args_rows[] = {
	STR(realm_name, "RealmName"), STR(space_name, "SpaceName"), STR(stack_name, "StackName"),
	STR(cell_name, "CellName"),   STR(since, "Since"),	    STR(after, "After"),
	INT(wait_ms, "WaitMs"),
};
TYPE(rpc_list_denied_args, "ListDeniedArgs");
#undef S

#define S rpc_denied
static const struct field rpc_denied_rows[] = {
	ROW_TIME(struct S, time, "time", .help = ""),
	ROW_TIME(struct S, last, "last", .help = ""),
	STR(cell, "cell"),
	STR(address, "address"),
	STR(name, "name"),
	STR(destination, "destination"),
	INT(port, "port"),
	STR(protocol, "protocol"),
	INT(count, "count"),
};
TYPE(rpc_denied, "Denied");
#undef S

#define S rpc_list_denied_result
static const struct field list_denied_result_rows[] = {
	OBJS(denied, struct rpc_denied, "Denied", rpc_denied_type),
	STR(next, "Next"),
	BOOL(more, "More"),
};
static TYPE(list_denied_result, "ListDeniedResult");
#undef S

#define S rpc_list_denied_reply
static const struct field rpc_list_denied_reply_rows[] = {
	OBJ(result, struct rpc_list_denied_result, "Result", list_denied_result_type),
	ERR(),
};
TYPE(rpc_list_denied_reply, "ListDeniedReply");
#undef S

/* ---- status: keys as in the documents, since kuke status -o json prints them ---- */

#define S rpc_status_daemon
static const struct field status_daemon_rows[] = {
	STR(state, "state"),
	STR(version, "version"),
	INT(pid, "pid"),
	ROW_TIME(struct S, started_at, "startedAt", .help = ""),
	INT(uptime_seconds, "uptimeSeconds"),
	STR(socket, "socket"),
};
static TYPE(status_daemon, "StatusDaemon");
#undef S

#define S rpc_status_instance
static const struct field status_instance_rows[] = {
	STR(run_path, "runPath"),
	STR(runtime_dir, "runtimeDir"),
	STR(namespace_suffix, "namespaceSuffix"),
	STR(cgroup_root, "cgroupRoot"),
	STR(cgroups, "cgroups"),
	STR(packet_filter, "packetFilter"),
};
static TYPE(status_instance, "StatusInstance");
#undef S

#define S rpc_status_state
static const struct field status_state_rows[] = {
	STR(state, "state"),
	INT(count, "count"),
};
static TYPE(status_state, "StatusState");
#undef S

#define S rpc_status_kind
static const struct field status_kind_rows[] = {
	STR(kind, "kind"),
	INT(count, "count"),
	OBJS(states, struct rpc_status_state, "states", status_state_type),
};
static TYPE(status_kind, "StatusKind");
#undef S

#define S rpc_status_images
static const struct field status_images_rows[] = {
	INT(count, "count"),
	INT(layers, "layers"),
	INT(bytes, "bytes"),
};
static TYPE(status_images, "StatusImages");
#undef S

#define S rpc_status_names
static const struct field status_names_rows[] = {
	BOOL(needed, "needed"),
	INT(spaces, "spaces"),
	INT(restarts, "restarts"),
};
static TYPE(status_names, "StatusNames");
#undef S

#define S rpc_status_disk
static const struct field status_disk_rows[] = {
	STR(path, "path"),
	INT(size_bytes, "sizeBytes"),
	INT(used_bytes, "usedBytes"),
	INT(free_bytes, "freeBytes"),
	INT(used_percent, "usedPercent"),
};
static TYPE(status_disk, "StatusDisk");
#undef S

#define S rpc_status_check
static const struct field rpc_status_check_rows[] = {
	STR(section, "section"),	 STR(name, "name"),
	STR(status, "status"),		 STR(detail, "detail"),
	STR(remediation, "remediation"),
};
TYPE(rpc_status_check, "StatusCheck");
#undef S

#define S rpc_status_result
static const struct field rpc_status_result_rows[] = {
	BOOL(ok, "ok"),
	STR(client_version, "clientVersion"),
	OBJ(daemon, struct rpc_status_daemon, "daemon", status_daemon_type),
	OBJ(instance, struct rpc_status_instance, "instance", status_instance_type),
	OBJS(kinds, struct rpc_status_kind, "kinds", status_kind_type),
	OBJ(images, struct rpc_status_images, "images", status_images_type),
	OBJ(names, struct rpc_status_names, "names", status_names_type),
	OBJS(disks, struct rpc_status_disk, "disks", status_disk_type),
	OBJS(checks, struct rpc_status_check, "checks", rpc_status_check_type),
};
TYPE(rpc_status_result, "StatusResult");
#undef S

#define S rpc_status_reply
static const struct field rpc_status_reply_rows[] = {
	OBJ(result, struct rpc_status_result, "Result", rpc_status_result_type),
	ERR(),
};
TYPE(rpc_status_reply, "StatusReply");
#undef S
