/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * execprobe lurk                        in a container: looks for processes that run kukeexec,
 *                                       tries to write to that program and to reach more than
 *                                       their streams; a line that begins with BAD where it could
 * execprobe pass SOCKET CELL FILE [STREAM…]
 *                                       asks kukeond to execute true with FILE as a passed
 *                                       descriptor; prints the message of the error
 *
 * Static, so that it runs in any root file system.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- lurk ---- */

static bool read_link(const char *path, char *ret, size_t size)
{
	ssize_t n = readlink(path, ret, size - 1);

	if (n < 0)
		return false;
	ret[n] = '\0';
	return true;
}

/* The process may have executed its own program in between, which is the container's. */
static bool is_kukeexec(int fd)
{
	char path[64], target[300];

	(void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return read_link(path, target, sizeof(target)) && strstr(target, "kukeexec");
}

static void try_to_write(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (is_kukeexec(fd) && write(fd, "x", 1) == 1)
		printf("BAD wrote to %s\n", path);
	(void) close(fd);
}

/* The program, also by a descriptor that outlives the process. */
static void try_program(const char *path)
{
	char again[64];
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	try_to_write(path);
	if (fd < 0)
		return;
	if (is_kukeexec(fd))
		puts("held");
	(void) snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	for (int i = 0; i < 100; i++)
		try_to_write(again);
	(void) close(fd);
}

static bool is_stream(const char *target)
{
	return strncmp(target, "pipe:", 5) == 0 || strncmp(target, "socket:", 7) == 0 ||
	       strcmp(target, "/dev/null") == 0 || strncmp(target, "/dev/pts/", 9) == 0;
}

static void try_descriptors(const char *pid)
{
	char dir[300], path[600], target[300];
	const struct dirent *e;
	DIR *d;

	(void) snprintf(dir, sizeof(dir), "/proc/%s/fd", pid);
	d = opendir(dir);
	while (d && (e = readdir(d)) != NULL) {
		(void) snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		if (e->d_name[0] != '.' && read_link(path, target, sizeof(target)) &&
		    !is_stream(target))
			printf("BAD descriptor %s of %s\n", target, pid);
	}
	if (d)
		(void) closedir(d);
}

static void look_at(const char *pid)
{
	char path[300], exe[300], comm[32] = "";
	FILE *f;

	(void) snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	f = fopen(path, "re");
	if (f && fgets(comm, sizeof(comm), f) == NULL)
		comm[0] = '\0';
	if (f)
		(void) fclose(f);
	if (strncmp(comm, "kukeexec", 8) != 0)
		return;
	(void) snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	if (!read_link(path, exe, sizeof(exe))) {
		puts(errno == EACCES ? "closed" : "gone");
		return;
	}
	if (!strstr(exe, "kukeexec"))
		return;
	puts("open");
	try_program(path);
	try_descriptors(pid);
}

static int lurk(void)
{
	const struct dirent *e;
	DIR *d = opendir("/proc");

	if (!d)
		return 1;
	(void) setvbuf(stdout, NULL, _IOLBF, 0);
	puts("up");
	for (;; rewinddir(d))
		while ((e = readdir(d)) != NULL)
			if (e->d_name[0] >= '1' && e->d_name[0] <= '9')
				look_at(e->d_name);
}

/* ---- pass ---- */

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void) snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	return fd >= 0 && connect(fd, (struct sockaddr *) &a, sizeof(a)) == 0 ? fd : -1;
}

static int send_with(int sock, char *text, int fd)
{
	union {
		struct cmsghdr align;
		char space[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec iov = { .iov_base = text, .iov_len = strlen(text) };
	struct msghdr m = { .msg_iov = &iov,
			    .msg_iovlen = 1,
			    .msg_control = control.space,
			    .msg_controllen = sizeof(control.space) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(int));
	return sendmsg(sock, &m, 0) == (ssize_t) iov.iov_len ? 0 : -1;
}

/* Print a string of the reply, with its escapes of quotes undone. */
static void print_message(const char *reply)
{
	const char *p = strstr(reply, "\"Message\":\"");

	if (!p) {
		puts("no error");
		return;
	}
	for (p += strlen("\"Message\":\""); *p && *p != '"'; p++) {
		if (*p == '\\')
			p++;
		(void) putchar(*p);
	}
	(void) putchar('\n');
}

static int pass(int argc, char **argv)
{
	char request[2048], reply[8192];
	int sock = connect_to(argv[2]);
	int fd = open(argv[4], O_RDONLY | O_CLOEXEC);
	int at;
	ssize_t n;

	if (sock < 0 || fd < 0)
		return 1;
	at = snprintf(
		request, sizeof(request),
		"{\"method\":\"KukeonX1.Exec\",\"id\":1,\"params\":[{\"RealmName\":\"default\","
		"\"SpaceName\":\"default\",\"StackName\":\"default\",\"CellName\":\"%s\","
		"\"Args\":[\"true\"],\"Stdin\":true,\"Passed\":[",
		argv[3]);
	for (int i = 5; i < argc; i++)
		at += snprintf(request + at, sizeof(request) - (size_t) at, "%s\"%s\"",
			       i > 5 ? "," : "", argv[i]);
	(void) snprintf(request + at, sizeof(request) - (size_t) at, "]}]}\n");
	if (send_with(sock, request, fd) < 0)
		return 1;
	n = read(sock, reply, sizeof(reply) - 1);
	if (n <= 0)
		return 1;
	reply[n] = '\0';
	print_message(reply);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "lurk") == 0)
		return lurk();
	if (argc >= 5 && strcmp(argv[1], "pass") == 0)
		return pass(argc, argv);
	(void) fprintf(stderr, "usage: execprobe lurk | pass SOCKET CELL FILE [STREAM...]\n");
	return 2;
}
