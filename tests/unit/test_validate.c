/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "docs.h"
#include "mem.h"
#include "model.h"
#include "naming.h"
#include "rowutil.h"
#include "str.h"
#include "unit.h"
#include "unsupported.h"
#include "validate.h"
#include "validate_container.h"

#define BAD_CHAR "contains disallowed character (must not contain '_' or '/')"
#define BAD_CHAR2 "contains disallowed character (must not contain '\\' or control characters)"
#define LONG63 "a23456789b123456789c123456789d123456789e123456789f123456789g123"
#define RESERVED "is reserved (files of that name belong to kukeon or to the kernel)"

static const struct {
	enum kind kind;
	const char *name;
	const char *want; /* NULL: fine */
} names[] = {
	{ KIND_REALM, "default", NULL },
	{ KIND_REALM, " padded ", NULL },
	{ KIND_CELL, "Web.1 \xc3\xa4", NULL },
	{ KIND_CELL, LONG63, NULL },
	{ KIND_REALM, NULL, "realm name is required" },
	{ KIND_REALM, "  ", "realm name is required" },
	{ KIND_CELL, "", "name is invalid: cell name is required" },
	{ KIND_CONTAINER, "\t", "name is invalid: container name is required" },
	{ KIND_REALM, "a_b", "realm name is invalid: \"a_b\" " BAD_CHAR },
	{ KIND_SPACE, "a/b", "name is invalid: space name \"a/b\" " BAD_CHAR },
	{ KIND_STACK, "a_b", "name is invalid: stack name \"a_b\" " BAD_CHAR },
	{ KIND_CELL, "../x", "name is invalid: cell name \"../x\" " BAD_CHAR },
	{ KIND_CONTAINER, "a_b", "name is invalid: container name \"a_b\" " BAD_CHAR },
	{ KIND_CELL, ".",
	  "name is invalid: cell name \".\" is not allowed (must not be '.' or '..')" },
	{ KIND_REALM, "..",
	  "realm name is invalid: \"..\" is not allowed (must not be '.' or '..')" },
	{ KIND_CELL, ".x",
	  "name is invalid: cell name \".x\" is not allowed (must not start with '.')" },
	{ KIND_CELL, "a\\b", "name is invalid: cell name \"a\\b\" " BAD_CHAR2 },
	{ KIND_CELL, "a\x1b[m", "name is invalid: cell name \"a\\x1b[m\" " BAD_CHAR2 },
	{ KIND_CELL, "a\x7f", "name is invalid: cell name \"a\\x7f\" " BAD_CHAR2 },
	{ KIND_CELL,
	  "\xc2\xa0"
	  "a\xc2\x85",
	  NULL },
	{ KIND_CELL,
	  "a\xc2\x85"
	  "b",
	  "name is invalid: cell name \"*" },
	{ KIND_CELL, "a\xff", "name is invalid: cell name \"a\\xff\" is not valid UTF-8" },
	{ KIND_CELL, LONG63 "4",
	  "name is invalid: cell name \"" LONG63 "4\" is too long (must not exceed 63 bytes)" },
	{ KIND_CELL, "metadata.json", "name is invalid: cell name \"metadata.json\" " RESERVED },
	{ KIND_CELL, "network.json", "name is invalid: cell name \"network.json\" " RESERVED },
	{ KIND_SPACE, "network.conflist",
	  "name is invalid: space name \"network.conflist\" " RESERVED },
	{ KIND_CONTAINER, "etc-hosts", "name is invalid: container name \"etc-hosts\" " RESERVED },
	{ KIND_CONTAINER, "etc-hostname",
	  "name is invalid: container name \"etc-hostname\" " RESERVED },
	{ KIND_REALM, "cgroup.procs", "realm name is invalid: \"cgroup.procs\" " RESERVED },
	{ KIND_CELL, "memory.max", "name is invalid: cell name \"memory.max\" " RESERVED },
	{ KIND_CELL, "tasks", "name is invalid: cell name \"tasks\" " RESERVED },
};

static void says(int r, const struct kerr *err, const char *want, int row)
{
	size_t n = want == NULL ? 0 : strlen(want);

	if (want == NULL) {
		ck_assert_msg(r == 0, "row %d: %s", row, err->msg);
		return;
	}
	ck_assert_msg(r == -EINVAL, "row %d: accepted, want %s", row, want);
	if (want[n - 1] == '*')
		ck_assert_msg(strncmp(err->msg, want, n - 1) == 0, "row %d: %s", row, err->msg);
	else
		ck_assert_msg(streq(err->msg, want), "row %d: %s", row, err->msg);
}

