/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_LAYOUT_H
#define KUKEON_LAYOUT_H

#include "defs.h"

struct overlay;

/*
 * Paths of all directories and files; no other module builds them. All functions are
 * pure, return absolute paths owned by the caller (free), and assert that the names
 * they need are set: names are validated before.
 */
struct layout {
	char *run_path; /* "/opt/kukeon": survives a reboot */
	char *runtime_dir; /* "/run/kukeon": the socket's directory, lost at a reboot */
	const struct overlay *overlay; /* of a dry run (overlay.h), borrowed; NULL */
};

/* Copies both, cleaned of "//" and trailing '/'. They must be absolute. */
void layout_init(struct layout *l, const char *run_path, const char *runtime_dir);
void layout_clear(struct layout *l);

/*
 * The address of an object. Strings are borrowed; unused ones are NULL (or ""). The
 * level of an address is that of its last name.
 */
struct addr {
	const char *realm;
	const char *space;
	const char *stack;
	const char *cell;
};

enum addr_level {
	ADDR_ROOT = 0, /* no name: data/ itself */
	ADDR_REALM,
	ADDR_SPACE,
	ADDR_STACK,
	ADDR_CELL,
};

enum addr_level addr_level(const struct addr *a);
/* The last name, NULL at the root. */
const char *addr_name(const struct addr *a);
/* a without its last name. */
struct addr addr_parent(const struct addr *a);
/* a with one name more; a must not be a cell. */
struct addr addr_child(const struct addr *a, const char *name);
/* Whether a is above itself or below it; everything is below the root. */
bool addr_within(const struct addr *a, const struct addr *above);
/* "r/s/t/c", for messages and logs; owned by the caller. */
char *addr_text(const struct addr *a) __attribute__((returns_nonnull));

/* Files of an object: data/<realm>[/<space>[/<stack>[/<cell>]]]/… */
enum object_file {
	OBJECT_DIR = 1, /* the directory itself; of the root: data */
	OBJECT_METADATA, /* metadata.json */
	REALM_PASSWORDS, /* .passwords.json, 0600 */
	SPACE_NETWORK, /* network.json, 0600: the subnet */
	SPACE_CONFLIST, /* network.conflist, 0600 */
	SPACE_HOSTS, /* .hosts: the file to which etc-hosts of its cells is linked */
	SPACE_LEASES, /* .leases: directory, an entry per address */
	SPACE_ATTACHMENTS, /* .cni: directory, one file per attachment by plugins */
	SPACE_EGRESS, /* egress-hosts.json, 0600: addresses of the host names of its policy */
	SPACE_DENIED, /* denied.log, 0600: what its cells tried and was not allowed */
	SPACE_DENIED_OLD, /* denied.log.1: what came before that */
	CELL_ETC_HOSTS, /* etc-hosts */
	CELL_ETC_HOSTNAME, /* etc-hostname */
	_OBJECT_FILE_MAX,
};

char *layout_object(const struct layout *l, const struct addr *a, enum object_file what);
/* data/<realm>/<space>/<stack>/.id-<id>: names the cell with this spec.id, if its name differs */
char *layout_cell_id(const struct layout *l, const struct addr *stack, const char *id);

/* data/<realm>/<space>/.cni/<stack>_<cell>_<start id>.json, 0600: no name has a '_' */
char *layout_attachment(const struct layout *l, const struct addr *cell, const char *start_id);

/* Files of a container of a cell: data/…/<cell>/<container>/… */
enum container_file {
	CONTAINER_DIR = 1,
	CONTAINER_LOG, /* log */
	CONTAINER_LABELS, /* labels.json */
	CONTAINER_LOG_INDEX, /* log.idx */
	CONTAINER_TTY_CONFIG, /* kuketty-metadata.json, 0600 */
	CONTAINER_TTY_DIR, /* tty */
	CONTAINER_TTY_SOCKET, /* tty/socket */
	CONTAINER_TTY_CAPTURE, /* tty/capture */
	_CONTAINER_FILE_MAX,
};

char *layout_container(const struct layout *l, const struct addr *cell, const char *container,
		       enum container_file what);

/*
 * A content namespace: namespaces/<ns>/…. name is the entry below the
 * directory (image record, hex digest, chain id, runtime id) or NULL for the
 * directory itself.
 */
