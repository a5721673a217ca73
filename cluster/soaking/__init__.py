# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The parts of cluster/soak: a cluster is broken for a while by a plan, and what is left is checked."""