START_TEST(object_name)
{
	struct kerr err = { 0 };

	says(validate_name(names[_i].kind, names[_i].name, &err), &err, names[_i].want, _i);
}
END_TEST

/* Fields of a container (YAML flow), and what is said of them. */
static const struct {
	const char *fields;
	const char *want;
} containers[] = {
	{ "volumes: [{source: /a}]", "volume target is required (volume[0])" },
	{ "volumes: [{source: /a, target: /b}, {source: /a, target: x}]",
	  "volume target must be an absolute container path (volume[1] target \"x\")" },
	{ "volumes: [{target: /b}]", "volume source is required (volume[0])" },
	{ "volumes: [{source: data, target: /b}]",
	  "named or managed volumes are not supported; use an absolute host path as source (volume[0] "
	  "source \"data\")" },
	{ "volumes: [{source: x/y, target: /b}]",
	  "volume source must be an absolute host path (volume[0] source \"x/y\")" },
	{ "volumes: [{kind: tmpfs, source: /x, target: /b}]",
	  "tmpfs volume must not set a source; tmpfs is in-memory and has no host backing (volume[0] "
	  "source \"/x\")" },
	{ "volumes: [{kind: nfs, source: /x, target: /b}]",
	  "volume kind is not recognized; expected \"\", \"bind\", or \"tmpfs\" (volume[0] kind "
	  "\"nfs\")" },
	{ "volumes: [{source: /x, target: /b, sizeBytes: 1}]",
	  "volume sizeBytes and mode are for tmpfs only (volume[0] target \"/b\")" },
	{ "volumes: [{kind: bind, source: /x, target: /b, mode: 0755}]",
	  "volume sizeBytes and mode are for tmpfs only (volume[0] target \"/b\")" },
	{ "volumes: [{kind: tmpfs, target: /b, mode: 0755, sizeBytes: 4096}, {source: /x, target: /c}]",
	  NULL },
	{ "volumes: [{kind: tmpfs, target: /b, mode: 0100000}]",
	  "volume mode must be within [0, 07777] (volume[0] target \"/b\")" },
	{ "volumes: [{kind: tmpfs, target: /b, sizeBytes: -1}]",
	  "volume sizeBytes must not be negative (volume[0] target \"/b\")" },
	{ "secrets: [{fromEnv: X}]", "secret name is required (secrets[0])" },
	{ "secrets: [{name: ' ', fromEnv: X}]", "secret name is required (secrets[0])" },
	{ "secrets: [{name: n}]",
	  "secret requires exactly one of fromFile or fromEnv (secrets[0] \"n\")" },
	{ "secrets: [{name: n, fromFile: /f, fromEnv: E}]",
	  "secret must not set both fromFile and fromEnv (secrets[0] \"n\")" },
	{ "secrets: [{name: n, fromFile: /f, mountPath: p}]",
	  "secret mountPath must be an absolute container path (secrets[0] \"n\" mountPath \"p\")" },
	{ "secrets: [{name: ../x, fromFile: /f}]",
	  "secret name must be a single path segment without '/' or '\\' (secrets[0] \"../x\")" },
	{ "secrets: [{name: '..', fromFile: /f}]",
	  "secret name must be a single path segment without '/' or '\\' (secrets[0] \"..\")" },
	{ "secrets: [{name: 'a\\b', fromFile: /f}]",
	  "secret name must be a single path segment without '/' or '\\' (secrets[0] \"a\\b\")" },
	{ "secrets: [{name: A=B, fromEnv: E}]",
	  "secret name must not contain '=' (secrets[0] \"A=B\")" },
	{ "secrets: [{name: n, fromFile: /f, mountPath: /p}]", NULL },
	{ "secrets: [{name: n, fromFile: f}]",
	  "secret fromFile must be an absolute host path (secrets[0] \"n\" fromFile \"f\")" },
	{ "secrets: [{name: n, fromEnv: E, mountPath: /x/../sys/y}]",
	  "secret mountPath is not allowed (secrets[0] \"n\" mountPath \"/x/../sys/y\")" },
	{ "volumes: [{source: /a, target: /b/..//proc/self}]",
	  "volume target is not allowed (volume[0] target \"/b/..//proc/self\")" },
	{ "volumes: [{kind: tmpfs, target: /}]",
	  "volume target is not allowed (volume[0] target \"/\")" },
	{ "volumes: [{source: /a, target: /processes}, {source: /a, target: /system}]", NULL },
	{ "env: [A=b, '=C']", "env entry must be KEY=VALUE or KEY (env[1] \"=C\")" },
	{ "env: [A=b, '']", "env entry must be KEY=VALUE or KEY (env[1] \"\")" },
	{ "env: [A=b, C=, D]", NULL },
	{ "capabilities: {drop: [ALL], add: [net_admin, ' CAP_SYS_TIME ', cap_all]}", NULL },
	{ "capabilities: {drop: [NET]}", "unknown capability \"NET\"" },
	{ "capabilities: {add: ['']}", "unknown capability \"\"" },
	{ "ports: ['8080:80', '127.0.0.1:8080:80/udp', '80/tcp', '[::1]:1:2']", NULL },
	{ "ports: ['8080:80/sctp']",
	  "port \"8080:80/sctp\" is not valid: the protocol is tcp or udp; expected "
	  "[hostIP:]hostPort:containerPort[/tcp|udp]" },
	{ "ports: ['1:65536']", "port *" },
	{ "ports: ['8080:80', '127.0.0.1:8080:81']",
	  "port 8080/tcp of the host is published twice: \"8080:80\", \"127.0.0.1:8080:81\"" },
	{ "restartPolicy: sometimes",
	  "restartPolicy \"sometimes\" is not recognized; expected \"\", \"no\", \"never\", "
	  "\"on-failure\", \"unless-stopped\" or \"always\"" },
	{ "restartPolicy: on-failure", NULL },
	{ "workingDir: x", "workingDir must be an absolute container path (\"x\")" },
	{ "securityOpts: [no-new-privileges, 'No-New-Privileges:true', seccomp=unconfined, "
	  "seccomp=default, seccomp=/p.json, apparmor=x]",
	  NULL },
	{ "securityOpts: [seccomp=Unconfined, 'seccomp = unconfined', 'no-new-privileges = true', "
	  "'seccomp=unconfined ', ' Seccomp : DEFAULT', 'seccomp= /p.json', 'apparmor = Unconfined', "
	  "\"seccomp\\u00a0=\\u2003unconfined\"]",
	  NULL },
	{ "securityOpts: ['seccomp = ']", "unsupported securityOpt \"seccomp = \"" },
	{ "user: \"1000:1000\"", NULL },
	{ "user: mysql", NULL },
	{ "user: \"1000:\"", NULL },
	{ "user: \":2000\"", NULL },
	{ "user: \"0x10\"", NULL },
	{ "user: \"2147483648\"", "user \"2147483648\" is not valid: the uid is out of range" },
	{ "user: \"a:99999999999999999999\"",
	  "user \"a:99999999999999999999\" is not valid: the gid is out of range" },
	{ "user: \"a:b:c\"", "user \"a:b:c\" is not valid: expected USER or USER:GROUP" },
	{ "user: \" 1000\"",
	  "user \" 1000\" is not valid: white space or a control character in it" },
	{ "user: \"a\\nb\"",
	  "user \"a\\nb\" is not valid: white space or a control character in it" },
	{ "resources: {memoryLimitBytes: 0, cpuShares: 0, pidsLimit: 0}", NULL },
	{ "resources: {memoryLimitBytes: 9223372036854775807, cpuShares: 262144, pidsLimit: 4194304}",
	  NULL },
	{ "resources: {cpuShares: 2}", NULL },
	{ "resources: {cpuShares: 1}", "resources.cpuShares must be 0 or within [2, 262144]: 1" },
	{ "resources: {cpuShares: 262145}",
	  "resources.cpuShares must be within [0, 262144]: 262145" },
	{ "resources: {memoryLimitBytes: -5}",
	  "resources.memoryLimitBytes must be within [0, 9223372036854775807]: -5" },
	{ "resources: {pidsLimit: -1}", "resources.pidsLimit must be within [0, 4194304]: -1" },
	{ "tmpfs: [{path: /t, options: [mode=1777, uid=5, gid=6, size=10m, nr_inodes=5k, "
	  "nr_blocks=7, huge=within_size, 'mpol=bind:0', mpol=local]}, {path: /s, options: [size=50%]}]",
	  NULL },
	{ "tmpfs: [{path: /t, options: [mode=banana]}]",
	  "tmpfs option is not valid (tmpfs[0] option \"mode=banana\")" },
	{ "tmpfs: [{path: /t, options: [mode=10000]}]",
	  "tmpfs option is not valid (tmpfs[0] option \"mode=10000\")" },
	{ "tmpfs: [{path: /t, options: [uid=mysql]}]",
	  "tmpfs option is not valid (tmpfs[0] option \"uid=mysql\")" },
	{ "tmpfs: [{path: /t, options: [size=-1]}]",
	  "tmpfs option is not valid (tmpfs[0] option \"size=-1\")" },
	{ "tmpfs: [{path: /t, options: [size=zz]}]",
	  "tmpfs option is not valid (tmpfs[0] option \"size=zz\")" },
	{ "tmpfs: [{path: /t, options: [nr_inodes=5%]}]",
	  "tmpfs option is not valid (tmpfs[0] option \"nr_inodes=5%\")" },
	{ "tmpfs: [{path: /t, options: [huge=some]}]",
	  "tmpfs option is not valid (tmpfs[0] option \"huge=some\")" },
	{ "tmpfs: [{path: /t, options: ['mpol=nowhere']}]",
	  "tmpfs option is not valid (tmpfs[0] option \"mpol=nowhere\")" },
	{ "securityOpts: ['label:type:x']",
	  "unsupported securityOpt \"label:type:x\": SELinux labels are not supported" },
	{ "securityOpts: [seccomp=p.json]", "unsupported securityOpt \"seccomp=p.json\"" },
	{ "securityOpts: ['apparmor=']", "unsupported securityOpt \"apparmor=\"" },
	{ "securityOpts: [seccomp]", "unsupported securityOpt \"seccomp\"" },
	{ "securityOpts: [no-new-privileges=maybe]",
	  "unsupported securityOpt \"no-new-privileges=maybe\"" },
	{ "securityOpts: [foo=bar]", "unsupported securityOpt \"foo=bar\"" },
	{ "securityOpts: ['label=disable']",
	  "unsupported securityOpt \"label=disable\": SELinux labels are not supported" },
	{ "tmpfs: [{sizeBytes: 1}]", "tmpfs path is required (tmpfs[0])" },
	{ "tmpfs: [{path: tmp}]",
	  "tmpfs path must be an absolute container path (tmpfs[0] path \"tmp\")" },
	{ "tmpfs: [{path: /tmp, options: ['a,b']}]",
	  "tmpfs option is not valid (tmpfs[0] option \"a,b\")" },
	{ "tmpfs: [{path: /tmp, options: [bind]}]",
	  "tmpfs option is not valid (tmpfs[0] option \"bind\")" },
	{ "tmpfs: [{path: /tmp, options: ['mode=']}]",
	  "tmpfs option is not valid (tmpfs[0] option \"mode=\")" },
	{ "tmpfs: [{path: /tmp, options: [mode=1777, noexec, uid=5, huge=never]}]", NULL },
	{ "tmpfs: [{path: /tmp, options: [inode64, inode32, noswap, nosymfollow, dirsync, lazytime, "
	  "nolazytime, private, rprivate, rslave]}]",
	  NULL },
	{ "tmpfs: [{path: /tmp, options: ['mode=1777,size=1m', ' ', '', 'ro, nodev']}]", NULL },
	{ "tmpfs: [{path: /tmp, options: ['mode=1777,defaults']}]",
	  "tmpfs option is not valid (tmpfs[0] option \"mode=1777,defaults\")" },
	{ "tmpfs: [{path: /tmp, options: [rbind]}]",
	  "tmpfs option is not valid (tmpfs[0] option \"rbind\")" },
	{ "volumes: [{source: /a, target: /d}, {source: /b, target: /d/}]",
	  "two mounts at the same place (volume[0] target \"/d\", volume[1] target \"/d/\")" },
	{ "volumes: [{source: /a, target: /x/../d}], tmpfs: [{path: //d}]",
	  "two mounts at the same place (tmpfs[0] path \"//d\", volume[0] target \"/x/../d\")" },
	{ "tmpfs: [{path: /d}, {path: /d/.}]",
	  "two mounts at the same place (tmpfs[0] path \"/d\", tmpfs[1] path \"/d/.\")" },
	{ "secrets: [{name: a, fromEnv: A, mountPath: /s/a}, {name: b, fromEnv: A, mountPath: "
	  "/s//a}]",
	  "two mounts at the same place (secrets[0] mountPath \"/s/a\", secrets[1] mountPath "
	  "\"/s//a\")" },
	{ "volumes: [{source: /a, target: /d}, {source: /b, target: /d/d}, {source: /a, target: "
	  "/da}]",
	  NULL },
	{ "volumes: [{source: /a, target: /dev/}]",
	  "a volume at /dev needs privileged: true (volume[0] target \"/dev/\")" },
	{ "privileged: true, volumes: [{source: /dev, target: /dev}]", NULL },
	{ "volumes: [{kind: tmpfs, target: /dev}, {source: /dev/kvm, target: /dev/kvm}]", NULL },
	{ "tmpfs: [{path: /a/../sys}]", "tmpfs path is not allowed (tmpfs[0] path \"/a/../sys\")" },
	{ "tmpfs: [{path: /tmp, sizeBytes: -5}]",
	  "tmpfs sizeBytes must not be negative (tmpfs[0] path \"/tmp\")" },
	{ "networks: [other]", NULL },
	{ "networks: [a/b]", "networks[0]: name is invalid: space name \"a/b\" " BAD_CHAR },
	{ "networks: [a, ' b']", "networks[1] \" b\" has blanks around the name" },
	{ "networks: [a, b, a]", "networks[2] \"a\" is named twice; leave one of them out" },
	{ "networksAliases: [db, DB, db.example.com, 1st, 9.a]", NULL },
	{ "networksAliases: [a, b_c]",
	  "networksAliases[1] \"b_c\" is not a host name: labels of letters, digits and hyphens "
	  "with dots between them, and not a number at its end" },
	{ "networksAliases: ['']", "networksAliases[0] \"\" is not a host name: *" },
	{ "networksAliases: [10.0.0.1]", "networksAliases[0] \"10.0.0.1\" is not a host name: *" },
	{ "networksAliases: [LocalHost]",
	  "networksAliases[0] \"LocalHost\" stands for the local host in every cell; choose "
	  "another name" },
};

