# This source file is part of the Weft project. See LICENSE. SPDX-License-Identifier: Apache-2.0
"""The parts of cluster/lab: real nodes on a bad network, and what each of them has heard."""
