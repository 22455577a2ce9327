/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "extract.h"
#include "fd.h"
#include "filelist.h"
#include "inflow.h"
#include "mem.h"
#include "path.h"
#include "str.h"
#include "tarread.h"
#include "unpack_proto.h"

/*
 * What kukeunpack does with a layer, all but its confinement: decompress, hash,
 * read the tar, make the files. They are made in a tmpfs that is mounted nowhere;
 * everything else but the current directory and those of the corpora is read-only
 * meanwhile, so that what gets out of there fails, and is seen.
 */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	ENTRIES = 200,
	BYTES = 1 << 20,
	LIST_MAX = 4 << 20,
};

static int top_ = -1; /* the tmpfs */

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	abort();
}

static void set_read_only(const char *dir, bool on, unsigned flags)
{
	struct mount_attr attr = { .attr_set = on ? MOUNT_ATTR_RDONLY : 0,
				   .attr_clr = on ? 0 : MOUNT_ATTR_RDONLY };

	need(mount_setattr(AT_FDCWD, dir, flags, &attr, sizeof(attr)) == 0, dir);
}

/* A mount of its own, which can be written to when the rest cannot. */
static void keep_writable(const char *dir)
{
	need(mount(dir, dir, NULL, MS_BIND, NULL) == 0, dir);
}

static void read_only_world(int argc, char **argv)
{
	cleanup_free char *here = getcwd(NULL, 0);
	struct stat st;
	int i;

	need(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0, "make mounts private");
	keep_writable(here);
	for (i = 1; i < argc; i++)
		if (argv[i][0] != '-' && stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			keep_writable(argv[i]);
	set_read_only("/", true, AT_RECURSIVE);
	/* By the path, which leads into the new mount; "." was there before it. */
	need(chdir(here) == 0, here);
	set_read_only(here, false, 0);
	for (i = 1; i < argc; i++)
		if (argv[i][0] != '-' && stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			set_read_only(argv[i], false, 0);
}

static int new_tmpfs(void)
{
	cleanup_fd int fs = fsopen("tmpfs", FSOPEN_CLOEXEC);

	need(fs >= 0 && fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) == 0, "tmpfs");
	return fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
}

static void own_namespaces(void)
{
	cleanup_free char *map = xasprintf("0 %d 1", (int) geteuid());
	bool root = geteuid() == 0;

	need(unshare(root ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) == 0, "unshare");
	need(root || sys_write(AT_FDCWD, "/proc/self/uid_map", map) >= 0, "uid_map");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	own_namespaces();
	read_only_world(*argc, *argv);
	top_ = new_tmpfs();
	need(top_ >= 0, "tmpfs");
	(void) umask(0);
	(void) signal(SIGXFSZ, SIG_IGN);
	return 0;
}

/* Every record of the list can be read, and leads nowhere but down. */
static void check_list(int fd)
{
	cleanup_free char *list = xmalloc(LIST_MAX);
	ssize_t n = pread(fd, list, LIST_MAX, 0);
	const char *at = list, *end = list + n;
	struct filelist_entry e;
	int r;

	if (n < 0)
		abort();
	while ((r = filelist_next(&at, end, &e)) > 0)
		if (*e.path == '/' || streq(e.path, "..") || str_has_prefix(e.path, "../") ||
		    strstr(e.path, "/../"))
			abort();
	if (r < 0)
		abort();
}

static void unpack(int layer, int root, int list)
{
	struct inflow_source src = { .what = "layer", .fd = layer, .offset = -1, .size = -1 };
	struct unpack_result ret = { 0 };
	cleanup_(inflow_freep) struct inflow *flow = NULL;
	cleanup_(tar_freep) struct tar_reader *tar = NULL;
	cleanup_buf struct buf notes = BUF_INIT(UNPACK_MAX_NOTES);
	struct unpack_limits limits;
	struct extract_target to = { root, list, &limits };
	struct kerr err = { 0 };
	int r;

	unpack_limits_default(&limits);
	limits.max_entries = ENTRIES;
	limits.max_bytes = limits.max_ratio_extra = BYTES;
	flow = inflow_new(&src, &limits);
	tar = tar_new(flow);
	r = extract_layer(tar, &to, &ret, &notes, &err);
	if (r == 0)
		r = inflow_finish(flow, &ret, &err);
	if (r < 0 && err.msg[0] == '\0')
		abort(); /* whoever gives up says why */
	if (r < 0)
		return;
	if (ret.entries > ENTRIES || ret.tar_bytes > BYTES)
		abort();
	check_list(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	cleanup_fd int layer = memfd_create("layer", MFD_CLOEXEC);
	cleanup_fd int list = memfd_create("list", MFD_CLOEXEC);
	cleanup_fd int root = -EBADF;

	need(layer >= 0 && list >= 0 && fd_write_all(layer, data, size) == 0 &&
		     lseek(layer, 0, SEEK_SET) == 0,
	     "memory file");
	need(mkdirat(top_, "root", 0755) == 0, "mkdir");
	root = openat(top_, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	need(root >= 0, "open");
	unpack(layer, root, list);
	need(remove_tree_at(top_, "root", 0, NULL) == 0, "remove the tree");
	return 0;
}