/* Alone, and inside a cell, where the message names the container. */
START_TEST(container)
{
	cleanup_free char *alone =
		xasprintf("kind: Container\nmetadata: {name: web}\nspec: {realmId: r, spaceId: s, "
			  "stackId: t, cellId: c, image: i, %s}",
			  containers[_i].fields);
	cleanup_free char *nested = xasprintf(
		"kind: Cell\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t, "
		"containers: [{id: ok, image: i}, {id: web, image: i, %s}]}",
		containers[_i].fields);
	cleanup_free char *want = NULL;
	struct kerr err = { 0 };
	void *doc = doc_from(alone, KIND_CONTAINER);

	says(validate_doc(KIND_CONTAINER, doc, VALIDATE_ANY_FIELD, &err), &err, containers[_i].want,
	     _i);
	doc_free(KIND_CONTAINER, doc);
	if (containers[_i].want != NULL)
		want = xasprintf("container \"web\": %s", containers[_i].want);
	doc = doc_from(nested, KIND_CELL);
	says(validate_doc(KIND_CELL, doc, VALIDATE_ANY_FIELD, &err), &err, want, _i);
	doc_free(KIND_CELL, doc);
}
END_TEST

static const struct {
	const char *policy;
	const char *want;
} egress[] = {
	{ "default: deny", NULL },
	{ "default: ' Allow '", NULL },
	{ "default: maybe", "egress default must be 'allow' or 'deny'" },
	{ "allow: [{ports: [1]}]",
	  "egress allow rule 0: egress allow rule requires exactly one of host or cidr" },
	{ "allow: [{host: a.b}, {host: a, cidr: 1.2.3.4/5}]",
	  "egress allow rule 1: egress allow rule must not set both host and cidr" },
	{ "allow: [{cidr: x}]",
	  "egress allow rule 0: egress allow rule cidr is not a valid CIDR: \"x\": invalid CIDR "
	  "address: x" },
	{ "allow: [{cidr: 1.2.3.4}]",
	  "egress allow rule 0: egress allow rule cidr is not a valid CIDR: \"1.2.3.4\": invalid CIDR "
	  "address: 1.2.3.4" },
	{ "allow: [{cidr: 10.0.0.0/33}]",
	  "egress allow rule 0: egress allow rule cidr is not a valid CIDR: *" },
	{ "allow: [{cidr: 10.0.0.0/8}, {cidr: 'fd00::/8'}]", NULL },
	{ "allow: [{host: 'a b'}]",
	  "egress allow rule 0: egress allow rule host is not a valid dns name: \"a b\"" },
	{ "allow: [{host: a..b}]",
	  "egress allow rule 0: egress allow rule host is not a valid dns name: \"a..b\"" },
	{ "allow: [{host: .a}]",
	  "egress allow rule 0: egress allow rule host is not a valid dns name: \".a\"" },
	{ "allow: [{host: a.}]",
	  "egress allow rule 0: egress allow rule host is not a valid dns name: \"a.\"" },
	{ "allow: [{host: 'a\"b'}]",
	  "egress allow rule 0: egress allow rule host is not a valid dns name: *" },
	{ "allow: [{host: 192.0.2.1}, {host: 'fd00::1'}, {host: _a-b.example}]", NULL },
	{ "allow: [{host: a/b}]",
	  "egress allow rule 0: egress allow rule host is not a valid dns name: \"a/b\"" },
	{ "allow: [{host: a, ports: [443, 0]}]",
	  "egress allow rule 0: egress allow rule port must be within [1, 65535]: 0" },
	{ "allow: [{host: a, ports: [65536]}]",
	  "egress allow rule 0: egress allow rule port must be within [1, 65535]: 65536" },
	{ "allow: [{host: a, ports: [443, 443]}]", NULL },
};

