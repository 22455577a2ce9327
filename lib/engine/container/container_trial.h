/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_TRIAL_H
#define KUKEON_CONTAINER_TRIAL_H

#include "container.h"

/*
 * Check that a container can be created from its spec and image: user, command,
 * capabilities, seccomp profile. Changes nothing. 1: unknown, because the image has to
 * be pulled first.
 */
int container_try(const struct container_run *r, const struct cell_doc *cell,
		  enum container_image_flags flags, struct kerr *err);

#endif