enum ns_dir {
	NS_DIR = 1, /* namespaces/<ns>; name must be NULL */
	NS_IMAGES, /* images */
	NS_BLOBS, /* blobs/sha256 */
	NS_SNAPSHOTS, /* snapshots */
	NS_CONTAINERS, /* containers */
	NS_STAGING, /* staging */
	NS_TRASH, /* trash */
	_NS_DIR_MAX,
};

char *layout_ns(const struct layout *l, const char *ns, enum ns_dir what, const char *name);
/* namespaces */
char *layout_namespaces(const struct layout *l);

/* Files of the run path itself. */
enum run_file {
	RUN_DATA = 1, /* data */
	RUN_LOCKS, /* locks, 0700 */
	RUN_BIN, /* bin */
	RUN_INSTANCE, /* .kukeon-instance.json, 0640 */
	_RUN_FILE_MAX,
};

char *layout_run(const struct layout *l, enum run_file what);

/* locks/<realm>/…/<file>, for locks.c and intent.c; of the root: locks/<file>. */
char *layout_lock(const struct layout *l, const struct addr *a, const char *file);
/* locks/<family>/<ns>/<file>; family ".images" … */
char *layout_lock_content(const struct layout *l, const char *family, const char *ns,
			  const char *file);
/* The same path below the runtime dir: locks/x becomes intents/x. */
char *layout_lock_to_rt(const struct layout *l, const char *lock_path);

/* Files of the runtime dir itself. */
enum rt_file {
	RT_SOCKET = 1, /* kukeond.sock, unless the configuration names another */
	RT_PID, /* kukeond.pid */
	RT_WAKE_DIR, /* wake: one empty file per container that requests a reconcile pass */
	RT_WAKE_SOCKET, /* wake.sock: datagrams, empty */
	RT_CELLS, /* cells: the starts of all cells */
	RT_CONTAINERS, /* containers */
	RT_RUNC, /* runc */
	RT_INTENTS, /* intents that need not outlive a reboot */
	RT_SECCOMP, /* seccomp: compiled filters by the digest of their profile */
	RT_BOOT, /* boot.json: the mount namespace our mounts live in */
	RT_RESTARTS, /* restarts: a file per cell with containers to restart */
	RT_ALLOWED, /* allowed: a file per space with temporary rules, REALM_SPACE */
	RT_STOPS, /* stops: a file per cell in which a container is being stopped */
	RT_MOUNTS, /* mounts: the pinned mount namespace that has the pins of all cells */
	RT_PUBLISHED, /* published: a link per cell whose ports are published */
	RT_BOOTED, /* booted: exists once the cells to start at boot have been started */
	RT_NFT, /* nft: exists while packet filter rules are in nf_tables */
	RT_NAMES, /* names: of the resolver of spaces that deny (names_state.h) */
	RT_SOCKETS, /* s: short links to sockets of terminals whose paths are too long */
	_RT_FILE_MAX,
};

char *layout_rt(const struct layout *l, enum rt_file what);

/* wake/<name>: exists while a wake-up is pending; name is "<ns>.<runtime id>" or any file name. */
char *layout_wake(const struct layout *l, const char *name);

/*
 * What belongs to the start of a cell: cells/<realm>/<space>/<stack>/<cell>/<start id>/….
 * what NULL: the start's directory; start_id NULL too: the cell's, or that of
 * the realm, space or stack that cell names.
 */
char *layout_start(const struct layout *l, const struct addr *cell, const char *start_id,
		   const char *what);

/*
 * Runtime state of a container: containers/<ns>/<runtime id>/…. RTC_DIR with id
 * NULL is the namespace's directory.
 */
enum rt_container_file {
	RTC_DIR = 1,
	RTC_MONITOR, /* monitor: kukeshim's record, locked while it lives */
	RTC_STDOUT, /* stdout: FIFO */
	RTC_STDERR, /* stderr: FIFO */
	RTC_BUNDLE, /* bundle */
	RTC_SECRETS, /* secrets: 0700, files 0400 */
	RTC_RUNC_LOG, /* runc.log */
	RTC_SECCOMP, /* seccomp.bpf: the compiled filter, 0600; only if there is one */
	_RTC_FILE_MAX,
};

char *layout_rt_container(const struct layout *l, const char *ns, const char *id,
			  enum rt_container_file what);
/* runc/<ns>: runc's --root */
char *layout_runc_root(const struct layout *l, const char *ns);

#endif