START_TEST(egress_rules)
{
	cleanup_free char *text =
		xasprintf("kind: Space\nmetadata: {name: s}\nspec: {realmId: r, network: {egress: "
			  "{%s}}}",
			  egress[_i].policy);
	struct kerr err = { 0 };
	void *doc = doc_from(text, KIND_SPACE);

	says(validate_doc(KIND_SPACE, doc, VALIDATE_ANY_FIELD, &err), &err, egress[_i].want, _i);
	doc_free(KIND_SPACE, doc);
}
END_TEST

#define CELL "kind: Cell\nmetadata: {name: c}\nspec: {realmId: r, spaceId: s, stackId: t, "
#define SPACE "kind: Space\nmetadata: {name: s}\nspec: {realmId: r, "

/* Whole documents. */
static const struct {
	enum kind kind;
	const char *text;
	const char *want;
} docs[] = {
	{ KIND_REALM, "kind: Realm\nmetadata: {name: a_b}", "realm name is invalid: *" },
	{ KIND_REALM, "kind: Realm\nmetadata: {name: '  '}", "realm name is required" },
	{ KIND_REALM, "kind: Realm\nmetadata: {name: r}\nspec: {namespace: ../x}",
	  "spec.namespace \"../x\" is not a valid namespace" },
	{ KIND_SPACE, "kind: Space\nmetadata: {name: s}\nspec: {realmId: ../..}",
	  "realm name is invalid: \"../..\" " BAD_CHAR },
	{ KIND_CELL, CELL "containers: [{image: i}]}",
	  "spec.containers[0]: name is invalid: container name is required" },
	{ KIND_CELL, CELL "containers: [{id: a, image: i}, {id: a, image: i}]}",
	  "spec.containers[1]: container \"a\" is declared twice" },
	{ KIND_CELL, CELL "containers: [{id: a}]}", "container \"a\": image is required" },
	{ KIND_CELL, CELL "containers: [{id: root, image: i}]}",
	  "container \"root\": the id \"root\" needs root: true" },
	{ KIND_CELL, CELL "containers: [{id: root, image: i, root: true}]}", NULL },
	{ KIND_CELL, CELL "rootContainerId: root, containers: [{id: root, image: i}]}", NULL },
	{ KIND_CELL,
	  CELL
	  "containers: [{id: a, image: i, hostNetwork: true}, {id: b, image: i, ports: ['1:1']}]}",
	  "container \"b\": ports cannot be used on the host network" },
	{ KIND_CELL,
	  CELL "containers: [{id: a, image: i, ports: ['53:53/udp', '8080-8089:80-89']}, "
	       "{id: b, image: i, ports: ['53:53', '8085:80']}]}",
	  "port 8085/tcp of the host is published twice: \"8080-8089:80-89\" of container \"a\", "
	  "\"8085:80\" of container \"b\"" },
	{ KIND_CELL, CELL "containers: [{id: a, image: i, hostNetwork: true, networks: [x]}]}",
	  "container \"a\": networks cannot be used on the host network" },
	{ KIND_CELL,
	  CELL "containers: [{id: a, image: i, hostNetwork: true}, {id: b, image: i, "
	       "networksAliases: [x]}]}",
	  "container \"b\": networksAliases cannot be used on the host network" },
	{ KIND_CELL, CELL "containers: [{id: a, image: i, networks: [x, s]}]}",
	  "container \"a\": networks[1] \"s\" is the space of the cell itself; leave it out" },
	{ KIND_CELL, CELL "id: a/b, containers: [{id: a, image: i}]}",
	  "name is invalid: cell name \"a/b\" " BAD_CHAR },
	{ KIND_CELL,
	  CELL "containers: [{id: a, image: i, command: c, args: [x], workingDir: /w, env: "
	       "[A=b], user: '1', hostNetwork: true, hostPID: true, hostCgroup: true, "
	       "resources: {pidsLimit: 5}, volumes: [{source: /x, target: /y}]}]}",
	  NULL },
	{ KIND_CELL, CELL "containers: [{id: z, image: i}, {id: a, image: i, attachable: true}]}",
	  NULL },
	{ KIND_CELL,
	  CELL "containers: [{id: a, image: i, ports: [], restartPolicy: never, privileged: "
	       "false, tty: {}}]}",
	  NULL },
	{ KIND_CELL,
	  CELL "autoDelete: true, containers: [{id: a, image: i, restartPolicy: always}]}", NULL },
	{ KIND_CELL, CELL "containers: [{id: a, image: i, capabilities: {}}]}", NULL },
	{ KIND_CELL, CELL "containers: [{id: a, image: i, attachable: true, tty: {prompt: x}}]}",
	  NULL },
	{ KIND_CELL, CELL "tty: {default: ''}, containers: [{id: a, image: i}]}", NULL },
	{ KIND_CELL, CELL "tty: {default: a}, containers: [{id: a, image: i, attachable: true}]}",
	  NULL },
	{ KIND_CONTAINER,
	  "kind: Container\nmetadata: {name: w}\nspec: {realmId: r, spaceId: s, stackId: t, cellId: c, "
	  "image: i, attachable: true}",
	  NULL },
	{ KIND_SPACE, SPACE "network: {egress: {default: deny}}}", NULL },
	{ KIND_SPACE, SPACE "network: {egress: {default: deny, allow: [{host: a, ports: [1]}]}}}",
	  NULL },
	{ KIND_SPACE, SPACE "network: {egress: {default: allow}}}", NULL },
	{ KIND_SPACE, SPACE "defaults: {container: {user: '1'}}}", NULL },
	{ KIND_SPACE, SPACE "defaults: {container: {capabilities: {add: [NET]}}}}",
	  "spec.defaults.container: unknown capability \"NET\"" },
	{ KIND_SPACE, SPACE "defaults: {container: {tmpfs: [{path: /proc/x}]}}}",
	  "spec.defaults.container: tmpfs path is not allowed (tmpfs[0] path \"/proc/x\")" },
	{ KIND_SPACE, SPACE "defaults: {container: {securityOpts: [no-new-privileges]}}}", NULL },
	{ KIND_SPACE, SPACE "defaults: {container: {user: 'a:b:c'}}}",
	  "spec.defaults.container: user \"a:b:c\" is not valid: expected USER or USER:GROUP" },
	{ KIND_SPACE, SPACE "defaults: {container: {resources: {cpuShares: 1}}}}",
	  "spec.defaults.container: resources.cpuShares must be 0 or within [2, 262144]: 1" },
	{ KIND_SPACE, SPACE "defaults: {container: {securityOpts: [x]}}}",
	  "spec.defaults.container: unsupported securityOpt \"x\"" },
	{ KIND_SPACE, SPACE "defaults: {container: {}}}", NULL },
	{ KIND_SPACE, SPACE "cniConfigPath: /etc/cni/x.conflist}", NULL },
	{ KIND_SPACE, SPACE "cniConfigPath: net/x.conflist}",
	  "spec.cniConfigPath: must be an absolute path: \"net/x.conflist\"" },
	{ KIND_SPACE, SPACE "cniConfigPath: /opt/kukeon/data/r/s/network.conflist}", NULL },
	/* labels of kukeon's own: as they are printed, or not at all */
	{ KIND_CELL,
	  "kind: Cell\nmetadata: {name: c, labels: {realm.kukeon.io: r, space.kukeon.io: s, "
	  "stack.kukeon.io: t, cell.kukeon.io: c, kukeon.io/profile: p, a: b}}\nspec: {realmId: r, "
	  "spaceId: s, stackId: t, containers: [{id: a, image: i}]}",
	  NULL },
	{ KIND_CELL,
	  "kind: Cell\nmetadata: {name: c, labels: {cell.kukeon.io: d}}\nspec: {realmId: r, "
	  "spaceId: s, stackId: t, containers: [{id: a, image: i}]}",
	  "metadata.labels: \"cell.kukeon.io\" is set by kukeon, to \"c\"; leave it out" },
	{ KIND_CELL,
	  "kind: Cell\nmetadata: {name: c, labels: {x.kukeon.io: d}}\nspec: {realmId: r, "
	  "spaceId: s, stackId: t, containers: [{id: a, image: i}]}",
	  "metadata.labels: \"x.kukeon.io\" cannot be set: keys that end in .kukeon.io are kukeon's "
	  "own" },
	{ KIND_STACK,
	  "kind: Stack\nmetadata: {name: t, labels: {cell.kukeon.io: t}}\nspec: {realmId: r, "
	  "spaceId: s}",
	  "metadata.labels: \"cell.kukeon.io\" cannot be set: *" },
	{ KIND_STACK,
	  "kind: Stack\nmetadata: {name: t, labels: {stack.kukeon.io: u}}\nspec: {realmId: r, "
	  "spaceId: s}",
	  "metadata.labels: \"stack.kukeon.io\" is set by kukeon, to \"t\"; leave it out" },
	{ KIND_SPACE,
	  "kind: Space\nmetadata: {name: s, labels: {realm.kukeon.io: x}}\nspec: {realmId: r}",
	  "metadata.labels: \"realm.kukeon.io\" is set by kukeon, to \"r\"; leave it out" },
	{ KIND_REALM, "kind: Realm\nmetadata: {name: r, labels: {realm.kukeon.io: r.x}}",
	  "metadata.labels: \"realm.kukeon.io\" cannot be set: *" },
	{ KIND_REALM,
	  "kind: Realm\nmetadata: {name: r, labels: {realm.kukeon.io: r.x}}\nspec: {namespace: r.x}",
	  NULL },
	{ KIND_CONTAINER,
	  "kind: Container\nmetadata: {name: w, labels: {cell.kukeon.io: c}}\nspec: {realmId: r, "
	  "spaceId: s, stackId: t, cellId: c, image: i}",
	  "metadata.labels: \"cell.kukeon.io\" cannot be set: *" },
};

