/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_H
#define KUKEON_CONTAINER_H

#include "cgroup_host.h"
#include "context.h"
#include "image.h"
#include "mount_plan.h"
#include "shim.h"

/*
 * One container of a cell: its files and how its monitor is run. Callers hold the
 * cell's lock, except to read states.
 */
struct container_run {
	struct engine *e;
	const struct container_spec *spec; /* borrowed */
	struct addr cell; /* borrowed strings */
	char *id; /* runtime id */
	char *runc_id; /* the name under which runc knows it */
	char *name; /* its name in the cell's spec */
	char *ns;
	char *run_dir;
	char *data_dir;
	char *log_dir;
	char *cgroup; /* "/kukeon/…/<id>" */
	char *runc_root;
	char *runc;
	char *memory_cgroup;
	char *wake_key;
	int monitor_fds[CGROUP_FDS_MAX];
	size_t n_monitor_fds;
	struct shim_start how; /* points into the members above */
	struct shim_pending pending; /* between container_begin and container_finish */
	struct mount_plan mounts; /* composed between container_begin and container_finish */
	int pins[3]; /* descriptors of the cell's namespaces, for the runtime; 0: unused */
	int stage, root; /* where it is mounted, until container_finish; 0: not mounted */
	char *seccomp; /* seccomp profile for its start; NULL: none */
	bool begun; /* set by container_begin */
	bool record_unsynced; /* container_create wrote a record: container_sync must follow */
};

/* Set names and paths only; cheap. Without a spec, r can be cleared and removed but not started. */
void container_run_name(struct container_run *r, struct engine *e, const char *ns,
			const struct addr *cell, const char *container, const char *runtime_id);

void container_run_init(struct container_run *r, struct engine *e, const char *ns,
			const struct cell_doc *cell, const struct container_spec *spec);
void container_run_clear(struct container_run *r);
#define cleanup_container_run cleanup_(container_run_clear)

/*
 * Set what starting, adopting and clearing need as well: the runtime and the cgroup of
 * the monitors.
 */
int container_run_ready(struct container_run *r, struct kerr *err);

/* Namespaces and files that a cell gives its containers, for one start. */
struct cell_mounts {
	const char *dir; /* directory of the start */
	const char *start_id;
	const char *hosts, *hostname, *resolv; /* NULL: not mounted */
	bool host_network;
};

/*
 * Create the container's record and writable layer if missing, and mount its root in a
 * stage (stage.h). The image is the one in the record, else that of the spec.
 * ERR_IMAGE_NOT_FOUND. m NULL: not for a start, so what its last run has left stays.
 */
int container_create(struct container_run *r, const struct cell_mounts *m, struct image *ret_image,
		     struct kerr *err);

/* Check that the image named by the spec exists. ERR_IMAGE_NOT_FOUND. */
int container_check_image(const struct container_run *r, struct kerr *err);

enum container_image_flags {
	CONTAINER_IMAGE_MADE = 1 << 0, /* the one an existing container was created from */
	CONTAINER_IMAGE_LATER = 1 << 1, /* a missing image is not an error: it will be pulled */
};

/*
 * Get the image of a container, by default the one named by its spec. 1: it is missing
 * and will be pulled (CONTAINER_IMAGE_LATER).
 */
int container_resolve_image(const struct container_run *r, struct image_store *s,
			    enum container_image_flags flags, struct image *ret, struct kerr *err);

/*
 * Sync what container_create wrote, if anything. Call it before a start is reported,
 * ideally while runc is working.
 */
int container_sync(struct container_run *r, struct kerr *err);

/*
 * Build the bundle and start a monitor for it, after container_create. On success
 * container_finish must be called in any case: it waits until the program has been
 * executed. On failure of either, the message is the runtime's and nothing is left
 * running.
 */
int container_begin(struct container_run *r, const struct cell_doc *cell,
		    const struct cell_mounts *m, const struct image *image, struct kerr *err);
int container_finish(struct container_run *r, struct kerr *err);

/* Record that an operator stops this run: its end counts as Stopped. */
int container_mark_stopped(const struct container_run *r, const struct shim_status *st,
			   struct kerr *err);

/*
 * Return whether the exit status is kept only until the reboot or the next start,
 * because the disk was full.
 */
bool container_exit_is_volatile(const struct container_run *r);

/* Roll back a start: kill its processes and remove the record of its end. */
int container_undo(struct container_run *r, struct kerr *err);

/* After container_undo: restore the mark of a container that an operator had stopped. */
int container_keep_stopped(struct container_run *r, struct kerr *err);

/* Return whether an operator stopped this run: 1, 0, or an error if the record is unreadable. */
int container_was_stopped(const struct container_run *r, const struct shim_status *st,
			  struct kerr *err);

/*
 * Thaw the container's cgroup, its children and the cell's: frozen processes do not
 * react to signals.
 */
void container_thaw(const struct container_run *r);

/* Return the signal that asks it to stop: the image's StopSignal, else SIGTERM. */
int container_stop_signal(const struct container_run *r);

/* Set new limits for a running container. */
int container_update(struct container_run *r, const struct container_resources *limits,
		     struct kerr *err);

/* Kill and remove leftovers of a run; record and writable layer are kept. Can be repeated. */
int container_clear(struct container_run *r, struct kerr *err);

/*
 * Kill and remove leftovers of a run, then remove record and writable layer. A missing
 * container is success.
 */
int container_remove(struct container_run *r, struct kerr *err);

#endif
