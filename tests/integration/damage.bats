#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Documents and records that are damaged (damage.bash): those of objects, images and starts.
# damage_runs.bats has those of what is under way.

load ../helpers/suite
load ../helpers/damage

# shellcheck disable=SC2016
@test "a cell's document" { kind cell 'data/$R/s/t/v/metadata.json'; }

# shellcheck disable=SC2016
@test "a stack's document" { kind stack 'data/$R/s/t/metadata.json'; }

# shellcheck disable=SC2016
@test "a space's document" { kind space 'data/$R/s/metadata.json'; }

# shellcheck disable=SC2016
@test "a realm's document" { kind realm 'data/$R/metadata.json'; }

# shellcheck disable=SC2016
@test "a realm's passwords" { kind realm 'data/$R/.passwords.json'; }

# shellcheck disable=SC2016
@test "a space's subnet" { kind again 'data/$R/s/network.json'; }

# shellcheck disable=SC2016
@test "a space's network configuration" { kind again 'data/$R/s/network.conflist'; }

# shellcheck disable=SC2016
@test "a container's record" { kind start 'namespaces/$N/containers/s_t_vid_main/record.json'; }

# shellcheck disable=SC2016
@test "a layer's record" { kind verify 'namespaces/$N/snapshots/$L/layer.json'; }

# shellcheck disable=SC2016
@test "a layer's list of files" { kind verify 'namespaces/$N/snapshots/$L/files'; }

# shellcheck disable=SC2016
@test "an image's record" { kind image 'namespaces/$N/images/$I.json'; }

# shellcheck disable=SC2016
@test "an image's manifest" { kind verify 'namespaces/$N/blobs/sha256/$M'; }

# shellcheck disable=SC2016
@test "the record of a cell's start" { kind_up cell 'cells/$R/s/t/v/run.json'; }

# shellcheck disable=SC2016
@test "a monitor's record" { kind_up cell 'containers/$N/s_t_vid_main/monitor'; }