START_TEST(document)
{
	struct kerr err = { 0 };
	void *doc = doc_from(docs[_i].text, docs[_i].kind);

	says(validate_doc(docs[_i].kind, doc, 0, &err), &err, docs[_i].want, _i);
	doc_free(docs[_i].kind, doc);
}
END_TEST

/* Of n containers or of labels with n bytes. */
static void check_size(enum kind kind, const char *before, size_t n, const char *after,
		       const char *want)
{
	struct buf fill cleanup_buf = BUF_INIT(1 << 20);
	cleanup_free char *text = NULL;
	struct kerr err = { 0 };
	void *doc;
	size_t i;

	for (i = 0; i < n; i++)
		if (kind == KIND_CELL)
			buf_addf(&fill, "{id: a%zu, image: i}, ", i);
		else
			buf_addc(&fill, 'x');
	text = xasprintf("%s%s%s", before, buf_str(&fill), after);
	doc = doc_from(text, kind);
	says(validate_doc(kind, doc, 0, &err), &err, want, (int) n);
	/* What is too large can be deleted by its document all the same. */
	if (kind != KIND_CELL)
		ck_assert_int_eq(validate_doc(kind, doc, VALIDATE_ANY_FIELD, &err), 0);
	doc_free(kind, doc);
}

START_TEST(sizes)
{
	static const char one[] = "kind: Realm\nmetadata: {name: r, labels: {a: '";
	static const char two[] = "kind: Realm\nmetadata: {name: r, labels: {b: c, a: '";
	static const char over[] =
		"metadata.labels: keys and values have 65537 bytes in all, at most 65536 are "
		"allowed";

	check_size(KIND_CELL, CELL "containers: [", 1000, "]}", NULL);
	check_size(KIND_CELL, CELL "containers: [", 1001, "]}",
		   "spec.containers: 1001 containers, a cell can have 1000");
	/* As it is printed, with the root that was added. */
	check_size(KIND_CELL, CELL "rootContainerId: root, containers: [", 1000,
		   "{id: root, root: true, image: 'kukeon.io/pause:builtin'}]}", NULL);
	check_size(KIND_REALM, one, 65535, "'}}", NULL);
	check_size(KIND_REALM, one, 65536, "'}}", over);
	check_size(KIND_REALM, two, 65534, "'}}", over);
}
END_TEST

