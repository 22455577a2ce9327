/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main() of the fuzz targets in a normal build: hands every file of the corpus
 * to the target once and prints TAP. The corpus is the directories given, or
 * $top_srcdir/tests/fuzz/corpus/<x> for a program named fuzz_<x>. A crash shows
 * as a missing line; the file it happened with is named before it is tried.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Optional in a target, as with libFuzzer. */
__attribute__((weak)) int LLVMFuzzerInitialize(int *argc, char ***argv);

static int count_, failed_;

/* The buffer is exactly as long as the file, so that ASan sees one byte past. */
static uint8_t *read_file(const char *path, size_t *ret_size)
{
	FILE *f;
	uint8_t *data = NULL;
	long size;

	f = fopen(path, "rbe");
	if (!f)
		return NULL;
	if (fseek(f, 0, SEEK_END) < 0)
		goto fail;
	size = ftell(f);
	if (size < 0 || fseek(f, 0, SEEK_SET) < 0)
		goto fail;
	data = malloc(size > 0 ? (size_t) size : 1);
	if (!data || fread(data, 1, (size_t) size, f) != (size_t) size)
		goto fail;
	*ret_size = (size_t) size;
	(void) fclose(f);
	return data;
fail:
	free(data);
	(void) fclose(f);
	return NULL;
}

static void run_one(const char *path, const char *name)
{
	uint8_t *data;
	size_t size = 0;

	printf("# %s\n", name);
	(void) fflush(stdout);
	count_++;
	data = read_file(path, &size);
	if (!data) {
		printf("not ok %d - %s: %s\n", count_, name, strerror(errno));
		failed_++;
		return;
	}
	(void) LLVMFuzzerTestOneInput(data, size);
	free(data);
	printf("ok %d - %s\n", count_, name);
}

static int run_dir(const char *dir)
{
	struct dirent **names;
	char *path;
	int i, n;

	n = scandir(dir, &names, NULL, alphasort);
	if (n < 0) {
		printf("Bail out! no corpus '%s': %s\n", dir, strerror(errno));
		return -1;
	}
	for (i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' &&
		    asprintf(&path, "%s/%s", dir, names[i]->d_name) > 0) {
			run_one(path, names[i]->d_name);
			free(path);
		}
		free(names[i]);
	}
	free(names);
	return 0;
}

static int run_own_corpus(const char *program)
{
	const char *top = getenv("top_srcdir"), *name = strrchr(program, '/');
	char *dir;
	int r;

	name = name ? name + 1 : program;
	if (strncmp(name, "fuzz_", 5) == 0)
		name += 5;
	if (asprintf(&dir, "%s/tests/fuzz/corpus/%s", top ? top : ".", name) < 0)
		return -1;
	r = run_dir(dir);
	free(dir);
	return r;
}

int main(int argc, char **argv)
{
	int i;

	if (LLVMFuzzerInitialize)
		(void) LLVMFuzzerInitialize(&argc, &argv);
	if (argc < 2 && run_own_corpus(argv[0]) < 0)
		return 1;
	for (i = 1; i < argc; i++) {
		if (run_dir(argv[i]) < 0)
			return 1;
	}
	printf("1..%d\n", count_);
	/* An empty corpus tests nothing. */
	return failed_ > 0 || count_ == 0 ? 1 : 0;
}
