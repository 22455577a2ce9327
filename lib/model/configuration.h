/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONFIGURATION_H
#define KUKEON_CONFIGURATION_H

#include "buf.h"
#include "err.h"
#include "model.h"
#include "vec.h"

#define CONF_DEFAULT_SOCKET "/run/kukeon/kukeond.sock"
#define CONF_DEFAULT_HOST "unix:///run/kukeon/kukeond.sock"
#define CONF_DEFAULT_RUN_PATH "/opt/kukeon"
#define CONF_DEFAULT_SUFFIX "kukeon.io"
#define CONF_DEFAULT_CGROUP_ROOT "/kukeon"
#define CONF_DEFAULT_POD_SUBNET "10.88.0.0/16"
#define CONF_DEFAULT_LEVEL "info"
#define CONF_DEFAULT_INTERVAL "30s"

/* Below a run path: what it was made with (lib/store). No instance without it. */
#define CONF_INSTANCE_FILE ".kukeon-instance.json"

/*
 * The configuration files of kuke and kukeond (kukeon(5)). kind is
 * KIND_CLIENT_CONFIGURATION or KIND_SERVER_CONFIGURATION, doc the struct of it.
 *
 * configuration_load reads one. A missing file is not an error: 0 with *doc zeroed (1
 * if it was read). Errors read `load client configuration: …`. Unknown keys and values
 * that are replaced by their default go to warnings (may be NULL). *doc is owned by the
 * caller (model_clear).
 */
int configuration_load(enum kind kind, const char *path, void *ret_doc, struct strlist *warnings,
		       struct kerr *err);

/*
 * Whether a log level or an interval is valid ("", for unset, is). If not, a warning
 * (warnings may be NULL) names its origin and the default that is used instead.
 */
bool configuration_check_level(const char *level, const char *from, struct strlist *warnings);
bool configuration_check_interval(const char *interval, const char *from, struct strlist *warnings);

/* The text of the file that the first run generates: every key with its help and default. */
void configuration_template(enum kind kind, struct buf *out);

/*
 * Write the template to path if it does not exist (mode 0600, O_EXCL), and create its
 * directory (0750). For the first run; callers ignore the result.
 */
int configuration_write_template(enum kind kind, const char *path, struct kerr *err);

/*
 * Check the namespace suffix and the cgroup root; errors read `configure runtime: …:
 * server configuration is invalid`. -EINVAL.
 */
int configuration_check_runtime(const char *suffix, const char *cgroup_root, struct kerr *err);

/*
 * Refuse a flag that consists only of white space (NULL: not given). `cgroupRoot is
 * empty`. -EINVAL.
 */
int configuration_check_flag(const char *what, const char *flag, struct kerr *err);

/*
 * A warning, with the remedy, if /etc/kukeon has a server configuration that is ignored
 * because this build reads another file by default (used). "" otherwise.
 */
char *configuration_elsewhere(const char *used, const char *def) __attribute__((returns_nonnull));

/*
 * podSubnetCIDRv6 beside podSubnetCIDR (NULL or "": the default one): a prefix within fd00::/8
 * (RFC 4193) that leaves as many bits before bit 64 as podSubnetCIDR does, so that each subnet
 * of that has a /64 of its own. NULL and "" are accepted. -EINVAL; what stands before its name.
 */
int configuration_check_ipv6(const char *what, const char *prefix, const char *pod_subnet,
			     struct kerr *err);
/* -EINVAL unless a setting is UTF-8: documents and requests, in which it stands, are. */
int configuration_check_text(const char *what, const char *text, struct kerr *err);
/*
 * NULL, "" and absolute paths are accepted. `runPath "x" must be an absolute path`,
 * `runPath "/\xff" is not UTF-8: choose another one`. -EINVAL.
 */
int configuration_check_path(const char *what, const char *path, struct kerr *err);

/*
 * Choose a setting: the first that is set of flag, environment variable (empty counts
 * as unset), file and default. flag NULL: not given; env NULL: no variable. Borrowed.
 */
const char *configuration_pick(const char *flag, const char *env, const char *file,
			       const char *def);

/* The objects in which kukeond itself runs as a cell. */
#define SYSTEM_REALM "kuke-system"
#define SYSTEM_SPACE "kukeon"
#define SYSTEM_STACK "kukeon"
#define SYSTEM_CELL "kukeond"
#define SYSTEM_IMAGE "host"

#endif
