/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef KUKEON_CONTAINER_TRIAL_H
#define KUKEON_CONTAINER_TRIAL_H

#include "container.h"

/*
 * Whether a container could be made of its spec and that image: its user, command,
 * capabilities, seccomp profile. Changes nothing. 1: the image would be pulled first,
 * which is all that can be said.
 */
int container_try(const struct container_run *r, const struct cell_doc *cell,
		  enum container_image_flags flags, struct kerr *err);

#endif
