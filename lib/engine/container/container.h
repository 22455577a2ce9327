/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_H
#define KUKEON_CONTAINER_H

#include "cgroup_host.h"
#include "context.h"
#include "image.h"
#include "mount_plan.h"
#include "shim.h"

/*
 * One container of a cell on this host: where its files are and how its
 * monitor is run. All callers hold the cell's lock, except for reading states.
 */
struct container_run {
	struct engine *e;
	const struct container_spec *spec; /* borrowed */
	struct addr cell; /* borrowed strings */
	char *id; /* runtime id */
	char *runc_id; /* runc's name of it */
	char *name; /* the container's own */
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
	int pins[3]; /* namespaces that the runtime gets as descriptors; 0: none */
	char *seccomp; /* the profile it is started with; NULL: none */
	bool begun; /* by container_begin */
	bool record_unsynced; /* container_create wrote a record: container_sync is owed */
};

/* Names and paths only; cheap. By names alone there is no spec, which clearing needs not. */
void container_run_name(struct container_run *r, struct engine *e, const char *ns,
			const struct addr *cell, const char *container, const char *runtime_id);

void container_run_init(struct container_run *r, struct engine *e, const char *ns,
			const struct cell_doc *cell, const struct container_spec *spec);
void container_run_clear(struct container_run *r);
#define cleanup_container_run cleanup_(container_run_clear)

/* What starting, adopting and clearing need beside: the runtime and the monitors' cgroup. */
int container_run_ready(struct container_run *r, struct kerr *err);

/* The namespaces and files a cell gives its containers, for one start. */
struct cell_mounts {
	const char *dir; /* the start's private directory */
	const char *hosts, *hostname, *resolv; /* NULL: not bound */
	bool host_network;
};

/*
 * Make the container's record and writable layer where they are missing and
 * mount its root at <dir>/root.<id>. The image is that of the record, else that
 * of the spec. ERR_IMAGE_NOT_FOUND.
 */
int container_create(struct container_run *r, const struct cell_mounts *m, struct image *ret_image,
		     struct kerr *err);

/* Whether the image is there that the spec names. ERR_IMAGE_NOT_FOUND. */
int container_check_image(const struct container_run *r, struct kerr *err);

enum container_image_flags {
	CONTAINER_IMAGE_MADE = 1 << 0, /* of one that was made: what it was made of */
	CONTAINER_IMAGE_LATER = 1 << 1, /* one that is not there would be pulled first */
};

/* The image of a container, by default the one its spec names. 1: it would be pulled first. */
int container_resolve_image(const struct container_run *r, struct image_store *s,
			    enum container_image_flags flags, struct image *ret, struct kerr *err);

/*
 * Make durable what container_create made, where it made something. It comes
 * before a start is reported, best while runc runs.
 */
int container_sync(struct container_run *r, struct kerr *err);

/*
 * Build the bundle and have a monitor run it. container_create came before. After
 * a success container_finish must be called, whatever happens between: it waits
 * until the program has been executed. A failure of either has the runtime's own
 * reason and leaves nothing running.
 */
int container_begin(struct container_run *r, const struct cell_doc *cell,
		    const struct cell_mounts *m, const struct image *image, struct kerr *err);
int container_finish(struct container_run *r, struct kerr *err);

/* Remember that an operator ends this run: its end counts as Stopped. */
int container_mark_stopped(const struct container_run *r, const struct shim_status *st,
			   struct kerr *err);

/* Whether how it ended is known until a reboot, or its next start, only: there was no room. */
bool container_exit_is_volatile(const struct container_run *r);

/* Roll back a start: kill what runs of it, and leave no trace of its end. */
int container_undo(struct container_run *r, struct kerr *err);

/* After that, of one that an operator had stopped: it still is. */
int container_keep_stopped(struct container_run *r, struct kerr *err);

/* Whether an operator ended this run: 1, 0; an error where its record cannot be read. */
int container_was_stopped(const struct container_run *r, const struct shim_status *st,
			  struct kerr *err);

/* What is frozen heeds no signal: thaw its group, those below it, and the cell's. */
void container_thaw(const struct container_run *r);

/* The signal that asks it to end: the image's StopSignal, else SIGTERM. */
int container_stop_signal(const struct container_run *r);

/* New limits for a container that runs. */
int container_update(struct container_run *r, const struct container_resources *limits,
		     struct kerr *err);

/* Kill and remove what is left of a run; record and writable layer stay. Repeatable. */
int container_clear(struct container_run *r, struct kerr *err);

/*
 * Remove record and writable layer, with what is left of a run (which must have
 * ended or is killed). Missing is success.
 */
int container_remove(struct container_run *r, struct kerr *err);

/* The mount point of the container's root; owned by the caller. */
char *container_rootfs(const struct container_run *r, const char *dir)
	__attribute__((returns_nonnull));

#endif