START_TEST(volume_sources)
{
	struct kerr err = { 0 };
	struct container_doc *doc = doc_from(
		"kind: Container\nspec: {volumes: [{kind: tmpfs, target: /t}, {source: /, target: /a}, "
		"{source: /no/such, target: /b}]}",
		KIND_CONTAINER);

	ck_assert_int_eq(validate_volume_sources(&doc->spec, &err), -EINVAL);
	ck_assert_str_eq(err.msg, "volume source does not exist on the host (volume[2] source "
				  "\"/no/such\")");
	doc->spec.volumes.v[2].source[1] = '\0';
	ck_assert_int_eq(validate_volume_sources(&doc->spec, &err), 0);
	doc_free(KIND_CONTAINER, doc);
}
END_TEST

START_TEST(unsupported_paths)
{
	ck_assert(validate_path_unsupported(KIND_SERVER_CONFIGURATION, "spec.kukeondImage"));
	ck_assert(!validate_path_unsupported(KIND_CELL, "spec.containers[].image"));
}
END_TEST

static Suite *test_validate(void)
{
	Suite *s = suite_create("validate");
	TCase *t = tcase_create("validate");

	tcase_add_loop_test(t, object_name, 0, ARRAY_SIZE(names));
	tcase_add_loop_test(t, container, 0, ARRAY_SIZE(containers));
	tcase_add_loop_test(t, egress_rules, 0, ARRAY_SIZE(egress));
	tcase_add_loop_test(t, document, 0, ARRAY_SIZE(docs));
	tcase_add_test(t, sizes);
	tcase_add_test(t, volume_sources);
	tcase_add_test(t, unsupported_paths);
	suite_add_tcase(s, t);
	return s;
}

UNIT_MAIN(test_validate);
